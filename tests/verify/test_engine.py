"""The engine carries units out, whatever a server does; a run keeps its pace and its limits."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.engine import ALONE, PROBES, Engine, Unit
from tillspec.verify.exchange import Answer, Call
from tillspec.verify.findings import Severity
from tillspec.verify.pace import Limited, OutOfTime, Pace, retry_after
from tillspec.verify.profile import Profile, read
from tillspec.verify.run import NotSafe, Options, Run, Unreachable
from tillspec.verify.wire import Origin, Wire
from tillspec.verify.world import World

from .raw_server import connected
from .served import contract_of
from .support import serving

CONTRACT = contract_of("""
openapi: 3.1.0
info: {title: Things, version: '1'}
tags: [{name: parts}]
paths:
  /things:
    post:
      operationId: make
      responses:
        '201': {description: made, content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}
    get: {operationId: list, x-behavior: {surface: shop}, responses: {'200': {description: them}}}
  /things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: read, x-behavior: {surface: shop}, responses: {'200': {description: it}}}
  /parts:
    get: {operationId: parts, tags: [parts], responses: {'200': {description: them}}}
""")
NOWHERE = Origin("http", "127.0.0.1", 9)


class Shop:
    """A server that counts what it is asked, by method and path."""

    def __init__(self, answer: Callable[[Request], Response | None] = lambda request: None) -> None:
        self.asked: Counter[str] = Counter()
        self.answer = answer
        self.app = Starlette(routes=[Route("/{path:path}", self.serve, methods=["GET", "POST", "PUT", "DELETE"])])

    def serve(self, request: Request) -> Response:
        self.asked[f"{request.method} {request.url.path}"] += 1
        made = JSONResponse({"id": "7"}, 201) if request.method == "POST" else Response()
        return self.answer(request) or made


@contextmanager
def engine(url: str, profile: str = "", **options: Any) -> Iterator[Engine]:
    yield Engine(Run(CONTRACT, read(profile, {}), Wire(Origin.of(url), timeout=2.0), Options(**options)))


def carried_out(made: Engine, *units: Unit) -> None:
    async def work() -> None:
        try:
            await made.carry_out(units)
        finally:
            await made.run.wire.close()

    asyncio.run(work())


async def look(run: Run, world: World, target: Target) -> None:
    """A probe that only asks."""
    made = await world.standing(target, run.profile.first)
    await run.send(made.draft)  # type: ignore[union-attr]


async def fail(run: Run, world: World, target: Target) -> None:
    """A probe with an error in it."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_failing())


async def _failing() -> None:
    raise KeyError("a slip")


def units(*probes: Any, names: tuple[str, ...] = ("make", "list", "read", "parts")) -> list[Unit]:
    return [Unit(probe, CONTRACT.targets[name], False) for probe in probes for name in names]


# -- what there is to do -------------------------------------------------------------------------------------------------


@given(st.integers(1, 40))
def test_all_shards_together_have_each_unit_once(of: int) -> None:
    run = Run(CONTRACT, Profile(), Wire(NOWHERE))
    whole = [unit.name for unit in Engine(run).units()]
    assert len(set(whole)) == len(whole) == 4 * len((*PROBES, *ALONE))
    found: list[str] = []
    for number in range(1, of + 1):
        run.options = Options(shard=(number, of))
        found += [unit.name for unit in Engine(run).units()]
    assert sorted(found) == sorted(whole)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, {"make", "list", "read", "parts"}),
        ({"only": ("make", "parts")}, {"make", "parts"}),
        ({"only": ("/things",)}, {"make", "list"}),
        ({"only": ("GET /things/{id}",)}, {"read"}),
        ({"only": ("none",)}, set()),
        ({"surfaces": ("shop",)}, {"list", "read"}),
        ({"safe": True}, {"list", "read", "parts"}),
        ({"surfaces": ("shop",), "only": ("read", "parts")}, {"read"}),
    ],
)
def test_the_user_says_which(options: dict[str, Any], names: set[str]) -> None:
    made = Engine(Run(CONTRACT, Profile(), Wire(NOWHERE), Options(**options)))
    assert {unit.target.id for unit in made.units()} == names


# -- carrying out --------------------------------------------------------------------------------------------------------


def test_what_is_accepted_is_learned_once() -> None:
    shop = Shop()
    with serving(shop.app) as url, engine(url) as made:
        carried_out(made, *units(look, look, look))
    assert shop.asked["GET /parts"] == 1 + 3
    assert made.incomplete == []
    assert {name for (name, kind), _ in made.run.ledger.passed.items() if kind is Kind.ACCEPTS} == {
        "make",
        "list",
        "read",
        "parts",
    }


