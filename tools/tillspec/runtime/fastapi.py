"""The server's side for FastAPI: its routing and dependencies around the same checks, handlers and answers.

FastAPI finds the route and solves the dependencies, credentials among them. What it calls then is a function of the request that
gives a response, so that its own parsing, validation and writing have nothing to do: those stay with `server`.
"""

from __future__ import annotations

import html
import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, unquote

from fastapi import APIRouter, FastAPI, Request, Response, Security
from fastapi.params import Depends
from fastapi.routing import APIRoute
from starlette.background import BackgroundTasks
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import Lifespan, Message, Receive, Scope, Send

from .authentication import alternative
from .credentials import Credential
from .endpoint import Binding, OperationEndpoint, request_of
from .intake import Invalid, header_names, raw_request
from .operation import SecurityScheme
from .paths import concreteness
from .replies import Reply
from .request import MAX_BODY
from .routing import Endpoint, PathRoutes, sent_path
from .server import CONTRACT_PATH, by_path, contract_route, endpoints, not_found, unanswered

Dependency = Callable[..., Any]
"""A dependency as `fastapi.Depends` takes it: a function or generator, a coroutine's or not, or a class."""

Alternatives = Mapping[tuple[str, ...], Dependency]
"""What gives the credential of a security alternative, by the names of its schemes. None from it means: not given."""

_EXPRESSION: Final = re.compile(r"\{([^{}]*)\}")
_SAFE: Final = "/-._~!$&'()*+,;=:@"
_DOCS: Final = ("/docs", "/redoc", "/docs/oauth2-redirect")


def make_router(
    bindings: Sequence[Binding],
    schemes: Mapping[str, SecurityScheme],
    alternatives: Alternatives,
    dependencies: Sequence[Depends] = (),
    max_body: int = MAX_BODY,
) -> APIRouter:
    """A FastAPI router that answers the operations: a route for each, and one for each path that answers other methods."""
    router = APIRouter(dependencies=list(dependencies), redirect_slashes=False, default=not_found)
    for group in sorted(by_path(bindings), key=lambda group: concreteness(_path(group[0]))):
        found = endpoints(group, schemes, max_body)
        path, names = _template(_path(group[0]))
        for operation in dict.fromkeys(found.values()):
            methods = [method for method, each in found.items() if each is operation]
            _add(router, path, OperationRoute, methods, _Operation(operation, alternatives, names))
        _add(router, path, PathRoute, ["OPTIONS"], _Rest(*unanswered(group[0], found)))
    return router


