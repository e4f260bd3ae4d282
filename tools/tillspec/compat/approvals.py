"""Approvals: changes that are meant, each with a reason and the last day on which that holds."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tillspec.compat.change import Change, Group
from tillspec.compat.rules import Severity

FILL_ME = "FILL_ME"
_WORDS = ("fingerprints", "reason", "until", "rule", "what")
_FINGERPRINT = re.compile(r"[0-9a-f]{12}")
_HINTS = {
    "fingerprints": 'write what the report has in brackets, such as fingerprints = ["3fa9c1d2e4b7"]',
    "reason": 'say why it is right, such as reason = "no caller sends it; asked all three on 2 May"',
    "until": "write the last day on which it is approved, such as until = 2027-01-31",
}


class BadApprovals(ValueError):
    """Approvals that cannot be used; `line` and `column` count from 1."""

    def __init__(self, message: str, hint: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.hint, self.line, self.column = hint, line, column


@dataclass(frozen=True, slots=True)
class Approval:
    """Changes that are meant. `until` is the last day of it; `line` is where it stands in its file."""

    fingerprints: tuple[str, ...]
    reason: str
    until: date
    line: int


@dataclass(frozen=True, slots=True)
class Approvals:
    """What is approved, and on which day that is asked."""

    entries: tuple[Approval, ...] = ()
    today: date = date.min
    _by: Mapping[str, Approval] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Approval], today: date) -> Approvals:
        listed = tuple(entries)
        return cls(listed, today, {name: entry for entry in listed for name in entry.fingerprints})

    def of_change(self, change: Change) -> Approval | None:
        """What approves a change today, if anything does."""
        entry = self._by.get(change.fingerprint)
        return entry if entry is not None and self.today <= entry.until else None

    @property
    def expired(self) -> list[Approval]:
        """Those whose last day is over."""
        return [entry for entry in self.entries if entry.until < self.today]

    def unused(self, changes: Iterable[Change]) -> list[tuple[Approval, str]]:
        """The fingerprints of which nothing was found, each with where it is approved."""
        found = {change.fingerprint for change in changes}
        return [(entry, name) for entry in self.entries for name in entry.fingerprints if name not in found]


def failing(changes: Sequence[Change], approvals: Approvals, fail_on: Severity) -> list[Change]:
    """The changes that are as grave as `fail_on`, or graver, and that nothing approves."""
    grave = list(Severity)[: list(Severity).index(fail_on) + 1]
    return [change for change in changes if change.severity in grave and approvals.of_change(change) is None]


def read(text: str, today: date) -> Approvals:
    """The approvals that a TOML text holds: a table `[[approved]]` for each.

    Raises:
        BadApprovals: it is no TOML, or an entry is not whole.
    """
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _no_toml(text, error) from None
    for key in value:
        if key != "approved":
            raise BadApprovals(f"{key!r} is not known", "there is [[approved]]", *_place(text, key))
    listed = value.get("approved", [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise BadApprovals("approved is no list of tables", "write [[approved]] above each entry", *_place(text, "approved"))
    starts = [match.start() for match in re.finditer(r"(?m)^[ \t]*\[\[[ \t]*approved[ \t]*\]\]", text)]
    seen: set[str] = set()
    entries = []
    for number, given in enumerate(listed):
        entry = _Entry(text, starts[number] if number < len(starts) else 0, given).approval()
        for name in entry.fingerprints:
            if name in seen:
                raise BadApprovals(f"{name} is approved twice", "remove one of the two", entry.line)
            seen.add(name)
        entries.append(entry)
    return Approvals.of(entries, today)


def _no_toml(text: str, error: tomllib.TOMLDecodeError) -> BadApprovals:
    found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
    message = re.sub(r" \(at .*\)$", "", str(error))
    last = text.split("\n")
    line, column = (int(found[1]), int(found[2])) if found else (len(last), len(last[-1]) + 1)
    return BadApprovals(f"this is no TOML: {message}", "see https://toml.io", line, column)


def _place(text: str, key: str, begin: int = 0) -> tuple[int, int]:
    """The line and the column of a key behind an offset; of the offset itself, where the key is not found."""
    found = re.compile(rf'(?m)^[ \t]*(?:\[\[?[ \t]*)?["\']?({re.escape(key)})["\']?').search(text, begin)
    offset = found.start(1) if found else begin
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


class _Entry:
    """One table of the file."""

    def __init__(self, text: str, begin: int, given: dict[str, Any]) -> None:
        self.text, self.begin, self.given = text, begin, given

    def approval(self) -> Approval:
        for key in self.given:
            if key not in _WORDS:
                raise self._bad(f"{key!r} is not known", f"there are {', '.join(_WORDS)}", key)
        for key in ("fingerprints", "reason", "until"):
            if key not in self.given:
                raise self._bad(f"an approval has no {key}", _HINTS[key], "approved")
        names, reason, until = (self.given[key] for key in ("fingerprints", "reason", "until"))
        if (
            not isinstance(names, list)
            or not names
            or not all(isinstance(one, str) and _FINGERPRINT.fullmatch(one) for one in names)
        ):
            raise self._bad("fingerprints are no list of fingerprints", _HINTS["fingerprints"], "fingerprints")
        if not isinstance(reason, str) or not reason.strip() or FILL_ME in reason:
            raise self._bad("an approval has no reason", _HINTS["reason"], "reason")
        if isinstance(until, datetime) or not isinstance(until, date):
            raise self._bad("until is no date", _HINTS["until"], "until")
        return Approval(tuple(names), reason.strip(), until, self._place("approved")[0])

    def _bad(self, message: str, hint: str, key: str) -> BadApprovals:
        return BadApprovals(message, hint, *self._place(key))

    def _place(self, key: str) -> tuple[int, int]:
        return _place(self.text, key, self.begin)


def written(groups: Iterable[Group], kept: str = "") -> str:
    """Entries for changes that nothing approves yet, behind what a file has already; reason and date are to be filled in."""
    head = kept.rstrip("\n") or "# Changes of the contract that are meant. `until` is the last day on which each is approved."
    blocks = [head]
    for group in groups:
        names = ", ".join(_text(change.fingerprint) for change in group.changes)
        first = group.first
        blocks.append(
            f"[[approved]]\nfingerprints = [{names}]\nrule = {_text(first.rule)}\n"
            f"what = {_text(': '.join(part for part in (first.operation, first.place, first.words) if part))}\n"
            f"reason = {_text(FILL_ME)}\nuntil = {_text(FILL_ME)}  # a date, such as 2027-01-31"
        )
    return "\n\n".join(blocks) + "\n"


def _text(text: str) -> str:
    """A text as TOML has it: a basic string is escaped as in JSON, but for DEL, which JSON leaves as it is."""
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")
