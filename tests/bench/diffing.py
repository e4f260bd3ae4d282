"""Stripe's document: compared with itself, and made into a site."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from . import docs
from .measure import STRIPE, TILLSPEC, Cost, heading, process

ROUNDS = 3


def compare() -> Cost:
    return process([TILLSPEC / "tillspec", "diff", str(STRIPE), str(STRIPE)])


def build() -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        return docs.build(STRIPE, Path(folder) / "site")


def report(title: str, target: str, run: Callable[[], Cost]) -> None:
    heading(title, target)
    costs = [run() for _ in range(ROUNDS + 1)][1:]
    wall, cpu = (statistics.median(each) for each in ([cost.wall for cost in costs], [cost.cpu for cost in costs]))
    print(f"  {wall:.2f} s by the clock, {cpu:.2f} CPU s, {max(cost.memory for cost in costs):.0f} MB at the peak")


def main() -> None:
    if not STRIPE.exists():
        print(f"\nStripe's document is left out: {STRIPE} is not there")
        return
    report("tillspec diff, Stripe's document with itself", "under 4 s", compare)
    report("tillspec docs build, Stripe's document", "at most 20 s and 600 MB", build)
