"""The server's time: moved on by the profile's hook, or waited for; and what time it is there, as far as answers tell."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from tillspec.verify import control
from tillspec.verify.exchange import Exchange
from tillspec.verify.run import Run
from tillspec.verify.world import World

LONGEST_WAIT = 6.0
"""Seconds that are waited for where the clock cannot be moved on."""
_MOST_TIMES = 50


@asynccontextmanager
async def as_new(run: Run, world: World) -> AsyncIterator[float]:
    """Begin with a server that is as new, and leave it so, where the profile says how. Gives the seconds that it took."""

    async def reset() -> None:
        world.forget()
        if control.has(run, "reset"):
            await control.reset(run)

    began = time.monotonic()
    await reset()
    try:
        yield time.monotonic() - began
    finally:
        with suppress(control.NotDone):
            await reset()


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment on both clocks: our own, and how far the server's was moved on; in seconds."""

    own: float
    ahead: float


@dataclass(slots=True)
class Timeline:
    """How the server's time goes on. Its clock may run by itself, or stand still but for what moves it.

    So between two moments it went on by what it was moved at least, and by our own time in addition at most. `margin` is how many
    seconds before an end it is tried: more for a server that is slow to move its clock on.
    """

    run: Run
    margin: float = 1.0
    moves: bool = field(init=False)

    def __post_init__(self) -> None:
        self.moves = control.has(self.run, "advance")

    def now(self) -> Moment:
        """The present."""
        return Moment(time.monotonic(), self.run.credentials.ahead)

    def most(self, since: Moment) -> float:
        """The seconds at most that passed for the server since a moment."""
        return self.now().own - since.own + self.run.credentials.ahead - since.ahead

    def least(self, since: Moment) -> float:
        """The seconds at least that passed for the server since a moment."""
        moved = self.run.credentials.ahead - since.ahead
        return moved if self.moves else self.now().own - since.own

    def can_pass(self, seconds: float) -> bool:
        """Whether so much time can be let pass."""
        return self.moves or seconds <= LONGEST_WAIT

    async def until_before(self, since: Moment, seconds: float) -> None:
        """Let time pass so that less than `seconds` have passed since a moment, by little more than the margin.

        Raises:
            control.NotDone: the clock could not be moved on.
        """
        missing = seconds - self.margin - self.most(since)
        await self._pass(math.floor(missing) if self.moves else missing)

    async def until_after(self, since: Moment, seconds: float) -> None:
        """Let time pass so that more than `seconds` have passed since a moment, by a second or two.

        Raises:
            control.NotDone: the clock could not be moved on.
        """
        await self._pass(math.ceil(seconds + 1 - self.least(since)) if self.moves else seconds + 1 - self.least(since))

    async def _pass(self, seconds: float) -> None:
        if seconds <= 0:
            return
        if self.moves:
            began = time.monotonic()
            await control.advance(self.run, timedelta(seconds=seconds))
            self.margin = max(1.0, 2 * (time.monotonic() - began))
        else:
            await asyncio.sleep(seconds)


@dataclass(slots=True)
class Boundary:
    """An end, `seconds` (give or take the `slack`) after something was made between two moments; what is tried around it."""

    seconds: float
    began: Moment
    made: Moment
    before: Callable[[], Awaitable[None]]
    after: Callable[[], Awaitable[None]]
    slack: float = 0.0


# -- what time it is -----------------------------------------------------------------------------------------------------


def instant(value: object) -> datetime | None:
    """The time that a value shows: a date-time of RFC 3339, or seconds or milliseconds since 1970; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float) and 1e9 < value < 1e14:
        return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
    if not isinstance(value, str) or len(value) < len("2026-01-01T00:00"):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def clocks(run: Run, exchange: Exchange) -> list[datetime]:
    """The times that it may be at the server when it answered, the likeliest first: by its `Date`, by our own clock, both with
    how far the clock was moved on, and any time that the answer shows.
    """
    ahead = timedelta(seconds=run.credentials.ahead)
    found = [datetime.now(UTC)]
    date = exchange.answer.header("date")
    if date is not None:
        with suppress(ValueError, TypeError):
            found.insert(0, parsedate_to_datetime(date).astimezone(UTC))
    return [*(one + ahead for one in found), *found, *_times(exchange.answer.value)]


def _times(value: Any) -> Iterator[datetime]:
    waiting = [value]
    for _ in range(_MOST_TIMES):
        if not waiting:
            return
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        elif (found := instant(one)) is not None:
            yield found
