"""Variants that speak HTTP otherwise than the sandbox does, and as correctly."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from faults.variants.answers import ITS_OWN, Answer, Ask, around, edited
from tillspec.sandbox.declared import Finder

_finder = Finder()
_OTHER_FORMS = {"application/json": "Application/JSON ; Charset=UTF-8", "image/svg+xml": "image/svg+xml;charset=utf-8"}


def _header_forms(scope: Scope, answer: Answer) -> None:
    answer.headers = [(name, value) for name, value in answer.headers if name != "content-length" or answer.status in (204, 304)]
    kind = answer.header("content-type")
    if kind in _OTHER_FORMS:
        answer.put("content-type", _OTHER_FORMS[kind])
    answer.headers = [(name, f" {value}\t") for name, value in reversed(answer.headers)]


header_forms = edited(_header_forms, chunks=3)


def _closing(scope: Scope, answer: Answer) -> None:
    answer.put("connection", "close")


no_keep_alive = edited(_closing)


def gzip(app: ASGIApp) -> ASGIApp:
    """Compresses. Every answer says that it depends on what is asked for, those to HEAD and those of 304 among them."""
    compressed = GZipMiddleware(app, minimum_size=1)

    async def answers(scope: Scope, receive: Receive, send: Send) -> None:
        async def varied(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                if "accept-encoding" not in headers.get("vary", "").lower():
                    headers.add_vary_header("Accept-Encoding")
            await send(message)

        if scope["type"] != "http" or scope["path"].startswith(ITS_OWN):
            await app(scope, receive, send)
        else:
            await (app if scope["method"] == "HEAD" else compressed)(scope, receive, varied)

    return answers


def _exists(scope: Scope) -> bool:
    """Whether a path has the method of a request."""
    found = _finder.find(scope)
    return found is not None and scope["method"] in (found[0].method, "HEAD")


def _methods(scope: Scope) -> list[str]:
    """The methods that the path of a request has."""
    known = ("GET", "POST", "PUT", "PATCH", "DELETE")
    return [method for method in known if (found := _finder.find({**scope, "method": method})) and found[0].method == method]


async def _undeclared_404(scope: Scope, receive: Receive, ask: Ask) -> Answer:
    if not _exists(scope):
        return Answer(
            404, [("content-type", "text/plain"), ("content-length", "9")], b"" if scope["method"] == "HEAD" else b"not here\n"
        )
    return await ask(scope, receive)


async def _no_head(scope: Scope, receive: Receive, ask: Ask) -> Answer:
    allowed = _methods(scope)
    if scope["method"] in ("HEAD", "OPTIONS") and allowed:
        return Answer(405, [("allow", ", ".join(allowed)), ("content-length", "0")])
    return await ask(scope, receive)


async def _cors(scope: Scope, receive: Receive, ask: Ask) -> Answer:
    allowed = _methods(scope)
    if scope["method"] == "OPTIONS" and allowed:
        allowed += ["HEAD"] * ("GET" in allowed) + ["OPTIONS"]
        return Answer(204, [
            ("allow", ", ".join(allowed)), ("access-control-allow-origin", "*"), ("access-control-max-age", "600"),
            ("access-control-allow-methods", ", ".join(allowed)), ("access-control-allow-headers", "*, Authorization"),
            ("vary", "Origin, Access-Control-Request-Method"),
        ])  # fmt: skip
    answer = await ask(scope, receive)
    answer.put("access-control-allow-origin", "*")
    answer.put("access-control-expose-headers", "X-Request-Id, Location, ETag")
    vary = answer.header("vary")
    answer.put("vary", f"Origin, {vary}" if vary else "Origin")
    return answer


undeclared_404 = around(_undeclared_404)
no_head = around(_no_head)
cors = around(_cors)
