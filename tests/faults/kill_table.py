"""Runs verify against every fault, and writes which checks find it: `python -m faults.kill_table`.

What the sandbox without a fault is told
of does not count. A fault is killed by a finding that makes the server deviate (MUST).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from faults.all import FAULTS, KINDS
from faults.exchange import all_operations
from faults.registry import Fault, Kind
from faults.running import FORK, TOO_LONG, Told, prepare, verified

TABLE = Path(__file__).with_name("KILLS.md")
FAILED = -1
"""What stands for the status of a run that could not be made."""


@dataclass(frozen=True, slots=True)
class Kill:
    """What became of a fault: the checks that found it, and the seconds until the first did. `noted` are checks that found it and
    do not say that the server deviates; `status` is what the command exited with."""

    checks: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    seconds: float | None = None
    status: int = 0


def known_of(found: Sequence[Told]) -> frozenset[str]:
    """What is told of the sandbox without a fault: the ids, and the checks that only note something, wherever they do."""
    return frozenset((*(name for one in found for name in one.ids), *(one.check for one in found if one.severity != "MUST")))


def judged(found: Sequence[Told], known: frozenset[str], status: int) -> Kill:
    """What kills a fault: the findings that are not `known` from the sandbox without it."""
    new = [one for one in found if not set(one.ids) <= known]
    must = [one for one in new if one.severity == "MUST"]
    checks = tuple(sorted({one.check for one in must}))
    noted = tuple(sorted({one.check for one in new} - set(checks) - known))
    return Kill(checks, noted, round(min(one.seconds for one in must), 2) if must else None, status)


# -- running -----------------------------------------------------------------------------------------------------------------

_CLEAN = ""
"""What stands for the sandbox without a fault."""
_FAR: Final = (Kind.STATE, Kind.TENANCY, Kind.IDEMPOTENCY)
"""Classes that are seen at other operations than those that are broken."""


def focused(fault: Fault, *, again: bool = False) -> tuple[str, ...]:
    """Options that leave out what the fault is not seen at: other operations, or, for one that was not seen there, other
    surfaces.
    """
    if again or fault.kind in _FAR:
        surfaces = sorted({all_operations()[name].surface for name in fault.operations})
        return tuple(option for name in surfaces for option in ("--surface", name))
    return tuple(option for name in sorted(fault.operations) for option in ("--only", name))


def ran(name: str, options: tuple[str, ...]) -> tuple[list[Told], int]:
    """What is found where a fault is, or none; nothing where the run could not be made, which is said."""
    try:
        return verified(name or None, options)
    except (RuntimeError, TimeoutError, OSError) as error:
        print(f"{name}: {error}", file=sys.stderr, flush=True)
        return [], FAILED


class Results:
    """What is known of faults, and of the sandbox without one by the options of the run; kept in a file where there is one, so
    that a run that was stopped goes on."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.kills: dict[str, Kill] = {}
        self.known: dict[str, frozenset[str]] = {}
        for line in path.read_text().splitlines() if path is not None and path.exists() else ():
            value = json.loads(line)
            if value["fault"] == _CLEAN:
                self.known[value["options"]] = frozenset(value["known"])
            else:
                kill = value["kill"]
                self.kills[value["fault"]] = Kill(tuple(kill["checks"]), tuple(kill["noted"]), kill["seconds"], kill["status"])

    def know(self, options: str, known: frozenset[str]) -> None:
        self.known[options] = known
        self._keep({"fault": _CLEAN, "options": options, "known": sorted(known)})

    def add(self, name: str, kill: Kill) -> None:
        self.kills[name] = kill
        self._keep({"fault": name, "kill": asdict(kill)})
        said = ", ".join(kill.checks) or "survives" + (f", noted by {', '.join(kill.noted)}" if kill.noted else "")
        print(f"{len(self.kills):4} {name}: {said}", file=sys.stderr, flush=True)

    def _keep(self, value: Any) -> None:
        if self._path is not None:
            with self._path.open("a") as file:
                file.write(json.dumps(value) + "\n")


def run(options: Mapping[str, tuple[str, ...]], results: Results, workers: int) -> None:
    """Verifies the faults of which nothing is known yet, each with its options, several at once; and before each, once, the
    sandbox without a fault with the same options."""
    # mixed, so that a run that is stopped says something of all classes
    waiting = sorted((name for name in options if name not in results.kills), key=lambda name: zlib.crc32(name.encode()))
    if not waiting:
        return
    prepare()
    with ProcessPoolExecutor(workers, mp_context=FORK) as pool:
        clean = {options[name]: None for name in waiting if " ".join(options[name]) not in results.known}
        for given, (found, status) in zip(clean, pool.map(ran, [_CLEAN] * len(clean), clean), strict=True):
            if status in (FAILED, TOO_LONG):
                raise RuntimeError("the sandbox without a fault could not be verified")
            results.know(" ".join(given), known_of(found))
        started = {pool.submit(ran, name, options[name]): name for name in waiting}
        for done in as_completed(started):
            name = started[done]
            found, status = done.result()
            results.add(name, judged(found, results.known[" ".join(options[name])], status))


