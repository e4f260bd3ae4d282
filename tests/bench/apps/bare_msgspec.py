"""The two operations without any framework: ASGI, and msgspec for the bodies."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec

from . import examples
from .msgspec_models import Session, SessionRequest, SessionResult

_SESSION = msgspec.json.decode(examples.SESSION, type=Session)
_RESULT = msgspec.json.decode(examples.RESULT, type=SessionResult)
_LOCATION = examples.RESULT_PATH.encode()
_decode = msgspec.json.Decoder(SessionRequest).decode
_encode = msgspec.json.Encoder().encode


async def _send(send: Any, status: int, body: bytes, *more: tuple[bytes, bytes]) -> None:
    headers = [
        *more,
        (b"cache-control", b"no-store"),
        (b"x-request-id", f"req_{secrets.token_hex(8)}".encode()),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def app(scope: Any, receive: Any, send: Any) -> None:
    headers = dict(scope["headers"])
    path, method = scope["path"], scope["method"]
    if not headers.get(b"x-api-key"):
        await _send(send, 401, b"{}")
    elif path == "/checkout/session" and method == "POST":
        await _create(headers, receive, send)
    elif path.startswith("/checkout/session/") and path.endswith("/result") and method == "GET":
        session_id = path[18:-7]
        if 1 <= len(session_id) <= 255 and "/" not in session_id:
            await _send(send, 200, _encode(_RESULT))
        else:
            await _send(send, 400, b"{}")
    else:
        await _send(send, 404, b"{}")


async def _create(headers: dict[bytes, bytes], receive: Any, send: Any) -> None:
    key = headers.get(b"idempotency-key")
    if headers.get(b"content-type") != b"application/json":
        await _send(send, 415, b"{}")
        return
    if key is not None and not 1 <= len(key) <= 255:
        await _send(send, 400, b"{}")
        return
    message = await receive()
    body = message["body"]
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    try:
        _decode(body)
    except msgspec.ValidationError as error:
        await _send(send, 400, _encode({"message": str(error)}))
        return
    await _send(send, 201, _encode(_SESSION), (b"location", _LOCATION))
