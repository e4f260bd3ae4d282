"""Verifying a sandbox with a fault: each run in two processes of its own, the server's and that of `tillspec verify`.

They are forked from one process that has imported all and read the contract, so that each starts in some milliseconds.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import httpx

from faults import profile, serve
from faults.all import FAULTS

FORK = multiprocessing.get_context("fork")
SPEC = Path(__file__).resolve().parents[2] / "spec" / "openapi.yaml"
_PATIENCE = 60.0
_LONGEST = 900.0
TOO_LONG = 124
"""What stands for the status of a run that does not end."""


@dataclass(frozen=True, slots=True)
class Told:
    """One finding: its ids in every run, the check, how binding it is, and the seconds until it was seen."""

    ids: tuple[str, ...]
    check: str
    severity: str
    seconds: float


def findings(report: str) -> list[Told]:
    """The findings of a JSON report of verify."""
    return [
        Told(tuple(one.get("members") or [one["id"]]), one["check"], one["severity"], float(one["seconds"]))
        for one in json.loads(report)["findings"]
    ]


def prepare() -> None:
    """Imports what both processes need, and reads the contract, once for all runs."""
    import tillspec.cli.verify
    import tillspec.verify.reports.as_json
    import tillspec.verify.verification
    from faults import serving
    from tillspec import pipeline
    from tillspec.diagnostics import Report

    known = pipeline.read(SPEC, frozenset(), (), Report())
    pipeline.read = lambda *_: known  # type: ignore[assignment]
    assert serving, tillspec


def verified(fault: str | None, options: Sequence[str]) -> tuple[list[Told], int]:
    """What verify finds in a sandbox with a fault, and the status that it exits with.

    Raises:
        RuntimeError: it wrote no report, though it came to its end.
        TimeoutError: the server was not there in time.
    """
    with tempfile.TemporaryDirectory(prefix="kill-") as name:
        folder = Path(name)
        report, written, said = folder / "report.json", folder / "profile.toml", folder / "said"
        with _served(fault, folder) as (url, secret):
            profile.write(url, secret, written, FAULTS[fault].budget if fault is not None else None)
            command = ["--url", url, "--spec", str(SPEC), "--profile", str(written), "--json", str(report), *options]
            process = _started(said, _verify, command)
            process.join(_LONGEST)
            if process.is_alive():
                _end(process)
                return [], TOO_LONG
        if not report.exists():
            raise RuntimeError(f"verify wrote no report: {said.read_text(errors='replace')[-2000:]}")
        return findings(report.read_text()), process.exitcode or 0


def _verify(arguments: list[str]) -> None:
    from tillspec.cli.verify import verify

    verify.main(arguments)


@contextmanager
def _served(fault: str | None, folder: Path) -> Iterator[tuple[str, str]]:
    """A sandbox with a fault: its URL, and the secret of its control plane."""
    log = folder / "served"
    process = _started(log, serve.serve, 0, fault)
    try:
        yield _said(process, log)
    finally:
        _end(process)


def _started(said: Path, work: Callable[..., Any], *arguments: Any) -> BaseProcess:
    said.touch()
    process = FORK.Process(target=_silenced, args=(said, work, *arguments))
    process.start()
    return process


def _silenced(said: Path, work: Callable[..., Any], *arguments: Any) -> None:
    """Does something with all that it says in a file."""
    with said.open("wb", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        sys.stdout, sys.stderr = (os.fdopen(os.dup(number), "w", buffering=1) for number in (1, 2))
        work(*arguments)


def _end(process: BaseProcess) -> None:
    process.terminate()
    process.join(10)
    if process.is_alive():
        process.kill()
        process.join()


def _said(process: BaseProcess, log: Path) -> tuple[str, str]:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.is_alive():
        found = re.search(r"(http://\S+?)/_sandbox#(\S+)\n", log.read_text())
        if found is not None:
            try:
                if httpx.get(f"{found[1]}/readyz", trust_env=False).is_success:
                    return found[1], found[2]
            except httpx.HTTPError:
                pass
        time.sleep(0.05)
    raise TimeoutError(log.read_text())
