"""Approvals: changes that are meant, each with a reason and the last day on which that holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tillspec import acceptances, toml
from tillspec.acceptances import Acceptance, Form
from tillspec.compat.change import Change, Group
from tillspec.compat.rules import Severity
from tillspec.toml import FILL_ME

_FINGERPRINT = re.compile(r"[0-9a-f]{12}")


def _names(value: Any) -> tuple[str, ...] | None:
    right = isinstance(value, list) and all(isinstance(one, str) and _FINGERPRINT.fullmatch(one) for one in value)
    return tuple(value) if right else None


_FORM = Form(
    table="approved",
    noun="an approval",
    key="fingerprints",
    further=("rule", "what"),
    hint='write what the report has in brackets, such as fingerprints = ["3fa9c1d2e4b7"]',
    reason='say why it is right, such as reason = "no caller sends it; asked all three on 2 May"',
    names=_names,
    wrong="fingerprints are no list of fingerprints",
)


@dataclass(frozen=True, slots=True)
class Approvals:
    """What is approved, and on which day that is asked."""

    entries: tuple[Acceptance, ...] = ()
    today: date = date.min
    _by: Mapping[str, Acceptance] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Acceptance], today: date) -> Approvals:
        listed = tuple(entries)
        return cls(listed, today, {name: entry for entry in listed for name in entry.names})

    def of_change(self, change: Change) -> Acceptance | None:
        """What approves a change today, if anything does."""
        entry = self._by.get(change.fingerprint)
        return entry if entry is not None and entry.counts_on(self.today) else None

    @property
    def expired(self) -> list[Acceptance]:
        """Those whose last day is over."""
        return [entry for entry in self.entries if not entry.counts_on(self.today)]

    def unused(self, changes: Iterable[Change]) -> list[tuple[Acceptance, str]]:
        """The fingerprints of which nothing was found, each with where it is approved."""
        found = {change.fingerprint for change in changes}
        return [(entry, name) for entry in self.entries for name in entry.names if name not in found]


def failing(changes: Sequence[Change], approvals: Approvals, fail_on: Severity) -> list[Change]:
    """The changes that are as grave as `fail_on`, or graver, and that nothing approves."""
    grave = list(Severity)[: list(Severity).index(fail_on) + 1]
    return [change for change in changes if change.severity in grave and approvals.of_change(change) is None]


def read(text: str, today: date) -> Approvals:
    """The approvals that a TOML text holds: a table `[[approved]]` for each.

    Raises:
        toml.Mistake: it is no TOML, or an entry is not whole.
    """
    return Approvals.of(acceptances.read(text, _FORM), today)


def written(groups: Iterable[Group], kept: str = "") -> str:
    """Entries for changes that nothing approves yet, behind what a file has already; reason and date are to be filled in."""
    head = kept.rstrip("\n") or "# Changes of the contract that are meant. `until` is the last day on which each is approved."
    blocks = [head]
    for group in groups:
        names = ", ".join(toml.written(change.fingerprint) for change in group.changes)
        first = group.first
        blocks.append(
            f"[[approved]]\nfingerprints = [{names}]\nrule = {toml.written(first.rule)}\n"
            f"what = {toml.written(': '.join(part for part in (first.operation, first.place, first.words) if part))}\n"
            f"reason = {toml.written(FILL_ME)}\nuntil = {toml.written(FILL_ME)}  # a date, such as 2027-01-31"
        )
    return "\n\n".join(blocks) + "\n"
