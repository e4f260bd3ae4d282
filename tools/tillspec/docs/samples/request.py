"""The example request of an operation, as every language sends it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from tillspec.api.model import Api, Content, Example, Operation, Parameter, Part, SecurityScheme, Server
from tillspec.docs.example import example
from tillspec.emit.names import constant

NO_SERVER = "https://api.example.com"
"""Stands for a base URL that the document does not give."""
_FORM, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_SAFE = "/:?&=._~%-+,;@!*()[]"
_FILE = b"An example.\n"


@dataclass(frozen=True, slots=True)
class Environment:
    """A value that is read from an environment variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Basic:
    """User and password of HTTP Basic (RFC 7617), each from an environment variable."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """A value that no other request has."""


Value = str | Environment | Basic | Fresh
"""A header's value. Of an `Environment` the text before it stands in `Header.before`."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header of the request: a fixed text `before` a value."""

    name: str
    value: Value
    before: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A part of a multipart body; a file has a name."""

    name: str
    value: str
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """What the request carries. `text` is its bytes as text, for all but `multipart`, which has `parts`.

    `value` is the JSON value of it, where there is one.
    """

    kind: Literal["json", "form", "multipart", "text"]
    media_type: str
    text: str = ""
    parts: tuple[Upload, ...] = ()
    value: Any = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A request, ready to be written down.

    Attributes:
        server: the base URL that stands where the environment gives no `API_URL`.
        target: path and query, percent-encoded.
        arguments: the values of parameters, by their place and name.
        query_keys: credentials that go into the query, by the name of the parameter, percent-encoded.
    """

    operation: Operation
    server: str
    target: str
    headers: tuple[Header, ...]
    payload: Payload | None
    arguments: Mapping[tuple[str, str], Any]
    query_keys: tuple[tuple[str, Environment], ...] = ()
    schemes: tuple[SecurityScheme, ...] = ()


def sample(api: Api, operation: Operation, chosen: Example | None = None) -> Sample:
    """The example request of an operation: what must be given, the first example of its body (or the one that is chosen), and the
    first way of proving who calls.
    """
    values = dict(_arguments(api, operation))
    schemes = _schemes(api, operation)
    payload = _payload(api, operation, chosen)
    headers = [Header(name, text) for (place, name), text in values.items() if place == "header" for text in [_scalar(text)]]
    headers += [header for scheme in schemes if (header := _credential(scheme))]
    if keyed := _idempotency_key(operation):
        headers = [header for header in headers if header.name.lower() != keyed.lower()] + [Header(keyed, Fresh())]
    if accept := _accept(operation):
        headers.append(Header("Accept", accept))
    if payload is not None and payload.kind != "multipart":
        headers.append(Header("Content-Type", payload.media_type))
    cookies = [f"{quote(name)}={quote(_scalar(value))}" for (place, name), value in values.items() if place == "cookie"]
    if cookies:
        headers.append(Header("Cookie", "; ".join(cookies)))
    query_keys = tuple(
        (quote(one.parameter or one.name, safe=""), Environment(variable(one)))
        for one in schemes
        if one.kind == "apiKey" and one.location == "query"
    )
    target = _target(operation, values)
    return Sample(operation, base_url(operation.servers), target, tuple(headers), payload, values, query_keys, schemes)


def variable(scheme: SecurityScheme) -> str:
    """The environment variable that holds the credential of a scheme: `VinrApiKey` -> `VINR_API_KEY`."""
    return constant(scheme.name, "API_KEY")


def base_url(servers: tuple[Server, ...]) -> str:
    """The first absolute server, its variables at their defaults, percent-encoded where need be; without a slash at the end."""
    for server in servers:
        url = server.url
        for one in server.variables:
            url = url.replace(f"{{{one.name}}}", one.default or one.name)
        try:
            parts = urlsplit(url)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.netloc:
            return quote(url, safe=_SAFE.replace("(", "").replace(")", "")).rstrip("/")
        if not parts.scheme and not parts.netloc:
            return (NO_SERVER + quote("/" + parts.path.lstrip("/"), safe=_SAFE)).rstrip("/")
    return NO_SERVER


def _arguments(api: Api, operation: Operation) -> Iterator[tuple[tuple[str, str], Any]]:
    for parameter in operation.parameters:
        if parameter.required:
            given = parameter.examples[0].value if parameter.examples else example(parameter.schema, api.types)
            yield (parameter.location, parameter.name), given


def _schemes(api: Api, operation: Operation) -> tuple[SecurityScheme, ...]:
    for requirement in operation.security:
        return tuple(api.security_schemes[name] for name, _ in requirement.schemes if name in api.security_schemes)
    return ()


