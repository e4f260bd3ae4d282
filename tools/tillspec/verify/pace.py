"""The pace of a run: the profile's rate, and what a server that limits the rate asks for (429; RFC 6585, section 4)."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from tillspec.verify.exchange import Answer

LONGEST_WAIT = 90.0
"""Seconds that one wait may take where the run has no end: a window of a minute is usual."""
LONGEST_WAITS = 1800.0
"""Seconds that all waits together may take where the run has no end."""
_STUCK = 6
"""How often nothing at all gets through before it is given up."""
_ALONE = 3
"""How often a request is refused while all others get through, until that is its answer."""
_MOST = 50
_SHUT = 60.0
"""Seconds for which nothing more is sent to an operation that was given up."""
LIMITED = "the server limits the rate (429) more than the run can wait for"
_SHORTEST = 0.05
_UNSAID = 1.0


class OutOfTime(Exception):
    """The time that the run may take is over."""


class Limited(OutOfTime):
    """The server limits the rate, and asks to wait longer than the run can."""


@dataclass(slots=True)
class Refusals:
    """How often one call was refused with 429: in all, with nothing getting through, and with everything else getting through."""

    through: int
    refused: int
    tries: int = 0
    stuck: int = 0
    alone: int = 0

    def count(self, pace: Pace) -> None:
        """One more, and what became of other calls since the last one."""
        others = pace.through > self.through, pace.refused > self.refused
        self.tries += 1
        self.stuck = 0 if others[0] else self.stuck + 1
        self.alone = 0 if others[1] else self.alone + others[0]
        self.through, self.refused = pace.through, pace.refused


@dataclass(slots=True)
class Pace:
    """When the next request may be sent.

    `rate` is the profile's, in requests a second; `ends` is when the run is over, by the monotonic clock; None for never.
    `through` counts the answers that were no 429, `refused` those that were.
    """

    rate: float | None = None
    ends: float | None = None
    through: int = 0
    refused: int = 0
    _next: float = 0.0
    _resumes: float = 0.0
    _waited: float = 0.0
    _shut: dict[str, float] = field(default_factory=dict)

    def begin(self) -> Refusals:
        """The refusals of a call that was not sent yet."""
        return Refusals(self.through, self.refused)

    async def turn(self, operation: str) -> None:
        """Wait until a request to an operation may be sent.

        Raises:
            OutOfTime: the run is over before.
            Limited: the server wants none before the run is over.
        """
        now = time.monotonic()
        if self._shut.get(operation, 0.0) > now:
            raise Limited(LIMITED)
        when = max(now, self._resumes, self._next if self.rate is not None else now)
        if self.ends is not None and when > self.ends:
            raise Limited(LIMITED) if self._resumes > self.ends else OutOfTime
        if self.rate is not None:
            self._next = when + 1 / self.rate
        if when > now:
            await asyncio.sleep(when - now)

    def goes_through(self) -> None:
        """An answer was no 429."""
        self.through += 1

    def is_final(self, operation: str, refusals: Refusals, answer: Answer) -> bool:
        """Whether a 429 is the answer to its request, and no matter of the rate. If not, the next turn is as late as it asks for,
        or never where that is too late, or nothing gets through however long it is waited.
        """
        refusals.count(self)
        self.refused += 1
        refusals.refused = self.refused
        if refusals.alone >= _ALONE or refusals.tries >= _MOST:
            return True
        said = retry_after(answer)
        wait = max(said if said is not None else _UNSAID * 2 ** max(refusals.stuck - 1, 0), _SHORTEST)
        now = time.monotonic()
        if refusals.stuck >= _STUCK or not self._can_wait(now, wait):
            self._shut[operation] = now + max(wait, _SHUT)
            return False
        self._waited += max(now + wait - max(now, self._resumes), 0.0)
        self._resumes = max(self._resumes, now + wait)
        return False

    def _can_wait(self, now: float, wait: float) -> bool:
        if self.ends is not None:
            return now + wait <= self.ends
        return wait <= LONGEST_WAIT and self._waited + wait <= LONGEST_WAITS


def retry_after(answer: Answer) -> float | None:
    """The seconds that an answer asks to wait for: a number, or a date (RFC 9110, section 10.2.3), by the server's own clock
    where it tells it. None where it says neither.
    """
    text = answer.header("retry-after") or ""
    if text.isascii() and text.isdigit():
        return float(text)
    until = _time(text)
    if until is None:
        return None
    now = _time(answer.header("date") or "")
    return max(until - (time.time() if now is None else now), 0.0)


def _time(text: str) -> float | None:
    """A date of HTTP in seconds since 1970; None where it is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
