"""Findings by cause: one broken thing is one group, whichever operations and however many values show it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from tillspec.verify.checks import CHECKS, Kind
from tillspec.verify.findings import Clause, Finding, Ledger, Severity

_PLACES, _SHARE = 4, 0.6
_EVERYWHERE = 3
_ORDER = {check: index for index, check in enumerate(CHECKS)}
_GRAVITY = list(Severity)
_NOTHING = {
    "invalid-body-refused": "validates nothing of the body",
    "invalid-parameter-refused": "validates nothing of the parameters",
}
"""Checks of which one operation may have many findings for one reason: that nothing of a request is looked at."""


@dataclass(frozen=True, slots=True)
class Group:
    """Findings with one cause, in the order of the contract. `id` is that of the first; `what` names the cause."""

    what: str
    findings: tuple[Finding, ...]

    @property
    def id(self) -> str:
        return self.findings[0].id

    @property
    def lead(self) -> Finding:
        """The finding that is shown: the first of the gravest ones."""
        return next(one for one in self.findings if one.severity is self.severity)

    @property
    def severity(self) -> Severity:
        return min((one.severity for one in self.findings), key=_GRAVITY.index)

    @property
    def check(self) -> str:
        return self.findings[0].check

    @property
    def kind(self) -> Kind:
        return self.findings[0].kind

    @property
    def clause(self) -> Clause:
        return self.lead.clause

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that show it."""
        return tuple(dict.fromkeys(one.operation for one in self.findings))

    @property
    def seconds(self) -> float:
        """When it was first seen, in seconds from the start."""
        return min(one.seconds for one in self.findings)

    @property
    def seen(self) -> int:
        """How many exchanges showed it."""
        return sum(one.seen for one in self.findings)


def groups(ledger: Ledger, operations: Iterable[str]) -> list[Group]:
    """The findings of a run by cause, in the order of the contract.

    Args:
        ledger: what the run found.
        operations: the ids of all operations, in the order of the contract.
    """
    place = {name: index for index, name in enumerate(operations)}
    found = [replace(finding, seen=ledger.counts[key]) for key, finding in ledger.found.items()]
    found.sort(key=lambda one: _rank(one, place))
    made: list[Group] = []
    for gather in (_nothing_validated, _refused_everywhere, _same_crash, _same_header, _everywhere, _same_cause):
        taken = list(gather(found, ledger))
        made += taken
        gone = {one.id for group in taken for one in group.findings}
        found = [one for one in found if one.id not in gone]
    return sorted(made, key=lambda group: (_GRAVITY.index(group.severity), _rank(group.findings[0], place)))


def _rank(finding: Finding, place: Mapping[str, int]) -> tuple[object, ...]:
    order = place.get(finding.operation, len(place))
    return order, finding.operation, _ORDER[finding.check], finding.clause.pointer, finding.aspect


# -- causes --------------------------------------------------------------------------------------------------------------


def _nothing_validated(found: list[Finding], ledger: Ledger) -> Iterator[Group]:
    """An operation that takes most of what breaks its schema looks at nothing."""
    for check, what in _NOTHING.items():
        for name, alike in _by([one for one in found if one.check == check], lambda one: one.operation):
            taken = sum(one.seen for one in alike)
            if len(alike) >= _PLACES and taken >= _SHARE * (taken + ledger.passed[str(name), CHECKS[check].kind]):
                yield Group(what, alike)


def _refused(finding: Finding) -> bool | None:
    return (finding.check == "valid-accepted" and finding.observed.startswith("401")) or None


def _crash(finding: Finding) -> tuple[str, str] | None:
    """What a crash looks like, without what changes from one to the next."""
    return (finding.what, re.sub(r"\w*\d[\w-]*", "", finding.observed)) if finding.check == "no-crash" else None


def _refused_everywhere(found: list[Finding], _: Ledger) -> Iterator[Group]:
    """Operations that refuse every request with 401 were given credentials that do not work."""
    for _status, alike in _by(found, _refused):
        if len(alike) > 1:
            yield Group("refuses the credentials of the profile", alike)


def _same_crash(found: list[Finding], _: Ledger) -> Iterator[Group]:
    """Crashes with the same answer."""
    for _answer, alike in _by(found, _crash):
        yield Group(alike[0].what, alike)


def _same_header(found: list[Finding], _: Ledger) -> Iterator[Group]:
    """A header that is missing is one thing, wherever it is declared."""
    for _name, alike in _by(found, lambda one: one.what if one.check == "header-required" else None):
        yield Group(alike[0].what, alike)


def _everywhere(found: list[Finding], ledger: Ledger) -> Iterator[Group]:
    """What is told of most operations that were looked at, in the same words, is done for all of them in one place."""
    tried: Counter[Kind] = Counter()
    looked = {*ledger.passed, *((one.operation, one.kind) for one in found)}
    for _operation, kind in looked:
        tried[kind] += 1
    for _words, alike in _by(found, lambda one: (one.check, one.what, one.aspect)):
        names = {one.operation for one in alike}
        if len(names) >= _EVERYWHERE and len(names) >= _SHARE * tried[alike[0].kind]:
            yield Group(alike[0].what, alike)


def _same_cause(found: list[Finding], _: Ledger) -> Iterator[Group]:
    for _cause, alike in _by(found, lambda one: one.cause):
        yield Group(alike[0].what, alike)


def _by(found: list[Finding], key: Callable[[Finding], Hashable]) -> list[tuple[Hashable, tuple[Finding, ...]]]:
    """Findings that have a key, by it."""
    made: dict[Hashable, list[Finding]] = defaultdict(list)
    for finding in found:
        if (name := key(finding)) is not None:
            made[name].append(finding)
    return [(name, tuple(alike)) for name, alike in made.items()]
