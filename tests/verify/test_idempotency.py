"""Idempotency keys and repeated requests: a server that keeps its contract, and servers that do not, each in one way."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .served import Verified, contract_of, verified

_OPERATION = """
      x-behavior:
        creates: Order
        idempotency:
          header: Idempotency-Key
          scope: [credential, operation]
          compare: COMPARE
          repeat: replay
          replayed: Replayed
          mismatch: {status: 409, code: key_reused, at: /code}
          running: {status: 409, code: key_in_use, at: /code, headers: [Retry-After]}
          keeps: KEEPS
          retention: PT1H
"""
_SPEC = """
openapi: 3.1.0
info: {title: Shop, version: '1'}
security: [{Key: []}]
paths:
  /orders:
    post:
      operationId: createOrder
BEHAVIOR
      parameters: [{$ref: '#/components/parameters/key'}]
      requestBody: {$ref: '#/components/requestBodies/order'}
      responses:
        '201': {$ref: '#/components/responses/order'}
        4XX: {$ref: '#/components/responses/refused'}
  /quotes:
    post:
      operationId: createQuote
BEHAVIOR
      parameters: [{$ref: '#/components/parameters/key'}]
      requestBody: {$ref: '#/components/requestBodies/order'}
      responses:
        '201': {$ref: '#/components/responses/order'}
        4XX: {$ref: '#/components/responses/refused'}
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: readOrder
      responses:
        '200': {$ref: '#/components/responses/order'}
        4XX: {$ref: '#/components/responses/refused'}
components:
  securitySchemes: {Key: {type: apiKey, in: header, name: X-Key}}
  parameters:
    key: {name: Idempotency-Key, in: header, schema: {type: string, minLength: 1, maxLength: 64, pattern: '^[!-~]+$'}}
  requestBodies:
    order:
      required: true
      content:
        application/json:
          schema:
            type: object
            x-behavior: {rules: [{rule: self.amount <= 1000, message: amount is at most 1000, at: /amount, status: 400}]}
            required: [amount, note]
            properties:
              amount: {type: integer, minimum: 1}
              note: {type: string, minLength: 1}
              tags: {type: array, items: {type: string}}
              address: {type: object, required: [city], properties: {city: {type: string, minLength: 2}}}
          examples:
            whole: {value: {amount: 5, note: é, tags: [a, b], address: {city: Oslo}}}
            small: {value: {amount: 7, note: x}}
  responses:
    order:
      description: the order
      headers: {Replayed: {schema: {type: string}}}
      content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}
    refused:
      description: refused
      headers: {Retry-After: {schema: {type: integer}}}
      content: {application/json: {schema: {type: object, required: [code], properties: {code: {type: string}}}}}
  schemas:
    Order:
      type: object
      required: [id, amount]
      properties: {id: {type: string}, amount: {type: integer}}
