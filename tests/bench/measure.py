"""What all measurements share: whole processes and their cost, rounds in which everything takes its turn, and ratios of those."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]
TILLSPEC = ROOT / ".venv" / "bin"
RIVALS = ROOT / ".venv" / "rivals" / "bin"
STRIPE = ROOT.parent / "shared" / "corpus" / "stripe.json"

T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """CPU seconds (user and system, children included), peak memory in MB, of the largest process, and seconds by the clock."""

    cpu: float
    memory: float
    wall: float


def process(command: Sequence[str | Path], cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> Cost:
    """The cost of one run of a command, which must end well."""
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
        assert running.stderr
        said = running.stderr.read()
        _, status, usage = os.wait4(running.pid, 0)
        wall = time.perf_counter() - began
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed with {running.returncode}:\n{said.decode()[-2000:]}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, wall)


def in_turn(rounds: int, runs: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Each run `rounds` times, all of them in every round; one round before those is thrown away."""
    found: dict[str, list[T]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            result = run()
            if number:
                found[name].append(result)
    return found


def ratio(ones: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios of what was measured in the same round."""
    return statistics.median(one / other for one, other in zip(ones, others, strict=True))


def heading(title: str, target: str) -> None:
    print(f"\n{title}\n  target: {target}", flush=True)
