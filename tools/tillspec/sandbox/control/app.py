"""The control plane as an application: who may, what, and how errors are said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tillspec.sandbox.control import ROOT, access
from tillspec.sandbox.control.answers import Problem, refusal
from tillspec.sandbox.control.api import ACTIONS, Action
from tillspec.sandbox.control.desk import Desk
from tillspec.sandbox.control.page import Page
from tillspec.sandbox.store import RETRY_AFTER, Unavailable

Endpoint = Callable[[Request], Awaitable[Response]]


class Control:
    """Answers everything under `/_sandbox`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._entrance = access.Entrance(desk.settings.base_url, from_anywhere=desk.settings.control_from_anywhere)
        self._app = Starlette(
            routes=[
                *(Route(ROOT + path, self._doing(found), methods=list(found)) for path, found in _by_path().items()),
                *self._pages(Page(desk)),
            ],
            exception_handlers={
                Problem: _said, HTTPException: _not_there, Unavailable: _unavailable, Exception: _failed,
            },
        )  # fmt: skip
        self._app.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._entrance.check(scope)
        except Problem as error:
            await refusal(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _pages(self, page: Page) -> list[Route]:
        return [
            Route(ROOT, page.show),
            Route(f"{ROOT}/static/{{name}}", page.static),
            Route(f"{ROOT}/page/sign-in", page.sign_in, methods=["POST"]),
            Route(f"{ROOT}/page/sign-out", page.sign_out, methods=["POST"]),
            Route(f"{ROOT}/page/requests/{{number:int}}", self._known(page.request)),
            Route(f"{ROOT}/page/webhooks/{{webhook}}", self._known(page.webhook)),
            Route(f"{ROOT}/page/do/{{path:path}}", self._known(page.act), methods=["POST"]),
        ]

    def _known(self, endpoint: Endpoint) -> Endpoint:
        """Asks first whether somebody may."""

        async def done(request: Request) -> Response:
            access.require(request, (await self._desk.sandbox.store.state()).secret)
            return await endpoint(request)

        return done

    def _doing(self, actions: Mapping[str, Action]) -> Endpoint:
        async def done(request: Request) -> Response:
            return await actions["GET" if request.method == "HEAD" else request.method].serve(self._desk, request)

        return self._known(done)


def _by_path() -> dict[str, dict[str, Action]]:
    found: dict[str, dict[str, Action]] = {}
    for action in ACTIONS:
        found.setdefault(action.path, {})[action.method] = action
    return found


def _said(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return refusal(error)


def _not_there(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        said = Problem(
            405, "method_not_allowed", f"{request.method} is not allowed here.", "See the header Allow.", error.headers
        )
    else:
        known = ", ".join(sorted({ROOT + action.path for action in ACTIONS}))
        said = Problem(error.status_code, "not_found", "The control plane has no such path.", f"Paths: {known}.")
    return refusal(said)


def _unavailable(request: Request, error: Exception) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER)}
    return refusal(Problem(503, "database_unavailable", f"The database cannot be used: {error}.", "Try again.", headers))


def _failed(request: Request, error: Exception) -> Response:
    return refusal(Problem(500, "failed", "Something went wrong.", "The sandbox has logged what."))
