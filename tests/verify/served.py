"""Small servers on loopback, and what verifying them by a contract of their own comes to."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn

from tillspec.diagnostics import Report
from tillspec.pipeline import read
from tillspec.verify import profile as profiles
from tillspec.verify.contract import Contract
from tillspec.verify.engine import Engine
from tillspec.verify.findings import Finding, Ledger, Severity
from tillspec.verify.run import Options, Run
from tillspec.verify.wire import Origin, Wire


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """The URL at which an ASGI application is served."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        until = time.monotonic() + 10
        while not server.started and time.monotonic() < until:
            time.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(5)


def contract_of(text: str) -> Contract:
    """The contract that a text holds."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "openapi.yaml"
        path.write_text(text)
        return Contract(*read(path, frozenset(), (), Report()))


@dataclass(frozen=True)
class Verified:
    """What verifying came to."""

    ledger: Ledger
    incomplete: list[str] = field(default_factory=list)

    @property
    def broken(self) -> set[str]:
        """The checks that found something that must not be."""
        return {one.check for one in self.ledger.found.values() if one.severity is Severity.MUST}

    @property
    def told(self) -> set[str]:
        """The checks that found something that should not be, or must not."""
        return {one.check for one in self.ledger.found.values() if one.severity is not Severity.INFO}

    @property
    def passed(self) -> set[str]:
        """The checks that found nothing at least once."""
        return set(self.ledger.by_check)

    def of(self, check: str) -> Finding:
        """The finding of a check."""
        return next(one for one in self.ledger.found.values() if one.check == check)


def verified(contract: Contract, app: Any, probes: set[str], profile: str = "", **options: Any) -> Verified:
    """Serve an application, and carry out some probes of it."""

    async def verifying(url: str) -> Verified:
        run = Run(contract, profiles.read(profile), Wire(Origin.of(url)), Options(**options))
        engine = Engine(run)
        try:
            await engine.carry_out([unit for unit in engine.units() if unit.probe.__name__ in probes])
        finally:
            await run.wire.close()
        return Verified(run.ledger, engine.incomplete)

    with serving(app) as url:
        return asyncio.run(verifying(url))
