"""Verifies every variant, on which there must be no alarm: `python -m faults.variants.run`, or some: `… run cors node`."""

from __future__ import annotations

import argparse
import sys

from faults.variants.registry import VARIANTS
from faults.variants.serving import CONTRACT, ROOT, served
from faults.variants.verifying import Verdict, verdict


def verified(name: str, options: list[str]) -> Verdict:
    """What verify says of a variant."""
    variant = VARIANTS[name]
    more = [option for surface in variant.surfaces for option in ("--surface", surface)]
    more += ["--overlay", str(variant.overlay)] if variant.overlay is not None else []
    contract = CONTRACT if variant.overlay is not None else ROOT / "spec" / "openapi.yaml"
    with served(name) as found:
        return verdict(found.url, found.profile, contract, [*more, *options])


def main() -> None:
    parser = argparse.ArgumentParser(prog="faults.variants.run", description=__doc__)
    parser.add_argument("variants", nargs="*", metavar="ID", help="these alone")
    parser.add_argument("--no-random", action="store_true", help="leave the random engine out")
    given = parser.parse_args()
    options = ["--no-random"] if given.no_random else []
    loud = False
    for name in given.variants or VARIANTS:
        found = verified(name, options)
        loud = loud or found.status != 0 or bool(found.alarms)
        print(
            f"{name}: exit {found.status}, {len(found.alarms)} alarms, {found.requests} requests in {found.seconds:.0f} s",
            flush=True,
        )
        print("".join(f"  {alarm}\n" for alarm in found.alarms), end="", flush=True)
    sys.exit(loud)


if __name__ == "__main__":
    main()
