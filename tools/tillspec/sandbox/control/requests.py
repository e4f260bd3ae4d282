"""Requests as they came and went."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from tillspec.sandbox import traffic
from tillspec.sandbox.control.answers import Asked, Problem
from tillspec.sandbox.control.desk import Desk, Nothing, instant


class Listed(Asked):
    """How many, the newest first."""

    limit: Annotated[int, Field(ge=1, le=traffic.KEPT)] = 100


def view(found: dict[str, Any]) -> dict[str, Any]:
    """A request and its answer, secrets masked. `more` is how many came with it that were not kept."""
    return {**found, "at": instant(found["at"])}


async def listed(desk: Desk, asked: Listed) -> dict[str, Any]:
    """The newest requests."""
    found = await desk.read(lambda connection: traffic.newest(connection, asked.limit))
    return {"requests": [view(each) for each in found]}


async def one(desk: Desk, asked: Nothing, number: str) -> dict[str, Any]:
    """A request by its number."""
    known = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0
    found = await desk.read(lambda connection: traffic.one(connection, known))
    if found is None:
        raise Problem(404, "unknown_request", "No request that is kept has this number.", "GET /_sandbox/requests lists them.")
    return view(found)