def make_app(router: APIRouter, contract: bytes, lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """A FastAPI application of a router's operations. Its OpenAPI is the contract: at `/openapi.json`, and from `openapi()`."""
    app = _ContractApp(contract, frozenset(route.path for route in router.routes if isinstance(route, APIRoute)), lifespan)
    for route in router.routes:
        assert isinstance(route, APIRoute), "a router of operations has no other routes"
        _add(app.router, route.path, type(route), sorted(route.methods or ()), route.endpoint, route.dependencies)
    app.router.redirect_slashes = False
    app.router.default = not_found
    return app


def credential(request: Request, schemes: Mapping[str, SecurityScheme], *names: str) -> Any:
    """The credential of the alternative that these schemes are; None where it is missing or malformed."""
    wanted = header_names((), [schemes[name] for name in names if name in schemes])
    try:
        return alternative(dict.fromkeys(names, ()), schemes)(
            raw_request(request.scope["headers"], request.scope["query_string"], {}, wanted)
        )
    except Invalid:
        return None  # a query that is not UTF-8, which is refused before anything else


class _ContractApp(FastAPI):
    """An application that says of itself what the contract says, and serves the contract's own bytes."""

    def __init__(self, contract: bytes, paths: frozenset[str], lifespan: Lifespan[FastAPI] | None) -> None:
        self._bytes = contract
        self._contract: dict[str, Any] = json.loads(contract)
        docs, redoc, redirect = (None if path in paths else path for path in _DOCS)  # an operation comes first
        info = self._contract.get("info", {})
        super().__init__(
            title=html.escape(info.get("title", "")) or "API",  # the page that shows it takes it as markup
            version=info.get("version") or "0",
            lifespan=lifespan,
            openapi_url=None if CONTRACT_PATH in paths else CONTRACT_PATH,
            docs_url=docs,
            redoc_url=redoc,
            swagger_ui_oauth2_redirect_url=redirect,
        )

    def setup(self) -> None:
        if self.openapi_url:
            self.router.routes.append(PathRoutes([contract_route(self._bytes)]))
        super().setup()

    def openapi(self) -> dict[str, Any]:
        return self._contract


class _SentPathRoute(APIRoute):
    """A route that is matched with the path as it was sent, so that an encoded slash stays inside its segment."""

    def _match(self, scope: Scope) -> tuple[Match, Scope]:
        here = (scope["path"], scope.get("root_path", ""))
        known, sent = scope.get("sent_path", (None, ""))  # many routes ask the same
        if known != here:
            sent = sent_path(scope)
            scope["sent_path"] = here, sent
        match, child = super().matches({**scope, "path": sent, "root_path": "", "path_params": {}})
        if match is Match.NONE:
            return match, child
        values = child["path_params"]
        given = {name: unquote(value) if isinstance(value, str) else value for name, value in values.items()}
        return match, {**child, "path_params": {**scope.get("path_params", {}), **given}, "path_values": values}


class OperationRoute(_SentPathRoute):
    """The route of one operation. Other methods of its path are left to the path's own route."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or scope["method"] not in (self.methods or ()):
            return Match.NONE, {}
        return self._match(scope)


class PathRoute(_SentPathRoute):
    """The route that answers OPTIONS, and the methods that none of a path's operations has."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self._match(scope) if scope["type"] == "http" else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        rest = self.endpoint
        assert isinstance(rest, _Rest), "the route of a path has no other endpoint"
        await (rest.options if scope["method"] == "OPTIONS" else rest.otherwise)(scope, receive, send, ())


class _Rest:
    """What a path answers besides its operations; it is asked by the route itself, without dependencies."""

    name = "options"
    operation_id = None

    def __init__(self, options: Endpoint, otherwise: Endpoint) -> None:
        self.options, self.otherwise = options, otherwise

    async def __call__(self) -> None:
        raise NotImplementedError


class _Operation:
    """An operation as FastAPI calls it: a function of the request and of what the dependencies give for credentials."""

    def __init__(self, endpoint: OperationEndpoint, alternatives: Alternatives, names: tuple[str, ...]) -> None:
        operation = endpoint.operation
        self.name = self.operation_id = operation.id
        self._endpoint = endpoint
        self._names = names
        asked = self._asked = [requirement for requirement in operation.security if requirement]
        self._secured = bool(asked)
        self._anonymous = len(asked) < len(operation.security)
        self.__signature__ = _signature(asked, alternatives)

    async def __call__(self, request: Request, response: Response, **credentials: Any) -> Response:
        given = ((credentials[f"alternative_{number}"], one) for number, one in enumerate(self._asked, 1))
        found = next((_scoped(credential, one) for credential, one in given if credential is not None), None)
        accepted = found is not None or self._anonymous
        path = request.scope["path_values"]
        values = tuple(path[name] for name in self._names)
        asked = request_of(request.scope, self._endpoint.operation.id)
        try:
            reply = await self._endpoint.answer(
                asked, _receive(request), values, (lambda raw: (accepted, found)) if self._secured else None
            )
        except ClientDisconnect:
            return _Nothing()
        return _Answer(reply, response.headers.raw, asked.tasks, head=asked.method == "HEAD")


def _scoped(given: Any, requirement: Mapping[str, tuple[str, ...]]) -> Any:
    """A credential, or a tuple of several, with the scopes that are asked for; what is no record of ours stays as it is."""
    if isinstance(given, tuple):
        return tuple(_scoped(one, {name: scopes}) for one, (name, scopes) in zip(given, requirement.items(), strict=False))
    scopes = next(iter(requirement.values()))
    return replace(given, scopes=scopes) if isinstance(given, Credential) and not given.scopes else given


class _Answer(Response):
    """A reply as FastAPI takes it. Headers that a dependency set go along where the reply has no such header itself."""

    def __init__(self, reply: Reply, more: Sequence[tuple[bytes, bytes]], tasks: BackgroundTasks | None, *, head: bool) -> None:
        own = {name for name, _ in reply.headers} - {b"set-cookie"}
        self.status_code, self.body = reply.status, reply.body
        self.raw_headers = [*reply.headers, *(header for header in more if header[0] not in own)]
        self.background = None  # FastAPI puts the tasks of the dependencies here
        self._tasks, self._head = tasks, head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Reply(self.status_code, bytes(self.body), self.raw_headers).send(send, head=self._head)
        for tasks in (self._tasks, self.background):
            if tasks is not None:
                await tasks()


class _Nothing(Response):
    """No answer at all: there is nobody left to take one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pass


def _path(binding: Binding) -> str:
    return binding.path or binding.operation.path


def _template(path: str) -> tuple[str, tuple[str, ...]]:
    """A path as FastAPI takes it, percent-encoded, with names that are Python's; and those names, in order."""
    texts = _EXPRESSION.split(path)
    names: list[str] = []
    for text in texts[1::2]:
        name = re.sub(r"\W", "_", text, flags=re.ASCII)
        name = name if name.isidentifier() else f"_{name}"
        while name in names:
            name += "_"
        names.append(name)
    texts[0::2] = [quote(unquote(text), safe=_SAFE) for text in texts[0::2]]
    texts[1::2] = [f"{{{name}}}" for name in names]
    return "".join(texts), tuple(names)


def _add(
    router: APIRouter,
    path: str,
    kind: type[APIRoute],
    methods: list[str],
    endpoint: Any,
    dependencies: Sequence[Depends] = (),
) -> None:
    """Adds a route. FastAPI cannot describe it by what it sees; the contract does."""
    router.add_api_route(
        path,
        endpoint,
        methods=methods,
        name=endpoint.name,
        operation_id=endpoint.operation_id,
        dependencies=list(dependencies),
        response_model=None,
        include_in_schema=False,
        route_class_override=kind,
    )


def _signature(asked: Sequence[Mapping[str, Sequence[str]]], alternatives: Alternatives) -> inspect.Signature:
    """What FastAPI is to give: the request, headers to add, and the credential of each alternative, in order."""
    given = [
        ("request", Request, inspect.Parameter.empty),
        ("response", Response, inspect.Parameter.empty),
        *(
            (f"alternative_{number}", Any, Security(alternatives[tuple(requirement)], scopes=_scopes(requirement)))
            for number, requirement in enumerate(asked, 1)
        ),
    ]
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Signature([inspect.Parameter(name, kind, default=default, annotation=kept) for name, kept, default in given])


def _scopes(requirement: Mapping[str, Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(scope for scopes in requirement.values() for scope in scopes))


def _receive(request: Request) -> Receive:
    """The body of a request as ASGI gives it, even where a dependency has read it already."""
    chunks = request.stream()

    async def receive() -> Message:
        chunk = await anext(chunks, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    return receive
