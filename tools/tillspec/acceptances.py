"""What people accept for a while, in a file: each with a reason and the last day on which that holds.

A baseline of `verify` and the approvals of `diff` are such files. Each entry is a table `[[name]]` with the key by which it names
what it accepts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tillspec import toml
from tillspec.toml import FILL_ME, Mistake


@dataclass(frozen=True, slots=True)
class Form:
    """What a file of acceptances looks like.

    Attributes:
        table: the name of its tables.
        noun: an entry in words, with its article.
        key: the key that names what is accepted.
        further: keys that are for people alone.
        hint: an example of `key`, with what to write.
        reason: an example of a reason.
        names: what `key` names by its value; None where that is nothing that can be named.
        wrong: what is told of such a value.
    """

    table: str
    noun: str
    key: str
    further: tuple[str, ...]
    hint: str
    reason: str
    names: Callable[[Any], tuple[str, ...] | None]
    wrong: str

    def hint_of(self, key: str) -> str:
        """What to write for a key that an entry must have."""
        return {
            self.key: self.hint,
            "reason": self.reason,
            "until": f"write the last day on which it is {self.table}, such as until = 2027-01-31",
        }[key]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One entry: what it accepts, why, and until when, that day included. `line` is where it begins, `given` all that it says."""

    names: tuple[str, ...]
    reason: str
    until: date
    line: int = field(default=1, compare=False)
    given: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def counts_on(self, day: date) -> bool:
        """Whether it still holds on a day."""
        return day <= self.until


def read(text: str, form: Form) -> list[Acceptance]:
    """The entries of a file.

    Raises:
        Mistake: it is no TOML, says what is not known, an entry is not whole, or two accept the same.
    """
    value, header = toml.read(text), f"[[{form.table}]]"
    for key in value:
        if key != form.table:
            raise Mistake(f"{key!r} is not known", f"there is {header}", *toml.place(text, key))
    listed = value.get(form.table, [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        message = f"{form.table} is no list of tables"
        raise Mistake(message, f"write {header} above each entry", *toml.place(text, form.table))
    starts = [found.start() for found in re.finditer(rf"(?m)^[ \t]*\[\[[ \t]*{form.table}[ \t]*\]\]", text)]
    seen: set[str] = set()
    entries = []
    for number, given in enumerate(listed):
        entry = _Entry(form, text, starts[number] if number < len(starts) else 0, given)
        entries.append(entry.whole(seen))
        seen.update(entries[-1].names)
    return entries


@dataclass(frozen=True, slots=True)
class _Entry:
    form: Form
    text: str
    begin: int
    given: dict[str, Any]

    def whole(self, seen: set[str]) -> Acceptance:
        """What the entry says; `seen` is what others accept already."""
        form, needed = self.form, (self.form.key, "reason", "until")
        for key in self.given:
            if key not in (*needed, *form.further):
                raise self._wrong(key, f"{key!r} is not known", f"there are {', '.join(sorted((*needed, *form.further)))}")
        for key in needed:
            if key not in self.given:
                raise self._wrong(form.table, f"{form.noun} has no {key}", form.hint_of(key))
        names = form.names(self.given[form.key])
        if not names:
            raise self._wrong(form.key, form.wrong, form.hint)
        for name in names:
            if name in seen:
                raise self._wrong(form.key, f"{name} is {form.table} twice", "remove one of the two")
        reason, until = self.given["reason"], _date(self.given["until"])
        if not isinstance(reason, str) or not reason.strip() or FILL_ME in reason:
            raise self._wrong("reason", f"{names[0]} has no reason", form.hint_of("reason"))
        if until is None:
            raise self._wrong("until", f"until of {names[0]} is no date", form.hint_of("until"))
        return Acceptance(names, reason.strip(), until, toml.place(self.text, form.table, self.begin)[0], self.given)

    def _wrong(self, key: str, message: str, hint: str) -> Mistake:
        return Mistake(message, hint, *toml.place(self.text, key, self.begin))


def _date(value: Any) -> date | None:
    """A day, written as TOML's date or as a text."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) and not isinstance(value, datetime) else None
