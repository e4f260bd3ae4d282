"""A parcel is awaited: the client asks until the contract says that its state is the last one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from typing import assert_type

import httpx
from parcels_api import errors, responses
from parcels_api.client import AsyncClient, Backoff, Client, Retry
from parcels_api.client.hooks import Call, Hook, LoggingHook, Outcome


class Post:
    """Tells the states in turn, and keeps a clock that waits set forward."""

    def __init__(self, *states: str) -> None:
        self.states: Iterator[str] = iter(states)
        self.now = 0.0
        self.retry = Retry(sleep=self.sleep, async_sleep=self.async_sleep, monotonic=lambda: self.now)
        self.transport = httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        state = next(self.states, None)
        if state is None:
            return httpx.Response(404, json={"reason": "no longer known"})
        return httpx.Response(200, json={"id": request.url.path.rpartition("/")[2], "where": {"state": state}})

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def async_sleep(self, seconds: float) -> None:
        self.now += seconds


post = Post("packed", "moving", "held", "moving", "delivered")
with Client("https://post.example", retry=post.retry, http=httpx.Client(transport=post.transport)) as client:
    parcel = client.parcels.poll_parcel(id="p1", deadline_2=600, backoff=Backoff(first=30, most=120, jitter=0))
    assert_type(parcel, responses.GetParcel200)
    assert parcel.body.where.state == "delivered"
    assert post.now == 30 + 45 + 67.5 + 101.25
    assert not hasattr(client.parcels, "poll_list_parcels")

post = Post(*["moving"] * 9)
with Client("https://post.example", retry=post.retry, http=httpx.Client(transport=post.transport)) as client:
    try:
        client.parcels.poll_parcel(id="p1", deadline_2=5)
    except errors.PollTimedOut as timed_out:
        assert timed_out.state == "moving"
        assert isinstance(timed_out.response, responses.GetParcel200)
        assert post.now == 5
    else:
        raise AssertionError("it cannot have come to its end")


class Counting(Hook):
    def __init__(self) -> None:
        self.ended: list[tuple[str, int | None, str | None]] = []

    def before_attempt(self, call: Call, attempt: int) -> Mapping[str, str]:
        return {"X-Attempt": str(attempt)}

    def after_call(self, call: Call, outcome: Outcome) -> None:
        self.ended.append((call.operation, outcome.status, outcome.error))


async def main() -> None:
    post = Post("packed", "x-rayed", "lost")
    http = httpx.AsyncClient(transport=post.transport)
    counting = Counting()
    hooks = [counting, LoggingHook(logging.getLogger("parcels"))]
    async with AsyncClient("https://post.example", retry=post.retry, http=http, hooks=hooks) as client:
        parcel = await client.parcels.poll_parcel(id="p2", deadline_2=60)
        assert parcel.body.where.state == "lost"
        try:
            await client.parcels.poll_parcel(id="p2", deadline_2=60)
        except errors.GetParcel404 as error:
            assert error.body.reason == "no longer known"
        else:
            raise AssertionError("it is not known")
    assert counting.ended == [*[("getParcel", 200, None)] * 3, ("getParcel", 404, "GetParcel404")]


asyncio.run(main())
