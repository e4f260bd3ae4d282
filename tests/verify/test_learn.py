"""What a server accepts is found out: the largest body, and what gives an operation its object."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Contract
from tillspec.verify.findings import Severity
from tillspec.verify.learn import Learned, learn
from tillspec.verify.profile import read
from tillspec.verify.run import Run
from tillspec.verify.wire import Origin, Wire
from tillspec.verify.world import World

from .served import contract_of
from .support import serving

CONTRACT = """
openapi: 3.1.0
info: {title: Things, version: '1'}
paths:
  /things:
    post:
      operationId: make
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/New'}
            EXAMPLE
      responses:
        '201': {description: made, content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}
        4XX: {description: refused}
components:
  schemas:
    New:
      type: object
      additionalProperties: false
      required: [amount]
      properties:
        amount: {type: integer, minimum: 1}
        note: {type: string}
        coupon: {type: string}
        gift: {type: boolean}
        buyer:
          type: object
          required: [name]
          properties: {name: {type: string}, phone: {type: string}, address: {type: object, properties: {city: {type: string}}}}
"""
FULL = {"amount", "note", "coupon", "gift", "buyer"}
Takes = Callable[[dict[str, Any]], bool]


def of(example: str = "") -> Contract:
    return contract_of(CONTRACT.replace("EXAMPLE", example))


def shop(takes: Takes, status: int = 422) -> Starlette:
    """A server that takes some things, and counts those that it made."""
    numbers = count(1)

    async def make(request: Request) -> Response:
        if not takes(await request.json()):
            return JSONResponse({"code": "refused"}, status)
        return JSONResponse({"id": str(next(numbers))}, 201)

    return Starlette(routes=[Route("/things", make, methods=["POST"])])


def learned(made: Contract, app: Any, operation: str, profile: str = "") -> tuple[Learned, Run, World]:
    """What is learned of an operation of a server."""
    with serving(app) as url:
        run = Run(made, read(profile, {}), Wire(Origin.of(url)))
        world = World(run)

        async def work() -> Learned:
            try:
                await run.credentials.fetch(lambda *_: asyncio.sleep(0, None))
                return await learn(run, world, made.targets[operation])
            finally:
                await run.wire.close()

        return asyncio.run(work()), run, world


# -- the largest body ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("takes", "largest"),
    [
        pytest.param(lambda body: True, FULL, id="all"),
        pytest.param(lambda body: "coupon" not in body, FULL - {"coupon"}, id="all-but-one"),
        pytest.param(lambda body: not body.keys() & {"coupon", "gift", "note"}, {"amount", "buyer"}, id="all-but-several"),
        pytest.param(lambda body: body.keys() <= {"amount"}, {"amount"}, id="the-least-alone"),
    ],
)
def test_the_largest_body_that_is_taken_is_known(takes: Takes, largest: set[str]) -> None:
    made = of("example: {amount: 1}")
    found, run, world = learned(made, shop(takes), "make")
    assert found.accepted is not None
    first = world.bodies["make"][0]
    assert set(first) == largest
    assert made.is_valid("/components/schemas/New", "request", first)
    assert takes(first)
    assert "buyer" not in first or set(first["buyer"]) == {"name", "phone", "address"}
    assert run.wire.sent < 30


def test_of_what_excludes_each_other_one_is_taken() -> None:
    _, _, world = learned(of("example: {amount: 1}"), shop(lambda body: not {"coupon", "gift"} <= body.keys()), "make")
    assert set(world.bodies["make"][0]) in (FULL - {"coupon"}, FULL - {"gift"})


def test_an_optional_object_of_the_example_is_filled_up() -> None:
    _, _, world = learned(of("example: {amount: 1, buyer: {name: Ada}}"), shop(lambda body: "gift" not in body), "make")
    first = world.bodies["make"][0]
    assert set(first) == FULL - {"gift"}
    assert first["buyer"]["name"] == "Ada"
    assert set(first["buyer"]) == {"name", "phone", "address"}


def test_a_body_of_the_profile_comes_into_it() -> None:
    profile = "[tenants.first.bodies]\nmake = {amount = 7, note = 'from the profile'}"
    _, _, world = learned(of(), shop(lambda body: body.get("note") == "from the profile"), "make", profile)
    first = world.bodies["make"][0]
    assert (first["amount"], first["note"], set(first)) == (7, "from the profile", FULL)


# -- what is refused -----------------------------------------------------------------------------------------------------


def test_an_example_that_is_refused_is_a_note() -> None:
    made = of("examples: {good: {value: {amount: 5}}, bad: {value: {amount: 6, note: long}}}")
    found, run, _ = learned(made, shop(lambda body: body["amount"] != 6), "make")
    assert found.accepted is not None
    (one,) = run.ledger.found.values()
    assert (one.check, one.severity, one.steps[0].call.value["amount"]) == ("valid-accepted", Severity.INFO, 6)
    assert run.ledger.passed["make", Kind.ACCEPTS]
    assert not run.ledger.untested


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_a_server_that_takes_nothing_is_not_tested(status: int) -> None:
    found, run, world = learned(of(), shop(lambda body: False, status), "make")
    assert found.accepted is None
    assert [(one.check, one.severity) for one in run.ledger.found.values()] == [("valid-accepted", Severity.SHOULD)]
    (skipped,) = run.ledger.untested.values()
    assert skipped.reason.startswith(f"no valid request is accepted: {status} ")
    assert skipped.fill == "tenants.first.bodies.make"
    assert "make" not in world.bodies


def test_a_server_that_fails_is_not_said_to_refuse() -> None:
    found, run, _ = learned(of(), shop(lambda body: False, 500), "make")
    assert (found.accepted, list(run.ledger.found), list(run.ledger.untested)) == (None, [], [])


# -- what gives the object -----------------------------------------------------------------------------------------------

TWO = """
openapi: 3.1.0
info: {title: Sessions, version: '1'}
paths:
  /plain:
    post: {operationId: plain, x-behavior: {creates: Session}, responses: {'201': {$ref: '#/components/responses/session'}}}
  /signed:
    post: {operationId: signed, x-behavior: {creates: Session}, responses: {'201': {$ref: '#/components/responses/session'}}}
  /sessions/{key}/close:
    parameters: [{name: key, in: path, required: true, schema: {type: string}}]
    post:
      operationId: close
      x-behavior: {updates: Session, identifies: $request.path.key}
      responses: {'200': {$ref: '#/components/responses/session'}, 4XX: {description: refused}}
