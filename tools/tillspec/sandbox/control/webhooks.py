"""Webhooks and callbacks: seen, sent again, twice, later, in another order, or never."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import Connection

from tillspec.sandbox import delivery_overrides as overrides
from tillspec.sandbox import merchants, outbox, spans, state
from tillspec.sandbox.control.answers import Asked, Problem
from tillspec.sandbox.control.desk import Desk, Nothing, instant
from tillspec.sandbox.outbox import Delivery
from tillspec.sandbox.state import State

_Id = Annotated[str, StringConstraints(max_length=64)]


class Listed(Asked):
    """Which deliveries: of a merchant, or about a session; the newest `limit`."""

    merchant: str | None = None
    session: str | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 50


class Delay(Asked):
    """How much later."""

    by: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)]


class Reorder(Asked):
    """In which order they are sent."""

    ids: Annotated[tuple[_Id, ...], Field(min_length=2, max_length=100)]


def view(found: Delivery) -> dict[str, Any]:
    """A delivery in a list. The last try's status or error is told; the tries themselves with the delivery alone."""
    last = found.attempts[-1] if found.attempts else {}
    return {
        "id": found.id, "merchant": found.merchant, "operation": found.operation, "session": found.session, "event": found.event,
        "method": found.method, "url": found.url, "state": "sending" if found.sending else found.state, "tries": found.tries,
        "created_at": instant(found.created_at), "due_at": instant(found.due_at), "waits_for": found.waits_for,
        "status": last.get("status"), "error": last.get("error"),
    }  # fmt: skip


def whole(found: Delivery) -> dict[str, Any]:
    """A delivery, with what is sent and what came of each try."""
    tries = [{**each, "at": instant(each["at"])} for each in found.attempts]
    return {**view(found), "headers": dict(found.headers), "body": found.body.decode("utf-8", "replace"), "attempts": tries}


async def listed(desk: Desk, asked: Listed) -> dict[str, Any]:
    """The newest deliveries, and the merchants for whom they are kept back."""

    def found(connection: Connection) -> dict[str, Any]:
        newest = outbox.listed(connection, merchant=asked.merchant, session=asked.session, most=asked.limit)
        return {"webhooks": [view(each) for each in newest], "held": overrides.held(connection)}

    return dict(await desk.read(found))


async def one(desk: Desk, asked: Nothing, webhook: str) -> dict[str, Any]:
    """A delivery, with what is sent and what came of each try."""
    found = await desk.read(lambda connection: outbox.find(connection, webhook))
    if found is None:
        raise _unknown()
    return whole(found)


async def resend(desk: Desk, asked: Nothing, webhook: str) -> dict[str, Any]:
    """Sends it now, whatever became of it."""
    return await _do(desk, lambda connection, now: overrides.resend(connection, now, webhook))


async def duplicate(desk: Desk, asked: Nothing, webhook: str) -> dict[str, Any]:
    """Sends the same event a second time."""
    return await _do(desk, lambda connection, now: overrides.duplicate(connection, now, webhook))


async def drop(desk: Desk, asked: Nothing, webhook: str) -> dict[str, Any]:
    """Never sends it, or not again."""
    return await _do(desk, lambda connection, now: overrides.drop(connection, webhook))


async def delay(desk: Desk, asked: Delay, webhook: str) -> dict[str, Any]:
    """Puts its next try off, by the sandbox's clock."""
    try:
        by: timedelta = spans.exact(asked.by)
    except spans.BadSpan as error:
        raise Problem(422, "invalid_span", f"by: {error}", f"For a span, {spans.FORMS}.") from None
    return await _do(desk, lambda connection, now: overrides.delay(connection, now, webhook, by))


async def reorder(desk: Desk, asked: Reorder) -> dict[str, Any]:
    """Sends some in another order, each when the one before it has been tried."""
    done = await _overridden(desk, lambda connection, now: overrides.reorder(connection, asked.ids))
    return {"webhooks": [view(each) for each in done]}


async def hold(desk: Desk, asked: Nothing, merchant: str) -> dict[str, Any]:
    """Keeps back all that is for a merchant."""
    await _overridden(desk, lambda connection, now: overrides.hold(connection, merchant))
    return {"held": await desk.read(overrides.held)}


async def release(desk: Desk, asked: Nothing, merchant: str) -> dict[str, Any]:
    """Sends what was kept back."""

    def released(connection: Connection, now: State) -> None:
        merchants.take(connection, merchant)
        if merchant not in overrides.held(connection):
            raise overrides.NotPossible(f"nothing is kept back for {merchant}")
        overrides.release(connection, merchant)

    await _overridden(desk, released)
    return {"held": await desk.read(overrides.held)}


async def _do(desk: Desk, work: Callable[[Connection, State], Delivery]) -> dict[str, Any]:
    return view(await _overridden(desk, work))


async def _overridden(desk: Desk, work: Callable[[Connection, State], Any]) -> Any:
    try:
        return await desk.write(lambda connection: work(connection, state.read(connection)))
    except overrides.UnknownDelivery:
        raise _unknown() from None
    except overrides.NotPossible as error:
        raise Problem(409, "not_possible", f"{error}.", "GET /_sandbox/webhooks says how they stand.") from None
    except merchants.UnknownMerchant as error:
        raise Problem(404, "unknown_merchant", f"{error}.", "GET /_sandbox/merchants lists them.") from None


def _unknown() -> Problem:
    return Problem(404, "unknown_webhook", "No delivery has this id.", "GET /_sandbox/webhooks lists them.")
