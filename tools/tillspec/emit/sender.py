"""sender.py: the sending side of webhooks and callbacks."""

from __future__ import annotations

from dataclasses import dataclass

from tillspec.api.model import Api
from tillspec.emit import names
from tillspec.emit.calls import Argument, Call, groups
from tillspec.emit.docstring import docstring, literal
from tillspec.emit.handlers import optional
from tillspec.emit.imports import import_lines
from tillspec.emit.options import Options
from tillspec.emit.templates import render


@dataclass(frozen=True, slots=True)
class MethodView:
    """A method of a sender."""

    name: str
    parameters: tuple[str, ...]
    result: str
    docstring: str
    call: str


@dataclass(frozen=True, slots=True)
class SenderView:
    """What sender.py is printed from; `callbacks` are the entries of the table of runtime expressions."""

    imports: str
    methods: tuple[MethodView, ...]
    callbacks: tuple[str, ...]
    public: tuple[str, ...]


def sender(api: Api, options: Options) -> dict[str, str]:
    """sender.py of the package; nothing where an API has neither webhooks nor callbacks."""
    calls = [call for group in groups(api, webhooks=True) for call in group.calls]
    if not calls:
        return {}
    apart = names.unique([call.method for call in calls], ("aclose", "close"))
    methods = tuple(_method(call, name) for call, name in zip(calls, apart, strict=True))
    callbacks = tuple(
        f"{literal(call.operation.id)}: {literal(call.operation.path)}" for call in calls if call.operation.role == "callback"
    )
    serves = options.server and bool(callbacks)
    used = [source for view in methods for source in (*view.parameters, view.result)]
    used += ["Arguments", "AsyncSenderBase", "CredentialSource", "Mapping", "Retry", "SenderBase", "Signed", "Timeout"]
    used += ["operations", "sender_settings", *(["Exchanged", "callback_url"] if serves else [])]
    public = ("AsyncSender", *(("CALLBACKS", "Exchanged") if serves else ()), "Sender", "Signed")
    view = SenderView(
        import_lines(used), methods, callbacks if serves else (), (*sorted(public), *(["callback_url"] if serves else []))
    )
    return {"sender.py": render("python/checkout_api/sender.py.j2", view)}


def _method(call: Call, name: str) -> MethodView:
    results = dict.fromkeys(f"responses.{answer.name}" for answer in call.successes)
    return MethodView(
        name,
        _parameters(call),
        " | ".join(results) or "Response",
        _docstring(call),
        f"self._caller.call(operations.{call.constant}, {_arguments(call)}, timeout)",
    )


def _parameters(call: Call) -> tuple[str, ...]:
    body = call.body
    wanted = [f"{each.keyword}: {_annotation(each)}" for each in call.arguments if each.parameter.required]
    others = [f"{each.keyword}: {optional(_annotation(each))} = None" for each in call.arguments if not each.parameter.required]
    first = ["self", "url: str"]
    if body is not None:
        first.append(f"body: {body.annotation}" if body.required else f"body: {optional(body.annotation)} = None")
    if body is not None and body.media_type == "str":
        wanted.append("media_type: str")
    elif body is not None and body.media_type is not None:
        others.append(f"media_type: {body.media_type} = {literal(body.media_types[0])}")
    if call.accept:
        others.append(f"accept: Literal[{', '.join(map(literal, call.accept))}] | None = None")
    return (*first, "*", *wanted, *others, "timeout: Timeout | None = None")


def _annotation(argument: Argument) -> str:
    """A header that is any text may be made of the body's bytes, as a signature is."""
    return "Signed" if argument.annotation == "str" and argument.parameter.location == "header" else argument.annotation


def _arguments(call: Call) -> str:
    given = ", ".join(f"{literal(each.keyword)}: {each.keyword}" for each in call.arguments)
    parts = [f"{{{given}}}"] if given else []
    if call.body is not None:
        parts.append("body=body")
        parts += ["media_type=media_type"] if call.body.media_type is not None else []
    parts += ["accept=accept"] if call.accept else []
    return f"Arguments({', '.join([*parts, 'url=url'])})"


def _docstring(call: Call) -> str:
    operation = call.operation
    failures = [answer for answer in call.answers if answer not in call.successes]
    told = [f"{answer.status}, {' '.join(answer.response.description.split()).partition('. ')[0]}" for answer in failures]
    raises = f"Raises:\n    errors.ErrorResponse: {'; '.join(text.rstrip('.') for text in told)}." if told else ""
    parts = [operation.summary or f"Send {operation.id}", raises]
    return docstring("\n\n".join(part for part in parts if part), 8)
