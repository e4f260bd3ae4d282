"""Changes as Markdown, for a comment on a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.compat.approvals import Approvals
from tillspec.compat.change import Group, quoted
from tillspec.compat.compare import Comparison
from tillspec.compat.sections import WHOLE, counts, few, sections

_MARKS = {"breaking": "**breaking**", "warning": "warning", "info": "info"}


def markdown(comparison: Comparison, approvals: Approvals) -> str:
    """A document; all that comes from a contract stands in code spans, where nothing is markup."""
    lines = [f"## Changes from {quoted(comparison.old)} to {quoted(comparison.new)}", "", f"{counts(comparison.changes)}."]
    for section in sections(comparison.changes):
        names, more = few(section.operations)
        title = ", ".join(quoted(name) if name else WHOLE for name in names)
        lines += ["", f"### {title}{f' and {more} more operations' if more else ''}", ""]
        lines += [line for group in section.groups for line in _of_group(group, approvals)]
    return "\n".join(lines) + "\n"


def _of_group(group: Group, approvals: Approvals) -> Iterator[str]:
    first = group.first
    places, more = few(tuple(quoted(place) for place in group.places if place))
    where = ", ".join(places) + (f" and {more} more places" if more else "")
    held = [approvals.of_change(change) for change in group.changes]
    reasons = [entry for entry in held if entry is not None]
    note = f" (approved until {reasons[0].until})" if reasons and len(reasons) == len(held) else ""
    yield f"- {_MARKS[first.severity]} {where}{': ' if where else ''}{first.words}{note}"
    place = f"; {quoted(str(first.span))}" if first.span is not None else ""
    yield f"  <br>{quoted(first.rule)}, {quoted(first.fingerprint)}{place}"
