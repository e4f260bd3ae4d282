"""What a verification came to, as every report tells it: findings by cause, the matrix, what was not tested, and the verdict.

The verdict, which is the exit status as well:

- 1, deviates: a MUST was broken that no baseline accepts. That is so whatever else could not be tested.
- 2, incomplete: nothing of that, but the server could not be reached or was gone, the time was over, a probe could not be carried
  out, or there is an operation of which no request was accepted, such as for a credential that is missing or does not work: of
  such an operation nothing can be said, and so nothing of the whole.
- 0, conforms: neither. What could not be tested beside that, such as for want of a second tenant or a clock, is told with its
  number in the last line, and is no failure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from tillspec.acceptances import Acceptance
from tillspec.verify.baseline import Baseline
from tillspec.verify.checks import CHECKS, Kind
from tillspec.verify.contract import Contract
from tillspec.verify.findings import Finding, Severity, Untested
from tillspec.verify.grouping import Group, groups
from tillspec.verify.reports.recipe import masked
from tillspec.verify.reports.reproduce import Reproduction, reproduction
from tillspec.verify.reports.secrets import Secrets
from tillspec.verify.run import Options, Run
from tillspec.verify.verification import Verification


class State(StrEnum):
    """What is said of an operation and a kind of check, or of an operation as a whole."""

    FAILED = "failed"
    ACCEPTED = "accepted"
    NOTED = "noted"
    UNTESTED = "not tested"
    PASSED = "passed"
    NONE = "nothing to check"


@dataclass(frozen=True, slots=True)
class Found:
    """A finding of the report: a group, its reproduction, and what a baseline says of it."""

    group: Group
    reproduction: Reproduction
    accepted: Acceptance | None = None
    expired: Acceptance | None = None

    @property
    def counts(self) -> bool:
        """Whether it makes the server deviate."""
        return self.group.severity is Severity.MUST and self.accepted is None

    @property
    def is_information(self) -> bool:
        """Whether it breaks nothing, and is told so that a person looks at it."""
        return self.group.severity is Severity.INFO

    @property
    def state(self) -> State:
        if self.group.severity is not Severity.MUST:
            return State.NOTED
        return State.ACCEPTED if self.accepted else State.FAILED


@dataclass(frozen=True, slots=True)
class Cell:
    """An operation and a kind of check. `reasons` are why something of it was not tested."""

    operation: str
    kind: Kind
    passed: int
    found: tuple[Found, ...]
    reasons: tuple[Untested, ...]

    @property
    def state(self) -> State:
        """The gravest that is to be said; what was not tested counts more than what passed beside it."""
        states = {one.state for one in self.found}
        if self.reasons:
            states.add(State.UNTESTED)
        if self.passed:
            states.add(State.PASSED)
        return next((state for state in State if state in states), State.NONE)


@dataclass(frozen=True, slots=True)
class OperationShown:
    """An operation as reports name it."""

    id: str
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a report tells. Every text in it is without secrets.

    Attributes:
        url: where the server is.
        title: the contract's title, and `version` its version; `spec` is the file.
        options: what was asked for.
        seconds: how long it took.
        requests: how many were sent.
        operations: those that were asked for, in the order of the contract.
        found: findings by cause, the gravest first.
        untested: what could not be tested, and why.
        cells: the matrix, by operation and kind.
        incomplete: why nothing can be said of the whole, in words.
        stale: entries of the baseline of which nothing was found.
        coverage: what engines say of how much they covered, by engine.
        unfilled: what of the profile is still to be filled in, as paths into it.
    """

    url: str
    title: str
    version: str
    spec: str
    options: Options
    seconds: float
    requests: int
    operations: tuple[OperationShown, ...]
    found: tuple[Found, ...]
    untested: tuple[Untested, ...]
    cells: Mapping[tuple[str, Kind], Cell]
    incomplete: tuple[str, ...] = ()
    stale: tuple[Acceptance, ...] = ()
    coverage: Mapping[str, Any] = field(default_factory=dict)
    unfilled: tuple[str, ...] = ()

    @property
    def exit(self) -> int:
        """The exit status: 0 conforms, 1 deviates, 2 incomplete."""
        return 1 if any(one.counts for one in self.found) else 2 if self.incomplete else 0

    @property
    def verdict(self) -> str:
        return ("conforms", "deviates", "incomplete")[self.exit]

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that ran."""
        return ("deterministic", "random") if self.options.random else ("deterministic",)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of which anything is to be said."""
        return tuple(
            kind for kind in Kind if any(cell.kind is kind and cell.state is not State.NONE for cell in self.cells.values())
        )

    def count(self, state: State) -> int:
        """How many findings are of a state."""
        return sum(one.state is state for one in self.found)

    @property
    def gaps(self) -> int:
        """How many pairs of operation and kind were not tested, or not in full."""
        return len({(item.operation, item.kind) for item in self.untested})

    @property
    def effort(self) -> str:
        """What was done, in words."""
        whom = _number(len(self.operations), "operation") or "no operation"
        return f"{self.requests:,} requests to {whom} in {self.seconds:.1f} s"

    @property
    def summary(self) -> str:
        """The last line: the verdict with its numbers."""
        told = [
            _number(self.count(State.FAILED), "deviation"), _number(self.count(State.ACCEPTED), "accepted deviation"),
            _number(self.count(State.NOTED), "note"), f"{self.gaps} not tested" if self.gaps else "",
        ]  # fmt: skip
        return f"{self.verdict}: {', '.join(filter(None, told)) or ('nothing found' if self.requests else 'nothing was sent')}"


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}{'s' * (count != 1)}" if count else ""


