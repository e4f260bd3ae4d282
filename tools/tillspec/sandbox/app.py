"""One worker of the sandbox, as an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tillspec.sandbox import ids
from tillspec.sandbox.background import background
from tillspec.sandbox.context import REQUEST_ID, STATE, Sandbox
from tillspec.sandbox.control import ROOT as CONTROL
from tillspec.sandbox.cross_origin import CrossOrigin
from tillspec.sandbox.gate import WIRE, Gate
from tillspec.sandbox.handlers import create_app as create_contract
from tillspec.sandbox.page import PREFIX as PAGE
from tillspec.sandbox.page import Page
from tillspec.sandbox.settings import Settings
from tillspec.sandbox.store import Unavailable, open_store
from tillspec.sandbox.traffic import Traffic

_HEALTH: Final = ("/healthz", "/readyz")
_GARBAGE: Final = 5_000
"""How many objects are made before the collector looks for circles among them; a request makes some hundred, and few circles."""

_BELOW_CONTROL: Final = f"{CONTROL}/"
_BELOW_PAGE: Final = f"{PAGE}/"


def create() -> ASGIApp:
    """The application of a worker, with the settings that were handed over."""
    settings = Settings.found()
    app = SandboxApp(settings)
    return CrossOrigin(app, settings.origins) if settings.origins else app


class SandboxApp:
    """Gives each request its id and the shared state, and sends it to the room that it is for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sandbox: Sandbox | None = None
        self._contract: Gate | None = None
        self._page: ASGIApp | None = None
        self._control: ASGIApp | None = None
        self._traffic: Traffic | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await (self._live(receive, send) if scope["type"] == "lifespan" else send({"type": "websocket.close", "code": 1000}))
            return
        path = scope["path"]
        special = path.startswith(("/_", PAGE)) or path in _HEALTH
        if special and await self._is_elsewhere(path, scope, receive, send):
            return
        await self._watch(scope, receive, send)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Sandbox]:
        """The worker, from its start to its end."""
        store = await open_store(self._settings.database)
        sandbox = self._sandbox = Sandbox(store, self._settings.base_url)
        traffic = self._traffic = Traffic(sandbox)
        self._contract = Gate(sandbox, create_contract(sandbox))
        self._page = Page(sandbox)
        gc.collect()
        gc.freeze()  # what is here by now stays; the collector need not look at it again and again
        gc.set_threshold(_GARBAGE, 20, 20)
        try:
            async with background(sandbox):
                yield sandbox
        finally:
            self._sandbox = None
            await traffic.close()
            await store.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with self.running():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.shutdown.complete"})

    async def _is_elsewhere(self, path: str, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answers what is none of the contract's operations."""
        assert self._page is not None
        if path in _HEALTH:
            await self._health(path, send)
        elif path == CONTROL or path.startswith(_BELOW_CONTROL):
            await self._control_of()(scope, receive, send)
        elif path == PAGE or path.startswith(_BELOW_PAGE):
            await self._ask(self._page, scope, receive, send)
        else:
            return False
        return True

    async def _watch(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Has the contract answer, and whoever integrates look on."""
        contract, traffic = self._contract, self._traffic
        assert contract is not None
        assert traffic is not None
        scope[WIRE] = receive, send
        exchange = traffic.watch(scope, receive, send)
        if exchange is None:
            await self._ask(contract, scope, receive, send)
            return
        try:
            await self._ask(contract, scope, exchange.receive, exchange.send)
        finally:
            traffic.done(exchange)

    async def _ask(self, room: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Gives a request its id and the shared state."""
        assert self._sandbox is not None
        state: dict[str, Any] = scope.setdefault("state", {})
        state[REQUEST_ID] = ids.request_id()
        try:
            state[STATE] = await self._sandbox.store.state()
        except Unavailable as error:
            state[STATE] = error  # the surface says it in its own shape
        try:
            sends = scope["method"] in ("POST", "PUT", "PATCH")
            await room(scope, _patient(receive, self._settings.request_timeout) if sends else receive, send)
        except HTTPException as error:
            named = (b"x-request-id", state[REQUEST_ID].encode())
            await _plain(send, error.status_code, error.detail, [(b"connection", b"close"), named])

    def _control_of(self) -> ASGIApp:
        if self._control is None:
            from tillspec.sandbox.control.app import Control
            from tillspec.sandbox.control.desk import Desk

            assert self._sandbox is not None
            assert self._traffic is not None
            self._control = Control(Desk(self._sandbox, self._settings, self._traffic.forget))
        return self._control

    async def _health(self, path: str, send: Send) -> None:
        """`/healthz`: the worker lives. `/readyz`: its database can be used as well."""
        assert self._sandbox is not None
        if path == "/readyz":
            try:
                await self._sandbox.store.state()
            except Unavailable as error:
                await _plain(send, 503, f"not ready: {error}", [(b"retry-after", b"1")])
                return
        await _plain(send, 200, "ok")


def _patient(receive: Receive, seconds: float) -> Receive:
    """Waits for a client no longer than so many seconds."""
    until = asyncio.get_running_loop().time() + seconds

    async def received() -> Message:
        try:
            async with asyncio.timeout_at(until):
                return await receive()
        except TimeoutError:
            raise HTTPException(408, "The request took too long to come") from None

    return received


async def _plain(send: Send, status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    body = text.encode() + b"\n"
    fixed = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *(headers or [])]})
    await send({"type": "http.response.body", "body": body})
