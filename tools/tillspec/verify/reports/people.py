"""The report for people, on 80 columns: lines of spans, each a style and a text."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator

from tillspec.verify.findings import Untested
from tillspec.verify.reports.outcome import Found, Outcome, State

Span = tuple[str, str]
"""A style (`bad`, `warn`, `good`, `dim`, `strong`, or none), and a text without control characters."""
Line = tuple[Span, ...]

_WIDTH = 80
_STYLES = {State.FAILED: "bad", State.ACCEPTED: "dim", State.NOTED: "warn"}
_VERDICTS = ("good", "bad", "warn")
_MOST_NAMES = 6
_LONGEST = 8_000


def lines(outcome: Outcome, *, verbose: bool = False, width: int = _WIDTH) -> Iterator[Line]:
    """The whole report: findings, what a baseline says, what was not tested, and the verdict last.

    Args:
        outcome: what is told.
        verbose: whether findings that only inform (INFO) are told in full as well, and not in a line each.
        width: the columns that such a line may have.
    """
    brief = [] if verbose else [found for found in outcome.found if found.is_information]
    for found in outcome.found:
        if found not in brief:
            yield from finding(found)
            yield ()
    if len(brief) < len(outcome.found):
        yield (("dim", "--html and --json have a test for pytest of each finding as well"),)
        yield ()
    yield from _briefly(brief, width)
    for entry in outcome.stale:
        yield from _wrapped("warn", "baseline ", f"{', '.join(entry.names)} was not found any more; remove it from the baseline")
    yield from [()] if outcome.stale else []
    yield from _untested(outcome)
    yield from _incomplete(outcome)
    if outcome.unfilled:
        count = len(outcome.unfilled)
        still = f"still stands at {count} place{'s' * (count != 1)} of the profile: {_names(outcome.unfilled)}"
        yield from _wrapped("warn", "FILL_ME     ", still)
        yield ()
    yield (("", outcome.effort),)
    yield from _random(outcome)
    yield ((_VERDICTS[outcome.exit], outcome.summary),)


def plain(outcome: Outcome) -> str:
    """The whole report as a text without styles."""
    return as_text(lines(outcome))


def clean(text: str) -> str:
    """A text without what a terminal would obey: what does not print is shown as a replacement character."""
    return "".join(char if char.isprintable() else " " if char in "\n\t\r" else "\N{REPLACEMENT CHARACTER}" for char in text)


def finding(found: Found) -> Iterator[Line]:
    """A finding in full, with what shows it again, but for one that is accepted."""
    group, lead = found.group, found.group.lead
    severity = f"{group.severity} " if found.accepted is None else "accepted "
    yield (_STYLES[found.state], severity), ("strong", group.id)
    yield from _wrapped("", "  ", f"{_names(group.operations)}: {group.what}")
    yield from _wrapped("dim", "  clause    ", str(lead.clause))
    if lead.clause.file is not None:
        yield ("dim", "  pointer   "), ("", clean(f"#{lead.clause.pointer}"))
    told = [("expected", lead.expected), ("observed", lead.observed)]
    if len(group.findings) > 1:
        told.append(("cause", _cause(found)))
    if found.accepted:
        told.append(("accepted", f"until {found.accepted.until}: {found.accepted.reason}"))
    if found.expired:
        told.append(("expired", f"accepted until {found.expired.until}: {found.expired.reason}"))
    for label, text in told:
        yield from _wrapped("dim", f"  {label:<10}", text)
    if found.reproduction.curl and found.accepted is None:
        yield from _shell(found.reproduction.curl)


def as_text(lines: Iterable[Line]) -> str:
    """Lines without their styles."""
    return "".join("".join(text for _, text in line) + "\n" for line in lines)


def _briefly(brief: list[Found], width: int) -> Iterator[Line]:
    """Findings that only inform, in a line each where it is wide enough, and how to see all of them."""
    for found in brief:
        group = found.group
        severity, told = f"{group.severity} ", clean(f"{group.id}  {_names(group.operations)}: {group.what}")
        first, *others = textwrap.wrap(told, width - len(severity), subsequent_indent="  ", break_on_hyphens=False)
        yield ("", severity), ("strong", group.id), ("", first.removeprefix(group.id))
        yield from ((("", " " * len(severity) + line),) for line in others)
    if brief:
        yield (("dim", "--verbose shows what is INFO in full; so do --html and --json"),)
        yield ()


def _shell(curl: str) -> Iterator[Line]:
    """The lines for a shell, as they are; those that would fill the screen are in the other reports."""
    if len(curl) > _LONGEST:
        yield (("dim", f"  try       {len(curl):,} characters of curl, which --json and --html write"),)
        return
    for number, line in enumerate(curl.split("\n")):
        yield ("dim", "  try       " if not number else " " * 12), ("", clean(line))


def _cause(found: Found) -> str:
    """What else has the same cause."""
    group = found.group
    others = [what for what in dict.fromkeys(one.what for one in group.findings) if what != group.what]
    more = f"; also: {'; '.join(others[:3])}{' and more' if len(others) > 3 else ''}" if others else ""
    where = f", in {len(group.operations)} operations" if len(group.operations) > 1 else ""
    return f"{len(group.findings)} findings with one cause{where}{more}"


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


def _random(outcome: Outcome) -> Iterator[Line]:
    """How much of each operation the random engine covered, in a sentence."""
    covered = outcome.coverage.get("random", {})
    if not covered:
        return
    cut = [name for name, one in covered.items() if one["cut"]]
    cases = sum(one["cases"] for one in covered.values())
    accepted = sum(one["accepted"] for one in covered.values())
    told = f"{cases:,} cases, {accepted:,} of them past the checks of form; {len(covered) - len(cut)} operations in full"
    if cut:
        told += f", in part for want of time: {_names(tuple(cut))}"
    yield from _wrapped("dim", "random      ", told)


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
