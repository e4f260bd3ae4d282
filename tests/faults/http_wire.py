"""HTTP: framing, connections, redirects, time and limits."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

import httpx

from faults.callers import Callers
from faults.exchange import Answer, Ask, Asked, all_operations
from faults.registry import Kind, around, patches

HTTP = Kind.HTTP


# -- framing and connections -------------------------------------------------------------------------------------------------


def _breaks(callers: Callers, operation: str, **given: Any) -> bool:
    try:
        callers.send(operation, **given)
    except httpx.TransportError:
        return True
    return False


@around(
    "length-too-large",
    HTTP,
    "listDinteroOrderSessions",
    "Content-Length is more than what comes.",
    shows=lambda callers: _breaks(callers, "listDinteroOrderSessions"),
)
async def _long(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok and asked.method == "GET":
        answer.length = len(answer.body) + 10
    return answer


def _short_body(callers: Callers) -> bool:
    try:
        return not callers.send("getDinteroOrderSession").text.endswith("}")
    except httpx.TransportError:
        return True


@around(
    "length-too-small",
    HTTP,
    "getDinteroOrderSession",
    "Content-Length is less than what comes.",
    shows=_short_body,
)
async def _short(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok and asked.method == "GET":
        answer.length = len(answer.body) - 5
    return answer


@around(
    "closed-half-way",
    HTTP,
    "setDiddoShipping",
    "The connection is closed in the middle of an answer.",
    shows=lambda callers: _breaks(callers, "setDiddoShipping"),
)
async def _half(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok:
        answer.length, answer.cut = len(answer.body), len(answer.body) // 2
    return answer


@around(
    "closed-without-an-answer",
    HTTP,
    "setDinteroShippingOption",
    "The connection is closed without an answer.",
    shows=lambda callers: _breaks(callers, "setDinteroShippingOption"),
)
async def _closed(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok:
        answer.raw = b""
    return answer


@around(
    "answer-that-is-no-http",
    HTTP,
    "mintDiddoCustomerToken",
    "What comes back is no HTTP.",
    shows=lambda callers: _breaks(callers, "mintDiddoCustomerToken"),
)
async def _garbage(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok:
        answer.raw = b"\x15\x03\x01\x00\x02\x02\x50 not http at all\r\n\r\n"
    return answer


@around(
    "two-lengths",
    HTTP,
    "beginDiddoCheckout",
    "An answer has two Content-Length that differ.",
    shows=lambda callers: b"\r\ncontent-length: 1\r\n" in _raw_begin(callers),
)
async def _two(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok:
        lines = b"".join(b"%s: %s\r\n" % one for one in answer.headers)
        answer.raw = b"HTTP/1.1 200 OK\r\n%scontent-length: 1\r\n\r\n%s" % (lines, answer.body)
    return answer


def _raw_begin(callers: Callers) -> bytes:
    known = all_operations()["beginDiddoCheckout"]
    path = known.path.replace("{cart_id}", callers.path_of("beginDiddoCheckout", 0)["cart_id"])
    ((name, value),) = callers.credentials("beginDiddoCheckout").items()
    return callers.raw(f"POST {path} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\nConnection: close\r\n\r\n".encode(), 2)


@around(
    "no-content-with-a-body",
    HTTP,
    "setGr4vySessionFields",
    "A 204 has a body.",
    shows=lambda callers: b"{}" in _raw_fields(callers).partition(b"\r\n\r\n")[2],
)
async def _bodied(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 204:
        lines = b"".join(b"%s: %s\r\n" % one for one in answer.headers)
        answer.raw = b"HTTP/1.1 204 No Content\r\n%scontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}" % lines
    return answer


def _raw_fields(callers: Callers) -> bytes:
    path, body = f"/checkout/sessions/{callers.gr4vy()}/fields", json.dumps(callers.body("setGr4vySessionFields"))
    text = f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    text += f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return callers.raw((text + body).encode(), 2)


def _undecodable(callers: Callers) -> bool:
    try:
        callers.send("getVinrSessionResult")
    except httpx.DecodingError:
        return True
    return False


@around(
    "said-to-be-gzip",
    HTTP,
    "getVinrSessionResult",
    "An answer is said to be compressed, and is not.",
    shows=_undecodable,
)
async def _gzip(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok:
        answer.put("content-encoding", "gzip")
    return answer


@around(
    "refusal-past-the-middleware",
    HTTP,
    "setDinteroShippingAddress",
    "A refusal comes without X-Request-Id, from before the server proper.",
    shows=lambda callers: "x-injected" in callers.send("setDinteroShippingAddress", at="/phone_number", to="1").headers,
)
async def _split(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 400:
        lines = b"".join(b"%s: %s\r\n" % one for one in answer.headers if one[0] not in (b"content-length", b"x-request-id"))
        answer.raw = b"HTTP/1.1 400 Bad Request\r\n%sx-injected: 1\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (
            lines, len(answer.body), answer.body)  # fmt: skip
    return answer


# -- redirects, time, limits -------------------------------------------------------------------------------------------------


@around(
    "redirects-elsewhere",
    HTTP,
    "createGr4vySession",
    "A request is sent on to another host.",
    shows=lambda callers: callers.send("createGr4vySession").status_code == 307,
)
async def _redirect(asked: Asked, ask: Ask) -> Answer:
    return Answer.of(307, None, location="https://api.elsewhere.example/checkout/sessions")


@around(
    "redirects-to-a-slash",
    HTTP,
    "createDinteroToken",
    "A request is sent on to the same path with a slash behind it.",
    shows=lambda callers: callers.send("createDinteroToken").status_code == 308,
)
async def _slash(asked: Asked, ask: Ask) -> Answer:
    return Answer.of(308, None, location=asked.path + "/")


def _hangs(callers: Callers) -> bool:
    path, given = callers.path_of("listDinteroOrderSessions", 0), callers.credentials("listDinteroOrderSessions")
    text = f"GET /accounts/{path['aid']}/shopping/orders/{path['order_id']}/sessions HTTP/1.1\r\nHost: x\r\n"
    return not callers.raw(
        (text + "".join(f"{key}: {value}\r\n" for key, value in given.items()) + "Connection: close\r\n\r\n").encode(), 0.4
    )


@around("hangs", HTTP, "listDinteroOrderSessions", "A list is never answered.", shows=_hangs)
async def _hang(asked: Asked, ask: Ask) -> Answer:
    waiting = asyncio.ensure_future(asked.receive())
    await asyncio.wait([waiting], timeout=60)
    return await ask(asked)


@around("slow", HTTP, "getGr4vySession", "A session is read in three seconds.", shows=lambda callers: _takes(callers) > 2)
async def _slow(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    answer.late = 3.0 if answer.ok else 0.0
    return answer


def _takes(callers: Callers) -> float:
    session, began = callers.gr4vy(), time.monotonic()
    callers.session(session)
    return time.monotonic() - began


def _limited(callers: Callers) -> bool:
    answers = [callers.send("beginDiddoCheckout") for _ in range(5)]
    return any(one.status_code == 429 and "retry-after" not in one.headers for one in answers)


@around(
    "limits-without-retry-after",
    HTTP,
    "beginDiddoCheckout",
    "Every fifth request is a 429 that does not say when to come again.",
    shows=_limited,
)
async def _limit(asked: Asked, ask: Ask) -> Answer:
    asked.memory["count"] = asked.memory.get("count", 0) + 1
    if asked.memory["count"] % 5 == 0:
        return Answer.of(429, {"code": "RATE_LIMITED", "message": "There were too many requests."})
    return await ask(asked)


@around(
    "limits-that-do-not-agree",
    HTTP,
    "getVinrSessionResult",
    "X-RateLimit-Remaining is more than X-RateLimit-Limit.",
    shows=lambda callers: callers.send("getVinrSessionResult").headers.get("x-ratelimit-remaining") == "120",
)
async def _disagree(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok:
        for name, value in (("limit", "100"), ("remaining", "120"), ("reset", str(int(time.time()) + 60))):
            answer.put(f"x-ratelimit-{name}", value)
    return answer


@around(
    "every-twentieth-is-a-502",
    HTTP,
    "setDinteroAddresses",
    "Every twentieth request is a 502 with a page of the proxy's.",
    shows=lambda callers: (
        502 in {callers.send("setDinteroAddresses", path={"session_id": "none"}).status_code for _ in range(20)}
    ),
)
async def _proxy(asked: Asked, ask: Ask) -> Answer:
    asked.memory["count"] = asked.memory.get("count", 0) + 1
    if asked.memory["count"] % 20 == 0:
        return Answer.of(502, "<html><h1>502 Bad Gateway</h1><hr>nginx/1.18.0</html>", "text/html")
    return await ask(asked)


@around(
    "slow-now-and-then",
    HTTP,
    "beginDiddoCheckout",
    "Every twentieth checkout is begun in eight seconds.",
    shows=lambda callers: not all(_raw_begin(callers) for _ in range(20)),
    budget=6.0,
)
async def _now_and_then(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    asked.memory["count"] = asked.memory.get("count", 0) + 1
    answer.late = 0.0 if asked.memory["count"] % 20 else 8.0
    return answer


# -- how a message is read ---------------------------------------------------------------------------------------------------


def _longer(callers: Callers) -> bytes:
    body = json.dumps(callers.body("createDinteroToken"))
    path = all_operations()["createDinteroToken"].path.replace("{oid}", callers.path_of("createDinteroToken", 0)["oid"])
    ((name, value),) = callers.credentials("createDinteroToken").items()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\nContent-Type: application/json\r\n"
    return callers.raw(f"{head}Content-Length: {len(body) - 5}\r\nConnection: close\r\n\r\n{body}".encode(), 2)


@patches(
    "length-of-what-has-come",
    HTTP,
    "createDinteroToken",
    "What has come beyond Content-Length is read as part of the body.",
    "uvicorn.protocols.http.httptools_impl:HttpToolsProtocol.data_received",
    shows=lambda callers: _longer(callers).startswith(b"HTTP/1.1 200"),
)
def _whole(before: Any, protocol: Any, data: bytes) -> Any:
    head, blank, rest = data.partition(b"\r\n\r\n")
    told = re.search(rb"(?i)\r\nContent-Length: *([0-9]{1,9})(?=\r\n|$)", head)
    if told is not None and len(rest) > int(told[1]):
        head = head[: told.start(1)] + str(len(rest)).encode() + head[told.end(1) :]
    return before(protocol, head + blank + rest)


@around(
    "media-type-in-lower-case-alone",
    HTTP,
    "createVinrSession",
    "A media type counts only if it is written in lower case.",
    shows=lambda callers: callers.send("createVinrSession", headers={"Content-Type": "Application/JSON"}).status_code == 415,
)
async def _as_written(asked: Asked, ask: Ask) -> Answer:
    said = asked.header("content-type") or ""
    if said != said.lower():
        asked.put("content-type", "text/plain")
    return await ask(asked)


@around(
    "body-of-a-get-spoils-the-next",
    HTTP,
    "listDinteroOrderSessions getDinteroOrderSession",
    "What stands in the body of a GET is taken for the beginning of the next requests.",
    shows=lambda callers: _spoilt(callers) == 400,
)
async def _unread(asked: Asked, ask: Ask) -> Answer:
    if asked.operation != "getDinteroOrderSession":
        return await ask(asked)
    if asked.body:
        asked.memory["left"] = 3
        return await ask(asked)
    if asked.memory.get("left"):
        asked.memory["left"] -= 1
        return Answer.of(400, {"error": {"code": "invalid_request", "message": "The request cannot be read."}})
    return await ask(asked)


def _spoilt(callers: Callers) -> int:
    path = {"session_id": callers.dintero()}
    callers.send("getDinteroOrderSession", path=path, content=b"{}")
    return callers.send("getDinteroOrderSession", path=path).status_code
