"""Runtime expressions (OpenAPI 3.1, section 4.8.20.4): where a callback goes, as the request that it follows from says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from pydantic_core import from_json, to_jsonable_python

from . import media
from .encoding import encode_header
from .operation import Response
from .request import Request
from .texts import encoded, write

_EMBEDDED: Final = re.compile(r"\{(\$[^{}]+)\}")
_MISSING: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """A request and, where there is one, its answer. `path` holds the values of the path's expressions, decoded."""

    request: Request
    response: Response | None = None
    path: Mapping[str, str] = field(default_factory=dict)


def callback_url(expression: str, exchanged: Exchanged) -> str:
    """The URL of a callback: the key of its path item, with the values of its expressions.

    An expression that the key begins with is a URL, or the beginning of one; one that stands further behind is escaped.

    Raises:
        ValueError: an expression leads to nothing, or to what is no scalar.
    """
    if expression.startswith("$"):
        return _text(expression, exchanged)
    first, *rest = _EMBEDDED.split(expression)
    texts = [first]
    for number, part in enumerate(rest):
        if number % 2:
            texts.append(part)
        else:
            text = _text(part, exchanged)
            texts.append(text if number == 0 and not first else encoded(text))
    return "".join(texts)


def _text(expression: str, exchanged: Exchanged) -> str:
    value = _value(expression, exchanged)
    if value is _MISSING or value is None or isinstance(value, dict | list):
        raise ValueError(f"{expression} leads to no text")
    return write(value)


def _value(expression: str, exchanged: Exchanged) -> Any:
    request, response = exchanged.request, exchanged.response
    source, _, pointer = expression.partition("#")
    match source.split(".", 2):
        case ["$method"]:
            return request.method
        case ["$url"]:
            return _url(request)
        case ["$statusCode"]:
            return getattr(response, "status", _MISSING)
        case ["$request", "header", name]:
            return request.headers.get(name, _MISSING)
        case ["$request", "path", name]:
            return exchanged.path.get(name, _MISSING)
        case ["$request", "query", name]:
            pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
            return dict(reversed(pairs)).get(name, _MISSING)
        case ["$request", "body"]:
            return _at(_body(request), pointer)
        case ["$response", "body"]:
            return _at(to_jsonable_python(getattr(response, "body", None), by_alias=True), pointer)
        case ["$response", "header", name]:
            return _header(response, name)
        case _:
            raise ValueError(f"{expression} is no runtime expression")


def _url(request: Request) -> str:
    scope = request.scope
    host = request.headers.get("host", "")
    path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"]
    target = path.partition(b"?")[0] + (b"?" + query if query else b"")
    return f"{scope.get('scheme', 'http')}://{host}{target.decode('latin-1')}"


def _body(request: Request) -> Any:
    """The body of a request as JSON has it; a form's fields are texts."""
    kind = media.essence(request.headers.get("content-type", ""))
    try:
        if kind == "application/x-www-form-urlencoded":
            return dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        return from_json(request.body)
    except ValueError:
        return _MISSING


def _at(value: Any, pointer: str) -> Any:
    """What a JSON Pointer leads to (RFC 6901)."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isascii() and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return _MISSING
    return value


def _header(response: Response | None, name: str) -> Any:
    headers = type(response).wire.headers if response is not None else ()
    for header in headers:
        if header.name.lower() == name.lower() and (value := getattr(response, header.keyword)) is not None:
            return encode_header(header, value)
    return _MISSING
