"""What requests gave to objects, and when it is forgotten."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tillspec.verify.exchange import Answer, Call, Exchange
from tillspec.verify.memory import Memory
from tillspec.verify.oracles.behavior import behavior
from tillspec.verify.profile import Profile
from tillspec.verify.run import Run
from tillspec.verify.wire import Origin, Wire

from .served import contract_of


def test_a_server_that_is_as_new_may_give_the_same_ids_again() -> None:
    memory = Memory()
    memory.written["Session", "1"] = [Exchange(Call("create", "POST", "/sessions", value={"a": 1}), Answer(201))]
    memory.moved.add("1")
    memory.forget()
    assert not memory.written
    assert not memory.moved


NOTES = contract_of("""
openapi: 3.1.0
info: {title: Notes, version: '1'}
paths:
  /notes/{id}:
    put:
      operationId: write
      x-behavior: {updates: Note, identifies: $request.path.id}
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {text: {type: string}}}}}}
      responses: {'200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}}}
components:
  schemas:
    Note:
      type: object
      x-behavior: {object: Note, id: /id, owner: nobody}
      properties: {id: {type: string}, text: {type: string, x-behavior: {same-as: $request.body#/text}}}
""")


def _written(text: str | None, shows: str, **other: Any) -> Exchange:
    body = b"{}" if text is None else json.dumps({"text": text}).encode()
    call = Call("write", "PUT", "/notes/1", (), body, path=(("id", "1"),), value=json.loads(body))
    answer = Answer(200, (("Content-Type", "application/json"),), json.dumps({"id": "1", "text": shows}).encode())
    status, fault = other.pop("status", 200), other.pop("fault", None)
    return Exchange(replace(call, **other), replace(answer, status=status, fault=fault))


@pytest.mark.parametrize(
    ("between", "told"),
    [
        (_written("b", "b", raw=b"PUT /notes/1 HTTP/1.1\r\n\r\n", body=None), []),
        (_written("b", "b", fault="closed the connection"), []),
        (_written("b", "b", status=500), []),
        (_written("b", "a", status=400), ["echo"]),
        (_written(None, "a"), ["echo"]),
    ],
)
def test_what_may_have_been_written_is_not_known(between: Exchange, told: list[str]) -> None:
    """Of a message that no client would send, or that was never answered, it is not known what the server made of it."""
    run = Run(NOTES, Profile(), Wire(Origin("http", "127.0.0.1", 9)))
    run.oracles = (behavior,)
    for exchange in (_written("a", "a"), between, _written(None, "b")):
        run.judge(NOTES.targets["write"], exchange)
    assert [one.check for one in run.ledger.found.values()] == told


ORDERS = contract_of("""
openapi: 3.1.0
info: {title: Orders, version: '1'}
paths:
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    put:
      operationId: both
      x-behavior: {updates: Order, identifies: $request.path.id}
      requestBody:
        content: {application/json: {schema: {type: object, properties: {home: {$ref: '#/components/schemas/Address'}}}}}
      responses: {'200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}}
  /orders/{id}/home:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    put:
      operationId: one
      x-behavior: {updates: Order, identifies: $request.path.id}
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Address'}}}}
      responses: {'200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}}
  /orders/{id}/note:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    put:
      operationId: note
      x-behavior: {updates: Order, identifies: $request.path.id}
      requestBody: {content: {application/json: {schema: {type: object, properties: {note: {type: string}}}}}}
      responses: {'200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}}
components:
  schemas:
    Address: {type: object, properties: {city: {type: string}}}
    Order:
      type: object
      x-behavior: {object: Order, id: /id, owner: nobody}
      properties:
        id: {type: string}
        home: {$ref: '#/components/schemas/Address', x-behavior: {same-as: $request.body#/home}}
""")


@pytest.mark.parametrize(("operation", "path", "told"), [("one", "/home", []), ("note", "/note", ["echo"])])
def test_a_body_of_the_type_of_a_value_may_have_given_it(operation: str, path: str, told: list[str]) -> None:
    run = Run(ORDERS, Profile(), Wire(Origin("http", "127.0.0.1", 1)))
    found = []
    for name, where, body, city in (
        ("both", "", {"home": {"city": "Oslo"}}, "Oslo"),
        (operation, path, {"city": "Bergen"} if operation == "one" else {"note": "x"}, "Bergen"),
    ):
        call = Call(name, "PUT", f"/orders/1{where}", (), json.dumps(body).encode(), path=(("id", "1"),), value=body)
        shown = json.dumps({"id": "1", "home": {"city": city}}).encode()
        exchange = Exchange(call, Answer(200, (("Content-Type", "application/json"),), shown))
        found += [one.check for one in behavior(run, ORDERS.targets[name], exchange) if one.what]
    assert found == told
