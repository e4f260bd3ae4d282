"""The engine carries units out, whatever a server does; a run keeps its pace and its limits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from tillspec.verify.profile import Profile, read
from tillspec.verify.run import NotSafe, Options, OutOfTime, Run, Unreachable, _retry_after
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


def test_too_many_requests_are_waited_for() -> None:
    late = iter([True, False, True, True, False, True, True, True, True])

    def answer(request: Request) -> Response | None:
        return Response(status_code=429, headers={"Retry-After": "0"}) if next(late) else None

    shop = Shop(answer)
    with serving(shop.app) as url:
        run = Run(CONTRACT, Profile(), Wire(Origin.of(url)))

        async def work() -> list[int]:
            found = [(await run.exchange(None, Call("parts", "GET", "/parts"))).answer.status for _ in range(3)]
            await run.wire.close()
            return found

        assert asyncio.run(work()) == [200, 200, 429]
    assert shop.asked == {"GET /parts": 2 + 3 + 3}


def test_what_would_be_too_late_is_not_waited_for() -> None:
    shop = Shop(lambda request: Response(status_code=429, headers={"Retry-After": "15"}))
    with serving(shop.app) as url:
        run = Run(CONTRACT, Profile(), Wire(Origin.of(url)), Options(deadline=10.0))

        async def work() -> None:
            try:
                with pytest.raises(OutOfTime):
                    await asyncio.wait_for(run.exchange(None, Call("parts", "GET", "/parts")), 9)
            finally:
                await run.wire.close()

        asyncio.run(work())
    assert shop.asked == {"GET /parts": 1}


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("3", 3, 3), ("0", 0.05, 0.05), ("9" * 400, 20, 20), ("", 1, 1), ("soon", 1, 1), ("-5", 1, 1), ("٣", 1, 1),
        ("Fri, 02 Jan 1970 00:00:00 GMT", 0.05, 0.05), ("Fri, 31 Dec 2199 23:59:59 GMT", 20, 20),
    ],
)  # fmt: skip
def test_what_a_server_asks_to_wait(text: str, least: float, most: float) -> None:
    assert least <= _retry_after(Answer(429, (("Retry-After", text),))) <= most