"""
_PROFILE = """
[tenants.first.credentials]
Key = "one"
[tenants.second.credentials]
Key = "two"
[control]
advance = {url = "/advance", json = {seconds = "{seconds}"}}
"""


def spec(declared: bool = True, compare: str = "json", keeps: str = "carried-out") -> str:
    behavior = _OPERATION.strip("\n").replace("COMPARE", compare).replace("KEEPS", keeps) if declared else ""
    shown = "Order:\n      x-behavior: {object: Order, id: /id, owner: credential}" if declared else "Order:"
    return _SPEC.replace("BEHAVIOR\n", behavior + "\n" if behavior else "").replace("    Order:", f"    {shown}", 1)


CONTRACT = contract_of(spec())
PLAIN = contract_of(spec(declared=False))


@dataclass
class Shop:
    """Makes orders under keys. `faults` are the ways in which it does not keep the contract."""

    faults: frozenset[str] = frozenset()
    compare: str = "json"
    keeps: str = "carried-out"
    orders: dict[str, Any] = field(default_factory=dict)
    used: dict[Any, Any] = field(default_factory=dict)
    running: set[Any] = field(default_factory=set)
    now: float = 0

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/orders", self.make, methods=["POST"]),
                Route("/quotes", self.make, methods=["POST"]),
                Route("/orders/{id}", self.read),
                Route("/advance", self.advance, methods=["POST"]),
            ]
        )

    async def advance(self, request: Request) -> Response:
        self.now += (await request.json())["seconds"]
        return JSONResponse({})

    async def read(self, request: Request) -> Response:
        found = self.orders.get(request.path_params["id"])
        return JSONResponse(found) if found else JSONResponse({"code": "unknown"}, 404)

    def scope(self, request: Request, key: str) -> Any:
        owner = "" if "any tenant" in self.faults else request.headers.get("x-key", "")
        place = "" if "any operation" in self.faults else request.url.path
        key = key.lower() if "any case" in self.faults else key[:40] if "short keys" in self.faults else key
        return owner, place, key

    async def make(self, request: Request) -> Response:
        content, key = await request.body(), request.headers.get("idempotency-key")
        scope = self.scope(request, key) if key is not None and "ignored" not in self.faults else None
        refused = self.refused(request, content)
        if refused is not None:
            wrong = "keeps what breaks a rule" in self.faults and self.is_too_much(content)
            if scope and (self.keeps == "everything" or "keeps refusals" in self.faults or wrong):
                self.used.setdefault(scope, (self.now, content, refused))
            return refused
        if scope is None:
            return self.answer(self.made(content))
        known = self.known(scope, content)
        if known is not None:
            return known
        if "races" not in self.faults:
            if scope in self.running:
                code = "busy" if "other running" in self.faults else "key_in_use"
                return JSONResponse({"code": code}, 409, {"Retry-After": "1"})
            self.running.add(scope)
        await asyncio.sleep(0.002)
        answer = self.answer(self.made(content))
        self.running.discard(scope)
        self.used[scope] = (self.now, content, answer)
        return answer

    def refused(self, request: Request, content: bytes) -> Response | None:
        if request.headers.get("x-key") not in ("one", "two"):
            return JSONResponse({"code": "unauthorized"}, 401)
        try:
            body = json.loads(content)
            good = isinstance(body, dict) and 1 <= body["amount"] <= 1000 and bool(body["note"])
        except (ValueError, KeyError, TypeError):
            good = False
        return None if good else JSONResponse({"code": "invalid"}, 400)

    def is_too_much(self, content: bytes) -> bool:
        try:
            return bool(json.loads(content)["amount"] > 1000)
        except (ValueError, KeyError, TypeError):
            return False

    def known(self, scope: Any, content: bytes) -> Response | None:
        since, first, answer = self.used.get(scope, (0.0, b"", None))
        lasts = 600 if "forgets" in self.faults else 1e9 if "never forgets" in self.faults else 3600
        if answer is None or self.now - since >= lasts:
            return None
        if not self.same(first, content):
            if "takes others" in self.faults:
                return None
            status = 422 if "other mismatch" in self.faults else 409
            return JSONResponse({"code": "key_reused"}, status)
        body = answer.body
        if "renders anew" in self.faults:
            body = json.dumps({**json.loads(body), "extra": str(uuid.uuid4())}).encode()
        marks = {} if "unmarked" in self.faults else {"Replayed": "true"}
        status = 200 if "other status" in self.faults else answer.status_code
        return Response(body, status, {**marks, "Content-Type": "application/json"})

    def same(self, one: bytes, other: bytes) -> bool:
        if "any body" in self.faults:
            return True
        if self.compare == "bytes" or "compares bytes" in self.faults:
            return one == other
        try:
            first, second = json.loads(one), json.loads(other)
        except ValueError:
            return one == other
        if "shallow" in self.faults:
            first, second = ({k: v for k, v in value.items() if k != "address"} for value in (first, second))
        return bool(first == second)

    def made(self, content: bytes) -> dict[str, Any]:
        body = json.loads(content)
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, content.decode())) if "by body" in self.faults else str(uuid.uuid4())
        self.orders[name] = {"id": name, "amount": body["amount"]}
        return self.orders[name]

    def answer(self, order: dict[str, Any]) -> Response:
        marks = {"Replayed": "true"} if "always marked" in self.faults else {}
        return JSONResponse(order, 201, marks)


def tried(shop: Shop, declared: bool = True, probes: set[str] | None = None) -> Verified:
    contract = CONTRACT if declared else PLAIN
    if (shop.compare, shop.keeps) != ("json", "carried-out"):
        contract = contract_of(spec(compare=shop.compare, keeps=shop.keeps))
    return verified(contract, shop.app, probes or {"idempotency"}, _PROFILE)


@pytest.mark.parametrize("keeps", ["carried-out", "success", "everything"])
@pytest.mark.parametrize("compare", ["json", "bytes"])
def test_a_server_that_keeps_its_keys_is_left_in_peace(compare: str, keeps: str) -> None:
    found = tried(Shop(compare=compare, keeps=keeps), probes={"idempotency", "expiry"})
    assert not found.told, found.ledger.found
    assert not found.incomplete
    assert {
        "repeat-replayed", "repeat-marked", "key-mismatch", "key-raced", "key-scope", "key-kept", "key-retention",
        "repeat-separate",
    } <= found.made  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("ignored", "repeat-replayed"),
        ("renders anew", "repeat-replayed"),
        ("other status", "repeat-replayed"),
        ("compares bytes", "repeat-replayed"),
        ("unmarked", "repeat-marked"),
        ("always marked", "repeat-marked"),
        ("any body", "key-mismatch"),
        ("shallow", "key-mismatch"),
        ("takes others", "key-mismatch"),
        ("other mismatch", "key-mismatch"),
        ("any tenant", "key-scope"),
        ("any operation", "key-scope"),
        ("races", "key-raced"),
        ("other running", "key-raced"),
        ("keeps refusals", "key-kept"),
        ("keeps what breaks a rule", "key-kept"),
        ("any case", "repeat-separate"),
        ("short keys", "repeat-separate"),
        ("by body", "repeat-separate"),
    ],
)
def test_each_way_to_break_it_is_found(fault: str, check: str) -> None:
    found = tried(Shop(frozenset({fault})))
    assert check in found.broken, found.ledger.found
    assert found.of(check).clause.file is not None
    assert found.of(check).steps


def test_a_key_that_is_forgotten_too_soon_is_found() -> None:
    assert "key-retention" in tried(Shop(frozenset({"forgets"})), probes={"expiry"}).broken


def test_a_key_that_is_kept_too_long_is_told() -> None:
    found = tried(Shop(frozenset({"never forgets"})), probes={"expiry"})
    assert "key-retention" in found.told
    assert not found.broken


def test_a_header_alone_says_what_a_key_is_for() -> None:
    assert not tried(Shop(), declared=False).told
    found = tried(Shop(frozenset({"ignored"})), declared=False)
    assert found.told == {"repeat-replayed"}
    assert not found.broken


def test_without_a_second_tenant_its_scope_is_not_tested() -> None:
    found = verified(CONTRACT, Shop().app, {"idempotency"}, '[tenants.first.credentials]\nKey = "one"')
    assert not found.told
    assert {one.fill for one in found.ledger.untested.values()} == {"tenants.second.credentials"}


def test_without_a_clock_its_retention_is_not_tested() -> None:
    found = verified(CONTRACT, Shop().app, {"expiry"}, '[tenants.first.credentials]\nKey = "one"')
    assert {one.fill for one in found.ledger.untested.values()} == {"control.advance"}