def _credential(scheme: SecurityScheme) -> Header | None:
    name = variable(scheme)
    if scheme.kind == "apiKey":
        if scheme.location == "header":
            return Header(scheme.parameter or scheme.name, Environment(name))
        return (
            Header("Cookie", Environment(name), f"{quote(scheme.parameter or scheme.name)}=")
            if scheme.location == "cookie"
            else None
        )
    if scheme.kind == "http" and scheme.scheme == "basic":
        return Header("Authorization", Basic(f"{name}_USER", f"{name}_PASSWORD"))
    if scheme.kind in ("oauth2", "openIdConnect") or scheme.scheme == "bearer":
        return Header("Authorization", Environment(name), "Bearer ")
    return None


def _idempotency_key(operation: Operation) -> str | None:
    declared = operation.behavior.idempotency if operation.behavior else None
    return None if declared is None or isinstance(declared, str) else declared.header


def _accept(operation: Operation) -> str | None:
    """What is asked for where a success has several forms: the preferred one, else the first."""
    offered = [content.media_type for answer in operation.responses if answer.status[0] == "2" for content in answer.contents]
    if len(set(offered)) < 2:
        return None
    preferred = operation.behavior.negotiation if operation.behavior else None
    return preferred.preferred if preferred else next((one for one in offered if "*" not in one), None)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(map(_scalar, value))
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# -- the target ----------------------------------------------------------------------------------------------------------


def _target(operation: Operation, values: Mapping[tuple[str, str], Any]) -> str:
    target = operation.path
    pairs: list[tuple[str, str]] = []
    known: dict[tuple[str, str], Parameter] = {(one.location, one.name): one for one in operation.parameters}
    for place, value in values.items():
        if place[0] == "path":
            target = target.replace(f"{{{place[1]}}}", quote(_scalar(value), safe=""))
        elif place[0] == "query":
            pairs += _query(known[place], value)
    query = urlencode(pairs)
    return quote(target, safe=_SAFE) + (f"?{query}" if query else "")


def _query(parameter: Parameter, value: Any) -> Iterator[tuple[str, str]]:
    if parameter.media_type is None:
        yield from _fields(parameter.name, value, parameter.style, explode=parameter.explode)
    else:
        yield parameter.name, json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _fields(name: str, value: Any, style: str | None, *, explode: bool) -> Iterator[tuple[str, str]]:
    """A value as fields of a query or a form (OpenAPI 3.1, section 4.8.12.1)."""
    if isinstance(value, dict) and style == "deepObject":
        for key, inner in value.items():
            yield from _fields(f"{name}[{key}]", inner, style, explode=explode)
    elif isinstance(value, list) and style == "deepObject":
        for index, inner in enumerate(value):
            yield from _fields(f"{name}[{index}]", inner, style, explode=explode)
    elif isinstance(value, dict) and style == "form" and explode:
        for key, inner in value.items():
            yield key, _scalar(inner)
    elif isinstance(value, list) and (explode or not value):
        for inner in value:
            yield name, _scalar(inner)
    else:
        separator = {"spaceDelimited": " ", "pipeDelimited": "|"}.get(style or "", ",")
        yield name, separator.join(map(_scalar, value)) if isinstance(value, list) else _scalar(value)


# -- the body ------------------------------------------------------------------------------------------------------------


def _payload(api: Api, operation: Operation, chosen: Example | None) -> Payload | None:
    contents = operation.body.contents if operation.body else ()
    if not contents:
        return None
    content = next((one for one in contents if is_json(one.media_type)), contents[0])
    given = chosen or next(iter(content.examples), None)
    value = given.value if given is not None else example(content.schema, api.types) if content.schema is not None else ""
    if given is None and not value and operation.body and not operation.body.required:
        return None
    media_type = content.media_type.replace("*/*", "application/octet-stream")
    if is_json(media_type):
        return Payload("json", media_type, json.dumps(value, ensure_ascii=False, indent=2), value=value)
    if media_type.startswith(_FORM) and isinstance(value, dict):
        return Payload("form", media_type, urlencode(list(_form(content, value))), value=value)
    if media_type.startswith("multipart/") and isinstance(value, dict):
        return Payload("multipart", _MULTIPART, parts=tuple(_uploads(content, value)), value=value)
    return Payload("text", media_type, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON's, or ends in `+json` (RFC 6839)."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence in ("application/json", "text/json") or essence.endswith("+json")


def _form(content: Content, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields of a form; where nothing else is said, a list has a field for each item, and an object is JSON."""
    parts = {part.name: part for part in content.parts}
    for name, inner in value.items():
        part = parts.get(name) or parts.get("") or Part(name, "text")
        if part.style is not None:
            yield from _fields(name, inner, part.style, explode=part.explode)
        else:
            yield from ((name, _scalar(one)) for one in (inner if isinstance(inner, list) else [inner]))


def _uploads(content: Content, value: Mapping[str, Any]) -> Iterator[Upload]:
    parts = {part.name: part for part in content.parts}
    for name, inner in value.items():
        part = parts.get(name) or parts.get("") or Part(name, "text")
        for one in inner if isinstance(inner, list) else [inner]:
            is_file = part.carrier == "file"
            yield Upload(
                name,
                one if isinstance(one, str) and one else _FILE.decode() if is_file else _scalar(one),
                "example.txt" if is_file else None,
            )
