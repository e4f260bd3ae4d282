"""Whether `info.version` has moved as far as the changes demand: as a semantic version (semver.org), or as a date."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from tillspec.compat.change import Change, Finding, quoted
from tillspec.compat.rules import RULES, Kind, Severity

_SEMANTIC = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(.*)", re.DOTALL)
_WHERE = "/info/version"
_LEVELS = ("major", "minor", "patch")

Semantic = tuple[int, int, int]


def semantic(version: str) -> tuple[Semantic, str] | None:
    """A semantic version, and what comes before its release; None where it is none."""
    match = _SEMANTIC.fullmatch(version.strip())
    return ((int(match[1]), int(match[2]), int(match[3] or 0)), match[4] or "") if match else None


def dated(version: str) -> tuple[date, str] | None:
    """The date that a version begins with, and what follows; None where there is none."""
    match = _DATE.fullmatch(version.strip())
    try:
        return (date(int(match[1]), int(match[2]), int(match[3])), match[4]) if match else None
    except ValueError:
        return None


def version(old: str, new: str, changes: Sequence[Change]) -> Iterator[Finding]:
    """What is found of two versions, given all other changes."""
    if not changes and old == new:
        return
    for words, rule in _judged(old, new, changes):
        yield Finding(rule, words, f"{old} {new} {_demand(changes) if rule.endswith('little') else ''}".strip(), _WHERE, _WHERE)


def _judged(old: str, new: str, changes: Sequence[Change]) -> Iterator[tuple[str, str]]:
    if old == new:
        demand = _demand(changes)
        what = {"major": "breaking changes", "minor": "additions", "patch": "changes"}[demand]
        yield f"there are {what}, and the version is {quoted(old)} as before", "version-not-moved"
        return
    days = dated(old), dated(new)
    if days[0] and days[1]:
        if days[1] < days[0]:
            yield f"{quoted(new)} is earlier than {quoted(old)}", "version-went-back"
        return
    numbers = semantic(old), semantic(new)
    if not numbers[0] or not numbers[1]:
        return
    (before, early), (after, earlier) = numbers[0], numbers[1]
    if after < before or (after == before and earlier and (not early or _precedence(earlier) < _precedence(early))):
        yield f"{quoted(new)} is lower than {quoted(old)}", "version-went-back"
    elif changes and _moved(before, after) > _LEVELS.index(_asked(before, changes)) and not (early and after == before):
        level = _asked(before, changes)
        yield (
            f"these changes ask for a new {level} version after {quoted(old)}, and {quoted(new)} is none",
            "version-moved-too-little",
        )


def _precedence(early: str) -> list[tuple[bool, int, str]]:
    """Identifiers of a pre-release in their order: numbers before words (semver.org, clause 11)."""
    return [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in early.split(".")]


def _moved(before: Semantic, after: Semantic) -> int:
    return next((number for number in range(3) if before[number] != after[number]), 3)


def _demand(changes: Sequence[Change]) -> str:
    if any(change.severity is Severity.BREAKING for change in changes):
        return "major"
    return "minor" if any(_adds(change) for change in changes) else "patch"


def _adds(change: Change) -> bool:
    """Whether a user gets something by a change; of an answer that keeps a stricter bound, nobody does."""
    rule = RULES[change.rule]
    is_kept = rule.id.startswith("response-") and rule.kind is Kind.CHANGED and rule.severity is Severity.INFO
    return not is_kept


def _asked(before: Semantic, changes: Sequence[Change]) -> str:
    """What is to move; before 1.0.0 a minor version may break (clause 4), and a patch may add."""
    demand = _demand(changes)
    return _LEVELS[min(_LEVELS.index(demand) + 1, 2)] if before[0] == 0 else demand
