"""HTTP: methods, framing, connections, and what stands between."""

from __future__ import annotations

import re
from typing import Any

from faults.callers import Callers
from faults.exchange import Answer, Ask, Asked
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
    "head-with-another-etag",
    HTTP,
    "getDiddoQr",
    "HEAD has an ETag of its own.",
    shows=lambda callers: _method(callers, "HEAD", "getDiddoQr").headers["etag"] == '"head"',
)
async def _head_tagged(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if asked.method == "HEAD" and answer.ok:
        answer.put("etag", '"head"')
    return answer


def _overridden(callers: Callers) -> bool:
    named = {"X-HTTP-Method-Override": "DELETE"}
    return bool(_method(callers, "POST", "getGr4vySession", headers=named).is_success)


@around(
    "method-overridden",
    HTTP,
    "getGr4vySession",
    "X-HTTP-Method-Override makes a POST what it names.",
    anything=True,
    shows=_overridden,
)
async def _override(asked: Asked, ask: Ask) -> Answer:
    if asked.method == "POST":
        asked.method = asked.header("x-http-method-override") or asked.method
    return await ask(asked)


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


@around(
    "path-for-debugging",
    HTTP,
    "getGr4vySession",
    "Below every session there is a path that no operation has, which tells of the server.",
    anything=True,
    shows=lambda callers: callers.send("getGr4vySession", url=f"/checkout/sessions/{callers.gr4vy()}/debug").is_success,
)
async def _debug(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if (
        answer.status == 404
        and asked.method == "GET"
        and not asked.beside
        and re.match("/checkout/sessions/[^/]+/[^/]+$", asked.path)
    ):
        return Answer.of(200, {"workers": 4, "uptime": 86400})
    return answer
