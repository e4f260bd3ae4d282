"""Durations of a contract: texts in ISO 8601, read as times."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

_DURATION = re.compile(
    r"P(?:(?P<weeks>\d+)W)?(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


def duration(text: Any) -> timedelta | None:
    """An ISO 8601 duration; a year counts 365 days and a month 30. None where the text is none, or lasts longer than history."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) and len(text) > 2 else None
    if match is None:
        return None
    try:
        parts = {name: int(number) for name, number in match.groupdict(default="0").items()}
        days = parts.pop("years") * 365 + parts.pop("months") * 30 + parts.pop("days")
        return timedelta(days=days, **parts)
    except (OverflowError, ValueError):
        return None
