"""The sandbox's clock: read, stopped, started, and moved on. It never goes back: what has expired stays expired."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, StringConstraints
from sqlalchemy import Connection, select

from tillspec.sandbox import clock, schema, spans, state
from tillspec.sandbox.control.answers import Asked, Problem
from tillspec.sandbox.control.desk import Desk, Nothing, instant
from tillspec.sandbox.state import State

_LAST: Final = datetime(3000, 1, 1, tzinfo=UTC)
"""Where the clock ends: what is made then still has times that can be written."""


class Freeze(Asked):
    """Stop the clock, at a time to come or where it is."""

    at: AwareDatetime | None = None


class Advance(Asked):
    """Move the clock on by a span."""

    by: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)]


class Set(Asked):
    """Set the clock to a time to come."""

    now: AwareDatetime


def view(now: State) -> dict[str, Any]:
    """What the clock says."""
    return {"now": instant(now.now()), "frozen": now.frozen is not None}


async def read(desk: Desk, asked: Nothing) -> dict[str, Any]:
    """What the clock says."""
    return view(await desk.sandbox.store.state())


async def freeze(desk: Desk, asked: Freeze) -> dict[str, Any]:
    """Stops it."""

    def stopped(connection: Connection) -> dict[str, Any]:
        now = _locked(connection)
        return _moved(connection, now, _later(now, asked.at), stop=True)

    return dict(await desk.write(stopped))


async def unfreeze(desk: Desk, asked: Nothing) -> dict[str, Any]:
    """Lets it run on from where it stands."""

    def started(connection: Connection) -> dict[str, Any]:
        now = _locked(connection)
        if now.frozen is None:
            return view(now)
        state.change(connection, clock_offset=now.frozen - clock.real(), clock_frozen=None)
        return view(state.read(connection))

    return dict(await desk.write(started))


async def advance(desk: Desk, asked: Advance) -> dict[str, Any]:
    """Moves it on; it stands still or runs as before."""
    try:
        span = spans.Span.read(asked.by)
    except spans.BadSpan as error:
        raise Problem(422, "invalid_span", f"by: {error}", f"For a span, {spans.FORMS}.") from None

    def moved(connection: Connection) -> dict[str, Any]:
        now = _locked(connection)
        try:
            later = span.after(now.moment())
        except OverflowError:
            later = datetime.max.replace(tzinfo=UTC)
        return _moved(connection, now, _micros(later), stop=now.frozen is not None)

    return dict(await desk.write(moved))


async def put(desk: Desk, asked: Set) -> dict[str, Any]:
    """Sets it; it stands still or runs as before."""

    def moved(connection: Connection) -> dict[str, Any]:
        now = _locked(connection)
        return _moved(connection, now, _later(now, asked.now), stop=now.frozen is not None)

    return dict(await desk.write(moved))


def _locked(connection: Connection) -> State:
    """The shared row, which nobody else changes before the transaction ends."""
    connection.execute(select(schema.state.c.one).with_for_update())
    return state.read(connection)


def _later(now: State, at: datetime | None) -> int:
    if at is None:
        return now.now()
    found = _micros(at)
    if found < now.now():
        raise Problem(
            409, "clock_goes_forwards", f"The clock stands at {instant(now.now())}, which is later.",
            "Name a time to come, or reset the sandbox.",
        )  # fmt: skip
    return found


def _micros(at: datetime) -> int:
    return clock.micros(at - clock.moment(0))


def _moved(connection: Connection, now: State, at: int, *, stop: bool) -> dict[str, Any]:
    if at > _micros(_LAST):
        raise Problem(422, "too_late", f"The clock ends in the year {_LAST.year}.", "Name an earlier time, or a shorter span.")
    if stop:
        state.change(connection, clock_frozen=at)
    else:
        state.change(connection, clock_offset=now.offset + at - now.now())
    return view(state.read(connection))