def test_an_error_of_one_probe_is_told_and_stops_no_other() -> None:
    shop = Shop()
    with serving(shop.app) as url, engine(url) as made:
        carried_out(made, *units(fail, names=("make", "parts")), *units(look))
    assert sorted(made.incomplete) == [f"{name}[fail] could not be carried out: KeyError: 'a slip'" for name in ("make", "parts")]
    assert shop.asked["GET /parts"] == 2


def test_an_operation_that_nothing_is_known_of_is_told_with_its_reason() -> None:
    def answer(request: Request) -> Response | None:
        return JSONResponse({}, 403) if request.url.path == "/parts" else None

    shop = Shop(answer)
    with serving(shop.app) as url, engine(url) as made:
        todo = units(look)
        carried_out(made, *todo)
    (told,) = made.untouched(todo)
    assert told.startswith("parts could not be tested: no valid request is accepted: 403")


def test_the_time_is_over() -> None:
    shop = Shop()
    with serving(shop.app) as url, engine(url, deadline=0.0) as made:
        carried_out(made, *units(look, look))
    assert shop.asked == {}
    assert len(made.incomplete) == 1
    assert "the time was over" in made.incomplete[0]
    assert {one.reason for one in made.run.ledger.untested.values()} == {"the time was over"}
    assert {one.operation for one in made.run.ledger.untested.values()} == {"make", "list", "read", "parts"}


def test_only_what_reads_is_sent_when_it_must_be_safe() -> None:
    shop = Shop()
    with serving(shop.app) as url, engine(url, safe=True) as made:
        carried_out(made, *units(look))
    assert {name.split(" ")[0] for name in shop.asked} == {"GET"}
    assert made.incomplete == []
    assert {one.operation for one in made.run.ledger.untested.values()} == {"make", "read"}
    with pytest.raises(NotSafe):
        asyncio.run(made.run.exchange(None, Call("", "GET", "/", raw=b"DELETE / HTTP/1.1\r\n\r\n")))


def test_a_server_that_answers_nothing_any_more_is_given_up() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    with connected(hang_up) as url, engine(url) as made:
        with pytest.raises(Unreachable, match=r"closed the connection without an answer, \d+ times in a row"):
            carried_out(made, *units(*[look] * 20))
        assert made.run.wire.sent < 40


def test_a_server_that_says_more_than_its_headers_is_not_gone() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nok")

    with connected(serve) as url, engine(url) as made:
        carried_out(made, *units(*[look] * 30, names=("parts",)))
    assert made.run.wire.sent > 30
    assert {one.check for one in made.run.ledger.found.values()} == {"answers"}


def test_a_credential_comes_from_an_operation() -> None:
    secured = contract_of("""
openapi: 3.1.0
info: {title: Things, version: '1'}
paths:
  /token:
    post:
      operationId: token
      responses:
        '200': {description: it, content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}
  /parts:
    get: {operationId: parts, security: [{Bearer: []}], responses: {'200': {description: them}}}
components: {securitySchemes: {Bearer: {type: http, scheme: bearer}}}
""")

    def answer(request: Request) -> Response | None:
        known = request.method == "POST" or request.headers.get("authorization") == "Bearer 7"
        return None if known else Response(status_code=401)

    shop = Shop(answer)
    profile = "[tenants.first.credentials]\nBearer = {operation = 'token', value = '$response.body#/id'}"
    with serving(shop.app) as url:
        made = Engine(Run(secured, read(profile, {}), Wire(Origin.of(url))))
        carried_out(made, Unit(look, secured.targets["parts"], False))
    assert shop.asked == {"POST /token": 1, "GET /parts": 2}
    assert made.incomplete == []
    assert made.run.credentials.secrets["7"] == "FIRST_BEARER"


# -- pace ----------------------------------------------------------------------------------------------------------------


def _refusing(**headers: str) -> Response:
    return Response(status_code=429, headers={name.replace("_", "-"): text for name, text in headers.items()})


async def _asked(run: Run, *operations: str) -> list[int]:
    """The statuses that requests get which are sent at once."""
    try:
        found = await asyncio.gather(*(run.exchange(None, Call(name, "GET", f"/{name}")) for name in operations))
        return [one.answer.status for one in found]
    finally:
        await run.wire.close()


def test_too_many_requests_are_waited_for() -> None:
    late = iter([True, True, True, True, False])
    shop = Shop(lambda request: _refusing(Retry_After="0") if next(late) else None)
    with serving(shop.app) as url:
        run = Run(CONTRACT, Profile(), Wire(Origin.of(url)))
        assert asyncio.run(_asked(run, "parts")) == [200]
    assert shop.asked == {"GET /parts": 5}


