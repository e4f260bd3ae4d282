"""Spans of time as people write them: `5m`, `1h30m`, or an ISO 8601 duration such as `PT5M` or `P1Y`."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

_ISO: Final = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:[.,]\d{1,6})?)S)?)?"
)
_SHORT: Final = re.compile(
    r"(?:(?P<weeks>\d+)w)?(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+(?:\.\d{1,6})?)s)?"
    r"(?:(?P<milliseconds>\d+)ms)?"
)
_LONGEST: Final = 40
FORMS: Final = "write it as 5m, 1h30m or 250ms, or as an ISO 8601 duration such as PT5M"


class BadSpan(ValueError):
    """A text that is no span of time."""


@dataclass(frozen=True, slots=True)
class Span:
    """Months, which are as long as the calendar says, and an exact time beside them."""

    months: int
    exact: timedelta

    @classmethod
    def read(cls, text: str) -> Self:
        """Reads a span that is more than nothing.

        Raises:
            BadSpan: it is neither form, is nothing, or is longer than a `timedelta` holds.
        """
        found = (_ISO.fullmatch(text) or _SHORT.fullmatch(text)) if len(text) <= _LONGEST else None
        parts = {name: value for name, value in found.groupdict().items() if value is not None} if found else {}
        if not parts or text.endswith("T"):
            raise BadSpan(f"{text[:_LONGEST]!r} is no span of time; {FORMS}")
        months = int(parts.pop("years", "0")) * 12 + int(parts.pop("months", "0"))
        try:
            exact = timedelta(**{name: float(value.replace(",", ".")) for name, value in parts.items()})
        except OverflowError:
            raise BadSpan(f"{text!r} is longer than any clock runs") from None
        if not months and not exact:
            raise BadSpan(f"{text!r} is nothing; {FORMS}")
        return cls(months, exact)

    def after(self, start: datetime) -> datetime:
        """The time that is later by it: first by the months, to the last day of a shorter one, then by the rest.

        Raises:
            OverflowError: it is later than a `datetime` can be.
        """
        years, month = divmod(start.month - 1 + self.months, 12)
        year = start.year + years
        if year > 9999:
            raise OverflowError
        day = min(start.day, calendar.monthrange(year, month + 1)[1])
        return start.replace(year=year, month=month + 1, day=day) + self.exact


def exact(text: str) -> timedelta:
    """Reads a span whose length does not depend on a calendar.

    Raises:
        BadSpan: see `Span.read`; or it has months or years.
    """
    span = Span.read(text)
    if span.months:
        raise BadSpan(f"{text!r}: a month has no fixed length; write days")
    return span.exact


def shown(span: timedelta) -> str:
    """A span in the short form: `1h30m`, `250ms`."""
    seconds, rest = divmod(span // timedelta(milliseconds=1), 1000)
    found = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            found.append(f"{count}{unit}")
    if rest:
        found.append(f"{rest}ms")
    return "".join(found) or "0s"
