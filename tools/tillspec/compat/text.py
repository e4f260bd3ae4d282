"""Changes for the terminal, 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from tillspec.compat.approvals import Approvals
from tillspec.compat.change import Change, Group
from tillspec.compat.rules import Severity
from tillspec.compat.sections import WHOLE, few, sections
from tillspec.diagnostics import printable

_WIDTH = 80

Row = tuple[str, Severity | None]
"""A text of one or several lines, and the severity that it is coloured by, if any."""


def rows(changes: tuple[Change, ...], approvals: Approvals) -> Iterator[Row]:
    """All that is printed of changes, line by line."""
    for section in sections(changes):
        names, more = few(tuple(printable(name) or WHOLE for name in section.operations))
        yield _wrapped(f"{', '.join(names)}{f' and {more} more operations' if more else ''}", "", "  "), None
        for group in section.groups:
            yield from _of_group(group, approvals)
        yield "", None


def _of_group(group: Group, approvals: Approvals) -> Iterator[Row]:
    first = group.first
    held = [approvals.of_change(change) for change in group.changes]
    names, more = few(tuple(change.fingerprint for change in group.changes))
    yield f"  {first.severity}[{first.rule}]", first.severity
    places, others = few(tuple(printable(place) for place in group.places))
    where = ", ".join(places) + (f" and {others} more places" if others else "")
    yield _wrapped(f"{where}: {first.words}" if where else first.words, "    ", "    "), None
    if first.span is not None:
        yield f"    --> {printable(str(first.span))}", None
    approved = [entry for entry in held if entry is not None]
    if approved and len(approved) == len(held):
        yield _wrapped(f"approved until {approved[0].until}: {printable(approved[0].reason)}", "    ", "    "), None
    else:
        yield _wrapped(f"fingerprint {' '.join(names)}{f' and {more} more' if more else ''}", "    ", "    "), None


def _wrapped(text: str, first: str, rest: str) -> str:
    return fill(text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)
