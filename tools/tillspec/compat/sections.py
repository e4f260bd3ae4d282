"""Changes as people read them: by operation, those that break first, and what many operations share told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tillspec.compat.change import Change, Group, grouped
from tillspec.compat.rules import Severity

_MOST = 3
WHOLE = "the contract as a whole"


@dataclass(frozen=True, slots=True)
class Section:
    """What changed for one operation, or for several at once."""

    operations: tuple[str, ...]
    groups: tuple[Group, ...]


def sections(changes: Iterable[Change]) -> list[Section]:
    """The sections, the one with the gravest change first, else in the order of the document."""
    found: dict[tuple[str, ...], list[Group]] = {}
    for group in grouped(changes):  # by severity, so that the first section has the gravest
        found.setdefault(group.operations, []).append(group)
    return [Section(operations, tuple(groups)) for operations, groups in found.items()]


def few(names: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
    """The names that are told, and how many more there are."""
    return (names, 0) if len(names) <= _MOST + 1 else (names[:_MOST], len(names) - _MOST)


def counts(changes: Iterable[Change]) -> str:
    """How many of what, in words: `2 breaking, 1 warning, 3 info`; a change that many messages share counts once."""
    numbers = dict.fromkeys(Severity, 0)
    for group in grouped(changes):
        numbers[group.first.severity] += 1
    named = {Severity.BREAKING: "breaking", Severity.WARNING: "warning", Severity.INFO: "info"}
    told = [f"{number} {named[severity]}{'s' * (severity is Severity.WARNING and number > 1)}"
            for severity, number in numbers.items() if number]  # fmt: skip
    return ", ".join(told) or "no change"
