"""Verifies the strangers, right and with each fault: `python -m strangers.run`, or some: `… run kassa bookshop`.

A fault is killed by a finding that makes the server deviate (MUST) and that the server has not without it; it is noted by one
that does not (SHOULD).
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from faults.variants.verifying import Verdict, verdict
from strangers.registry import STRANGERS, Stranger, running


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a fault: `killed`, `noted` or `survives`, by which checks, and seconds until the first finding of them."""

    word: str
    checks: tuple[str, ...]
    seconds: float | None


def verified(stranger: Stranger, fault: str | None, options: list[str]) -> Verdict:
    """What verify says of a stranger."""
    with running(stranger, fault) as url:
        return verdict(url, stranger.profile.read_text(encoding="utf-8"), stranger.contract, options)


def outcome(right: Verdict, wrong: Verdict) -> Outcome:
    """What a fault brings to light."""
    known = {one["id"] for one in right.findings}
    new = [one for one in wrong.findings if one["id"] not in known and one["severity"] != "INFO"]
    must = [one for one in new if one["severity"] == "MUST"]
    found = must or new
    checks = tuple(sorted({one["check"] for one in found}))
    first = min((one["seconds"] for one in found), default=None)
    return Outcome("killed" if must else "noted" if new else "survives", checks, first)


def main() -> None:
    parser = argparse.ArgumentParser(prog="strangers.run", description=__doc__)
    parser.add_argument("strangers", nargs="*", metavar="NAME", help="these alone")
    parser.add_argument("--no-random", action="store_true", help="leave the random engine out")
    given = parser.parse_args()
    options = ["--no-random"] if given.no_random else []
    loud = False
    for name in given.strangers or STRANGERS:
        stranger = STRANGERS[name]
        right = verified(stranger, None, options)
        loud = loud or bool(right.alarms)
        print(
            f"{name}: exit {right.status}, {len(right.alarms)} alarms, {right.requests} requests in {right.seconds:.0f} s",
            flush=True,
        )
        print("".join(f"  {alarm}\n" for alarm in right.alarms), end="", flush=True)
        for fault, what in stranger.faults.items():
            found = outcome(right, verified(stranger, fault, options))
            print(f"  {found.word:8} {fault}: {what}; {', '.join(found.checks) or '-'}", flush=True)
    sys.exit(loud)


if __name__ == "__main__":
    main()
