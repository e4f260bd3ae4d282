"""Findings by cause: one broken thing is one group, whichever operations and however many values show it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, field, replace
from typing import TypeVar

from tillspec.verify.checks import CHECKS, Kind
from tillspec.verify.findings import Clause, Finding, Ledger, Severity

_RULES = {"rule-enforced", "total-enforced", "among", "malformed-refused"}
_LENIENT = {"malformed-refused"}
"""Checks of which a few findings of one operation have one reason already: a parser that knows another language."""
_REFUSED = re.compile(r"-(refused|enforced)$")
"""Checks that find that a request is accepted which must not be."""
_OF_ANSWERS = {Kind.RESPONSES, Kind.MONEY}
"""Kinds of which every answer is judged, whatever the request was."""
_SCENARIO_STATUS = re.compile(r"^\$statusCode == (\d+)$")
_SCENARIO_PLACE = re.compile(r"\$response\.body#(?:/[^\s/]+)*/([A-Za-z_][^\s/]*)")
"""What a scenario expects of an answer: its status, or the property of this name."""
_TOLD_APART = {"no-crash", "no-internals"}
"""What a failure of the server says that is not said by the failure alone."""

Key = TypeVar("Key", bound=Hashable)
_PLACES, _SHARE = 4, 0.6
_EVERYWHERE = 3
_ORDER = {check: index for index, check in enumerate(CHECKS)}
_GRAVITY = list(Severity)
_NOTHING = {
    ("invalid-body-refused",): "validates nothing of the body",
    ("invalid-parameter-refused",): "validates nothing of the parameters",
    ("malformed-refused",): "takes bodies for JSON that are none",
    ("credentials-required", "credentials-checked", "credentials-location"): "checks no credentials",
}
"""Checks of which one operation may have many findings for one reason: that nothing of a part of a request is looked at."""


@dataclass(frozen=True, slots=True)
class Group:
    """Findings with one cause: those that name it in the order of the contract, then what follows from it.

    `id` is that of the first; `what` names the cause.
    """

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


def groups(ledger: Ledger, operations: Mapping[str, str | None]) -> list[Group]:
    """The findings of a run by cause, the gravest first, and else in the order of the contract.

    Args:
        ledger: what the run found.
        operations: the surface of every operation, by its id, in the order of the contract.
    """
    place = {name: index for index, name in enumerate(operations)}
    found = [replace(finding, seen=ledger.counts[key]) for key, finding in ledger.found.items()]
    found.sort(key=lambda one: _rank(one, place))
    seen = _Seen(ledger, operations, found)
    made: list[Group] = []
    ways = (
        _nothing, _refused_everywhere, _same_crash, _same_scenarios, _same_header, _everywhere, _on_a_surface, _same_cause,
    )  # fmt: skip
    for gather in ways:
        taken = list(gather(found, seen))
        made += taken
        gone = {one.id for group in taken for one in group.findings}
        found = [one for one in found if one.id not in gone]
    made = _with_consequences(made)
    return sorted(made, key=lambda group: (_GRAVITY.index(group.severity), _rank(group.findings[0], place)))


def _rank(finding: Finding, place: Mapping[str, int]) -> tuple[object, ...]:
    order = place.get(finding.operation, len(place))
    return order, finding.operation, _ORDER[finding.check], finding.clause.pointer, finding.aspect


@dataclass(slots=True)
class _Seen:
    """What was looked at: the operations of which each kind of check was made."""

    ledger: Ledger
    surfaces: Mapping[str, str | None]
    found: InitVar[list[Finding]]
    tried: dict[Kind, set[str]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self, found: list[Finding]) -> None:
        for operation, kind in {*self.ledger.passed, *((one.operation, one.kind) for one in found)}:
            self.tried[kind].add(operation)

    def surface(self, finding: Finding) -> str | None:
        return self.surfaces.get(finding.operation)

    def most(self, alike: Sequence[Finding], surface: str | None = None) -> bool:
        """Whether findings concern most of the operations that were looked at, of all or of a surface."""
        names = {one.operation for one in alike}
        tried = {name for name in self.tried[alike[0].kind] if surface is None or self.surfaces.get(name) == surface}
        return len(names) >= _EVERYWHERE and len(names) >= _SHARE * len(tried)


# -- causes --------------------------------------------------------------------------------------------------------------


def _nothing(found: list[Finding], seen: _Seen) -> Iterator[Group]:
    """An operation that takes most of what it must refuse looks at nothing; so do several of one surface, for one reason."""
    for checks, what in _NOTHING.items():
        bundles: list[tuple[Finding, ...]] = []
        for name, alike in _by([one for one in found if one.check in checks], lambda one: one.operation):
            taken = sum(one.seen for one in alike)
            passed = seen.ledger.passed[str(name), alike[0].kind]
            if len(alike) >= _PLACES and (taken >= _SHARE * (taken + passed) or checks[0] in _LENIENT):
                bundles.append(alike)
        for surface, together in _by([one for bundle in bundles for one in bundle], seen.surface):
            if seen.most(together, None if surface is None else str(surface)):
                yield Group(what, (*together, *_following(found, together, checks)))
                continue
            for bundle in bundles:
                if seen.surface(bundle[0]) == surface:
                    yield Group(what, (*bundle, *_following(found, bundle, checks)))


def _following(found: list[Finding], bundle: tuple[Finding, ...], checks: tuple[str, ...]) -> Iterator[Finding]:
    """Nothing else is enforced by what does not look at the body at all."""
    names = {one.operation for one in bundle}
    if "invalid-body-refused" in checks:
        yield from (one for one in found if one.check in _RULES and one.operation in names)


def _refused(finding: Finding) -> bool:
    return finding.check == "valid-accepted" and finding.observed.startswith("401")


def _crash(finding: Finding) -> tuple[str, str] | bool:
    """What a crash looks like, without what changes from one to the next."""
    return (finding.what, re.sub(r"\w*\d[\w-]*", "", finding.observed)) if finding.check == "no-crash" else False


def _refused_everywhere(found: list[Finding], _: _Seen) -> Iterator[Group]:
    """Operations that refuse every request with 401 were given credentials that do not work."""
    for _status, alike in _by(found, _refused):
        if len(alike) > 1:
            yield Group("refuses the credentials of the profile", alike)


def _same_crash(found: list[Finding], _: _Seen) -> Iterator[Group]:
    """Crashes with the same answer, and what is wrong with that answer because it is one of a crash."""
    left = [one for one in found if one.check not in _TOLD_APART and one.steps and one.steps[-1].answer.status >= 500]
    for _answer, alike in _by(found, _crash):
        names = {one.operation for one in alike}
        after = [one for one in left if one.operation in names]
        left = [one for one in left if one.operation not in names]
        yield Group(alike[0].what, (*alike, *after))


def _same_scenarios(found: list[Finding], _: _Seen) -> Iterator[Group]:
    """Scenarios that end at one operation, for the same status or the same property of its answer, end for one reason."""
    for _step, alike in _by(found, _scenario_step):
        if len(alike) > 1:
            yield Group(f"does not run as {len(alike)} scenarios say", alike)


def _scenario_step(finding: Finding) -> tuple[object, ...] | bool:
    """The operation at which a scenario ended, and the status or the property that was not as expected there; `False` where
    neither was.
    """
    if finding.check != "scenario" or not finding.steps:
        return False
    place = _SCENARIO_PLACE.search(finding.expected)
    if place is None and _SCENARIO_STATUS.search(finding.expected) is None:
        return False
    status = finding.steps[-1].answer.status
    return finding.operation, place[1] if place is not None else finding.expected, status, finding.severity


def _same_header(found: list[Finding], _: _Seen) -> Iterator[Group]:
    """A header that is missing is one thing, wherever it is declared."""
    for _name, alike in _by(found, lambda one: one.what if one.check == "header-required" else False):
        yield Group(alike[0].what, alike)


def _everywhere(found: list[Finding], seen: _Seen) -> Iterator[Group]:
    """What is told of most operations that were looked at, in the same words, is done for all of them in one place."""
    for _words, alike in _by(found, _words_of):
        if seen.most(alike):
            yield Group(alike[0].what, alike)


def _on_a_surface(found: list[Finding], seen: _Seen) -> Iterator[Group]:
    """The same of one surface alone."""
    for (surface, *_), alike in _by(found, lambda one: (seen.surface(one), *_words_of(one))):
        if surface is not None and seen.most(alike, surface):
            yield Group(alike[0].what, alike)


def _with_consequences(made: list[Group]) -> list[Group]:
    """Groups without those that follow from others, which are put below their causes."""
    shown = {id(one.steps[-1]): group for group in made if not _is_of_answers(group) for one in group.findings if one.steps}
    following: dict[str, list[Finding]] = defaultdict(list)
    kept = []
    for group in made:
        cause = _shown_elsewhere(group, made) if group.check == "scenario" else _same_request(group, shown)
        if cause is None or group.severity is not cause.severity:
            kept.append(group)
        else:
            following[cause.id] += group.findings
    return [replace(group, findings=(*group.findings, *following[group.id])) for group in kept]


def _is_of_answers(group: Group) -> bool:
    """Whether a group is about answers, whatever the requests were."""
    if group.check in _TOLD_APART or _REFUSED.search(group.check):
        return False
    return group.kind in (*_OF_ANSWERS, Kind.SCENARIOS)


def _same_request(group: Group, shown: Mapping[int, Group]) -> Group | None:
    """What shows already that a request must not come to that answer, if the answer is wrong in nothing but such cases."""
    steps = group.lead.steps if _is_of_answers(group) else ()
    cause = shown.get(id(steps[-1])) if steps else None
    return cause if cause is not None and group.seen <= cause.seen else None


def _shown_elsewhere(scenario: Group, made: list[Group]) -> Group | None:
    """What finds the same at the operation where scenarios end: the status, or a property, that they expect."""
    status, place = _SCENARIO_STATUS.search(scenario.lead.expected), _SCENARIO_PLACE.search(scenario.lead.expected)
    for group in made:
        for one in group.findings if group.check != "scenario" else ():
            same_status = status is not None and one.expected == status[1]
            same_place = place is not None and f"/properties/{place[1]}/" in f"{one.clause.pointer}/"
            if one.operation == scenario.lead.operation and (same_status or same_place):
                return group
    return None


def _words_of(finding: Finding) -> tuple[str, str, str]:
    return finding.check, finding.what, finding.aspect


def _same_cause(found: list[Finding], _: _Seen) -> Iterator[Group]:
    for _cause, alike in _by(found, lambda one: one.cause):
        yield Group(alike[0].what, alike)


def _by(found: list[Finding], key: Callable[[Finding], Key]) -> list[tuple[Key, tuple[Finding, ...]]]:
    """Findings by a key; those without one are left out where it is `False`."""
    made: dict[Key, list[Finding]] = defaultdict(list)
    for finding in found:
        if (name := key(finding)) is not False:
            made[name].append(finding)
    return [(name, tuple(alike)) for name, alike in made.items()]
