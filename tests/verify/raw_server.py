"""A server that is a function of a connection, for what no framework would do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextmanager
def connected(serve: Serve) -> Iterator[str]:
    """Serve each connection on loopback by a function, on a thread of its own; gives the URL."""
    ready = Event()
    made: dict[str, Any] = {}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0, limit=1 << 20)
        made.update(port=server.sockets[0].getsockname()[1], loop=asyncio.get_running_loop(), over=asyncio.Event())
        ready.set()
        await made["over"].wait()
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.05)

    thread = Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    assert ready.wait(5), "the server did not start"
    try:
        yield f"http://127.0.0.1:{made['port']}"
    finally:
        made["loop"].call_soon_threadsafe(made["over"].set)
        thread.join(5)
