"""The switches: rate limits, on and off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import Connection, select

from tillspec.sandbox import schema, spans, state
from tillspec.sandbox.control.answers import Asked, Problem
from tillspec.sandbox.control.desk import Desk, Nothing
from tillspec.sandbox.state import RateLimit


class Limit(Asked):
    """How many requests a credential, an object or an address may make in a window."""

    requests: Annotated[int, Field(ge=1, le=1_000_000)]
    per: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = "1m"


def view(limit: RateLimit | None) -> dict[str, Any]:
    """The limit as it stands."""
    if limit is None:
        return {"on": False, "requests": None, "per": None}
    return {"on": True, "requests": limit.requests, "per": spans.shown(limit.per)}


async def read(desk: Desk, asked: Nothing) -> dict[str, Any]:
    """The limit as it stands."""
    return view((await desk.sandbox.store.state()).switches.rate_limit)


async def on(desk: Desk, asked: Limit) -> dict[str, Any]:
    """Switches limits on. Whoever has made requests starts anew."""
    try:
        per = spans.exact(asked.per)
    except spans.BadSpan as error:
        raise Problem(422, "invalid_span", f"per: {error}", f"For a span, {spans.FORMS}.") from None
    if not timedelta(seconds=1) <= per <= timedelta(days=1):
        raise Problem(422, "invalid_span", "per: a window lasts from a second to a day.", "Write per as 1s, 1m, 1h or 1d.")
    return await _switch(desk, RateLimit(requests=asked.requests, per=per))


async def off(desk: Desk, asked: Nothing) -> dict[str, Any]:
    """Switches them off."""
    return await _switch(desk, None)


async def _switch(desk: Desk, limit: RateLimit | None) -> dict[str, Any]:
    def switched(connection: Connection) -> dict[str, Any]:
        connection.execute(select(schema.state.c.one).with_for_update())
        switches = replace(state.read(connection).switches, rate_limit=limit)
        connection.execute(schema.limits.delete())
        state.change(connection, switches=switches.written(), epoch=state.next_epoch)
        return view(limit)

    return dict(await desk.write(switched))
