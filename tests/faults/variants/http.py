"""Variants that speak HTTP otherwise than the sandbox does, and as correctly."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from faults.variants.answers import ITS_OWN, Answer, Ask, around, edited
from tillspec.sandbox.declared import Finder

_finder = Finder()
_CASES = (str.upper, str.title, str.lower)
_LESS_MEMORABLE = {"application/json": "Application/JSON ; Charset=UTF-8", "image/svg+xml": "image/svg+xml;charset=utf-8"}


def _header_forms(scope: Scope, answer: Answer) -> None:
    answer.headers = [(name, value) for name, value in answer.headers if name != "content-length" or answer.status in (204, 304)]
    kind = answer.header("content-type")
    if kind in _LESS_MEMORABLE:
        answer.put("content-type", _LESS_MEMORABLE[kind])
    answer.headers = [(_CASES[n % 3](name), f" {value}\t") for n, (name, value) in enumerate(reversed(answer.headers))]


header_forms = edited(_header_forms, chunks=3)


def _closing(scope: Scope, answer: Answer) -> None:
    answer.put("connection", "close")


no_keep_alive = edited(_closing)


def gzip(app: ASGIApp) -> ASGIApp:
    compressed = GZipMiddleware(app, minimum_size=1)

    async def answers(scope: Scope, receive: Receive, send: Send) -> None:
        own = scope["type"] != "http" or scope["path"].startswith(ITS_OWN)
        await (app if own else compressed)(scope, receive, send)

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
