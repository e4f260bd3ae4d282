"""webhooks.py: the receiving side of webhooks and callbacks."""

from __future__ import annotations

from dataclasses import dataclass

from tillspec.api.model import Api
from tillspec.emit import names
from tillspec.emit.calls import groups
from tillspec.emit.docstring import literal
from tillspec.emit.handlers import MethodView, method, sources
from tillspec.emit.imports import import_lines
from tillspec.emit.options import Options
from tillspec.emit.templates import render


@dataclass(frozen=True, slots=True)
class WebhooksView:
    """What webhooks.py is printed from."""

    imports: str
    methods: tuple[MethodView, ...]
    entries: tuple[str, ...]


def webhooks(api: Api, options: Options) -> dict[str, str]:
    """webhooks.py of the package; nothing where an API has neither webhooks nor callbacks."""
    calls = [call for group in groups(api, webhooks=True) for call in group.calls]
    if not calls:
        return {}
    apart = names.unique([call.method for call in calls])
    methods = tuple(
        MethodView(name, view.arguments, view.returns, view.docstring, view.operation_id)
        for name, view in zip(apart, map(method, calls), strict=True)
    )
    entries = tuple(
        f"{literal(call.operation.id)}: (operations.{call.constant}, {literal(name)})"
        for call, name in zip(calls, apart, strict=True)
    )
    used = [source for view in methods for source in sources(view)]
    known = import_lines(
        [*used, "Any", "Binding", "MAX_BODY", "Mapping", "Operation", "OperationNotImplemented", "Protocol", "Request", "Router",
         "make_router", "operations"]
    )  # fmt: skip
    return {"webhooks.py": render("python/checkout_api/webhooks.py.j2", WebhooksView(known, methods, entries))}
