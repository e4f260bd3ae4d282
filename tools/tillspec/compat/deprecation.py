"""What is deprecated, and until when it works: `deprecated` and `x-sunset` (RFC 8594, RFC 9745)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from tillspec.compat.change import shown

SUNSET = "x-sunset"


def sunset(value: Any) -> date | None:
    """The day that a sunset names: a date, a time (RFC 3339), an HTTP date (RFC 8594) or `@` and seconds (RFC 9745)."""
    text = str(value).strip()
    try:
        if text.startswith("@"):
            return datetime.fromtimestamp(int(text[1:]), UTC).date()
        return datetime.fromisoformat(text).date()
    except (ValueError, OverflowError, OSError):
        pass
    try:
        return parsedate_to_datetime(text).date()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def deprecation(old: Mapping[str, Any], new: Mapping[str, Any], *, whole: bool = False) -> Iterator[tuple[str, str, str]]:
    """What is found of two things that may be deprecated: the rule, its words, and its detail.

    Args:
        old: the thing as it was, with `deprecated` and `x-sunset`.
        new: the thing as it is.
        whole: whether it is an operation, of which is asked that it says until when it works.
    """
    was, now = old.get("deprecated") is True, new.get("deprecated") is True
    before, after = old.get(SUNSET), new.get(SUNSET)
    day = sunset(after) if after is not None else None
    if now and not was:
        yield "deprecation-added", "is deprecated", ""
        if whole and after is None:
            yield "deprecation-without-sunset", "is deprecated, and nothing says until when it works", ""
    elif was and not now:
        yield "deprecation-removed", "is deprecated no longer", ""
    if before == after:
        return
    words, detail = f"ends on {shown(after)}, and not on {shown(before)}", f"{before} {after}"
    if after is not None and day is None:
        yield "sunset-unreadable", f"has the sunset {shown(after)}, which is no date", str(after)
    elif day is None:
        if now:
            yield "sunset-removed", f"no longer names the day on which it ends, {shown(before)}", str(before)
    elif before is None or (first := sunset(before)) is None:
        yield "sunset-added", f"ends on {day}", str(day)
    elif day != first:
        yield ("sunset-moved-earlier" if day < first else "sunset-moved-later"), words, detail
