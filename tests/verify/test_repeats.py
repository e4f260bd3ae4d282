"""Requests that are repeated without a key: servers that leave everything as it was, and servers that do not."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .served import Verified, contract_of, verified

_PLAIN = """
openapi: 3.1.0
info: {title: Carts, version: '1'}
paths:
  /carts:
    post:
      operationId: createCart
      x-behavior: {creates: Cart, idempotency: none}
      responses: {'201': {$ref: '#/components/responses/cart'}}
  /carts/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: readCart, responses: {'200': {$ref: '#/components/responses/cart'}, 4XX: {description: refused}}}
    put:
      operationId: fillCart
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [items], properties: {items: {type: array, items: {type: string}, minItems: 1}}}
      responses: {'200': {$ref: '#/components/responses/cart'}, 4XX: {description: refused}}
    delete: {operationId: deleteCart, responses: {'204': {description: gone}, 4XX: {description: refused}}}
  /carts/{id}/freight:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    post:
      operationId: addFreight
      x-behavior: {updates: Cart, identifies: $request.path.id, unknown: 404, idempotency: inherent}
      responses: {'200': {$ref: '#/components/responses/cart'}, 4XX: {description: refused}}
components:
  responses:
    cart: {description: a cart, content: {application/json: {schema: {$ref: '#/components/schemas/Cart'}}}}
  schemas:
    Cart:
      type: object
      x-behavior: {object: Cart, id: /id, owner: nobody}
      required: [id]
      properties:
        id: {type: string}
        total: {type: integer}
        items: {type: array, items: {type: string}}
        updated: {type: string}
        token: {type: string}
"""
CONTRACT = contract_of(
    _PLAIN.replace("readCart,", "readCart, x-behavior: {reads: Cart, identifies: $request.path.id, unknown: 404},")
)


@dataclass
class Carts:
    """Carts whose answers have a time and a number that change with every read."""

    faults: frozenset[str] = frozenset()
    carts: dict[str, dict[str, Any]] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/carts", self.make, methods=["POST"]),
                Route("/carts/{id}", self.one, methods=["GET", "PUT", "DELETE"]),
                Route("/carts/{id}/freight", self.freight, methods=["POST"]),
            ]
        )

    def shown(self, cart: dict[str, Any], status: int = 200) -> Response:
        return JSONResponse({**cart, "token": f"t{next(self.numbers)}"}, status)

    async def make(self, request: Request) -> Response:
        name = "1" if "one cart" in self.faults else str(next(self.numbers))
        self.carts[name] = {"id": name, "total": 5, "items": [], "updated": datetime.now(UTC).isoformat()}
        return self.shown(self.carts[name], 201)

    async def one(self, request: Request) -> Response:
        cart = self.carts.get(request.path_params["id"])
        if cart is None:
            return Response(status_code=404)
        if request.method == "DELETE":
            del self.carts[cart["id"]]
            return Response(status_code=204)
        if request.method == "PUT":
            items = (await request.json())["items"]
            cart["items"] = [*cart["items"], *items] if "appends" in self.faults else items
            cart["updated"] = datetime.now(UTC).isoformat()
        elif "reads once" in self.faults:
            cart["reads"] = cart.get("reads", 0) + 1
            if cart["reads"] > 3:
                return Response(status_code=404)
        return self.shown(cart)

    async def freight(self, request: Request) -> Response:
        cart = self.carts.get(request.path_params["id"])
        if cart is None:
            return Response(status_code=404)
        if "freight once" in self.faults and cart["total"] == 8:
            return Response(status_code=400)
        cart["total"] = cart["total"] + 3 if "adds up" in self.faults else 8
        return self.shown(cart)


def tried(faults: set[str]) -> Verified:
    return verified(CONTRACT, Carts(frozenset(faults)).app, {"repeats"})


def test_a_server_that_leaves_everything_as_it_was_is_left_in_peace() -> None:
    found = tried(set())
    assert not found.told, found.ledger.found
    assert not found.incomplete
    assert {"repeat-separate", "repeat-inherent", "method-idempotent"} <= found.made


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("one cart", "repeat-separate"),
        ("appends", "method-idempotent"),
        ("reads once", "method-idempotent"),
        ("adds up", "repeat-inherent"),
        ("freight once", "repeat-inherent"),
    ],
)
def test_each_way_to_break_it_is_found(fault: str, check: str) -> None:
    found = tried({fault})
    assert check in found.broken, found.ledger.found


def test_what_only_the_answer_shows_is_compared_there() -> None:
    text = _PLAIN.replace("    get: {operationId: readCart", "    head: {operationId: lookAtCart")
    contract = contract_of(text)
    assert not verified(contract, Carts().app, {"repeats"}).told
    assert "repeat-inherent" in verified(contract, Carts(frozenset({"adds up"})).app, {"repeats"}).broken
