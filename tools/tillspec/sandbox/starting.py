"""A sandbox in a process of its own, for as long as somebody needs it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_PATIENCE = 30.0
"""How many seconds it has to start."""


class NotStarted(Exception):
    """A sandbox did not start, or not in time; with what it said."""


@contextmanager
def started(folder: Path, options: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """A sandbox on a free port of loopback, with its database and log in a folder: its base URL, and the secret of its control
    plane.

    Args:
        folder: an existing folder that is its own.
        options: further options of `tillspec sandbox`.

    Raises:
        NotStarted: it ended, or was not ready in time.
    """
    log = folder / "log"
    command = [sys.executable, "-m", "tillspec", "sandbox", "--port", "0", "--database", str(folder / "sandbox.db"), *options]
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)  # noqa: S603  # no shell
    try:
        yield _said(process, log)
    finally:
        process.terminate()
        process.wait()


def _said(process: subprocess.Popen[bytes], log: Path) -> tuple[str, str]:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        told = log.read_text(encoding="utf-8", errors="replace")
        found = re.search(r"(https?://\S+?)/_sandbox#(\S+)\n", told)
        if found is not None and _answers(found[1]):
            return found[1], found[2]
        if process.poll() is not None:
            raise NotStarted(f"tillspec sandbox did not start:\n{told}")
        time.sleep(0.02)
    raise NotStarted(f"tillspec sandbox was not ready after {_PATIENCE:.0f} seconds")


def _answers(url: str) -> bool:
    import httpx

    try:
        return httpx.get(f"{url}/readyz", trust_env=False).is_success
    except httpx.HTTPError:
        return False
