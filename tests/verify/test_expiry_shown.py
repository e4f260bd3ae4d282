"""Objects whose end nothing shows but what changes them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .served import contract_of, verified

_SPEC = """
openapi: 3.1.0
info: {title: Carts, version: '1'}
paths:
  /carts:
    post:
      operationId: createCart
      x-behavior: {creates: Cart, idempotency: none}
      responses: {'201': {description: a cart, content: {application/json: {schema: {$ref: '#/components/schemas/Cart'}}}}}
  /carts/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: readCart
      x-behavior: {reads: Cart, identifies: $request.path.id, unknown: 404, expired: success}
      responses:
        '200': {description: a cart, content: {application/json: {schema: {$ref: '#/components/schemas/Cart'}}}}
        '404': {description: refused}
    put:
      operationId: nameCart
      x-behavior: {updates: Cart, identifies: $request.path.id, unknown: 404, expired: 409}
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [name], properties: {name: {type: string}}}}}
      responses:
        '200': {description: its view, content: {application/json: {schema: {$ref: '#/components/schemas/View'}}}}
        4XX: {description: refused}
components:
  schemas:
    Cart:
      type: object
      x-behavior: {object: Cart, id: /id}
      required: [id]
      properties: {id: {type: string}}
    View:
      type: object
      x-behavior: {object: Cart, id: /id, expires: {at: /until, kept: forever}}
      required: [id, until]
      properties: {id: {type: string}, until: {type: string, format: date-time}}
"""
_PROFILE = '[control]\nadvance = {url = "/advance", json = {seconds = "{seconds}"}}\nreset = {url = "/reset"}'


@dataclass
class Carts:
    """Carts that can be read for ever, and named for an hour, which only naming one shows."""

    endless: bool = False
    ahead: float = 0.0
    held: dict[str, float] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/carts", self.make, methods=["POST"]),
                Route("/carts/{id}", self.one, methods=["GET", "PUT"]),
                Route("/advance", self.advance, methods=["POST"]),
                Route("/reset", self.reset, methods=["POST"]),
            ]
        )

    async def advance(self, request: Request) -> Response:
        self.ahead += (await request.json())["seconds"]
        return Response(status_code=204)

    async def reset(self, request: Request) -> Response:
        self.ahead = 0.0
        self.held.clear()
        return Response(status_code=204)

    async def make(self, request: Request) -> Response:
        name = f"cart-{len(self.held)}"
        self.held[name] = time.time() + self.ahead + 3600
        return JSONResponse({"id": name}, 201)

    async def one(self, request: Request) -> Response:
        name = request.path_params["id"]
        until = self.held.get(name)
        if until is None:
            return Response(status_code=404)
        if request.method == "GET":
            return JSONResponse({"id": name})
        if time.time() + self.ahead >= until and not self.endless:
            return Response(status_code=409)
        return JSONResponse({"id": name, "until": datetime.fromtimestamp(until, UTC).isoformat()})


@pytest.mark.parametrize("endless", [False, True])
def test_an_end_that_only_a_change_shows_is_awaited(endless: bool) -> None:
    found = verified(contract_of(_SPEC), Carts(endless).app, {"expiry"}, _PROFILE)
    assert found.broken == ({"expired-answer"} if endless else set()), found.ledger.found
    assert "alive-until-expiry" in found.made
    assert not found.ledger.untested
