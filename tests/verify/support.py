"""A small contract, a small server beside it on loopback, and a verification of the one against the other."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import uvicorn

from tillspec.diagnostics import Report
from tillspec.pipeline import read as read_contract
from tillspec.verify import profile as profiles
from tillspec.verify.contract import Contract
from tillspec.verify.engine import ALONE, PROBES, Engine, Probe
from tillspec.verify.findings import Finding, Ledger, Untested
from tillspec.verify.run import Options, Run
from tillspec.verify.wire import Origin, Wire

_LONGEST_START = 10.0


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an ASGI application on loopback, on a thread of its own, as long as the block lasts; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            until = time.monotonic() + _LONGEST_START
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                assert time.monotonic() < until, "the server did not start in time"
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_LONGEST_START)


def contract(folder: Path, text: str) -> Contract:
    """The contract of an OpenAPI document, given as YAML. It may be indented as the test is."""
    path = folder / "openapi.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    report = Report()
    bundle, api = read_contract(path, frozenset(), (), report)
    return Contract(bundle, api)


@dataclass
class Verified:
    """What a verification came to."""

    ledger: Ledger
    requests: int
    incomplete: list[str] = field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        return list(self.ledger.found.values())

    @property
    def untested(self) -> list[Untested]:
        return list(self.ledger.untested.values())

    def of(self, check: str) -> list[Finding]:
        """The findings of a check."""
        return [finding for finding in self.findings if finding.check == check]

    def found(self, *severities: str) -> set[tuple[str, str]]:
        """Check and operation of each finding, of these severities alone where any are given."""
        return {(one.check, one.operation) for one in self.findings if not severities or one.severity in severities}

    def passed(self, check: str) -> bool:
        """Whether a check was made, and found nothing."""
        return self.ledger.by_check[check] > 0 and not self.of(check)

    def __str__(self) -> str:
        """All of it, for the message of an assertion."""
        findings = [f"{one.severity} {one.check} {one.operation}: {one.what} ({one.expected} | {one.observed}) {one.clause}"
                    for one in self.findings]  # fmt: skip
        skipped = [f"NOT TESTED {one.operation} {one.kind}: {one.reason} ({one.fill})" for one in self.untested]
        return "\n".join([*findings, *skipped, *self.incomplete])


def verified(contract: Contract, url: str, profile: str = "", *, probes: Sequence[Probe] = (), **options: Any) -> Verified:
    """Verify a server.

    Args:
        contract: what it is held to.
        url: where it is.
        profile: TOML.
        probes: those to run; all of the deterministic engine where none are given.
        options: those of `Options`, such as `only`.
    """
    given = profiles.read(dedent(profile), {})
    wire = Wire(Origin.of(url), workers=8, timeout=given.timeout)
    engine = Engine(Run(contract, given, wire, Options(**options)))
    wanted = probes or (*PROBES, *ALONE)
    units = [unit for unit in engine.units() if unit.probe in wanted]

    async def work() -> None:
        try:
            await engine.carry_out(units)
            await engine.carry_out_alone(units)
        finally:
            await wire.close()

    asyncio.run(work())
    return Verified(engine.run.ledger, wire.sent, engine.incomplete)
