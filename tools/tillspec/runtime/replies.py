"""Writing answers: from a response object to a status, headers and bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from pydantic_core import to_json
from starlette.types import Send

from . import media
from .multipart import write_multipart
from .operation import Content, Header, Operation, Response
from .parameters import encode_form, encode_header, jsonable
from .request import Request
from .texts import write as text_of
from .violations import Violation

Ambient = Callable[[Request], Any]
"""Gives the surface's headers for a request, an object with one attribute per ambient header; None where it has none."""

Write = Callable[[Any, Request], "Reply"]

_BODILESS: Final = frozenset({204, 205, 304})
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class Undeclared(Exception):
    """An answer that the contract does not declare."""


class Reply(NamedTuple):
    """An answer as it is sent."""

    status: int
    body: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = ()

    async def send(self, send: Send, *, head: bool = False) -> None:
        """Sends it; for HEAD without the body (RFC 9110, section 9.3.2)."""
        status, body, headers = self
        if status not in (204, 304) and status >= 200:
            headers = [*headers, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if head or status in _BODILESS else body})


def writers(operation: Operation[Any], ambient: Ambient) -> Mapping[type[Response], Write]:
    """One function per declared response class; a class that stands for several statuses takes any of them."""
    statuses: dict[type[Response], list[str]] = {}
    for status, kind in operation.responses.items():
        statuses.setdefault(kind, []).append(status)
    return {kind: _writer(kind, tuple(keys), ambient) for kind, keys in statuses.items()}


def plain_headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI has them.

    Raises:
        ValueError: a line break or another control character.
    """
    return [(name.lower().encode("ascii"), _field(value)) for name, value in headers.items()]


def ambient_headers(ambient: Any) -> list[tuple[bytes, bytes]]:
    """All headers of a surface, for an answer that the stub gives by itself."""
    if ambient is None:
        return []
    found = ((header, getattr(ambient, header.keyword)) for header in type(ambient).wire)
    return [(header.name.lower().encode(), _field(encode_header(header, value))) for header, value in found if value is not None]


def problem(status: int, message: str = "", found: Sequence[Violation] = ()) -> Reply:
    """A problem document (RFC 9457), for what belongs to no surface."""
    body: dict[str, Any] = {"type": "about:blank", "title": _phrase(status), "status": status}
    if message:
        body["detail"] = message
    if found:
        body["errors"] = [{"detail": v.message, "pointer": v.pointer, "location": v.location} for v in found]
    return Reply(status, to_json(body), [(b"content-type", b"application/problem+json")])


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _writer(kind: type[Response], statuses: tuple[str, ...], ambient: Ambient) -> Write:
    status_of = _status(kind, statuses)
    write_headers = _header_writer(kind.wire.headers, ambient)
    write_body = _body_writer(kind.wire.contents)

    def write(response: Any, request: Request) -> Reply:
        status = status_of(response)
        headers = write_headers(response, request)
        if write_body is None or status in _BODILESS:
            return Reply(status, b"", headers)
        content_type, body = write_body(response)
        headers.append((b"content-type", content_type))
        return Reply(status, body, headers)

    return write


def _status(kind: type[Response], statuses: tuple[str, ...]) -> Callable[[Any], int]:
    if len(statuses) == 1 and statuses[0].isdigit():
        fixed = int(statuses[0])
        return lambda response: fixed
    ranges = tuple(status[0] for status in statuses if status.upper().endswith("XX"))
    exact = {int(status) for status in statuses if status.isdigit()}
    anything = "default" in statuses

    def status_of(response: Any) -> int:
        status = response.status
        known = type(status) is int and 200 <= status <= 599
        if known and (anything or status in exact or str(status)[0] in ranges):
            return int(status)
        raise Undeclared(f"{kind.__name__} with status {status!r}")

    return status_of


def _header_writer(headers: Sequence[Header], ambient: Ambient) -> Callable[[Any, Request], list[tuple[bytes, bytes]]]:
    fixed = [(header.name.lower().encode(), header.keyword, header) for header in headers]

    def write(response: Any, request: Request) -> list[tuple[bytes, bytes]]:
        result = []
        for name, keyword, header in fixed:
            value = getattr(response, keyword)
            if value is None and header.ambient:
                value = getattr(ambient(request), keyword, None)
            if value is None:
                continue
            text = value if type(value) is str and header.media_type is None else encode_header(header, value)
            result.append((name, _field(text)))
        return result

    return write


def _field(text: str) -> bytes:
    if not text.isprintable() and _FORBIDDEN.search(text):  # what is printable holds no control characters
        raise ValueError("a header with a control character")
    return text.strip(" \t").encode()


def _body_writer(contents: Mapping[str, Content]) -> Callable[[Any], tuple[bytes, bytes]] | None:
    writers = {media_type: _content_writer(media_type, content) for media_type, content in contents.items()}
    if not writers:
        return None
    first, only = next(iter(contents.items()))
    if len(writers) == 1 and not media.is_open(first, only.carrier):
        write_first = writers[first]
        return lambda response: write_first(first, response.body)

    def write(response: Any) -> tuple[bytes, bytes]:
        found = media.find(writers, response.media_type)
        if found is None:
            raise Undeclared(f"media type {response.media_type!r}")
        return found[1](response.media_type, response.body)

    return write


def _content_writer(declared: str, content: Content) -> Callable[[str, Any], tuple[bytes, bytes]]:
    """A function from the chosen media type and a body to the `Content-Type` and the bytes."""
    if content.carrier == "multipart":
        return lambda chosen, body: _multipart(declared, content, body)
    serialize = _serializer(content)
    if media.is_open(declared, content.carrier):
        return lambda chosen, body: (_field(chosen), serialize(body))
    charset = content.carrier == "text" and "charset" not in declared
    content_type = f"{declared}; charset=utf-8".encode() if charset else declared.encode()
    return lambda chosen, body: (content_type, serialize(body))


def _multipart(declared: str, content: Content, body: Any) -> tuple[bytes, bytes]:
    boundary, data = write_multipart(content, body)
    return f"{media.essence(declared)}; boundary={boundary}".encode(), data


def _serializer(content: Content) -> Callable[[Any], bytes]:
    match content.carrier:
        case "json":
            assert content.value is not None, "JSON content has a value"
            serialize = content.value.adapter.serializer.to_json
            return lambda body: serialize(body, by_alias=True, exclude_unset=True, warnings="error")
        case "form":
            return lambda body: encode_form(content, body).encode()
        case "text":
            return lambda body: _text(content, body).encode()
        case _:
            return _bytes


def _text(content: Content, body: Any) -> str:
    if content.value is not None:
        return text_of(jsonable(content.value, body))
    if not isinstance(body, str):
        raise Undeclared(f"a body of type {type(body).__name__} where text is declared")
    return body


def _bytes(body: Any) -> bytes:
    if not isinstance(body, bytes | bytearray | memoryview):
        raise Undeclared(f"a body of type {type(body).__name__} where bytes are declared")
    return bytes(body)
