"""A baseline: findings that are known and accepted for a while, each with a reason and the last day on which that holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tillspec import acceptances, toml
from tillspec.acceptances import Acceptance, Form
from tillspec.toml import FILL_ME
from tillspec.verify.grouping import Group


def _names(value: Any) -> tuple[str, ...] | None:
    return (value,) if isinstance(value, str) and value else None


_FORM = Form(
    table="accepted",
    noun="an entry",
    key="id",
    further=("operation", "what"),
    hint='write the id that the report has, such as id = "challenge-1a2b3c4d"',
    reason='say why it may stay for now, such as reason = "mended with release 2.4"',
    names=_names,
    wrong="an id is no text",
)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is accepted, by the id of the finding."""

    entries: Mapping[str, Acceptance] = field(default_factory=dict)

    def of(self, group: Group) -> Acceptance | None:
        """What accepts a group: an entry with its id, or entries for every finding in it."""
        if group.id in self.entries:
            return self.entries[group.id]
        found = [self.entries.get(finding.id) for finding in group.findings]
        whole = [entry for entry in found if entry is not None]
        return min(whole, key=lambda entry: entry.until) if len(whole) == len(found) else None

    def stale(self, groups: Iterable[Group]) -> list[Acceptance]:
        """The entries of which nothing was found."""
        known = {finding.id for group in groups for finding in group.findings}
        return [entry for entry in self.entries.values() if entry.names[0] not in known]


def read(text: str) -> Baseline:
    """The baseline that a TOML text holds: a table `[[accepted]]` for each finding.

    Raises:
        toml.Mistake: it is no TOML, or an entry is not whole.
    """
    return Baseline({entry.names[0]: entry for entry in acceptances.read(text, _FORM)})


def written(groups: Sequence[Group], kept: Baseline = Baseline()) -> str:
    """A baseline that accepts every MUST of a run; what an earlier one says of it is kept, the rest is to be filled in."""
    lines = ["# Findings of tillspec verify that are accepted for a while. `until` is the last day of it.", ""]
    for group in groups:
        if group.severity != "MUST":
            continue
        known = kept.of(group)
        until = known.until.isoformat() if known else f'"{FILL_ME}"'
        lines += [
            "[[accepted]]",
            f"id = {toml.written(group.id)}",
            f"operation = {toml.written(', '.join(group.operations))}",
            f"what = {toml.written(group.what)}",
            f"reason = {toml.written(known.reason if known else FILL_ME)}",
            f"until = {until}  # a date, such as 2027-01-31" if known is None else f"until = {until}",
            "",
        ]
    return "\n".join(lines)
