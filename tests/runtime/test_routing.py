"""Routing: of many templates the right one is found as if each had been tried, and the short way to it is never another way."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tillspec.runtime.routing import Application, PathRoute, PathRoutes, concreteness


async def answer(scope: Scope, receive: Receive, send: Send, values: tuple[str, ...]) -> None:
    await PlainTextResponse(f"{scope['method']} {','.join(values)}")(scope, receive, send)


async def otherwise(scope: Scope, receive: Receive, send: Send, values: tuple[str, ...]) -> None:
    await PlainTextResponse("otherwise", 405)(scope, receive, send)


def asked(path: str, method: str = "GET") -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "root_path": "", "headers": []}


def called(app: ASGIApp, scope: dict[str, Any]) -> tuple[int, bytes]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


SEGMENTS = ["a", "b", "{x}", "{x}.json", "v{x}", "{x}-{y}", "a b"]
TEMPLATES = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
PATHS = st.lists(st.sampled_from(["a", "b", "v1", "v1.json", "a-b", "a%20b", ""]), min_size=1, max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)


@given(st.dictionaries(TEMPLATES, st.sampled_from(["GET", "PUT"]), min_size=1, max_size=12), PATHS)
@settings(max_examples=300, deadline=None, database=None)
def test_a_path_is_found_as_if_every_template_had_been_tried(templates: dict[str, str], path: str) -> None:
    routes = [PathRoute(template, {method: answer}, otherwise) for template, method in templates.items()]
    fitting = [
        (route, found)
        for route in sorted(routes, key=lambda route: concreteness(route.path))
        if (found := route.template.values(path)) is not None
    ]
    fitting.sort(key=lambda each: "{" in each[0].path)  # static paths come first
    wanted = next((values for route, values in fitting if "GET" in route.endpoints), None)
    scope = asked(path.replace("%20", " ")) | {"raw_path": path.encode()}
    tried = PathRoutes(routes)
    assert tried.find(scope) == (None if wanted is None else (answer, wanted))
    assert tried.matches(scope)[0] is (Match.FULL if wanted is not None else Match.PARTIAL if fitting else Match.NONE)


def app(**more: Any) -> Application:
    return Application(routes=[PathRoutes([PathRoute("/things/{id}", {"GET": answer}, otherwise)])], **more)


def test_the_short_way_leads_where_the_long_one_does() -> None:
    scope = asked("/things/1")
    made = app()
    assert called(made, scope) == (200, b"GET 1")
    assert (scope["app"], scope["router"], scope["route"]) == (made, made.router, made.routes[0])
    assert called(made, asked("/things/1", "PUT")) == (405, b"otherwise")
    assert called(made, asked("/nothing")) == (404, b"Not Found")


def test_middleware_is_never_passed_by() -> None:
    class Stamp:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app(scope | {"method": "GET"}, receive, send)

    assert called(app(middleware=[Middleware(Stamp)]), asked("/things/1", "PUT")) == (200, b"GET 1")
    made = app()
    made.add_middleware(Stamp)
    assert called(made, asked("/things/1", "PUT")) == (200, b"GET 1")


@pytest.mark.parametrize("before", [True, False])
def test_a_route_that_is_put_in_front_comes_first(before: bool) -> None:
    async def other(request: Any) -> PlainTextResponse:
        return PlainTextResponse("other")

    made = app()
    if not before:
        assert called(made, asked("/things/1")) == (200, b"GET 1")
    made.router.routes.insert(0, Route("/things/{id}", other))
    assert called(made, asked("/things/1")) == (200, b"other")


def test_a_limit_on_bodies_holds() -> None:
    async def reads(scope: Scope, receive: Receive, send: Send, values: tuple[str, ...]) -> None:
        body = await receive()
        await PlainTextResponse(body["body"])(scope, receive, send)

    made = Application(routes=[PathRoutes([PathRoute("/things", {"POST": reads}, otherwise)])], max_body_size=1)
    assert called(made, asked("/things", "POST") | {"headers": [(b"content-length", b"2")]})[0] == 413


def test_a_handler_of_exceptions_is_asked() -> None:
    async def raises(scope: Scope, receive: Receive, send: Send, values: tuple[str, ...]) -> None:
        raise KeyError

    routes = [PathRoutes([PathRoute("/things", {"GET": raises}, otherwise)])]
    made = Application(routes=routes, exception_handlers={KeyError: lambda request, error: PlainTextResponse("gone", 410)})
    assert called(made, asked("/things")) == (410, b"gone")
