"""Requests of `http.server` read whole, and answers written."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

_LARGEST = 1_000_000


class BadFraming(Exception):
    """A body that does not say where it ends, or says it twice."""


@dataclass(slots=True)
class Answer:
    """An answer; `value` is its JSON."""

    status: int
    value: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def body_of(handler: BaseHTTPRequestHandler) -> bytes:
    """The body of a request (RFC 9112, section 6).

    Raises:
        BadFraming: its length is not plain.
    """
    lengths = handler.headers.get_all("content-length", [])
    codings = handler.headers.get_all("transfer-encoding", [])
    if codings:
        if lengths or [coding.strip().lower() for coding in codings] != ["chunked"]:
            raise BadFraming
        return _chunked(handler)
    if not lengths:
        return b""
    if len(set(lengths)) != 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
        raise BadFraming
    length = int(lengths[0])
    if length > 50 * _LARGEST:
        raise BadFraming
    body = handler.rfile.read(length)
    if len(body) < length:
        raise BadFraming
    return body


def _chunked(handler: BaseHTTPRequestHandler) -> bytes:
    pieces: list[bytes] = []
    while True:
        line = handler.rfile.readline(1000).split(b";")[0].strip()
        if not line or not all(byte in b"0123456789abcdefABCDEF" for byte in line) or len(line) > 8:
            raise BadFraming
        size = int(line, 16)
        if size == 0:
            while handler.rfile.readline(10_000).strip():
                pass
            return b"".join(pieces)
        pieces.append(handler.rfile.read(size))
        if handler.rfile.read(2) != b"\r\n":
            raise BadFraming


def write(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    """Sends an answer."""
    content = b"" if answer.value is None else json.dumps(answer.value).encode()
    handler.send_response(answer.status)
    handler.send_header("x-request-id", uuid.uuid4().hex)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    if answer.value is not None:
        handler.send_header("content-type", "application/json")
    if answer.status != 204:
        handler.send_header("content-length", str(len(content)))
    if handler.close_connection:
        handler.send_header("connection", "close")
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(content)


def too_large(body: bytes) -> bool:
    return len(body) > _LARGEST


def path_of(handler: BaseHTTPRequestHandler) -> str:
    return urlsplit(handler.path if "://" in handler.path else f"http://x{handler.path}").path
