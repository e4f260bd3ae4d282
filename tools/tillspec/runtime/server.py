"""The server's side: the routes to the operations of an application, and what answers where there is no operation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.routing import Router
from starlette.types import Receive, Scope, Send

from .endpoint import Binding, Errors, OperationEndpoint, request_of
from .operation import SecurityScheme
from .paths import blank
from .replies import Reply, problem
from .request import MAX_BODY
from .routing import Application, Endpoint, PathRoute, PathRoutes

CONTRACT_PATH: Final = "/openapi.json"


def make_router(bindings: Sequence[Binding], schemes: Mapping[str, SecurityScheme], max_body: int = MAX_BODY) -> Router:
    """A Starlette router that answers the operations; it can be mounted in Starlette or FastAPI."""
    routes = PathRoutes([_route(group, schemes, max_body) for group in by_path(bindings)])
    return Router([routes], redirect_slashes=False, default=not_found)


def make_app(router: Router, contract: bytes) -> Starlette:
    """An application of a router's operations that serves the contract as well, at `/openapi.json`."""
    routes = [route for each in router.routes if isinstance(each, PathRoutes) for route in each.routes]
    # An API may have an operation of that path itself.
    served = [] if any(route.path == CONTRACT_PATH for route in routes) else [contract_route(contract)]
    app = Application(routes=[PathRoutes([*routes, *served])])
    app.router.redirect_slashes = False
    app.router.default = not_found
    return app


def contract_route(contract: bytes) -> PathRoute:
    """The route that serves the contract, byte for byte."""
    etag = b'"' + hashlib.sha256(contract).hexdigest()[:32].encode() + b'"'
    whole = Reply(200, contract, [(b"content-type", b"application/json"), (b"etag", etag), (b"cache-control", b"no-cache")])
    unchanged = Reply(304, b"", [(b"etag", etag), (b"cache-control", b"no-cache")])

    async def serve(scope: Scope, receive: Receive, send: Send, values: tuple[str, ...]) -> None:
        asked = Headers(scope=scope).get("if-none-match", "").encode()
        known = asked.strip() == b"*" or etag in [tag.strip().removeprefix(b"W/") for tag in asked.split(b",")]
        await (unchanged if known else whole).send(send, head=scope["method"] == "HEAD")

    async def otherwise(scope: Scope, receive: Receive, send: Send, values: tuple[str, ...]) -> None:
        reply = Reply(204) if scope["method"] == "OPTIONS" else problem(405)
        await Reply(reply.status, reply.body, [*reply.headers, (b"allow", b"GET, HEAD, OPTIONS")]).send(send)

    return PathRoute(CONTRACT_PATH, {"GET": serve, "HEAD": serve}, otherwise)


def by_path(bindings: Iterable[Binding]) -> list[list[Binding]]:
    """The bindings of each path, the names of its expressions aside."""
    groups: dict[str, list[Binding]] = {}
    for binding in bindings:
        groups.setdefault(blank(binding.path or binding.operation.path), []).append(binding)
    return list(groups.values())


def _route(group: Sequence[Binding], schemes: Mapping[str, SecurityScheme], max_body: int) -> PathRoute:
    operations = endpoints(group, schemes, max_body)
    options, otherwise = unanswered(group[0], operations)
    serving: dict[str, Endpoint] = {method: operation.serve for method, operation in operations.items()}
    serving.setdefault("OPTIONS", options)
    return PathRoute(group[0].path or group[0].operation.path, serving, otherwise)


def endpoints(group: Sequence[Binding], schemes: Mapping[str, SecurityScheme], max_body: int) -> dict[str, OperationEndpoint]:
    """What answers the methods of one path. GET answers HEAD as well (RFC 9110, section 9.3.2).

    Raises:
        ValueError: two operations have one method.
    """
    found: dict[str, OperationEndpoint] = {}
    for binding in group:
        method = binding.operation.method.upper()
        if method in found:
            path = group[0].path or group[0].operation.path
            raise ValueError(f"two operations answer {method} {path}; {binding.operation.id} is the second")
        found[method] = OperationEndpoint(binding, schemes, max_body)
    if "GET" in found:
        found.setdefault("HEAD", found["GET"])
    return found


def unanswered(binding: Binding, methods: Iterable[str]) -> tuple[Endpoint, Endpoint]:
    """What answers OPTIONS, and the methods that a path does not have; `methods` are those that it has."""
    allow = ", ".join(dict.fromkeys([*methods, "OPTIONS"])).encode()
    errors = Errors(binding, None)

    async def options(scope: Scope, receive: Receive, send: Send, values: tuple[str, ...]) -> None:
        request = request_of(scope, None)
        await Reply(204, b"", [*errors.headers(request), (b"allow", allow)]).send(send)

    async def otherwise(scope: Scope, receive: Receive, send: Send, values: tuple[str, ...]) -> None:
        reply = errors.reply(request_of(scope, None), "method_not_allowed", f"{scope['method']} is not allowed here")
        await Reply(reply.status, reply.body, [*reply.headers, (b"allow", allow)]).send(send, head=scope["method"] == "HEAD")

    return options, otherwise


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers a request for a path that no operation has."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    await problem(404, "No operation has this path.").send(send, head=scope["method"] == "HEAD")
