"""`delivery` of `x-behavior` to a record: how a webhook is tried, and tried again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tillspec.api.durations import duration
from tillspec.runtime.behavior import Delivery

_STATUS = re.compile(r"[1-5]([0-9][0-9]|XX)")
_MOST_TRIES, _MOST_FACTOR = 100, 10


def delivery(value: Any) -> Delivery | None:
    """What a webhook declares of its deliveries, with each wait worked out; None where that is not of the published form."""
    words = value if isinstance(value, dict) else {}
    timeout, retries = duration(words.get("timeout")), _waits(words.get("retries"))
    if not timeout or retries is None:
        return None
    event_id = words.get("event-id")
    return Delivery(
        timeout=timeout,
        retries=retries,
        delivered=_statuses(words.get("delivered")) or ("2XX",),
        ends=_statuses(words.get("ends")),
        event_id=event_id if isinstance(event_id, str) else None,
    )


def _waits(value: Any) -> tuple[timedelta, ...] | None:
    if isinstance(value, dict):
        return _backoff(value)
    read = [duration(item) for item in value] if isinstance(value, list) else [None]
    waits = tuple(wait for wait in read if wait)
    return waits if len(waits) == len(read) <= _MOST_TRIES else None


def _backoff(words: Mapping[str, Any]) -> tuple[timedelta, ...] | None:
    """Waits of which each is `factor` times the one before, up to the longest, in whole seconds."""
    times, factor, first = words.get("times"), words.get("factor", 1), duration(words.get("first"))
    longest = duration(words.get("longest")) if "factor" in words else first
    if not first or not longest or not isinstance(times, int) or not isinstance(factor, int | float):
        return None
    if not 1 <= times <= _MOST_TRIES or not 1 <= factor <= _MOST_FACTOR:
        return None
    seconds = [min(first.total_seconds() * factor**number, longest.total_seconds()) for number in range(times)]
    return tuple(timedelta(seconds=round(each)) for each in seconds)


def _statuses(value: Any) -> tuple[str, ...]:
    texts = [str(item) for item in value if isinstance(item, int | str)] if isinstance(value, list) else []
    return tuple(text for text in texts if _STATUS.fullmatch(text))
