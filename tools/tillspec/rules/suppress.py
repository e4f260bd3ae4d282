"""Suppressions: `x-lint-ignore: {code: reason}` on any object, for what is found in it and below it, in the file that it is in.

It belongs to the place where it is written. What an object brings in by `$ref` was written elsewhere, and is suppressed there,
for all who use it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from tillspec.diagnostics import CODES, Diagnostic
from tillspec.pointer import Pointer, join
from tillspec.source import Source, Span

KEY = "x-lint-ignore"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One code, where it is suppressed, and why."""

    source: Source
    above: Pointer
    code: str
    reason: Any

    @property
    def place(self) -> Span:
        return Span(self.source, join(self.above, KEY, self.code), key=True)

    def covers(self, finding: Diagnostic) -> bool:
        """Whether a finding is one that is suppressed."""
        place = finding.place
        if finding.code != self.code or place is None or place.source is not self.source:
            return False
        return place.pointer == self.above or place.pointer.startswith(f"{self.above}/")


def apply(findings: Iterable[Diagnostic], sources: Iterable[Source], known: Container[str]) -> list[Diagnostic]:
    """The findings that nothing suppresses, and those about the suppressions themselves. Codes that are not `known` are kept."""
    suppressions = [one for source in sources if KEY in source.text for one in _read(source, source.value, "")]
    valid = [one for one in suppressions if one.code in known and _is_reason(one.reason)]
    kept, used = [], set[int]()
    for finding in findings:
        covering = [index for index, one in enumerate(valid) if one.covers(finding)]
        used.update(covering)
        if not covering:
            kept.append(finding)
    kept += (
        _told("suppression-unused", one, f"nothing is found here that {one.code!r} would suppress", "remove it")
        for i, one in enumerate(valid)
        if i not in used
    )
    return [*kept, *_broken(suppressions, known)]


def _read(source: Source, value: Any, pointer: Pointer) -> Iterator[Suppression]:
    if isinstance(value, dict):
        given = value.get(KEY)
        for code, reason in given.items() if isinstance(given, dict) else ():
            yield Suppression(source, pointer, str(code), reason)
        for name, item in value.items():
            if name != KEY and isinstance(item, dict | list):
                yield from _read(source, item, join(pointer, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict | list):
                yield from _read(source, item, join(pointer, index))


def _broken(suppressions: list[Suppression], known: Container[str]) -> Iterator[Diagnostic]:
    for one in suppressions:
        if one.code not in known:
            close = get_close_matches(one.code, [code for code in CODES if code in known], n=1)
            hint = f"did you mean {close[0]}?" if close else "tillspec lint --explain all lists them"
            what = "is an error of the document, and cannot be suppressed" if one.code in CODES else "is no rule of lint"
            yield _told("suppression-unknown", one, f"{one.code!r} {what}", hint)
        elif not _is_reason(one.reason):
            hint = f"say in a sentence why it is right here, as in {one.code}: the vendor's own limit"
            yield _told("suppression-reason", one, f"{one.code!r} is suppressed here without a reason", hint)


def _told(code: str, one: Suppression, message: str, hint: str) -> Diagnostic:
    return Diagnostic(code, message, one.place, hint, CODES[code].severity)


def _is_reason(reason: Any) -> bool:
    return isinstance(reason, str) and bool(reason.strip())
