"""What a worker does beside answering requests, from its start to its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tillspec.sandbox.context import Sandbox
from tillspec.sandbox.deliveries import Courier
from tillspec.sandbox.endings import sweep


@contextlib.asynccontextmanager
async def background(sandbox: Sandbox) -> AsyncIterator[None]:
    """Sends what is due, and ends what has ended by itself."""
    courier = Courier(sandbox)
    sweeper = asyncio.create_task(sweep(sandbox), name="endings")
    try:
        yield
    finally:
        sweeper.cancel()
        await asyncio.gather(sweeper, return_exceptions=True)
        await courier.stop()
