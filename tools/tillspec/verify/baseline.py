"""A baseline: findings that are known and accepted for a while, each with a reason and the last day on which that holds."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tillspec.verify.grouping import Group
from tillspec.verify.profile import FILL_ME, no_toml

_WORDS = {"id", "reason", "until", "operation", "what"}
_NEEDED = ("id", "reason", "until")


class BadBaseline(ValueError):
    """A baseline that cannot be used. `line` and `column` are where, counted from 1, where that is known."""

    def __init__(self, message: str, hint: str = "", line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.hint, self.line, self.column = hint, line, column


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that is accepted. `until` is the last day of it; `operation` is where it was found, for people."""

    id: str
    reason: str
    until: date
    operation: str = ""

    def counts_on(self, day: date) -> bool:
        """Whether the acceptance still holds."""
        return day <= self.until


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is accepted, by the id of the finding."""

    entries: Mapping[str, Accepted] = field(default_factory=dict)

    def of(self, group: Group) -> Accepted | None:
        """What accepts a group: an entry with its id, or entries for every finding in it."""
        if group.id in self.entries:
            return self.entries[group.id]
        found = [self.entries.get(finding.id) for finding in group.findings]
        whole = [entry for entry in found if entry is not None]
        return min(whole, key=lambda entry: entry.until) if len(whole) == len(found) else None

    def stale(self, groups: Iterable[Group]) -> list[Accepted]:
        """The entries of which nothing was found."""
        known = {finding.id for group in groups for finding in group.findings}
        return [entry for entry in self.entries.values() if entry.id not in known]


def read(text: str) -> Baseline:
    """The baseline that a TOML text holds: a table `[[accepted]]` for each finding.

    Raises:
        BadBaseline: it is no TOML, or an entry is not whole.
    """
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadBaseline(*no_toml(error, text)) from None
    unknown = next((key for key in value if key != "accepted"), None)
    if unknown is not None:
        raise BadBaseline(f"{unknown!r} is not known", "there is [[accepted]]", _line(text, unknown))
    listed = value.get("accepted", [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise BadBaseline("accepted is no list of tables", "write [[accepted]] above each entry", _line(text, "accepted"))
    lines = [number for number, line in enumerate(text.split("\n"), 1) if re.match(r"\s*\[\[\s*accepted\s*\]\]", line)]
    entries: dict[str, Accepted] = {}
    for index, given in enumerate(listed):
        entry = _entry(given, lines[index] if index < len(lines) else None)
        if entry.id in entries:
            raise BadBaseline(f"{entry.id} is accepted twice", "remove one of the two", _line(text, entry.id, 2))
        entries[entry.id] = entry
    return Baseline(entries)


def _entry(given: dict[str, Any], line: int | None) -> Accepted:
    for key in given:
        if key not in _WORDS:
            raise BadBaseline(f"{key!r} is not known", f"there are {', '.join(sorted(_WORDS))}", line)
    for key in _NEEDED:
        if key not in given:
            raise BadBaseline(f"an entry has no {key}", _HINTS[key], line)
    identifier, reason, until = (given[key] for key in _NEEDED)
    if not isinstance(identifier, str) or not identifier:
        raise BadBaseline("an id is no text", _HINTS["id"], line)
    if not isinstance(reason, str) or not reason.strip() or FILL_ME in reason:
        raise BadBaseline(f"{identifier} has no reason", _HINTS["reason"], line)
    if isinstance(until, str):
        until = _date(until)
    if isinstance(until, datetime) or not isinstance(until, date):
        raise BadBaseline(f"until of {identifier} is no date", _HINTS["until"], line)
    return Accepted(identifier, reason.strip(), until, str(given.get("operation", "")))


_HINTS = {
    "id": 'write the id that the report has, such as id = "challenge-1a2b3c4d"',
    "reason": 'say why it may stay for now, such as reason = "mended with release 2.4"',
    "until": "write the last day on which it is accepted, such as until = 2027-01-31",
}


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _line(text: str, near: str, which: int = 1) -> int | None:
    found = [number for number, line in enumerate(text.split("\n"), 1) if near in line]
    return found[which - 1] if len(found) >= which else found[-1] if found else None


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
            f"id = {_text(group.id)}",
            f"operation = {_text(', '.join(group.operations))}",
            f"what = {_text(group.what)}",
            f"reason = {_text(known.reason if known else FILL_ME)}",
            f"until = {until}  # a date, such as 2027-01-31" if known is None else f"until = {until}",
            "",
        ]
    return "\n".join(lines)


def _text(text: str) -> str:
    """A text as TOML has it: a basic string is escaped as in JSON, but for DEL, which JSON leaves as it is."""
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")
