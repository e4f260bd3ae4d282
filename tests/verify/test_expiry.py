"""What ends by itself: a server that keeps its times, and servers that do not, each in one way."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .served import Verified, contract_of, verified

_SPEC = """
openapi: 3.1.0
info: {title: Rooms, version: '1'}
security: [{Token: []}]
paths:
  /tokens:
    post:
      operationId: createToken
      security: []
      x-behavior: {creates: Token, idempotency: none}
      responses:
        '200': {description: a token, content: {application/json: {schema: {$ref: '#/components/schemas/Token'}}}}
  /hello:
    get: {operationId: hello, responses: {'200': {description: hello}, '401': {description: no}}}
  /rooms:
    post:
      operationId: createRoom
      x-behavior: {creates: Room, idempotency: none}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              properties: {name: {type: string}, lasts: {type: integer, minimum: 60, maximum: 900, default: 300}}
      responses: {'201': {$ref: '#/components/responses/room'}, 4XX: {$ref: '#/components/responses/refused'}}
  /rooms/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: readRoom
      x-behavior:
        reads: Room
        identifies: $request.path.id
        unknown: 404
        expired: success
        gone: {status: 410, code: gone, at: /code}
      responses: {'200': {$ref: '#/components/responses/room'}, 4XX: {$ref: '#/components/responses/refused'}}
    put:
      operationId: setRoom
      x-behavior:
        updates: Room
        identifies: $request.path.id
        unknown: 404
        expired: {status: 409, code: expired, at: /code}
        gone: {status: 410, code: gone, at: /code}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [name]
              properties: {name: {type: string}, lasts: {type: integer, minimum: 60, maximum: 900}}
      responses: {'200': {$ref: '#/components/responses/room'}, 4XX: {$ref: '#/components/responses/refused'}}
