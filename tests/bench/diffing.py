"""Stripe's document: compared with itself and with a copy in which a type is another, and made into a site."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import docs
from .measure import STRIPE, TILLSPEC, Cost, heading, process

ROUNDS = 3


def changed(folder: Path) -> Path:
    """A copy in which one property of one schema has another type; 45 places of the API reach it."""
    document = json.loads(STRIPE.read_text())
    document["components"]["schemas"]["account"]["properties"]["charges_enabled"]["type"] = "string"
    path = folder / "changed.json"
    path.write_text(json.dumps(document, indent=2))
    return path


def compare(new: Path) -> Cost:
    return process([TILLSPEC / "tillspec", "diff", str(STRIPE), str(new)])


def build(folder: Path) -> Cost:
    return docs.build(STRIPE, Path(tempfile.mkdtemp(dir=folder)) / "site")


def report(name: str, run: Callable[[], Cost]) -> list[Cost]:
    """Prints medians of some runs, after one that is thrown away."""
    costs = [run() for _ in range(ROUNDS + 1)][1:]
    wall, cpu = (statistics.median(each) for each in ([cost.wall for cost in costs], [cost.cpu for cost in costs]))
    print(f"  {name:<24} {wall:6.2f} s by the clock {cpu:6.2f} CPU s", flush=True)
    return costs


def main() -> None:
    if not STRIPE.exists():
        print(f"\nStripe's document is left out: {STRIPE} is not there")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        new = changed(folder)
        heading("tillspec diff, Stripe's document", "under 4 s with itself")
        report("with itself", lambda: compare(STRIPE))
        report("with one type changed", lambda: compare(new))
        heading("tillspec docs build, Stripe's document", "at most 20 s and 600 MB")
        costs = report("the site", lambda: build(folder))
        print(f"  at its peak {max(cost.memory for cost in costs):.0f} MB")
