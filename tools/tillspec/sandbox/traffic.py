"""Requests as they came and went, for who integrates: the newest thousand, secrets masked.

While a request runs, only references are kept. A little later they are masked and written together; what comes in such numbers
that nobody could read it is counted and not kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any, Final

from sqlalchemy import Connection, func, select
from starlette.types import Message, Receive, Scope, Send

from tillspec.sandbox import clock, schema
from tillspec.sandbox.context import FAULT, MERCHANT, REQUEST_ID, STATE, Sandbox
from tillspec.sandbox.declared import Finder
from tillspec.sandbox.masks import Mask
from tillspec.sandbox.state import State

KEPT: Final = 1000
"""How many requests are kept."""

BODY: Final = 8192
"""How many bytes of a body are kept."""

_PAUSE: Final = 0.25
_MOST, _MOST_OF_MANY = 50, 20
"""How many requests are kept of each pause: while one can read them, and while there are more than that."""

_T: Final = schema.requests


class Exchange:
    """A request and its answer, as they pass by."""

    __slots__ = ("_receive", "_send", "_started", "answer", "asked", "at", "headers", "micros", "scope", "sizes", "status")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive, self._send = receive, send
        self._started = time.perf_counter()
        self.asked = self.answer = b""
        self.sizes = [0, 0]
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.micros = 0
        self.at = 0

    async def receive(self) -> Message:
        """What the server gives."""
        message = await self._receive()
        body: bytes = message.get("body", b"")
        if body:
            if len(self.asked) < BODY:
                self.asked += body[:BODY]
            self.sizes[0] += len(body)
        return message

    async def send(self, message: Message) -> None:
        """What the application gives."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], message["headers"]
        elif body := message.get("body", b""):
            if len(self.answer) < BODY:
                self.answer += body[:BODY]
            self.sizes[1] += len(body)
        await self._send(message)

    def done(self) -> None:
        """It is over, with an answer or without one."""
        self.micros = int((time.perf_counter() - self._started) * 1_000_000)
        state = self.scope["state"].get(STATE)
        self.at = state.now() if isinstance(state, State) else clock.real()


class Traffic:
    """What one worker sees."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._finder: Finder | None = None
        self._seen: list[Exchange] = []
        self._running = 0
        self._more, self._most = 0, _MOST
        self._task: asyncio.Task[None] | None = None

    def watch(self, scope: Scope, receive: Receive, send: Send) -> Exchange | None:
        """Watches a request; None where there are too many."""
        if len(self._seen) + self._running >= self._most:
            self._more += 1
            return None
        self._running += 1
        return Exchange(scope, receive, send)

    def done(self, exchange: Exchange) -> None:
        """A request that was watched is over."""
        self._running -= 1
        exchange.done()
        self._seen.append(exchange)
        if self._task is None:
            self._task = asyncio.create_task(self._write_soon())

    def forget(self) -> None:
        """Drops what is not written yet."""
        self._seen, self._more = [], 0

    async def close(self) -> None:
        """Writes what is not written yet."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            await self._write()

    async def _write_soon(self) -> None:
        await asyncio.sleep(_PAUSE)
        self._task = None
        await self._write()

    async def _write(self) -> None:
        seen, self._seen = self._seen, []
        more, self._more = self._more, 0
        self._most = _MOST_OF_MANY if more else _MOST
        rows = []
        for exchange in seen:
            rows.append(self._row(exchange))
            await asyncio.sleep(0)  # others may be waiting
        if not rows:
            self._more += more
            return
        rows[-1]["data"]["more"] = more
        written = [row | {"data": json.dumps(row["data"])} for row in rows]
        # where it cannot be written, what happened is what matters, and not who looked on
        with contextlib.suppress(Exception):
            await self._sandbox.write(lambda connection: insert(connection, written))

    def _row(self, exchange: Exchange) -> dict[str, Any]:
        if self._finder is None:
            self._finder = Finder()
        scope = exchange.scope
        found = self._finder.find(scope)
        operation, values = found if found is not None else (None, {})
        mask = Mask(operation)
        mask.values(values.items())
        query = mask.query(scope["query_string"].decode("latin-1"))
        data: dict[str, Any] = {
            "id": scope["state"].get(REQUEST_ID),
            "method": scope["method"],
            "target": scope["path"] + (f"?{query}" if query else ""),
            "operation": operation.id if operation is not None else None,
            "surface": operation.surface if operation is not None else None,
            "status": exchange.status,
            "micros": exchange.micros,
            "fault": scope["state"].get(FAULT),
            "request": _part(mask, scope["headers"], exchange.asked, exchange.sizes[0]),
            "answer": _part(mask, exchange.headers, exchange.answer, exchange.sizes[1]),
            "more": 0,
        }
        # only now is it known which values are secret
        data["target"] = mask.text(data["target"])
        for part in (data["request"], data["answer"]):
            part["headers"] = [[name, mask.text(value)] for name, value in part["headers"]]
            part["body"] = mask.text(part["body"]) if part["body"] else None
        return {"at": exchange.at, "merchant": scope["state"].get(MERCHANT), "data": data}


def _part(mask: Mask, headers: list[tuple[bytes, bytes]], body: bytes, size: int) -> dict[str, Any]:
    plain = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    kind = next((value for name, value in plain if name.lower() == "content-type"), "")
    text = None
    if "json" in kind or kind.startswith("text/") or not kind:
        text = mask.body(body[:BODY].decode("utf-8", "replace"), json_like="json" in kind or body[:1] in (b"{", b"["))
    return {
        "headers": [[name, mask.header(name, value)] for name, value in plain], "body": text, "size": size,
        "cut": size > BODY, "type": kind,
    }  # fmt: skip


# -- the database ----------------------------------------------------------------------------------------------------------


def insert(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Stores requests, and removes what is older than the newest thousand."""
    connection.execute(_T.insert(), rows)
    last = connection.execute(select(func.max(_T.c.number))).scalar_one()
    connection.execute(_T.delete().where(_T.c.number <= last - KEPT))


def newest(connection: Connection, most: int) -> list[dict[str, Any]]:
    """The latest requests, the newest first."""
    rows = connection.execute(select(_T).order_by(_T.c.number.desc()).limit(most))
    return [_shown(row) for row in rows]


def one(connection: Connection, number: int) -> dict[str, Any] | None:
    """A request by its number."""
    row = connection.execute(select(_T).where(_T.c.number == number)).first()
    return _shown(row) if row is not None else None


def _shown(row: Any) -> dict[str, Any]:
    return {"number": row.number, "at": row.at, "merchant": row.merchant, **json.loads(row.data)}