def outcome(made: Verification, spec: str, baseline: Baseline | None = None, today: date | None = None) -> Outcome:
    """What a verification came to.

    Args:
        made: the run.
        spec: the name of the contract's file.
        baseline: what is accepted.
        today: the day on which acceptances are judged; the present one, if none is given.
    """
    run = made.run
    secrets = Secrets(run.credentials.secrets)
    day = today or date.today()
    grouped = groups(run.ledger, _surfaces(run))
    known = baseline or Baseline()
    found = tuple(_found(group, run, secrets, known.of(group), day) for group in grouped)
    untested = tuple(replace(item, reason=secrets.masked(item.reason)) for item in _untested(run))
    incomplete = tuple(dict.fromkeys(secrets.masked(reason) for reason in made.incomplete))
    operations = tuple(OperationShown(target.id, target.method, target.path) for target in run.targets)
    names = list(dict.fromkeys([*(one.id for one in operations), *(item.operation for item in untested)]))
    return Outcome(
        url=str(run.wire.origin), title=run.contract.api.title, version=run.contract.api.version, spec=spec, options=run.options,
        seconds=made.seconds, requests=made.requests, operations=operations, found=found, untested=untested,
        cells=dict(_cells(names, run, found, untested)), incomplete=incomplete,
        stale=tuple(known.stale(grouped)) if _is_whole(run.options, incomplete) else (), coverage=_coverage(run.contract, made),
        unfilled=run.profile.unfilled,
    )  # fmt: skip


def found_in(run: Run, findings: Sequence[Finding]) -> list[Found]:
    """Some findings of a run as reports tell them, by cause."""
    ledger = replace(run.ledger, found={finding.id: finding for finding in findings})
    secrets, day = Secrets(run.credentials.secrets), date.today()
    return [_found(group, run, secrets, None, day) for group in groups(ledger, _surfaces(run))]


def _surfaces(run: Run) -> dict[str, str | None]:
    """The surface of every operation, in the order of the contract."""
    return {name: target.operation.surface for name, target in run.contract.targets.items()}


def _untested(run: Run) -> list[Untested]:
    """What was not tested of what was asked for: operations that were called on the way to it are left out. Where an operation
    accepted nothing, that is the reason for all else of it.
    """
    targets, ledger = run.contract.targets, run.ledger
    asked = [item for item in ledger.untested.values() if item.operation not in targets or run.wants(targets[item.operation])]
    nothing = {
        item.operation: item
        for item in reversed(asked)
        if item.kind is Kind.ACCEPTS and not ledger.passed[item.operation, Kind.ACCEPTS]
    }
    made = [replace(nothing.get(item.operation, item), kind=item.kind) for item in asked]
    return list(dict.fromkeys(made))


def _found(group: Group, run: Run, secrets: Secrets, entry: Acceptance | None, day: date) -> Found:
    shown = reproduction(group.lead, run, secrets)
    hidden = Group(secrets.masked(group.what), tuple(masked(finding, secrets) for finding in group.findings))
    holds = entry is not None and entry.counts_on(day)
    return Found(hidden, shown, entry if holds else None, None if holds else entry)


def _is_whole(options: Options, incomplete: Sequence[str]) -> bool:
    """Whether everything was tried, so that what was not found is not there."""
    return not (options.only or options.surfaces or options.safe or incomplete) and options.shard == (1, 1)


def _cells(
    names: Sequence[str], run: Run, found: Sequence[Found], untested: Sequence[Untested]
) -> Iterator[tuple[tuple[str, Kind], Cell]]:
    failing: dict[tuple[str, Kind], list[Found]] = defaultdict(list)
    for one in found:
        for place in dict.fromkeys((finding.operation, finding.kind) for finding in one.group.findings):
            failing[place].append(one)
    reasons: dict[tuple[str, Kind], list[Untested]] = defaultdict(list)
    for item in untested:
        reasons[item.operation, item.kind].append(item)
    for name in names:
        for kind in Kind:
            place = (name, kind)
            yield place, Cell(name, kind, run.ledger.passed[place], tuple(failing[place]), tuple(reasons[place]))


def _coverage(contract: Contract, made: Verification) -> dict[str, Any]:
    """How often each check was made, what could be said of each operation, and what was sent at random."""
    run = made.run
    checks = {check: run.ledger.by_check[check] for check in CHECKS if run.ledger.by_check[check]}
    touched: Counter[str] = Counter()
    for (operation, _), number in run.ledger.passed.items():
        touched[operation] += number
    for key, finding in run.ledger.found.items():
        touched[finding.operation] += run.ledger.counts[key]
    return {
        "checks": checks,
        "random": {name: one.as_json() for name, one in made.coverage.items()},
        "operations": {target.id: touched[target.id] for target in contract.targets.values() if run.wants(target)},
    }
