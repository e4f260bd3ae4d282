"""Which changes of a contract concern a repo: what breaks a caller is another thing than what breaks a server.

A caller breaks where the new contract refuses what the old one took, or answers what the old one did not: a comparison of the old
with the new finds that. A server breaks where it keeps to the old contract and no longer to the new one: a comparison the other
way round finds that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import wrap

from tillspec.compat.change import Change, grouped
from tillspec.compat.compare import compare
from tillspec.compat.released import VERSION_RULES
from tillspec.compat.rules import Severity
from tillspec.diagnostics import Report, printable
from tillspec.document.bundle import Bundle
from tillspec.document.select import select
from tillspec.request import Request

_WIDTH = 80
_QUOTED = re.compile(r"`([^`]*)`")
_VERBS = frozenset(
    re.findall(
        r"\S+",
        "added removed became required optional refused allowed tightened loosened changed lowered raised shortened lengthened "
        "narrowed widened opened closed exclusive inclusive dropped weakened strengthened withdrawn read only writable write "
        "readable",
    )
)
_OPPOSITE = {"client": "server", "server": "client", "both": "both"}


@dataclass(frozen=True, slots=True)
class Concern:
    """A change, and whether it breaks the repo."""

    change: Change
    breaks: bool


def concerns(old: Bundle, new: Bundle, role: str) -> list[Concern]:
    """What changed from an old contract to a new one, and what of it breaks a repo of a role that keeps to the old one."""
    today = datetime.now(UTC).date()
    changes = [change for change in compare(old, new, today).changes if change.rule not in VERSION_RULES]
    broken: set[str] = set()
    unseen: list[Change] = []
    if role != "server":
        broken |= {change.fingerprint for change in changes if change.severity is Severity.BREAKING}
    if role != "client":
        for back in compare(new, old, today).changes:
            if back.rule in VERSION_RULES or back.severity is not Severity.BREAKING:
                continue
            same = {one.fingerprint for one in _seen_from_the_other_side(back, changes)}
            broken |= same
            unseen += [] if same else [back]
    return [Concern(change, change.fingerprint in broken) for change in changes] + [Concern(change, True) for change in unseen]


def _seen_from_the_other_side(back: Change, changes: list[Change]) -> list[Change]:
    """The changes that a change of the opposite comparison is: at the same place, about the same thing, of the same value."""
    found = [one for one in changes if (one.operation, one.place) == (back.operation, back.place)]
    found = [one for one in found if _subject(one.rule) == _subject(back.rule)] or found
    return [one for one in found if _QUOTED.findall(one.words) == _QUOTED.findall(back.words)] or found


def _subject(rule: str) -> frozenset[str]:
    """What a rule is about, whichever way it has changed: `request-enum-value` of `request-enum-value-added`."""
    return frozenset(rule.split("-")) - _VERBS


def part(whole: Bundle, surfaces: Iterable[str]) -> Bundle:
    """A contract with a repo's surfaces alone; all of it, where it does not know them."""
    report = Report()
    chosen = select(whole, surfaces, report)
    return whole if report.failed else chosen


def check_overlay(whole: Bundle, adapted: Bundle, request: Request, report: Report) -> list[Concern]:
    """What overlays change, and whether that narrows the contract for a repo's role; what does and is not allowed is reported.

    A server must still keep the contract as its owner wrote it, so that what would break its callers narrows it. A caller calls
    servers that keep the owner's, so that what would break them narrows it. Where the API is, a repo may say as it likes.
    """
    if not request.overlays:
        return []
    role = _OPPOSITE.get(request.role, "both")
    found = concerns(part(whole, request.surfaces), part(adapted, request.surfaces), role)
    told = [Concern(one.change, one.breaks and bool(request.role) and not _is_allowed(one.change, request)) for one in found]
    files = ", ".join(path.name for path in request.overlays)
    for change in (one.change for one in told if one.breaks):
        where = ": ".join(word for word in (change.operation, change.place) if word)
        hint = (
            f'leave it out of {files}, or allow it in tillspec.toml: allow-narrowing = ["{change.fingerprint}"], '
            f'or "{change.rule}" for all such'
        )
        report.error("overlay-narrows", f"{where}: {change.words} ({change.rule})", change.span, hint)
    return told


def _is_allowed(change: Change, request: Request) -> bool:
    return change.rule.startswith("server-") or change.fingerprint in request.narrowing or change.rule in request.narrowing


def lines(changes: Iterable[Change]) -> Iterator[str]:
    """Changes for people, 80 columns wide; a change that many messages share is told once."""
    for group in grouped(changes):
        first = group.first
        where = _few(group.operations) or "the contract"
        places = _few(group.places)
        text = f"{where}: {f'{places}: ' if places else ''}{first.words}"
        yield from wrap(printable(text), _WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False)
        yield f"    {first.rule} {first.fingerprint}"


def _few(names: tuple[str, ...], most: int = 3) -> str:
    named = [name for name in names if name]
    more = f" and {len(named) - most} more" if len(named) > most else ""
    return ", ".join(named[:most]) + more
