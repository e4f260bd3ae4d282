"""Polling over httpx.MockTransport with a clock of its own: waits move the clock, and no test sleeps."""

from __future__ import annotations

import asyncio
import math
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillspec.runtime.behavior import Lifecycle
from tillspec.runtime.client import AsyncCaller, Settings, SyncCaller
from tillspec.runtime.errors import ErrorResponse, PollTimedOut, TransportError, UnexpectedResponse
from tillspec.runtime.model import ContractModel
from tillspec.runtime.operation import Content, Operation, Response, Value, Wire
from tillspec.runtime.outgoing import Arguments
from tillspec.runtime.polling import Backoff, Polling
from tillspec.runtime.retry import Retry

LIFECYCLE = Lifecycle(
    field="/state", initial="sent", moves={"sent": ("moving",), "moving": ("arrived", "lost"), "lost": ("moving",)}
)
STEADY = Backoff(first=2, factor=2, most=10, jitter=0)


class Parcel(ContractModel):
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel200(Response):
    body: Parcel
    status: ClassVar[Literal[200]] = 200
    wire: ClassVar[Wire] = Wire(contents={"application/json": Content(carrier="json", value=Value(Parcel))})


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy(Response):
    status: ClassVar[Literal[429]] = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone(Response):
    status: ClassVar[Literal[410]] = 410


class BusyError(ErrorResponse[Busy]):
    pass


class GoneError(ErrorResponse[Gone]):
    pass


GET = Operation[Parcel200](id="getParcel", method="GET", path="/parcel", responses={"200": Parcel200, "410": Gone, "429": Busy})


def shows(state: Any, **headers: str) -> httpx.Response:
    return httpx.Response(200, json={"state": state}, headers=headers)


@dataclass
class Depot:
    """A client over a list of answers, and the clock that its waits move; each answer takes `slow` seconds."""

    answers: list[httpx.Response | type[httpx.TransportError]]
    slow: float = 0.0
    attempts: int = 1
    luck: float = 1.0
    now: float = 1000.0
    looks: list[float] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.looks.append(self.now - 1000)
        self.now += self.slow
        answer = self.answers[min(len(self.looks), len(self.answers)) - 1]
        if isinstance(answer, httpx.Response):
            return answer
        raise answer("no", request=request)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    async def async_wait(self, seconds: float) -> None:
        self.now += seconds

    def settings(self) -> Settings:
        retry = Retry(
            attempts=self.attempts, random=lambda: self.luck, sleep=self.wait, async_sleep=self.async_wait,
            clock=lambda: self.now, monotonic=lambda: self.now,
        )  # fmt: skip
        return Settings(
            base_url="https://api.example", credentials={}, timeout=10.0, retry=retry, headers=None, schemes={},
            errors={Busy: BusyError, Gone: GoneError},
        )  # fmt: skip

    def poll(self, deadline: float = 60, backoff: Backoff = STEADY) -> Parcel200:
        with httpx.Client(transport=httpx.MockTransport(self.answer)) as http:
            return SyncCaller(self.settings(), http).poll(GET, Arguments(), Polling(LIFECYCLE, deadline, backoff))

    def poll_async(self, deadline: float = 60, backoff: Backoff = STEADY) -> Parcel200:
        async def run() -> Parcel200:
            async with httpx.AsyncClient(transport=httpx.MockTransport(self.answer)) as http:
                return await AsyncCaller(self.settings(), http).poll(GET, Arguments(), Polling(LIFECYCLE, deadline, backoff))

        return asyncio.run(run())


Way = Callable[..., Parcel200]
ways = pytest.mark.parametrize("way", [Depot.poll, Depot.poll_async], ids=["sync", "async"])


@ways
def test_it_looks_until_the_state_is_terminal(way: Way) -> None:
    depot = Depot([shows("sent"), shows("moving"), shows("lost"), shows("moving"), shows("arrived")])
    assert way(depot).body.state == "arrived"
    assert depot.looks == [0, 2, 6, 14, 24]


@ways
def test_a_terminal_state_is_not_waited_for(way: Way) -> None:
    depot = Depot([shows("arrived")])
    assert way(depot, deadline=0).body.state == "arrived"
    assert depot.now == 1000


@ways
def test_a_state_that_the_contract_does_not_know_is_not_terminal(way: Way) -> None:
    depot = Depot([shows("impounded"), shows("arrived")])
    assert way(depot).body.state == "arrived"
    assert len(depot.looks) == 2