def test_as_many_as_a_window_lets_through_get_through_at_last() -> None:
    """Of 40 requests at once, two get through in each window: all do, however often each is refused."""
    windows: Counter[int] = Counter()

    def answer(request: Request) -> Response | None:
        window = int(time.monotonic() / 0.1)
        windows[window] += 1
        return _refusing(Retry_After="0") if windows[window] > 2 else None

    shop = Shop(answer)
    with serving(shop.app) as url:
        run = Run(CONTRACT, Profile(), Wire(Origin.of(url)))
        assert asyncio.run(_asked(run, *["parts", "things"] * 20)) == [200] * 40


@pytest.mark.parametrize(
    ("beside", "final"),
    [
        ("through", [False, False, True]), ("refused", [False] * 5), ("both", [False] * 5),
        ("none", [False] * 5), ("now and then", [False, False, False, False, True]),
    ],
)  # fmt: skip
def test_what_is_refused_while_all_others_get_through_has_its_answer(beside: str, final: list[bool]) -> None:
    """A 429 that one request gets again and again, while no other one does, is no matter of the rate."""
    pace = Pace()
    mine, other, told = pace.begin(), pace.begin(), []
    for number in range(len(final)):
        if beside in ("through", "both") or (beside == "now and then" and number % 2 == 0):
            pace.goes_through()
        if beside in ("refused", "both"):
            pace.is_final("parts", other, Answer(429))
        told.append(pace.is_final("parts", mine, Answer(429, (("Retry-After", "0"),))))
    assert told == final


@pytest.mark.parametrize("headers", [{"Retry_After": "3600"}, {"Retry_After": "Fri, 31 Dec 2199 23:59:59 GMT"}])
def test_who_has_to_wait_too_long_is_told_so_and_nothing_else(headers: dict[str, str]) -> None:
    """One operation is over its limit for an hour: it is not tested, and the others are."""
    shop = Shop(lambda request: _refusing(**headers) if request.url.path == "/parts" else None)
    with serving(shop.app) as url, engine(url) as made:
        carried_out(made, *units(look, look, names=("parts", "list")))
    assert shop.asked["GET /parts"] == 1
    assert made.run.ledger.passed["list", Kind.ACCEPTS]
    assert [(one.operation, one.fill) for one in made.run.ledger.untested.values()] == [("parts", "server.rate")]
    assert {one.severity for one in made.run.ledger.found.values()} == {Severity.INFO}  # that 429 is not declared
    (told,) = made.incomplete
    assert "`rate`" in told
    assert "429" in told


def test_what_would_be_too_late_is_not_waited_for() -> None:
    shop = Shop(lambda request: _refusing(Retry_After="15"))
    with serving(shop.app) as url:
        run = Run(CONTRACT, Profile(), Wire(Origin.of(url)), Options(deadline=10.0))
        with pytest.raises(Limited):
            asyncio.run(_asked(run, "parts"))
    assert shop.asked == {"GET /parts": 1}


def test_the_profiles_rate_ends_with_the_time_too() -> None:
    shop = Shop()
    with serving(shop.app) as url:
        run = Run(CONTRACT, read("[server]\nrate = 0.01", {}), Wire(Origin.of(url)), Options(deadline=10.0))
        with pytest.raises(OutOfTime) as raised:
            asyncio.run(_asked(run, "parts", "parts"))
    assert not isinstance(raised.value, Limited)


NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "date", "least", "most"),
    [
        ("3", None, 3, 3), ("0", None, 0, 0), ("9" * 400, None, 1e9, float("inf")),
        ("Fri, 31 Dec 2199 23:59:59 GMT", None, 1e9, 1e10),
        (format_datetime(NOW, usegmt=True), None, 0, 0), (format_datetime(NOW + HOUR, usegmt=True), None, 1800, 3600),
        (format_datetime(NOW + HOUR, usegmt=True), format_datetime(NOW + HOUR - timedelta(seconds=7), usegmt=True), 7, 7),
        (format_datetime(NOW + HOUR, usegmt=True), "soon", 1800, 3600),
    ],
    ids=lambda value: "date" if isinstance(value, str) and len(value) > 10 else None,
)  # fmt: skip
def test_what_a_server_asks_to_wait(text: str, date: str | None, least: float, most: float) -> None:
    headers = (("Retry-After", text), *((("Date", date),) if date else ()))
    said = retry_after(Answer(429, headers))
    assert said is not None
    assert least <= said <= most


@pytest.mark.parametrize("text", ["", "soon", "-5", "٣", "1.5"])
def test_what_says_no_time_says_nothing(text: str) -> None:
    assert retry_after(Answer(429, (("Retry-After", text),))) is None
    assert retry_after(Answer(429)) is None