# -- the table ---------------------------------------------------------------------------------------------------------------


def table(kills: Mapping[str, Kill]) -> str:
    """The table as Markdown, in the order of the classes and of the faults in them."""
    faults = [fault for fault in FAULTS.values() if fault.id in kills]
    lines = ["# Which check finds which fault", "", "Made by `make kill-table`; do not edit.", ""]
    lines += ["| class | killed | median seconds to the first finding |", "|---|---|---|"]
    for kind in KINDS:
        of = [kills[fault.id] for fault in faults if fault.kind is kind]
        if of:
            lines.append(_row(kind, f"{sum(bool(one.checks) for one in of)} of {len(of)}", _median(of)))
    everything = [kills[fault.id] for fault in faults]
    lines.append(_row("**all**", f"**{sum(bool(one.checks) for one in everything)} of {len(everything)}**", _median(everything)))
    for kind in KINDS:
        of = [fault for fault in faults if fault.kind is kind]
        if of:
            lines += ["", f"## {kind.capitalize() if kind.islower() else kind}", ""]
            lines += ["| fault | what is broken | killed by | seconds |", "|---|---|---|---|"]
            lines += [_row(f"`{one.id}`", one.what, *_killed(kills[one.id])) for one in of]
    return "\n".join([*lines, *_alone(kills), ""])


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _median(kills: Sequence[Kill]) -> str:
    seconds = [one.seconds for one in kills if one.seconds is not None]
    return f"{statistics.median(seconds):.1f}" if seconds else "–"


def _killed(kill: Kill) -> tuple[str, str]:
    if kill.checks:
        return ", ".join(f"`{name}`" for name in kill.checks), f"{kill.seconds:.1f}"
    noted = f" (noted by {', '.join(f'`{name}`' for name in kill.noted)})" if kill.noted else ""
    unfinished = {2: ", and the run is incomplete", TOO_LONG: ", and the run does not end", FAILED: ", and the run failed"}
    return f"**survives**{noted}{unfinished.get(kill.status, '')}", "–"


def _alone(kills: Mapping[str, Kill]) -> list[str]:
    """The faults that a check alone kills, by check; and the checks that kill none, with what they alone note."""
    from tillspec.verify.checks import CHECKS

    by_check: dict[str, list[str]] = defaultdict(list)
    alone: dict[str, list[str]] = defaultdict(list)
    noted: dict[str, list[str]] = defaultdict(list)
    for name, kill in sorted(kills.items()):
        for check in kill.checks:
            by_check[check].append(name)
        if len(kill.checks) == 1:
            alone[kill.checks[0]].append(name)
        if not kill.checks and len(kill.noted) == 1:
            noted[kill.noted[0]].append(name)
    lines = ["", "## What each check is for", "", "| check | kills | kills alone |", "|---|---|---|"]
    for check in sorted({*CHECKS, *by_check}):
        told = _some(alone[check])
        if noted[check] and not alone[check]:
            told += f"; notes alone {_some(noted[check])}"
        lines.append(_row(f"`{check}`", str(len(by_check[check])), told))
    return lines


def _some(names: Sequence[str]) -> str:
    """How many there are, and the first of them."""
    listed = ", ".join(f"`{name}`" for name in names[:3]) + (" …" if len(names) > 3 else "")
    return f"{len(names)}: {listed}" if names else "0"


def main() -> None:
    parser = argparse.ArgumentParser(prog="faults.kill_table", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", action="append", default=[], metavar="ID", help="this fault, or all of this class")
    parser.add_argument("--focus", action="store_true", help="verify only what the fault is seen at: quicker")
    parser.add_argument("--random", action="store_true", help="with the random engine, which takes much longer")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="how many at once")
    parser.add_argument("--results", type=Path, help="keep results here, and do not run again what is there already")
    parser.add_argument("--survivors", action="store_true", help="run again those of the results that survived")
    parser.add_argument("--table", type=Path, default=TABLE, help="where to write the table")
    given = parser.parse_args()
    wanted = [one for one in FAULTS.values() if not given.only or one.id in given.only or one.kind in given.only]
    if not wanted:
        parser.error("there is no such fault, nor such a class")
    results = Results(given.results)
    if given.survivors:
        results.kills = {name: kill for name, kill in results.kills.items() if kill.checks}
    always = () if given.random else ("--no-random",)
    again = given.survivors
    run({one.id: (*always, *(focused(one, again=again) if given.focus else ())) for one in wanted}, results, given.workers)
    kills = {one.id: results.kills[one.id] for one in wanted}
    given.table.write_text(table(kills), encoding="utf-8")
    survivors = [name for name, kill in kills.items() if not kill.checks]
    print(f"{len(kills) - len(survivors)} of {len(kills)} faults are killed; {given.table}")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
