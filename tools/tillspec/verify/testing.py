"""The checks of `tillspec verify` as tests: `pytest --tillspec-url URL`.

pytest finds this by itself wherever `tillspec[verify]` is installed. Without `--tillspec-url` it does nothing. With it, every
kind of probe of every operation is one test, `tillspec::createSession[bodies]`, so that `-k`, `-n` and CI matrices spread them:

    pytest --tillspec-url http://127.0.0.1:8080 --tillspec-profile verify.toml -n 4

A test fails where the server does what the contract says that it must not, and says what `tillspec verify` says of it: the
clause, what was expected and observed, and curl lines that show it again. It is skipped, with the reason, where nothing could be
tested. Tests that move the server's clock wait until no other test of the same run is at work.

This module is loaded in every run of pytest, so it imports nothing that takes time.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tillspec.verify.engine import Engine, Unit
    from tillspec.verify.findings import Finding

_URL, _SPEC, _PROFILE = "--tillspec-url", "--tillspec-spec", "--tillspec-profile"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tillspec", "proving a live server against its contract")
    group.addoption(_URL, metavar="URL", help="Verify the server at URL: each kind of probe of each operation is a test.")
    group.addoption(_SPEC, metavar="FILE", default="spec/openapi.yaml", help="The contract. [spec/openapi.yaml]")
    group.addoption(_PROFILE, metavar="FILE", help="The profile that tillspec verify init writes.")
    group.addoption("--tillspec-safe", action="store_true", help="Send only what reads.")
    group.addoption("--tillspec-seed", type=int, default=0, metavar="N", help="The same seed sends the same requests. [0]")


class Deviates(Exception):
    """A server keeps not to its contract; told without a traceback."""


class Incomplete(Exception):
    """It could not be said whether a server keeps to its contract."""


class Verified(pytest.Item):
    """One unit of a verification."""

    def __init__(self, *, unit: Unit, running: Running, **given: Any) -> None:
        super().__init__(**given)
        self.unit, self.running = unit, running

    def runtest(self) -> None:
        """Carry the unit out.

        Raises:
            Deviates: it found what the contract forbids.
            Incomplete: it could not be carried out.
        """
        findings = self.running.carry_out(self.unit)
        if findings:
            raise Deviates(self.running.told(findings))
        reason = self.running.untested(self.unit)
        if reason:
            pytest.skip(reason)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What was found, and no traceback."""
        return str(excinfo.value) if isinstance(excinfo.value, Deviates | Incomplete) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"tillspec: {self.unit.name}"


class Contract(pytest.Collector):
    """All units of a verification."""

    def collect(self) -> Iterator[Verified]:
        running = self.session.stash[RUNNING]
        for unit in running.engine.units():
            yield Verified.from_parent(self, name=unit.name, nodeid=f"tillspec::{unit.name}", unit=unit, running=running)


class Running:
    """A verification in this process, on a loop of its own."""

    def __init__(self, engine: Engine, lock: Path) -> None:
        self.engine, self.lock = engine, lock
        self.runner = asyncio.Runner()

    def carry_out(self, unit: Unit) -> list[Finding]:
        """What a unit finds that the contract forbids, and that no unit before it in this process found.

        Raises:
            Incomplete: it could not be carried out.
        """
        from tillspec.verify.run import Unreachable

        engine, ledger = self.engine, self.engine.run.ledger
        known, notes = set(ledger.found), len(engine.incomplete)
        with _locked(self.lock, exclusive=unit.alone):
            try:
                self.runner.run(self._one(unit))
            except Unreachable as error:
                raise Incomplete(self._masked(str(error))) from None
        if len(engine.incomplete) > notes:
            raise Incomplete(self._masked("\n".join(engine.incomplete[notes:])))
        return [finding for key, finding in ledger.found.items() if key not in known and finding.severity == "MUST"]

    async def _one(self, unit: Unit) -> None:
        await self.engine.prepare()
        await self.engine.one(unit)

    def told(self, findings: Sequence[Finding]) -> str:
        """Findings as the report for people tells them, with the lines for a shell that show them again."""
        from tillspec.verify.reports.outcome import found_in
        from tillspec.verify.reports.people import as_text, finding

        return "\n".join(as_text(finding(found)) for found in found_in(self.engine.run, findings))

    def _masked(self, text: str) -> str:
        """A text without secrets."""
        from tillspec.verify.reports.secrets import Secrets

        return Secrets(self.engine.run.credentials.secrets).masked(text)

    def untested(self, unit: Unit) -> str:
        """Why nothing could be tested of a unit's operation; empty where something was."""
        ledger, name = self.engine.run.ledger, unit.target.id
        if any(operation == name for operation, _ in ledger.passed):
            return ""
        reasons = [f"{item.reason}; fill in {item.fill}" if item.fill else item.reason for item in ledger.untested.values()
                   if item.operation == name]  # fmt: skip
        return self._masked(reasons[0]) if reasons else ""

    def close(self) -> None:
        self.runner.run(self.engine.run.wire.close())
        self.runner.close()


RUNNING = pytest.StashKey[Running]()


@contextmanager
def _locked(path: Path, *, exclusive: bool) -> Iterator[None]:
    """Hold a lock on a file with others of the same run, or alone; where there are no such locks, alone anyway."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the units of a verification to the tests of a run."""
    if config.getoption(_URL) is None or session.stash.get(RUNNING, None) is not None:
        return
    session.stash[RUNNING] = _started(config)
    items += Contract.from_parent(session, name="tillspec", nodeid="tillspec").collect()


def pytest_sessionfinish(session: pytest.Session) -> None:
    running = session.stash.get(RUNNING, None)
    if running is not None:
        running.close()


def _started(config: pytest.Config) -> Running:
    """What the options ask for.

    Raises:
        pytest.UsageError: the contract, the profile or the URL cannot be used.
    """
    try:
        from tillspec.diagnostics import Refused, Report, text
        from tillspec.pipeline import read as read_contract
        from tillspec.verify.contract import Contract as Read
        from tillspec.verify.engine import Engine
        from tillspec.verify.profile import BadProfile, Profile, read
        from tillspec.verify.run import Options, Run
        from tillspec.verify.wire import BadOrigin, Origin, Wire
    except ModuleNotFoundError as error:
        raise pytest.UsageError(f"{_URL} needs {error.name}; run: pip install 'tillspec[verify]'") from None
    given = config.getoption(_PROFILE)
    try:
        profile = Profile() if given is None else read(Path(given).read_text(encoding="utf-8"))
        options = Options(seed=config.getoption("--tillspec-seed"), safe=config.getoption("--tillspec-safe"))
        wire = Wire(Origin.of(config.getoption(_URL)), options.workers, profile.timeout)
        contract = Read(*read_contract(Path(config.getoption(_SPEC)), frozenset(), (), Report()))
        return Running(Engine(Run(contract, profile, wire, options)), _lock(config))
    except Refused as refused:
        raise pytest.UsageError("\n".join(text(refused.diagnostics))) from None
    except BadProfile as error:
        raise pytest.UsageError(f"{given}:{error.line or 1}:{error.column or 1}: {error}; {error.hint}") from None
    except (BadOrigin, OSError, UnicodeDecodeError) as error:
        raise pytest.UsageError(str(error)) from None


def _lock(config: pytest.Config) -> Path:
    """A file that all processes of a run know; pytest-xdist gives each a folder below the same one."""
    base: Path = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # what the fixture tmp_path_factory is
    return (base.parent if hasattr(config, "workerinput") else base) / "tillspec-verify.lock"
