"""Bodies that are unlike each other: a server that takes them all, and servers that fail at one kind, or answer it wrongly."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tillspec.verify.probes.variety import varied

from .served import Verified, contract_of, verified
from .test_bodies import run_of

_SPEC = """
openapi: 3.1.0
info: {title: Letters, version: '1'}
paths:
  /letters:
    post:
      operationId: send
      x-behavior: {creates: Letter, idempotency: none}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              x-behavior:
                rules: [{rule: '!has(self.tip) || self.tip <= self.fee', message: tip is at most fee, at: /tip, status: 400}]
              required: [text, fee]
              properties:
                text: {type: string, maxLength: 200}
                fee: {type: integer, minimum: 1, maximum: 99}
                tip: {type: integer, minimum: 0, maximum: 99}
                sender: {anyOf: [{$ref: '#/components/schemas/Sender'}, {type: 'null'}]}
      responses:
        '201':
          description: sent
          content: {application/json: {schema: {$ref: '#/components/schemas/Letter'}}}
        4XX: {description: refused, content: {application/json: {schema: {type: object}}}}
components:
  schemas:
    Letter:
      type: object
      x-behavior: {object: Letter, id: /id}
      required: [id, fee]
      properties:
        id: {type: string}
        fee: {type: integer, x-behavior: {same-as: $request.body#/fee}}
    Sender:
      type: object
      properties:
        name: {type: [string, 'null']}
        address:
          anyOf:
            - {type: object, properties: {city: {type: [string, 'null']}}}
            - {type: 'null'}
"""
CONTRACT = contract_of(_SPEC)
WHOLE = {"text": "hello", "fee": 5, "tip": 0, "sender": {"name": "Ada", "address": {"city": "Oslo"}}}


@dataclass
class Letters:
    """Sends letters. `fault` is what is wrong with it."""

    fault: str = ""
    numbers: count[int] = field(default_factory=count)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/letters", self.send, methods=["POST"])])

    async def send(self, request: Request) -> Response:
        try:
            body = json.loads(await request.body())
            good = isinstance(body["text"], str) and 1 <= body["fee"] <= 99 and body.get("tip", 0) <= body["fee"]
        except (ValueError, KeyError, TypeError):
            good = False
        if not good:
            return JSONResponse({}, 400)
        if self.fails(body):
            return JSONResponse({}, 500)
        tip = body.get("tip", 0) if self.fault == "fee with tip" else 0
        return JSONResponse({"id": str(next(self.numbers)), "fee": body["fee"] + tip}, 201)

    def fails(self, body: Any) -> bool:
        sender = body.get("sender") or {}
        match self.fault:
            case "line break" | "tab" | "zero width":
                return {"line break": "\n", "tab": "\t", "zero width": "\u200b"}[self.fault] in body["text"]
            case "no sender":
                return body.get("sender", "") is None
            case "no address":
                return sender.get("address", "") is None
            case "no city":
                return (sender.get("address") or {}).get("city", "") is None
        return False


def of(fault: str = "") -> Verified:
    return verified(CONTRACT, Letters(fault).app, {"variety"})


def test_a_server_that_takes_them_all_is_left_alone() -> None:
    found = of()
    assert not found.told, found.ledger.found
    assert {"no-crash", "echo"} <= found.made


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("line break", "no-crash"),
        ("tab", "no-crash"),
        ("zero width", "no-crash"),
        ("no sender", "no-crash"),
        ("no address", "no-crash"),
        ("no city", "no-crash"),
        ("fee with tip", "echo"),
    ],
)
def test_a_server_that_fails_at_one_kind_is_found(fault: str, check: str) -> None:
    assert check in of(fault).broken


def test_null_stands_at_each_level_with_what_is_around_it() -> None:
    form = CONTRACT.targets["send"].json_body
    assert form is not None
    bodies = list(varied(run_of(CONTRACT), form, [WHOLE]))
    senders = [body["sender"] for body in bodies if body["sender"] != WHOLE["sender"]]
    for expected in (None, {"name": None, "address": None}, {"name": "Ada", "address": {"city": None}}):
        assert senders.count(expected) == 1
