"""The sandbox's clock, which tests can stop and move on."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final

SECOND: Final = 1_000_000
"""In microseconds, as all times of the database are."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def micros(span: timedelta) -> int:
    """A span in whole microseconds."""
    return span // timedelta(microseconds=1)


def moment(at: int) -> datetime:
    """A time in microseconds as a `datetime` in UTC."""
    return _EPOCH + timedelta(microseconds=at)


def real() -> int:
    """What the machine's clock says, in microseconds."""
    return time.time_ns() // 1000