@ways
def test_the_last_look_is_at_the_deadline(way: Way) -> None:
    depot = Depot([shows("sent"), shows("moving")])
    with pytest.raises(
        PollTimedOut, match=r"GET /parcel came to no terminal state within 9 s; the last state was 'moving'"
    ) as caught:
        way(depot, deadline=9)
    assert depot.looks == [0, 2, 6, 9]
    assert caught.value.response == Parcel200(body=Parcel(state="moving"))
    assert (caught.value.state, caught.value.deadline, caught.value.target.operation) == ("moving", 9, "getParcel")
    assert pickle.loads(pickle.dumps(caught.value)).response == caught.value.response


@ways
def test_what_comes_at_the_deadline_still_counts(way: Way) -> None:
    depot = Depot([shows("sent"), shows("sent"), shows("sent"), shows("arrived")])
    assert way(depot, deadline=9).body.state == "arrived"


@ways
def test_slow_answers_count(way: Way) -> None:
    depot = Depot([shows("sent")], slow=4)
    with pytest.raises(PollTimedOut):
        way(depot, deadline=9)
    assert depot.looks == [0, 6]


@ways
def test_a_retry_after_is_waited_for(way: Way) -> None:
    depot = Depot([shows("sent", **{"Retry-After": "7"}), shows("sent", **{"Retry-After": "0"}), shows("sent"), shows("arrived")])
    way(depot)
    assert depot.looks == [0, 7, 9, 17]


@ways
def test_who_asks_for_more_time_than_there_is_ends_it_at_once(way: Way) -> None:
    depot = Depot([shows("sent", **{"Retry-After": "61"})])
    with pytest.raises(PollTimedOut):
        way(depot)
    assert depot.now == 1000


@ways
def test_too_many_requests_are_waited_out_where_the_server_says_how_long(way: Way) -> None:
    busy = httpx.Response(429, headers={"Retry-After": "30"})
    depot = Depot([shows("sent"), busy, shows("arrived")])
    assert way(depot).body.state == "arrived"
    assert depot.looks == [0, 2, 32]
    with pytest.raises(BusyError):
        way(Depot([busy]), deadline=29)
    with pytest.raises(BusyError):
        way(Depot([httpx.Response(429)]))


@ways
def test_errors_are_raised_as_by_the_call_itself(way: Way) -> None:
    with pytest.raises(GoneError):
        way(Depot([shows("sent"), httpx.Response(410)]))
    with pytest.raises(UnexpectedResponse):
        way(Depot([httpx.Response(404, headers={"Retry-After": "1"})]))
    with pytest.raises(TransportError):
        way(Depot([httpx.ReadError]))


@ways
def test_what_is_temporary_is_retried(way: Way) -> None:
    depot = Depot([shows("sent"), httpx.ReadError, httpx.Response(503), shows("arrived")], attempts=3)
    assert way(depot).body.state == "arrived"
    assert depot.looks == pytest.approx([0, 2, 2.2, 2.6])


@ways
def test_no_retry_waits_beyond_the_deadline(way: Way) -> None:
    depot = Depot([shows("sent"), httpx.Response(503, headers={"Retry-After": "5"})], attempts=9)
    with pytest.raises(UnexpectedResponse):
        way(depot, deadline=4)
    assert depot.looks == [0, 2]


@given(
    st.floats(0.01, 100),
    st.floats(1, 10),
    st.floats(1, 50),
    st.floats(0, 1),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 500),
)
def test_no_wait_is_longer_than_most_or_ends_after_the_deadline(
    first: float, factor: float, times: float, jitter: float, luck: float, deadline: float
) -> None:
    backoff = Backoff(first=first, factor=factor, most=first * times, jitter=jitter)
    depot = Depot([shows("sent"), *[shows("sent")] * 50, shows("arrived")], luck=luck)
    try:
        depot.poll(deadline, backoff)
    except PollTimedOut:
        assert depot.now - 1000 == pytest.approx(deadline, abs=1e-6)
    waits = [later - sooner for sooner, later in zip(depot.looks, depot.looks[1:], strict=False)]
    assert all(wait <= backoff.most + 1e-6 for wait in waits)
    assert all(look <= deadline + 1e-6 for look in depot.looks)


def test_impossible_settings_are_refused() -> None:
    wrong: list[dict[str, float]] = [{"first": 0}, {"most": 0.5}, {"factor": 0.9}, {"jitter": 1.1}, {"factor": math.nan}]
    for options in wrong:
        with pytest.raises(ValueError):
            Backoff(**options)
    for deadline in (-1, math.nan):
        with pytest.raises(ValueError, match="deadline"):
            Polling(LIFECYCLE, deadline, STEADY)
