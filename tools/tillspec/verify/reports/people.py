"""The report for people, on 80 columns: lines of spans, each a style and a text."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterator

from tillspec.verify.findings import Untested
from tillspec.verify.reports.outcome import Found, Outcome, State

Span = tuple[str, str]
"""A style (`bad`, `warn`, `good`, `dim`, `strong`, or none), and a text without control characters."""
Line = tuple[Span, ...]

_WIDTH = 80
_STYLES = {State.FAILED: "bad", State.ACCEPTED: "dim", State.NOTED: "warn"}
_VERDICTS = ("good", "bad", "warn")
_MOST_NAMES = 6
_LONGEST = 2_000


def lines(outcome: Outcome, *, curl: bool = True) -> Iterator[Line]:
    """The whole report: findings, what a baseline says, what was not tested, and the verdict last."""
    for found in outcome.found:
        yield from _finding(found, curl=curl and found.counts)
        yield ()
    for entry in outcome.stale:
        yield from _wrapped("warn", "baseline ", f"{entry.id} was not found any more; remove it from the baseline")
    yield from [()] if outcome.stale else []
    yield from _untested(outcome)
    yield from _incomplete(outcome)
    yield (("", outcome.effort),)
    yield ((_VERDICTS[outcome.exit], outcome.summary),)


def plain(outcome: Outcome) -> str:
    """The whole report as a text without styles."""
    return "\n".join("".join(text for _, text in line) for line in lines(outcome)) + "\n"


def clean(text: str) -> str:
    """A text without what a terminal would obey: what does not print is shown as a replacement character."""
    return "".join(char if char.isprintable() else " " if char in "\n\t\r" else "\N{REPLACEMENT CHARACTER}" for char in text)


def _finding(found: Found, *, curl: bool) -> Iterator[Line]:
    group, lead = found.group, found.group.lead
    severity = f"{group.severity} " if found.accepted is None else "accepted "
    yield (_STYLES[found.state], severity), ("strong", group.id)
    yield from _wrapped("", "  ", f"{_names(group.operations)}: {group.what}")
    told = [("clause", str(lead.clause)), ("expected", lead.expected), ("observed", lead.observed)]
    if len(group.findings) > 1:
        told.append(("cause", _cause(found)))
    if found.accepted:
        told.append(("accepted", f"until {found.accepted.until}: {found.accepted.reason}"))
    if found.expired:
        told.append(("expired", f"accepted until {found.expired.until}: {found.expired.reason}"))
    for label, text in told:
        yield from _wrapped("dim", f"  {label:<10}", text)
    if curl and found.reproduction.curl:
        yield from _shell(found.reproduction.curl)


def _shell(curl: str) -> Iterator[Line]:
    """The lines for a shell, as they are; those that would fill the screen are in the other reports."""
    if len(curl) > _LONGEST:
        yield (("dim", f"  try       {len(curl):,} characters of curl, which --json and --html write"),)
        return
    for number, line in enumerate(curl.split("\n")):
        yield ("dim", "  try       " if not number else " " * 12), ("", clean(line))


def _cause(found: Found) -> str:
    group = found.group
    return f"{len(group.findings)} findings with one cause, in {len(group.operations)} of the operations"


def _names(names: tuple[str, ...]) -> str:
    """The names of operations, not too many."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _wrapped(style: str, label: str, text: str) -> Iterator[Line]:
    """A text with a label in front, on as many lines as it takes; the following ones stand below its beginning."""
    width = _WIDTH - len(label)
    parts = textwrap.wrap(clean(text), width, break_on_hyphens=False) or [""]
    for number, part in enumerate(parts):
        yield ((style, label if not number else " " * len(label)), ("", part))


def _untested(outcome: Outcome) -> Iterator[Line]:
    """What was not tested, by its reason: one profile entry that is missing is told once."""
    alike: dict[tuple[str, str], list[Untested]] = defaultdict(list)
    for item in outcome.untested:
        alike[item.reason, item.fill].append(item)
    for (reason, fill), items in alike.items():
        kinds = ", ".join(dict.fromkeys(str(item.kind) for item in items))
        yield (("warn", "NOT TESTED "), ("", clean(kinds)))
        yield from _wrapped("dim", "  ", reason)
        names = tuple(dict.fromkeys(item.operation for item in items))
        yield from _wrapped("dim", "  in        ", _names(names))
        if fill:
            yield from _wrapped("dim", "  fill in   ", fill)
    yield from [()] if alike else []


def _incomplete(outcome: Outcome) -> Iterator[Line]:
    """Why nothing can be said of the whole; operations with one reason stand together."""
    alike: dict[str, list[str]] = defaultdict(list)
    for reason in outcome.incomplete:
        name, separator, why = reason.partition(" could not be tested: ")
        if separator:
            alike[why].append(name)
        else:
            yield from _wrapped("bad", "incomplete  ", reason)
    for why, names in alike.items():
        yield from _wrapped("bad", "incomplete  ", f"{_names(tuple(names))} could not be tested: {why}")
    yield from [()] if outcome.incomplete else []
