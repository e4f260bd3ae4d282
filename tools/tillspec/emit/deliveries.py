"""What a delivery of a webhook or callback carries, and the function that verifies and parses it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from tillspec.api.model import Api, Enum, Field, Object, Ref, Type, Union
from tillspec.emit import names
from tillspec.emit.behavior import operation_constants
from tillspec.emit.calls import Argument, Call
from tillspec.emit.docstring import docstring, literal
from tillspec.emit.handlers import optional
from tillspec.runtime.behavior import Signature

_OF_URL = ("$url", "host", "path", "query", "sorted-query")
_ARGUMENTS = ("headers", "body", "secrets", "url", "now", "tolerance", "message", "receiver", "found")
"""What a function that parses says by its own names, so that nothing that it is given takes them."""


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """The class of a delivery that carries more than a body."""

    name: str
    docstring: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParserView:
    """The function that verifies and parses one delivery: `message` are the arguments of what it reads, `body` its statements."""

    name: str
    parameters: tuple[str, ...]
    result: str
    docstring: str
    key: str
    message: str
    body: tuple[str, ...]


def delivery(api: Api, call: Call, name: str) -> DeliveryView | None:
    """The class of a delivery, under a name; None where it carries a body at most."""
    more = _more(call)
    if not more:
        return None
    fields = [f"body: {_body(api, call)}"] if call.body is not None else []
    if call.body is not None and call.body.media_type is not None:
        fields.append(f"media_type: {call.body.media_type if call.body.required else optional(call.body.media_type)}")
    for argument in more:
        given = argument.parameter.required or argument.parameter.default is not None
        fields.append(f"{argument.keyword}: {argument.annotation if given else optional(argument.annotation)}")
    return DeliveryView(name, docstring(f"What a delivery of {call.operation.id} carries.", 4), tuple(fields))


def parser(api: Api, call: Call, name: str, whole: DeliveryView | None) -> ParserView:
    """The function that parses deliveries of a call, into `whole` or into the body alone."""
    declared = _signature(call)
    url = _needs_url(call, declared)
    given = _given(declared)
    known = ", ".join(f"{literal(part)}: {keyword}" for part, keyword in given.items())
    message = "headers=headers, body=body" + (", url=url" if url else "") + (f", given={{{known}}}" if known else "")
    result = whole.name if whole else _body(api, call)
    body = []
    if declared is not None:
        body.append(f"receiver.verify(message, {'secrets, now, tolerance' if declared.timestamp else 'secrets'})")
    if whole is not None:
        body.append(f"return {result}(**receiver.read(message))")
    elif call.body is not None:
        body += [f'found: {result} = receiver.read(message)["body"]', "return found"]
    else:
        body.append("receiver.read(message)")
    keywords = _keywords(declared, given, url=url)
    return ParserView(
        f"parse_{name}",
        ("headers: Mapping[str, str]", "body: bytes", *(["*", *keywords] if keywords else [])),
        result,
        _about(call, declared, given, url=url),
        literal(call.operation.id),
        message,
        tuple(body),
    )


def receiver(api: Api, call: Call) -> str:
    """The entry of an operation in the table of receivers."""
    found = tags(api, call)
    parts = [f"operations.{call.constant}", *filter(None, [signature_constant(api, call)])]
    parts += [f"tags=Tags({literal(found[0])}, {literal(found[1])})"] if found else []
    return f"{literal(call.operation.id)}: Receiver({', '.join(parts)})"


def signature_constant(api: Api, call: Call) -> str | None:
    """The constant in `behavior.py` that says how a delivery is signed, None where none is."""
    return f"{operation_constants(api)[call.operation.id]}_SIGNATURE" if _signature(call) else None


def unknown(api: Api, call: Call) -> str | None:
    """The type of an event of another kind, where there are several kinds."""
    return "UnknownEvent" if tags(api, call) else None


def _signature(call: Call) -> Signature | None:
    return call.operation.behavior.signature if call.operation.behavior else None


def _more(call: Call) -> tuple[Argument, ...]:
    """The parameters that a delivery carries, without what proves it and what stands in its path."""
    declared = _signature(call)
    proof = declared.headers if declared is not None else frozenset()
    return tuple(
        argument
        for argument in call.arguments
        for parameter in [argument.parameter]
        if parameter.location != "path" and not (parameter.location == "header" and parameter.name.lower() in proof)
    )


def _body(api: Api, call: Call) -> str:
    if call.body is None:
        return "None"
    other = unknown(api, call)
    annotation = call.body.annotation if other is None else f"{call.body.annotation} | {other}"
    return annotation if call.body.required else optional(annotation)


def _needs_url(call: Call, declared: Signature | None) -> bool:
    in_query = any(argument.parameter.location in ("query", "querystring") for argument in _more(call))
    return in_query or (declared is not None and any(f"{{{part}}}" in declared.over for part in _OF_URL))


def _given(declared: Signature | None) -> dict[str, str]:
    """The keyword of each thing that the receiver knows by itself."""
    known = list(declared.given) if declared is not None else []
    return dict(zip(known, names.unique([names.snake(name) for name in known], _ARGUMENTS), strict=True))


def _keywords(declared: Signature | None, given: dict[str, str], *, url: bool) -> list[str]:
    if declared is None:
        return ["url: str"] if url else []
    found = ["secrets: Sequence[str]", *(["url: str"] if url else []), *(f"{keyword}: str" for keyword in given.values())]
    return found + (["now: float | None = None", "tolerance: timedelta | None = None"] if declared.timestamp else [])


def _about(call: Call, declared: Signature | None, given: dict[str, str], *, url: bool) -> str:
    about = {"headers": "As they came; names in any case.", "body": "The raw bytes, before anything parses them."}
    raises = {}
    if declared is not None:
        about["secrets"] = "Those in use; a signature with any of them will do."
        raises["InvalidSignature"] = "Do not trust it, and answer 401."
    if url:
        about["url"] = "The whole URL that was called, as the sender knows it."
    if declared is not None:
        about |= {keyword: declared.given[name] for name, keyword in given.items()}
    if declared is not None and declared.timestamp is not None:
        about["now"] = "The time, in seconds since 1970; the clock's, where it is not given."
        about["tolerance"] = "How far the timestamp may be off, in place of what the contract says."
    raises["InvalidDelivery"] = "It is not what the contract declares; answer 400."
    parts = [
        (call.operation.summary or call.operation.id).rstrip("."),
        "" if declared else "The contract declares no signature: nothing is verified, and anybody may have sent it.",
        "Args:\n" + "\n".join(f"    {name}: {' '.join(text.split())}" for name, text in about.items()),
        "Raises:\n" + "\n".join(f"    {name}: {text}" for name, text in raises.items()),
    ]
    return docstring("\n\n".join(filter(None, parts)), 4)


# -- events of several kinds -------------------------------------------------------------------------------------------


def tags(api: Api, call: Call) -> tuple[str, tuple[str, ...]] | None:
    """The property that tells the events of a webhook apart, and its known values; None where nothing does."""
    for content in call.body.body.contents if call.body else ():
        shown, seen = content.type, set[str]()
        while isinstance(shown, Ref) and shown.id in api.types and shown.id not in seen:
            seen.add(shown.id)
            shown = api.types[shown.id].type
        if isinstance(shown, Union) and shown.discriminator is not None:
            known = [value for value, _ in shown.discriminator.mapping]
            known += [value for option in shown.options for value in _values(api, option, shown.discriminator.property)]
            return shown.discriminator.property, tuple(dict.fromkeys(known))
    return None


def _values(api: Api, option: Type, name: str) -> list[str]:
    """The values by which an option goes: those that it allows, and its name (OpenAPI 3.1, section 4.8.25)."""
    if not isinstance(option, Ref) or option.id not in api.types:
        return []
    named = api.types[option.id]
    found = [named.component] if named.component is not None else []
    fields: Iterable[Field] = named.type.fields if isinstance(named.type, Object) else ()
    for field in fields:
        if field.name == name and isinstance(field.type, Enum):
            found += [value for text in field.type.values if isinstance(value := json.loads(text), str)]
    return found
