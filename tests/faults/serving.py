"""Serving the sandbox with a fault: in this process."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from faults.callers import SEED
from faults.layer import FaultLayer
from tillspec.sandbox.app import create
from tillspec.sandbox.serving import Options, Ready, make_ready
from tillspec.sandbox.settings import Settings


def prepared(folder: Path, port: int = 0) -> tuple[Ready, FaultLayer, uvicorn.Server]:
    """A sandbox of the seed on a port, in a database in a folder, with a layer around it and a server for both."""
    options = Options(port=port, database=str(folder / "faults.db"), seed=SEED)
    ready = make_ready(options)
    Settings(database=options.database, base_url=ready.base_url, request_timeout=options.request_timeout).hand_over()
    layer = FaultLayer(create())
    config = uvicorn.Config(
        layer, log_level="critical", access_log=False, server_header=False, timeout_graceful_shutdown=1, lifespan="on"
    )
    return ready, layer, uvicorn.Server(config)


@contextmanager
def served(folder: Path) -> Iterator[tuple[Ready, FaultLayer]]:
    """The same, served by a thread of this process."""
    ready, layer, server = prepared(folder)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[ready.socket])), daemon=True)
    thread.start()
    try:
        _wait(ready.base_url)
        yield ready, layer
    finally:
        server.should_exit = True
        thread.join(10)


def _wait(url: str) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.02)
    raise TimeoutError(url)
