"""A parcel is awaited: the client asks until the contract says that its state is the last one.

What happens to it is told by signed webhooks, which are verified and read, in a router or by hand.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
import time
from collections.abc import Iterator, Mapping
from typing import assert_type

import httpx
from parcels_api import behavior, errors, models, responses, webhooks
from parcels_api.client import AsyncClient, Backoff, Client, Retry, mock
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


# Against a mock, which has the contract's examples

post = Post()
transport = mock.transport({"getParcel": ["moving", "moving", "delivered"]})
with Client("http://mock", retry=post.retry, http=httpx.Client(transport=transport)) as client:
    assert client.parcels.poll_parcel(id="p1", deadline_2=60).body.where.state == "delivered"
    try:
        client.parcels.list_parcels()
    except mock.MockError as error:
        assert "the answer 200 of listParcels has no example: add" in str(error)
    else:
        raise AssertionError("there is no example")


# Webhooks by hand

OLD, NEW = "old secret", "new secret"
BODY = json.dumps({"kind": "parcel.delivered", "parcel": "p1", "to": "door"}).encode()


def headers_of(body: bytes, secret: str = NEW, now: float | None = None) -> dict[str, str]:
    return webhooks.sign("parcelEvent", body, secret=secret, now=now) | {"content-type": "application/json"}


event = webhooks.parse_parcel_event(headers_of(BODY, now=1000), BODY, secrets=[OLD, NEW], now=1100)
assert_type(event, models.Delivered | models.Lost | webhooks.UnknownEvent)
assert isinstance(event, models.Delivered)
assert event.to == "door"

for body, secrets, now, reason in (
    (BODY, [OLD], 1000.0, "wrong"),
    (BODY + b" ", [NEW], 1000.0, "wrong"),
    (BODY, [NEW], 1121.0, "too old"),
    (BODY, [NEW], 879.0, "too new"),
):
    try:
        webhooks.parse_parcel_event(headers_of(BODY, now=1000), body, secrets=secrets, now=now)
    except webhooks.InvalidSignature as error:
        assert error.reason == reason
    else:
        raise AssertionError(reason)

# What the contract does not know yet is kept: another kind of event, another value.
body = b'{"kind": "parcel.weighed", "grams": 1200}'
event = webhooks.parse_parcel_event(headers_of(body), body, secrets=[NEW])
assert event == webhooks.UnknownEvent("parcel.weighed", {"kind": "parcel.weighed", "grams": 1200})
body = b'{"kind": "parcel.delivered", "parcel": "p1", "to": "letterbox"}'
event = webhooks.parse_parcel_event(headers_of(body), body, secrets=[NEW])
assert isinstance(event, models.Delivered)
assert event.to == "letterbox"

for body in (b'{"kind": "parcel.delivered", "parcel": 1, "to": "door"}', b'{"kind": 5}', b"[", b""):
    try:
        webhooks.parse_parcel_event(headers_of(body), body, secrets=[NEW])
    except webhooks.InvalidDelivery as invalid:
        assert invalid.violations
    else:
        raise AssertionError(body)

url = "https://home.example/depot?parcel=p%201&datetime=2026-11-22T09:00:00Z&size=huge"
signed = webhooks.sign("depotCalled", b"", secret=NEW, headers={"X-Depot-Id": "7"}, url=url, given={"depot": "North"})
headers = {"X-Depot-Id": "7", **signed}
call = webhooks.parse_depot_called(headers, b"", secrets=[NEW], url=url, depot="North")
assert_type(call, webhooks.DepotCalledDelivery)
assert (call.x_depot_id, call.parcel, call.size) == ("7", "p 1", "huge")
assert call.datetime_2 == datetime.datetime(2026, 11, 22, 9, tzinfo=datetime.UTC)
webhooks.verify("depotCalled", headers, b"", secrets=[NEW], url=url, given={"depot": "North"})

webhooks.parse_ping({}, b"")
try:
    webhooks.verify("ping", {}, b"", secrets=[NEW])
except ValueError as error:
    assert "declares no signature of ping" in str(error)
else:
    raise AssertionError("there is nothing to verify")


# What becomes of a delivery that is not answered as it should be

policy = behavior.PARCEL_EVENT_DELIVERY
assert behavior.OPERATIONS["parcelEvent"].delivery == policy
assert [policy.outcome(status) for status in (204, 200, 503, None, 401)] == ["delivered", "again", "again", "again", "ended"]
waits = [policy.wait(tries) for tries in range(1, 6)]
assert waits == [*(datetime.timedelta(seconds=each) for each in (60, 150, 375, 600)), None]


# Webhooks by a router


class Home(webhooks.Webhooks):
    def __init__(self) -> None:
        self.events: list[models.Delivered | models.Lost | webhooks.UnknownEvent] = []
        self.calls: list[str] = []

    async def parcel_event(
        self,
        request: webhooks.Request,
        *,
        body: models.Delivered | models.Lost | webhooks.UnknownEvent,
        parcel_signature: str,
    ) -> responses.ParcelEvent204:
        self.events.append(body)
        return responses.ParcelEvent204()

    async def depot_called(
        self,
        request: webhooks.Request,
        *,
        x_depot_hmac: str,
        x_depot_id: str,
        parcel: str,
        datetime_2: datetime.datetime | None,
        size: models.Size | None,
    ) -> responses.DepotCalled204 | responses.DepotCalled404:
        self.calls.append(parcel)
        return responses.DepotCalled204()


async def receive() -> None:
    home = Home()
    router = webhooks.create_webhook_router(
        home,
        paths={"parcelEvent": "/events", "depotCalled": "/depot", "ping": "/ping"},
        secrets={
            "parcelEvent": [OLD, NEW],
            "depotCalled": webhooks.Verification(secrets=[NEW], given={"depot": "North"}, base_url="https://home.example"),
        },
    )
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=router), base_url="http://10.0.0.7")

    async def status(body: bytes, headers: dict[str, str]) -> int:
        return (await http.post("/events", content=body, headers=headers)).status_code

    for body in (BODY, b'{"kind": "parcel.weighed"}', b'{"kind": "parcel.delivered", "parcel": "p1", "to": "roof"}'):
        assert await status(body, headers_of(body)) == 204
    assert [type(event).__name__ for event in home.events] == ["Delivered", "UnknownEvent", "Delivered"]
    assert await status(b"[]", headers_of(b"[]")) == 400
    assert await status(BODY, headers_of(BODY, "another")) == 401
    assert await status(BODY + b" ", headers_of(BODY)) == 401
    assert await status(BODY, headers_of(BODY, now=time.time() - 121)) == 401
    assert await status(BODY, {"content-type": "application/json"}) == 401
    assert await status(BODY, headers_of(BODY) | {"Parcel-Signature": "t=1,v1=?"}) == 400
    refused = await http.post("/events", content=BODY)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Signature")
    assert refused.json()["detail"] == "the header Parcel-Signature is missing"
    assert len(home.events) == 3

    assert (await http.get(url.removeprefix("https://home.example"), headers=headers)).status_code == 204
    assert (await http.get("/depot?parcel=other", headers=headers)).status_code == 401
    assert home.calls == ["p 1"]
    assert (await http.post("/ping")).status_code == 501


asyncio.run(receive())

mistakes: list[tuple[str, dict[str, list[str] | webhooks.Verification | None]]] = [
    ("parcelEvent is signed, and secrets has nothing for it", {}),
    ("there is no secret", {"parcelEvent": []}),
    ("declares no signature of ping", {"parcelEvent": [NEW], "ping": [NEW]}),
    ("depotCalled, which is not received here", {"parcelEvent": None, "depotCalled": None}),
]
for message, given in mistakes:
    try:
        webhooks.create_webhook_router(Home(), paths={"parcelEvent": "/events", "ping": "/ping"}, secrets=given)
    except ValueError as error:
        assert message in str(error), error
    else:
        raise AssertionError(message)
