"""When a call is sent again, and how long it waits before.

A request is sent again only where that cannot do anything twice: it never left, or its method is idempotent (RFC 9110,
section 9.2.2), or it carries an idempotency key, or the server said that it did nothing (429).
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx

from .errors import NEVER_SENT

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_TEMPORARY = frozenset({429, 502, 503, 504})
# The request itself is at fault, or what came back: sending it again ends the same way.
_HOPELESS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


async def _sleep(seconds: float) -> None:
    import anyio  # comes with httpx, which imports it late as well

    await anyio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how patiently a call is sent again; `Retry(attempts=1)` never does.

    `attempts` counts the first one. The wait before attempt n + 1 is random between 0 and `base * 2 ** (n - 1)`, at most
    `cap` (full jitter). A `Retry-After` of the server is waited for instead, with up to `base` on top; where it is longer than
    `cap`, or the waits of one call would add up to more than `total`, the call gives up. All times are in seconds.

    `random`, `sleep`, `async_sleep`, `clock` (seconds since 1970) and `monotonic` (seconds that nobody sets, for durations and
    deadlines) can be replaced, for tests.
    """

    attempts: int = 3
    base: float = 0.2
    cap: float = 8.0
    total: float = 20.0
    random: Callable[[], float] = field(default=random.random, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    async_sleep: Callable[[float], Awaitable[None]] = field(default=_sleep, repr=False)
    clock: Callable[[], float] = field(default=time.time, repr=False)
    monotonic: Callable[[], float] = field(default=time.monotonic, repr=False)

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError("attempts counts the first one: it is at least 1")
        if not (self.base >= 0 and self.cap >= 0 and self.total >= 0):
            raise ValueError("base, cap and total are seconds: they are at least 0")


@dataclass(slots=True)
class Attempts:
    """The attempts of one call. `repeatable` says that carrying the request out twice does no harm; `keyed` that it has a key.

    No wait goes beyond `until`, a time of the clock `Retry.monotonic`.
    """

    retry: Retry
    repeatable: bool
    keyed: bool = False
    made: int = 1
    waited: float = 0.0
    until: float | None = None

    def after_error(self, error: httpx.RequestError) -> float | None:
        """The seconds to wait before the next attempt, None to give up."""
        if isinstance(error, _HOPELESS) or not isinstance(error, httpx.TransportError):
            return None
        if not (self.repeatable or isinstance(error, NEVER_SENT)):
            return None
        return self._next(None)

    def after_answer(self, status: int, headers: httpx.Headers) -> float | None:
        """The seconds to wait before the next attempt, None where the answer stands."""
        if status < 400:
            return None
        after = headers.get("retry-after")
        running = status == 409 and self.keyed and after is not None
        if not (running or status == 429 or (self.repeatable and status in _TEMPORARY)):
            return None
        return self._next(None if after is None else retry_after(after, self.retry.clock()))

    def _next(self, asked: float | None) -> float | None:
        retry = self.retry
        if self.made >= retry.attempts or (asked is not None and asked > retry.cap):
            return None
        if asked is None:
            # The exponent is bounded: a float overflows at 2.0 ** 1024.
            wait = retry.random() * min(retry.cap, retry.base * 2.0 ** min(self.made - 1, 64))
        else:
            wait = asked + retry.random() * retry.base
        if self.waited + wait > retry.total or (self.until is not None and retry.monotonic() + wait > self.until):
            return None
        self.made += 1
        self.waited += wait
        return wait


def retry_after(text: str, now: float) -> float | None:
    """The seconds that a `Retry-After` asks for: delta-seconds or an HTTP-date (RFC 9110, section 10.2.3).

    0 for a date that is over; None for a text that is neither, which counts as no header at all.
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # asctime dates and "-0000" come back without a zone; an HTTP-date is always GMT.
    return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)
