"""webhooks.py: the receiving side of webhooks and callbacks."""

from __future__ import annotations

from dataclasses import dataclass

from tillspec.api.model import Api
from tillspec.emit import names
from tillspec.emit.calls import Call, groups
from tillspec.emit.deliveries import DeliveryView, ParserView, delivery, parser, receiver, signature_constant, tags, unknown
from tillspec.emit.docstring import literal
from tillspec.emit.handlers import MethodView, method, sources
from tillspec.emit.imports import import_lines
from tillspec.emit.options import Options
from tillspec.emit.templates import render

_PUBLIC = ("RECEIVERS", "InvalidDelivery")
_SIGNED = ("InvalidSignature", "sign", "verify")
_SERVING = ("OPERATIONS", "OperationNotImplemented", "Request", "Webhooks", "create_webhook_router")
_OWN = ("Mapping", "Message", "Receiver", "operations")
_OWN_SIGNED = ("Sequence", "timedelta")
_OWN_SERVING = ("Any", "MAX_BODY", "Operation", "Protocol", "TYPE_CHECKING")
_TAKEN = (
    *_PUBLIC, *_SIGNED, *_SERVING, *_OWN, *_OWN_SIGNED, *_OWN_SERVING,
    "Binding", "Router", "Tags", "UnknownEvent", "Verification", "dataclass",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WebhooksView:
    """What webhooks.py is printed from. `signed` says whether any delivery is, `serves` whether there is a router."""

    imports: str
    public: tuple[str, ...]
    receivers: tuple[str, ...]
    deliveries: tuple[DeliveryView, ...]
    parsers: tuple[ParserView, ...]
    signed: bool
    serves: bool
    methods: tuple[MethodView, ...]
    entries: tuple[str, ...]


def webhooks(api: Api, options: Options) -> dict[str, str]:
    """webhooks.py of the package; nothing where an API has neither webhooks nor callbacks."""
    calls = [call for group in groups(api, webhooks=True) for call in group.calls]
    if not calls:
        return {}
    apart = names.unique([call.method for call in calls])
    classes = names.unique([f"{names.pascal(call.operation.id)}Delivery" for call in calls], _TAKEN)
    whole = {call.operation.id: delivery(api, call, name) for call, name in zip(calls, classes, strict=True)}
    deliveries = tuple(view for view in whole.values() if view is not None)
    parsers = tuple(parser(api, call, name, whole[call.operation.id]) for call, name in zip(calls, apart, strict=True))
    methods = tuple(_method(api, call, name) for call, name in zip(calls, apart, strict=True)) if options.server else ()
    signed = is_signed(api)
    public = [*_PUBLIC, *(_SIGNED if signed else ()), *(_SERVING if options.server else ())]
    public += ["Verification"] if signed and options.server else []
    public += ["UnknownEvent"] if any(tags(api, call) for call in calls) else []
    view = WebhooksView(
        _imports(api, calls, public, deliveries, parsers, methods),
        tuple(sorted([*public, *(view.name for view in deliveries), *(one.name for one in parsers)])),
        tuple(receiver(api, call) for call in calls),
        deliveries,
        parsers,
        signed,
        options.server,
        methods,
        tuple(
            f"{literal(call.operation.id)}: (operations.{call.constant}, {literal(name)})"
            for call, name in zip(calls, apart, strict=True)
        ),
    )
    return {"webhooks.py": render("python/checkout_api/webhooks.py.j2", view)}


def is_signed(api: Api) -> bool:
    """Whether any delivery of an API bears a signature."""
    return any(signature_constant(api, call) for group in groups(api, webhooks=True) for call in group.calls)


def _method(api: Api, call: Call, name: str) -> MethodView:
    view = method(call, unknown=unknown(api, call))
    return MethodView(name, view.arguments, view.returns, view.docstring, view.operation_id)


def _imports(
    api: Api,
    calls: list[Call],
    public: list[str],
    deliveries: tuple[DeliveryView, ...],
    parsers: tuple[ParserView, ...],
    methods: tuple[MethodView, ...],
) -> str:
    constants = [name for call in calls if (name := signature_constant(api, call))]
    used = [source for view in methods for source in sources(view)]
    used += [field for view in deliveries for field in view.fields] + [view.result for view in parsers]
    used += [*public, *_OWN, *constants, *(_OWN_SIGNED if constants else ()), *(_OWN_SERVING if methods else ())]
    used += ["dataclass"] if deliveries else []
    used += ["Tags"] if "UnknownEvent" in public else []
    return import_lines(used, behavior=constants)
