"""What stands before the contract: rate limits, and faults that tests have chosen. While there are none, it costs nothing."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checkout_api._runtime.operation import Operation
from tillspec.sandbox import faults, limits
from tillspec.sandbox.callers import merchant_of
from tillspec.sandbox.context import FAULT, LATE, STATE, Sandbox
from tillspec.sandbox.declared import Finder, refuse
from tillspec.sandbox.faults import Fault
from tillspec.sandbox.limits import Counted
from tillspec.sandbox.state import State
from tillspec.sandbox.store import Unavailable

WIRE: Final = "tillspec.wire"
"""In a request's scope: the server's own `receive` and `send`, whatever stands between."""


class Gate:
    """The contract, as far as requests are let through to it."""

    def __init__(self, sandbox: Sandbox, contract: ASGIApp) -> None:
        self._sandbox = sandbox
        self._contract = contract
        self._finder: Finder | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope["state"][STATE]
        if not isinstance(state, State) or not (state.faults or state.switches.rate_limit):
            await self._contract(scope, receive, send)
            return
        if self._finder is None:
            self._finder = Finder()
        found = self._finder.find(scope)
        if found is None:
            await self._contract(scope, receive, send)
            return
        try:
            counted = await self._count(scope, state, *found)
            fault = await self._fault(scope, state, found[0]) if not (counted and counted.exceeded) else None
        except Unavailable as error:
            scope["state"][STATE] = error
            await self._contract(scope, receive, send)
            return
        if counted is not None:
            send = _with(send, counted.headers())
            if counted.exceeded:
                await refuse(scope, found[0], 429, counted.wait).send(send, head=scope["method"] == "HEAD")
                return
        if fault is None:
            await self._contract(scope, receive, send)
        elif fault.fault in ("timeout", "disconnect"):
            scope["state"][FAULT] = fault.fault
            await self._lose(fault, scope, receive)
        else:
            scope["state"][FAULT] = fault.fault
            await self._suffer(fault, found[0], scope, receive, send)

    async def _count(self, scope: Scope, state: State, operation: Operation[Any], values: dict[str, str]) -> Counted | None:
        if state.switches.rate_limit is None:
            return None
        directory = await self._sandbox.directory(state)
        where = limits.window(operation, scope, values, directory, state.switches.rate_limit)
        if where is None:
            return None
        return await self._sandbox.write(lambda connection: where.count(connection, state.now()))

    async def _fault(self, scope: Scope, state: State, operation: Operation[Any]) -> Fault | None:
        if not state.faults:
            return None
        merchant = merchant_of(await self._sandbox.directory(state), operation.surface, Headers(scope=scope))
        name = merchant.id if merchant is not None else None
        return await self._sandbox.write(lambda connection: faults.take(connection, operation.id, name))

    async def _suffer(self, fault: Fault, operation: Operation[Any], scope: Scope, receive: Receive, send: Send) -> None:
        if fault.fault == "slow":
            scope["state"][LATE] = fault.span.total_seconds()
            await self._contract(scope, receive, _late(scope, send))
        else:
            await refuse(scope, operation, int(fault.fault), fault.span).send(send, head=scope["method"] == "HEAD")

    async def _lose(self, fault: Fault, scope: Scope, receive: Receive) -> None:
        """Gives no answer, whether or not there was one."""
        if fault.carried_out:
            await self._contract(scope, receive, _nowhere)
        if fault.fault == "timeout":
            await _wait(scope[WIRE][0], fault.span)
        await _close(*scope[WIRE])


def _with(send: Send, headers: list[tuple[bytes, bytes]]) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers]
        await send(message)

    return sent


def _late(scope: Scope, send: Send) -> Send:
    """Waits before it answers, unless the operation has waited itself."""

    async def sent(message: Message) -> None:
        if seconds := scope["state"].pop(LATE, 0.0):
            await asyncio.sleep(seconds)
        await send(message)

    return sent


async def _nowhere(message: Message) -> None:
    return None


async def _wait(receive: Receive, span: timedelta) -> None:
    """Waits until the client has gone away, or for the span."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(span.total_seconds()):
            while (await receive())["type"] != "http.disconnect":
                pass


_CLOSING: Final = 5.0


async def _close(receive: Receive, send: Send) -> None:
    """Closes the connection without an answer. ASGI has no word for it, but uvicorn's `send` belongs to what holds the socket."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionAbortedError("this server's connections cannot be closed")
    transport.close()
    await _wait(receive, timedelta(seconds=_CLOSING))
