"""What verifying found: findings, each with its clause and the calls that show it, and what was not tested, and why."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from tillspec.pointer import Pointer
from tillspec.verify.checks import CHECKS, Kind
from tillspec.verify.exchange import Exchange


class Severity(StrEnum):
    """How binding what is broken is (RFC 2119): MUST makes a server deviate; SHOULD and INFO are told."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    INFO = "INFO"


@dataclass(frozen=True, slots=True)
class Clause:
    """Where the contract says it: a JSON Pointer into the bundle, and the place in the file that a person wrote, where known."""

    pointer: Pointer
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.file else f"#{self.pointer}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a server keeps not to its contract.

    `what` tells the deviation in a sentence without values, `expected` and `observed` with them. `steps` are the exchanges that
    show it, the telling one last. `aspect` tells two findings of one check at one clause apart. `seconds` counts from the start.
    """

    check: str
    operation: str
    clause: Clause
    what: str
    expected: str
    observed: str
    steps: tuple[Exchange, ...] = field(default=(), repr=False)
    aspect: str = ""
    severity: Severity = Severity.MUST
    seconds: float = 0.0
    seen: int = 1

    @property
    def id(self) -> str:
        """The same in every run against every server: made from check, operation, clause and aspect alone."""
        text = "\n".join((self.check, self.operation, self.clause.pointer, self.aspect))
        return f"{self.check}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"

    @property
    def kind(self) -> Kind:
        """The kind of check, a column of the matrix."""
        return CHECKS[self.check].kind

    @property
    def cause(self) -> tuple[str, ...]:
        """What it is grouped by: findings of one check at one clause are one broken thing, whichever operations show it."""
        return self.check, self.clause.pointer, self.aspect


@dataclass(frozen=True, slots=True)
class Untested:
    """What could not be tested, with the reason, and what to fill in where the profile can help."""

    operation: str
    kind: Kind
    reason: str
    fill: str = ""


@dataclass(slots=True)
class Ledger:
    """What a run has found so far. `passed` counts by operation and kind."""

    began: float = field(default_factory=time.perf_counter)
    passed: Counter[tuple[str, Kind]] = field(default_factory=Counter)
    by_check: Counter[str] = field(default_factory=Counter)
    found: dict[str, Finding] = field(default_factory=dict)
    untested: dict[tuple[str, Kind, str], Untested] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def passes(self, check: str, operation: str) -> None:
        """One more time that a check found nothing."""
        self.passed[operation, CHECKS[check].kind] += 1
        self.by_check[check] += 1

    def add(self, finding: Finding) -> None:
        """A finding; one that is known already is kept with its fewest steps, so that it is the shortest reproduction."""
        assert finding.check in CHECKS, finding.check
        known = self.found.get(finding.id)
        self.by_check[finding.check] += 1
        self.counts[finding.id] += 1
        if known is None or _effort(finding) < _effort(known):
            from dataclasses import replace

            when = known.seconds if known else time.perf_counter() - self.began
            self.found[finding.id] = replace(finding, seconds=when)

    def skip(self, operation: str, kind: Kind, reason: str, fill: str = "") -> None:
        """Something that was not tested."""
        self.untested.setdefault((operation, kind, reason), Untested(operation, kind, reason, fill))


def _effort(finding: Finding) -> tuple[int, int]:
    """How much it takes to show a finding: calls, and bytes."""
    size = sum(len(step.call.target) + len(step.call.body or step.call.raw or b"") for step in finding.steps)
    return len(finding.steps), size
