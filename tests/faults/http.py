"""HTTP: methods, framing, connections, and what stands between."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx

from faults.callers import Callers
from faults.exchange import Answer, Ask, Asked, all_operations
from faults.registry import Kind, around

HTTP = Kind.HTTP


def _method(callers: Callers, method: str, operation: str, **given: Any) -> Any:
    return callers.send(operation, method=method, **given)


# -- methods -----------------------------------------------------------------------------------------------------------------


@around(
    "head-fails",
    HTTP,
    "getVinrSessionResult getGr4vySession",
    "HEAD is a 500.",
    shows=lambda callers: _method(callers, "HEAD", "getVinrSessionResult").status_code == 500,
)
async def _head_fails(asked: Asked, ask: Ask) -> Answer:
    return Answer.of(500, "", "text/plain") if asked.method == "HEAD" else await ask(asked)


@around(
    "head-is-always-200",
    HTTP,
    "getDiddoQr getDiddoQrPng getDiddoQrSvg",
    "HEAD is 200, whether or not there is a cart.",
    shows=lambda callers: _method(callers, "HEAD", "getDiddoQrPng", path={"cart_id": "01KERN71T0V3RS3DTR98H6BCFX"}).is_success,
)
async def _head_200(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if asked.method == "HEAD" and answer.status == 404:
        answer.status = 200
        answer.put("content-type", "image/png")
    return answer


@around(
    "head-without-its-headers",
    HTTP,
    "getDiddoQr",
    "HEAD has neither ETag nor Cache-Control.",
    shows=lambda callers: "etag" not in _method(callers, "HEAD", "getDiddoQr").headers,
)
async def _head_bare(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if asked.method == "HEAD":
        for name in ("etag", "cache-control", "vary"):
            answer.drop(name)
    return answer


@around(
    "head-with-another-length",
    HTTP,
    "listDinteroOrderSessions",
    "HEAD says a Content-Length that is not that of GET.",
    shows=lambda callers: _method(callers, "HEAD", "listDinteroOrderSessions").headers["content-length"] == "5",
)
async def _head_length(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if asked.method == "HEAD":
        answer.put("content-length", "5")
    return answer


@around(
    "options-fails",
    HTTP,
    "createVinrSession createGr4vySession",
    "OPTIONS is a 500.",
    anything=True,
    shows=lambda callers: _method(callers, "OPTIONS", "createGr4vySession").status_code == 500,
)
async def _options_fails(asked: Asked, ask: Ask) -> Answer:
    if asked.method == "OPTIONS" and asked.beside & {"createVinrSession", "createGr4vySession"}:
        return Answer.of(500, "Internal Server Error", "text/plain")
    return await ask(asked)


@around(
    "options-allows-too-much",
    HTTP,
    "getGr4vySession",
    "Allow of OPTIONS names methods that are refused.",
    anything=True,
    shows=lambda callers: "PATCH" in _method(callers, "OPTIONS", "getGr4vySession").headers["allow"],
)
async def _options_much(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if asked.method == "OPTIONS" and "getGr4vySession" in asked.beside:
        answer.put("allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
    return answer


@around(
    "patch-is-put",
    HTTP,
    "updateGr4vySession",
    "PATCH, which is not declared, updates a session.",
    anything=True,
    shows=lambda callers: _method(callers, "PATCH", "updateGr4vySession").is_success,
)
async def _patch(asked: Asked, ask: Ask) -> Answer:
    if asked.method == "PATCH" and "updateGr4vySession" in asked.beside:
        asked.method = "PUT"
    return await ask(asked)


@around(
    "get-begins-a-checkout",
    HTTP,
    "beginDiddoCheckout",
    "GET, which is not declared, begins a checkout.",
    anything=True,
    shows=lambda callers: _method(callers, "GET", "beginDiddoCheckout").is_success,
)
async def _get(asked: Asked, ask: Ask) -> Answer:
    if asked.method == "GET" and "beginDiddoCheckout" in asked.beside:
        asked.method = "POST"
    return await ask(asked)


@around(
    "delete-of-a-result",
    HTTP,
    "getVinrSessionResult",
    "DELETE of a result, which is not declared, answers 204.",
    anything=True,
    shows=lambda callers: _method(callers, "DELETE", "getVinrSessionResult").status_code == 204,
)
async def _delete(asked: Asked, ask: Ask) -> Answer:
    if asked.method == "DELETE" and "getVinrSessionResult" in asked.beside:
        return Answer.of(204)
    return await ask(asked)


@around(
    "refused-method-without-allow",
    HTTP,
    "createDinteroOrderSession",
    "A 405 has no Allow.",
    anything=True,
    shows=lambda callers: "allow" not in _method(callers, "PATCH", "createDinteroOrderSession").headers,
)
async def _no_allow(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 405:
        answer.drop("allow")
    return answer


@around(
    "refused-method-is-a-500",
    HTTP,
    "selectDiddoShippingMethod",
    "A method that is not declared is a 500.",
    anything=True,
    shows=lambda callers: _method(callers, "PUT", "selectDiddoShippingMethod").status_code == 500,
)
async def _method_500(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 405 and "selectDiddoShippingMethod" in asked.beside:
        return Answer.of(500, {"code": "INTERNAL_ERROR", "message": "Something went wrong."})
    return answer


@around(
    "method-overridden",
    HTTP,
    "getGr4vySession",
    "X-HTTP-Method-Override makes a POST a DELETE.",
    anything=True,
    shows=lambda callers: _method(callers, "POST", "getGr4vySession", headers={"X-HTTP-Method-Override": "DELETE"}).is_success,
)
async def _override(asked: Asked, ask: Ask) -> Answer:
    asked.method = asked.header("x-http-method-override") or asked.method
    return await ask(asked)


@around(
    "trace-echoes",
    HTTP,
    "",
    "TRACE sends the request back, credentials among it.",
    anything=True,
    shows=lambda callers: "sk_test" in _method(callers, "TRACE", "getVinrSessionResult").text,
)
async def _trace(asked: Asked, ask: Ask) -> Answer:
    if asked.method != "TRACE":
        return await ask(asked)
    head = f"TRACE {asked.path} HTTP/1.1\r\n".encode() + b"".join(b"%s: %s\r\n" % one for one in asked.headers)
    return Answer(200, [(b"content-type", b"message/http")], head)


@around(
    "unknown-path-is-200",
    HTTP,
    "",
    "A path that is not declared answers 200 with a page.",
    anything=True,
    shows=lambda callers: callers.send("createVinrSession", method="GET", url="/checkout/nowhere/at/all").is_success,
)
async def _catch_all(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 404 and not asked.beside:
        return Answer.of(200, "<!doctype html><title>Shop</title>", "text/html")
    return answer


@around(
    "unknown-path-is-500",
    HTTP,
    "",
    "A path that is not declared is a 500.",
    anything=True,
    shows=lambda callers: callers.send("createVinrSession", method="GET", url="/nowhere").status_code == 500,
)
async def _path_500(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    return (
        Answer.of(500, "Error: Cannot GET\n    at Router.handle (/srv/app/router.js:174:12)", "text/plain")
        if (answer.status == 404 and not asked.beside)
        else answer
    )


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


@around(
    "length-too-small",
    HTTP,
    "getDinteroOrderSession",
    "Content-Length is less than what comes.",
    shows=lambda callers: _short_body(callers),
)
async def _short(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok and asked.method == "GET":
        answer.length = len(answer.body) - 5
    return answer


def _short_body(callers: Callers) -> bool:
    try:
        return not callers.send("getDinteroOrderSession").text.endswith("}")
    except httpx.TransportError:
        return True


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
    text = f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return callers.raw((text + body).encode(), 2)


@around(
    "said-to-be-gzip",
    HTTP,
    "getVinrSessionResult",
    "An answer is said to be compressed, and is not.",
    shows=lambda callers: _undecodable(callers),
)
async def _gzip(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok:
        answer.put("content-encoding", "gzip")
    return answer


def _undecodable(callers: Callers) -> bool:
    try:
        callers.send("getVinrSessionResult")
    except httpx.DecodingError:
        return True
    return False


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


@around("hangs", HTTP, "listDinteroOrderSessions", "A list is never answered.", shows=lambda callers: _hangs(callers))
async def _hang(asked: Asked, ask: Ask) -> Answer:
    waiting = asyncio.ensure_future(asked.receive())
    await asyncio.wait([waiting], timeout=60)
    return await ask(asked)


def _hangs(callers: Callers) -> bool:
    path, given = callers.path_of("listDinteroOrderSessions", 0), callers.credentials("listDinteroOrderSessions")
    text = f"GET /accounts/{path['aid']}/shopping/orders/{path['order_id']}/sessions HTTP/1.1\r\nHost: x\r\n"
    return not callers.raw(
        (text + "".join(f"{key}: {value}\r\n" for key, value in given.items()) + "Connection: close\r\n\r\n").encode(), 0.4
    )


@around("slow", HTTP, "getGr4vySession", "A session is read in three seconds.", shows=lambda callers: _takes(callers) > 2)
async def _slow(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    answer.late = 3.0 if answer.ok else 0.0
    return answer


def _takes(callers: Callers) -> float:
    session, began = callers.gr4vy(), time.monotonic()
    callers.session(session)
    return time.monotonic() - began


@around(
    "limits-without-retry-after",
    HTTP,
    "beginDiddoCheckout",
    "Every fifth request is a 429 that does not say when to come again.",
    shows=lambda callers: _limited(callers),
)
async def _limit(asked: Asked, ask: Ask) -> Answer:
    asked.memory["count"] = asked.memory.get("count", 0) + 1
    if asked.memory["count"] % 5 == 0:
        return Answer.of(429, {"code": "RATE_LIMITED", "message": "There were too many requests."})
    return await ask(asked)


def _limited(callers: Callers) -> bool:
    answers = [callers.send("beginDiddoCheckout") for _ in range(5)]
    return any(one.status_code == 429 and "retry-after" not in one.headers for one in answers)


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