components:
  securitySchemes: {Token: {type: http, scheme: bearer}}
  responses:
    room: {description: a room, content: {application/json: {schema: {$ref: '#/components/schemas/Room'}}}}
    refused:
      description: refused
      content: {application/json: {schema: {type: object, required: [code], properties: {code: {type: string}}}}}
  schemas:
    Token:
      type: object
      x-behavior: {object: Token, owner: bearer, expires: {after: PT30M}}
      required: [token]
      properties: {token: {type: string}}
    Room:
      type: object
      x-behavior:
        object: Room
        id: /id
        owner: credential
        lifecycle: {field: /state, initial: open, moves: {open: [closed, full, over], closed: [over]}}
        expires: {after: $request.body#/lasts, at: /until, state: over, kept: PT10M}
      required: [id, state, until]
      properties:
        id: {type: string}
        state: {type: string, enum: [open, closed, over, full]}
        until: {type: string, format: date-time}
"""
CONTRACT = contract_of(_SPEC)
_PROFILE = """
[tenants.first.credentials]
Token = {operation = "createToken", value = "$response.body#/token"}
[control]
advance = {url = "/advance", json = {seconds = "{seconds}"}}
RESET
[control.move.Room]
url = "/move/{id}"
json = {to = "{state}"}
"""
PROFILE = _PROFILE.replace("RESET", 'reset = {url = "/reset"}')


@dataclass
class Rooms:
    """Rooms that end after a while, and are kept for ten minutes. In seconds: `most` is the longest life of one, `slow` how long
    every answer takes.
    """

    faults: frozenset[str] = frozenset()
    ahead: float = 0.0
    rooms: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    resets: int = 0
    frozen: float | None = None
    most: float = 1e9
    slow: float = 0.0

    @property
    def app(self) -> Any:
        app = self.right_away

        async def later(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.sleep(self.slow)
            await app(scope, receive, send)

        return later if self.slow else app

    @property
    def right_away(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/tokens", self.token, methods=["POST"]),
                Route("/hello", self.hello),
                Route("/rooms", self.make, methods=["POST"]),
                Route("/rooms/{id}", self.one, methods=["GET", "PUT"]),
                Route("/move/{id}", self.move, methods=["POST"]),
                Route("/advance", self.advance, methods=["POST"]),
                Route("/reset", self.reset, methods=["POST"]),
            ]
        )

    @property
    def now(self) -> float:
        return (self.frozen or time.time()) + self.ahead

    async def advance(self, request: Request) -> Response:
        self.ahead += (await request.json())["seconds"]
        return JSONResponse({})

    async def reset(self, request: Request) -> Response:
        self.resets += 1
        self.ahead, self.rooms, self.tokens = 0.0, {}, {}
        return JSONResponse({})

    async def token(self, request: Request) -> Response:
        token = f"token-{next(self.numbers)}"
        lasts = {"tokens last": 1e9, "tokens are short": 600.0}
        self.tokens[token] = self.now + next((lasts[fault] for fault in self.faults & lasts.keys()), 1800.0)
        return JSONResponse({"token": token})

    def is_known(self, request: Request) -> bool:
        return self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "), 0.0) > self.now

    async def hello(self, request: Request) -> Response:
        return Response(status_code=200 if self.is_known(request) else 401)

    async def make(self, request: Request) -> Response:
        body = await request.json()
        name = str(next(self.numbers))
        lasts = min(300 if "default" in self.faults else body.get("lasts", 300), self.most)
        if "short" in self.faults:
            lasts -= 20
        if "long" in self.faults:
            lasts += 20
        self.rooms[name] = {"state": "open", "until": self.now + lasts}
        return self.shown(name, 201)

    def shown(self, name: str, status: int = 200) -> Response:
        room = self.rooms[name]
        until = datetime.fromtimestamp(room["until"] + (90 if "shows later" in self.faults else 0), UTC)
        return JSONResponse({"id": name, "state": room["state"], "until": until.isoformat()}, status)

    def age(self, room: dict[str, Any]) -> None:
        ages = (
            ("open",)
            if "closed stays" in self.faults
            else ("open", "closed", "full")
            if "full ends" in self.faults
            else ("open", "closed")
        )
        if room["state"] in ages and self.now >= room["until"] and "no end" not in self.faults:
            room["state"] = "open" if "no state" in self.faults else "over"
            room["over"] = True

    async def one(self, request: Request) -> Response:
        room = self.rooms.get(request.path_params["id"])
        if room is None:
            return JSONResponse({"code": "unknown"}, 404)
        self.age(room)
        kept = 300 if "kept short" in self.faults else 1e9 if "kept on" in self.faults else 600
        if room.get("over") and self.now >= room["until"] + kept:
            return JSONResponse({"code": "lost" if "other code" in self.faults else "gone"}, 410)
        if request.method == "PUT":
            if room.get("over") and "takes changes" not in self.faults:
                return JSONResponse({"code": "expired"}, 409)
            lasts = (await request.json()).get("lasts", 300 if "any change prolongs" in self.faults else None)
            if lasts is not None and "never prolongs" not in self.faults:
                room["until"] = self.now + lasts
        elif room.get("over") and "hides" in self.faults:
            return JSONResponse({"code": "gone"}, 404)
        return self.shown(request.path_params["id"])

    async def move(self, request: Request) -> Response:
        room, state = self.rooms[request.path_params["id"]], (await request.json())["to"]
        self.age(room)
        if room["state"] != "open" and (room["state"], state) != ("closed", "over"):
            return JSONResponse({}, 409)
        room["state"], room["over"] = state, state == "over"
        return JSONResponse({})


def tried(rooms: Rooms, profile: str = PROFILE) -> Verified:
    return verified(CONTRACT, rooms.app, {"expiry"}, profile)


@pytest.mark.parametrize("frozen", [None, 1_800_000_000.0])
@pytest.mark.parametrize("profile", [PROFILE, _PROFILE.replace("RESET", "")])
def test_a_server_that_keeps_its_times_is_left_in_peace(frozen: float | None, profile: str) -> None:
    rooms = Rooms(frozen=frozen)
    found = tried(rooms, profile)
    assert not found.broken, found.ledger.found
    assert not found.incomplete
    assert found.told == ({"expiry-shown"} if frozen else set())  # a clock that shows another time than ours
    assert {"alive-until-expiry", "expired-answer", "gone-answer"} <= found.made
    if "/reset" in profile:
        assert rooms.resets == 4  # before and after each of two operations


def test_a_server_that_is_slow_is_tried_all_the_same() -> None:
    found = tried(Rooms(slow=0.02))
    assert not found.told, found.ledger.found
    assert "alive-until-expiry" in found.made
    assert "alive-until-expiry" in tried(Rooms(frozenset({"short"}), slow=0.02)).broken


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("shows later", "expiry-shown"),
        ("short", "alive-until-expiry"),
        ("long", "expired-answer"),
        ("default", "alive-until-expiry"),
        ("no end", "expired-answer"),
        ("no state", "expired-answer"),
        ("closed stays", "expired-answer"),
        ("full ends", "expired-answer"),
        ("takes changes", "expired-answer"),
        ("any change prolongs", "expired-answer"),
        ("never prolongs", "alive-until-expiry"),
        ("hides", "expired-answer"),
        ("kept short", "expired-answer"),
        ("kept on", "gone-answer"),
        ("other code", "gone-answer"),
        ("tokens last", "expired-answer"),
        ("tokens are short", "alive-until-expiry"),
    ],
)
def test_each_way_to_break_it_is_found(fault: str, check: str) -> None:
    found = tried(Rooms(frozenset({fault})))
    assert check in found.broken, found.ledger.found
    assert found.of(check).steps


def test_a_short_life_is_waited_for_where_the_clock_cannot_be_moved() -> None:
    short = _SPEC.replace("after: $request.body#/lasts", "after: PT1S").replace(", kept: PT10M", ", kept: forever")
    contract = contract_of(short)
    profile = '[tenants.first.credentials]\nToken = {operation = "createToken", value = "$response.body#/token"}'
    found = verified(contract, Rooms(most=1).app, {"expiry"}, profile, only=("createRoom",))
    assert not found.told, found.ledger.found
    assert {"alive-until-expiry", "expired-answer", "expiry-shown"} <= found.made
    found = verified(contract, Rooms(frozenset({"no end"}), most=1).app, {"expiry"}, profile, only=("createRoom",))
    assert "expired-answer" in found.broken


def test_a_long_life_is_not_tested_where_the_clock_cannot_be_moved() -> None:
    profile = '[tenants.first.credentials]\nToken = {operation = "createToken", value = "$response.body#/token"}'
    found = tried(Rooms(), profile)
    assert not found.told
    assert {one.fill for one in found.ledger.untested.values()} == {"control.advance"}
    assert "expiry-shown" in tried(Rooms(frozenset({"shows later"})), profile).broken