components:
  responses:
    session: {description: it, content: {application/json: {schema: {$ref: '#/components/schemas/Session'}}}}
  schemas:
    Session: {type: object, x-behavior: {object: Session, id: /key, owner: nobody}, properties: {key: {type: string}}}
"""


@pytest.mark.parametrize("good", ["plain", "signed", ""])
def test_what_gives_an_object_that_is_taken_is_preferred(good: str) -> None:
    numbers = count(1)

    def giver(kind: str) -> Route:
        def make(request: Request) -> Response:
            return JSONResponse({"key": f"{kind}-{next(numbers)}"}, 201)

        return Route(f"/{kind}", make, methods=["POST"])

    def close(request: Request) -> Response:
        key = request.path_params["key"]
        return JSONResponse({"key": key}) if good and key.startswith(good) else JSONResponse({}, 409)

    app = Starlette(routes=[giver("plain"), giver("signed"), Route("/sessions/{key}/close", close, methods=["POST"])])
    found, run, world = learned(contract_of(TWO), app, "close")
    assert (found.accepted is not None) == bool(good)
    preferred = world.preferred.get("close")
    assert (preferred.giver if preferred else None) == ("signed" if good == "signed" else None)
    assert {one.severity for one in run.ledger.found.values()} == {
        "plain": set(), "signed": {Severity.INFO}, "": {Severity.SHOULD},
    }[good]  # fmt: skip


def test_what_is_missing_is_told() -> None:
    made = contract_of("""
openapi: 3.1.0
info: {title: Things, version: '1'}
security: [{Key: []}]
paths:
  /things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: read, responses: {'200': {description: it}}}
components: {securitySchemes: {Key: {type: apiKey, in: header, name: X-Key}}}
""")
    app = Starlette(routes=[Route("/things/{id}", lambda request: Response())])
    for profile, reason, fill in (
        ("", "no credential for Key", "tenants.first.credentials.Key"),
        ("[tenants.first.credentials]\nKey = 'k'", "nothing says which id there is", "tenants.first.parameters.id"),
    ):
        found, run, _ = learned(made, app, "read", profile)
        (skipped,) = run.ledger.untested.values()
        assert found.unavailable is not None
        assert (skipped.reason, skipped.fill, run.wire.sent) == (reason, fill, 0)
    profile += "\n[tenants.first.parameters]\nid = 'seven'"
    found, run, _ = learned(made, app, "read", profile)
    assert found.accepted is not None
    assert found.accepted.call.target == "/things/seven"
    assert found.accepted.call.header("x-key") == "k"
