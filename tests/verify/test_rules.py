"""Rules and totals of requests are enforced as declared, and those of answers, with what they repeat, are kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tillspec.verify.contract import Contract
from tillspec.verify.probes.rules import rules

from . import support

ORDERS = """
    openapi: 3.1.0
    info: {title: Orders, version: '1'}
    paths:
      /orders:
        post:
          operationId: createOrder
          x-behavior: {creates: Order, idempotency: none, unknown: {status: 404, code: none, at: /code}}
          requestBody:
            required: true
            content:
              application/json:
                schema: {$ref: '#/components/schemas/OrderRequest'}
                example:
                  {amount: 50, currency: EUR, least: 1, most: 3, lines: [{price: 10, count: 5, currency: EUR}]}
          responses:
            '201': {description: Made., content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
            '400': &error
              description: Not so.
              content: {application/json: {schema: {type: object, properties: {code: {type: string}}}}}
            '404': *error
    components:
      schemas:
        OrderData:
          type: object
          x-behavior:
            totals:
              - {total: /amount, terms: [{amount: /lines/*/price, times: /lines/*/count}], status: 400, code: amount_mismatch}
            rules:
              - {rule: self.least <= self.most, message: least is at most most, at: /least, status: 400, code: invalid}
              - {rule: 'self.lines.all(line, line.currency == self.currency)', message: all lines have one currency,
                 at: /lines/*/currency, status: 400, code: invalid}
          required: [amount, currency, least, most, lines]
          properties:
            amount: {type: integer, minimum: 0}
            currency: {type: string, pattern: '^[A-Z]{3}$'}
            least: {type: integer, minimum: 0, maximum: 100}
            most: {type: integer, minimum: 0, maximum: 100}
            lines:
              type: array
              minItems: 1
              items:
                type: object
                required: [price, count, currency]
                properties:
                  price: {type: integer, minimum: 1}
                  count: {type: integer, minimum: 1}
                  currency: {type: string, pattern: '^[A-Z]{3}$'}
        OrderRequest: {allOf: [{$ref: '#/components/schemas/OrderData'}]}
        Order:
          allOf: [{$ref: '#/components/schemas/OrderData'}]
          type: object
          x-behavior: {object: Order, id: /id, owner: nobody}
          required: [id]
          properties:
            id: {type: string}
            self: {type: string, x-behavior: {same-as: '/orders/{$response.body#/id}'}}
            lines: {type: array, x-behavior: {same-as: $request.body#/lines}}
"""
Body = dict[str, Any]


def total(body: Body) -> int:
    return sum(line["price"] * line["count"] for line in body["lines"])


RULES: dict[str, tuple[Callable[[Body], bool], str]] = {
    "total": (lambda body: body["amount"] == total(body), "amount_mismatch"),
    "least": (lambda body: body["least"] <= body["most"], "invalid"),
    "currency": (lambda body: all(line["currency"] == body["currency"] for line in body["lines"]), "invalid"),
}


def app(change: Callable[[Body], Body] = lambda body: body, **others: Any) -> Starlette:
    """A server that enforces the rules; `others` replaces one, or its code, or with None drops it."""

    async def create(request: Request) -> Response:
        body = await request.json()
        for name, (holds, code) in RULES.items():
            held, told = others.get(name, (holds, code)) or ((lambda _: True), code)
            if not held(body):
                return JSONResponse({"code": told}, others.get("status", 400))
        identifier = str(uuid.uuid4())
        return JSONResponse(change({**body, "id": identifier, "self": f"/orders/{identifier}"}), 201)

    return Starlette(routes=[Route("/orders", create, methods=["POST"])])


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return support.contract(tmp_path_factory.mktemp("orders"), ORDERS)


def found(contract: Contract, server: Starlette) -> support.Verified:
    with support.serving(server) as url:
        made = support.verified(contract, url, probes=(rules,))
    assert made.incomplete == []
    return made


def test_a_server_that_keeps_it_has_no_findings(orders: Contract) -> None:
    made = found(orders, app())
    assert made.findings == [] and made.untested == [], str(made)
    for check in ("rule-enforced", "total-enforced", "rule-kept", "total-kept", "echo"):
        assert made.passed(check), f"{check}\n{made}"


@pytest.mark.parametrize(
    ("others", "check", "clause"),
    [
        ({"total": None}, "total-enforced", "totals/0"),
        ({"total": (lambda body: body["amount"] <= total(body), "amount_mismatch")}, "total-enforced", "totals/0"),
        ({"total": (lambda body: body["amount"] >= total(body), "amount_mismatch")}, "total-enforced", "totals/0"),
        ({"total": (lambda body: abs(body["amount"] - total(body)) < 2, "amount_mismatch")}, "total-enforced", "totals/0"),
        ({"total": (RULES["total"][0], "other")}, "total-enforced", "totals/0"),
        ({"least": None}, "rule-enforced", "rules/0"),
        ({"currency": None}, "rule-enforced", "rules/1"),
        ({"currency": (lambda body: body["lines"][0]["currency"] == body["currency"], "invalid")}, "rule-enforced", "rules/1"),
    ],
)
def test_a_rule_that_is_not_enforced_is_found(orders: Contract, others: Any, check: str, clause: str) -> None:
    made = found(orders, app(**others))
    pointers = {one.clause.pointer for one in made.of(check) if one.severity == "MUST"}
    assert pointers == {f"/components/schemas/OrderData/x-behavior/{clause}"}, str(made)


def test_another_status_than_declared_is_found(orders: Contract) -> None:
    assert {one.check for one in found(orders, app(status=404)).findings} == {"rule-enforced", "total-enforced"}


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda body: {**body, "amount": body["amount"] + 1}, "total-kept"),
        (lambda body: {**body, "least": body["most"] + 1}, "rule-kept"),
        (lambda body: {**body, "self": "/orders/1"}, "echo"),
        (lambda body: {**body, "lines": [{**one, "price": one["count"], "count": 10} for one in body["lines"]]}, "echo"),
        (lambda body: {**body, "lines": body["lines"] + [{**body["lines"][0], "count": 0}]}, "body-schema"),
    ],
)  # fmt: skip
def test_an_answer_that_breaks_what_is_declared_is_found(orders: Contract, change: Callable[[Body], Body], check: str) -> None:
    assert {one.check for one in found(orders, app(change)).findings} == {check}


def test_defaults_may_be_filled_in(orders: Contract) -> None:
    def change(body: Body) -> Body:
        return {**body, "lines": [{**line, "taxed": False} for line in body["lines"]]}

    assert found(orders, app(change)).findings == []
