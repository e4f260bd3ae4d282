"""Requests with what other operations give, for the tenant who asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tillspec.verify.contract import Contract
from tillspec.verify.exchange import Answer, Call, Exchange
from tillspec.verify.profile import Profile, read
from tillspec.verify.relations import Relations
from tillspec.verify.run import Run
from tillspec.verify.wire import Origin, Wire
from tillspec.verify.world import Made, Unavailable, World

from .shop import declared, plain
from .support import contract, serving

T = TypeVar("T")


def relations(made: Contract) -> Relations:
    return Run(made, Profile(), Wire(Origin("http", "127.0.0.1", 1))).relations


def given(found: Relations, operation: str) -> list[tuple[str, dict[str, str], str]]:
    target = found.contract.targets[operation]
    return [(one.giver, dict(one.values), one.source) for one in found.of(target)]


def test_what_is_above_comes_from_the_same_request(tmp_path: Path) -> None:
    found = relations(plain(tmp_path))
    assert given(found, "getItem") == [
        ("createItem", {"$request.path.item": "$response.body#/id", "$request.path.box": "$request.path.box"}, "paths")
    ]
    assert given(found, "createItem") == [("createBox", {"$request.path.box": "$response.body#/id"}, "paths")]
    assert given(found, "createBox") == given(found, "health") == []


def test_the_object_that_an_operation_is_about(tmp_path: Path) -> None:
    for found, thing, box in (
        (relations(declared(tmp_path)), "Thing", "Box"),
        (relations(plain(tmp_path)), "/things/{id}", "/boxes/{box}"),
    ):
        targets = found.contract.targets
        for name in ("getThing", "changeThing", "deleteThing", "closeThing"):
            assert (found.object_of(targets[name]), found.place_of(targets[name])) == (thing, "$request.path.id")
        assert (found.object_of(targets["createItem"]), found.place_of(targets["createItem"])) == (box, "$request.path.box")
        assert found.object_of(targets["createThing"]) is None


def test_a_schema_that_leads_to_itself_ends(tmp_path: Path) -> None:
    made = contract(
        tmp_path,
        """
        openapi: 3.1.0
        info: {title: Round, version: '1'}
        paths: {/x: {get: {operationId: get, responses: {'200': {description: It.}}}}}
        components:
          schemas:
            A: {allOf: [{$ref: '#/components/schemas/B'}], properties: {a: {}}}
            B: {anyOf: [{$ref: '#/components/schemas/A'}], properties: {b: {}}}
        """,
    )
    assert relations(made).properties("/components/schemas/A") == {
        "a": "/components/schemas/A/properties/a", "b": "/components/schemas/B/properties/b",
    }  # fmt: skip


# -- requests made of them -----------------------------------------------------------------------------------------------

TENANTS = """
    openapi: 3.1.0
    info: {title: Accounts, version: '1'}
    x-behavior: {objects: {Account: {description: An account., owner: credential}}}
    paths:
      /orders:
        post:
          operationId: order
          security: [{Key: []}]
          x-behavior: {creates: Order, idempotency: none}
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  type: object
                  required: [account]
                  properties:
                    account: {type: string, pattern: '^https://', x-behavior: {among: {object: Account, otherwise: 400}}}
                    voucher: {type: string, x-behavior: {among: {object: Account, at: /vouchers, otherwise: 400}}}
                example: {account: https://shop.example/A-1, voucher: V-1}
          responses:
            '201':
              description: Made.
              headers: {Location: {required: true, schema: {type: string}}}
              content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}
            '400': {description: No.}
      /orders/{number}:
        get:
          operationId: read
          security: [{Key: []}]
          parameters: [{name: number, in: path, required: true, schema: {type: string}}]
          responses: {'200': {description: It.}}
    components:
      securitySchemes: {Key: {type: apiKey, in: header, name: X-Key}}
      schemas:
        Order: {type: object, x-behavior: {object: Order, id: /key, owner: credential}, properties: {key: {type: string}}}
"""
ACCOUNTS = """
[tenants.first]
credentials = {Key = "k1"}
parameters = {account = "A-1"}
[tenants.second]
credentials = {Key = "k2"}
parameters = {account = "A-2"}
"""


async def _order(request: Request) -> Response:
    return JSONResponse({"key": "x"}, 201, {"Location": "https://elsewhere.example/orders/O-7/"})


def with_world(tmp_path: Path, profile: str, ask: Callable[[World], Awaitable[T]]) -> T:
    async def run(url: str) -> T:
        made = Run(contract(tmp_path, TENANTS), read(profile, {}), Wire(Origin.of(url)))

        async def none(*_: object) -> None:
            return None

        await made.credentials.fetch(none)
        try:
            return await ask(World(made))
        finally:
            await made.wire.close()

    with serving(Starlette(routes=[Route("/orders", _order, methods=["POST"])])) as url:
        return asyncio.run(run(url))


def test_a_request_with_what_another_one_gave(tmp_path: Path) -> None:
    async def ask(world: World) -> Made | Unavailable:
        return await world.fresh(world.run.contract.targets["read"], world.run.profile.first)

    made = with_world(tmp_path, ACCOUNTS, ask)
    assert isinstance(made, Made), made
    assert made.draft.at("$request.path.number") == "O-7"
    assert made.given is not None
    assert (made.given.call.operation, made.given.call.header("x-key")) == ("order", "k1")


def test_another_tenants_body_names_its_own(tmp_path: Path) -> None:
    """What the example has of the first tenant is put in the second's words, and left out where the profile has none."""

    async def ask(world: World) -> object:
        second = world.run.profile.second
        assert second is not None
        made = await world.fresh(world.run.contract.targets["order"], second)
        assert isinstance(made, Made)
        return made.draft.body

    assert with_world(tmp_path, ACCOUNTS, ask) == {"account": "https://shop.example/A-2"}
    objects = ACCOUNTS.replace("{account =", "{voucher =").replace('"A-', '"V-')
    assert with_world(tmp_path, objects, ask) == {"account": "https://shop.example/A-1", "voucher": "V-2"}


def test_why_there_is_no_request(tmp_path: Path) -> None:
    async def ask(world: World) -> Made | Unavailable:
        return await world.fresh(world.run.contract.targets["read"], world.run.profile.first)

    made = with_world(tmp_path, ACCOUNTS.replace('credentials = {Key = "k1"}', ""), ask)
    assert made == Unavailable("no credential for Key", "tenants.first.credentials.Key")


def test_an_answer_without_the_id_is_told(tmp_path: Path) -> None:
    async def ask(world: World) -> Made | Unavailable:
        target = world.run.contract.targets["read"]
        bare = world.bare(target, world.run.profile.first)
        assert not isinstance(bare, Unavailable)
        [relation] = world.run.relations.of(target)
        return world.filled_from(relation, bare, Exchange(Call("order", "POST", "/orders"), Answer(201)))

    assert with_world(tmp_path, ACCOUNTS, ask) == Unavailable("the answer of order has no $response.header.Location")
