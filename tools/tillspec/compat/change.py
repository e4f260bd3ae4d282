"""One change between two contracts, and changes that are one to a reader."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tillspec.compat.rules import RULES, Severity
from tillspec.diagnostics import printable
from tillspec.source import Span

_LONGEST = 120
_ORDER = {severity: number for number, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found at one place of a message or an operation, before it is known which operations have it.

    Attributes:
        rule: a key of `RULES`.
        words: what changed, in a sentence without its end; texts of the contract stand in backquotes.
        detail: what tells it from another change by this rule at this place.
        old: the pointer in the old bundle, None where there is nothing.
        new: the pointer in the new bundle.
        at: where in the message, below the place that is looked at.
    """

    rule: str
    words: str
    detail: str = ""
    old: str | None = None
    new: str | None = None
    at: str = ""

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise KeyError(f"{self.rule} stands in no table of rules")


@dataclass(frozen=True, slots=True)
class Change:
    """A change, and whom it concerns.

    Attributes:
        rule: a key of `RULES`.
        operation: whom it concerns: `POST /orders`, `webhook orderMoved`; empty for the document.
        place: where in the messages of the operation: `request body /amount`; empty for the operation itself.
        words: what changed, in a sentence without its end; texts of the contract stand in backquotes.
        old: where a person wrote it in the old contract; None where there is nothing.
        new: where a person wrote it in the new contract.
        fingerprint: names the change, whatever lines and files it stands in.
    """

    rule: str
    operation: str
    place: str
    words: str
    old: Span | None
    new: Span | None
    fingerprint: str

    @property
    def severity(self) -> Severity:
        return RULES[self.rule].severity

    @property
    def span(self) -> Span | None:
        """Where to point: at the new contract, or where that has nothing, at the old one."""
        return self.new or self.old


@dataclass(frozen=True, slots=True)
class Group:
    """Changes that have one cause: one rule at one place of the contract, which several messages share."""

    changes: tuple[Change, ...]

    @property
    def first(self) -> Change:
        return self.changes[0]

    @property
    def operations(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(change.operation for change in self.changes))

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(change.place for change in self.changes))


def fingerprint(rule: str, operation: str, place: str, detail: str) -> str:
    """A name that follows from what changed alone, and so survives other changes, moved schemas and split files."""
    text = json.dumps([rule, operation, place, detail], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def grouped(changes: Iterable[Change]) -> list[Group]:
    """The gravest first, then by operation, in the order of the document."""
    found: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        places = [(span.source.uri, span.pointer) if span else None for span in (change.old, change.new)]
        found.setdefault((change.rule, change.words, *places), []).append(change)
    groups = [Group(tuple(one)) for one in found.values()]
    return sorted(groups, key=lambda group: _ORDER[group.first.severity])


def quoted(value: str) -> str:
    """A text of a contract as it stands in a sentence: in backquotes, on one line, of which nothing is markup."""
    text = printable(value.replace("\n", " ")).replace("`", "'")
    return f"`{text if len(text) <= _LONGEST else text[:_LONGEST] + ' …'}`"


def shown(value: Any) -> str:
    """A JSON value as it stands in a sentence."""
    return quoted(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True))


def canonical(value: Any) -> str:
    """One text for all JSON values that are equal: `1.0` and `1` are, `true` and `1` are not."""
    return json.dumps(_plain(value), ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
