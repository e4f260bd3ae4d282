"""Idempotency: requests that may be repeated without a key."""

from __future__ import annotations

import json
from typing import Any

from faults.callers import Callers
from faults.exchange import Answer, Ask, Asked
from faults.registry import Kind, around, patches

IDEMPOTENCY = Kind.IDEMPOTENCY


# -- requests that may be repeated without a key ------------------------------------------------------------------------------


@around(
    "diddo-same-method-twice",
    IDEMPOTENCY,
    "selectDiddoShippingMethod",
    "Choosing the chosen method again is refused.",
    shows=lambda callers: _again(callers, "selectDiddoShippingMethod") == 409,
)
async def _same_method(asked: Asked, ask: Ask) -> Answer:
    body, answer = asked.body, await ask(asked)
    if answer.ok:
        if asked.memory.get(json.loads(body)["cart_id"]) == body:
            return Answer.of(409, {"code": "CHECKOUT_ENDED", "message": "This method is chosen already."})
        asked.memory[json.loads(body)["cart_id"]] = body
    return answer


def _again(callers: Callers, operation: str) -> int:
    body = callers.body(operation)
    callers.send(operation, body=body)
    return callers.send(operation, body=body).status_code


def _doubled(callers: Callers) -> bool:
    body = callers.body("setDiddoShipping")
    first, second = (callers.send("setDiddoShipping", body=body).json()["shipping_methods"] for _ in range(2))
    return len(first) != len(second)


@around(
    "diddo-shipping-twice-doubles-methods",
    IDEMPOTENCY,
    "setDiddoShipping",
    "Setting the same address again has every shipping method there twice.",
    shows=_doubled,
)
async def _doubles(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok:
        if asked.body in asked.memory:
            answer.edit(lambda value: value.update(shipping_methods=value["shipping_methods"] * 2))
        asked.memory[asked.body] = True
    return answer


@patches(
    "gr4vy-update-adds-lines",
    IDEMPOTENCY,
    "updateGr4vySession",
    "A PUT adds its cart items to those that are there.",
    "tillspec.sandbox.surfaces.gr4vy:hold",
    shows=lambda callers: len(callers.send("updateGr4vySession").json()["cart_items"]) == 2,
)
def _adds(before: Any, session: Any, values: dict[str, Any]) -> None:
    known = (session.data.get("values") or {}).get("cart_items")
    if known and values.get("cart_items"):
        values = {**values, "cart_items": [*known, *values["cart_items"]]}
    before(session, values)


@around(
    "dintero-address-only-once",
    IDEMPOTENCY,
    "setDinteroShippingAddress",
    "The same address a second time is refused.",
    shows=lambda callers: _address_again(callers) == 400,
)
async def _once(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok:
        if (asked.path, asked.body) in asked.memory:
            return Answer.of(400, {"error": {"code": "validation_error", "message": "This address is set already."}})
        asked.memory[asked.path, asked.body] = True
    return answer


def _address_again(callers: Callers) -> int:
    path = {"session_id": callers.dintero()}
    callers.send("setDinteroShippingAddress", path=path)
    return callers.send("setDinteroShippingAddress", path=path).status_code


# -- what a key is kept for ----------------------------------------------------------------------------------------------------


def _burnt(callers: Callers) -> int:
    headers = {"Idempotency-Key": "burnt-by-no-json"}
    callers.send("createVinrSession", content=b'{"', headers=headers)
    return callers.send("createVinrSession", headers=headers).status_code


@around(
    "vinr-key-burnt-by-no-json",
    IDEMPOTENCY,
    "createVinrSession",
    "A key that came with a body that is no JSON cannot be used any more.",
    shows=lambda callers: _burnt(callers) == 409,
)
async def _burns(asked: Asked, ask: Ask) -> Answer:
    key, answer = (asked.header("x-api-key"), asked.header("idempotency-key")), await ask(asked)
    if key[1] is None:
        return answer
    if answer.status == 400 and asked.json is None:
        asked.memory[key] = True
    if answer.ok and key in asked.memory:
        error = {"type": "idempotency_error", "code": "idempotency_key_reused", "message": "The key was used before."}
        return Answer.of(409, {"error": {**error, "request_id": "req_of_its_own"}})
    return answer


def _twice_the_card(callers: Callers) -> bool:
    path = {"session_id": callers.gr4vy()}
    for _ in range(2):
        callers.send("setGr4vySessionFields", path=path)
    return callers.session(path["session_id"]).json().get("payment_method") is None


@around(
    "gr4vy-same-card-takes-it-away",
    IDEMPOTENCY,
    "setGr4vySessionFields getGr4vySession",
    "A card that is given a second time is taken out of the session.",
    shows=_twice_the_card,
)
async def _toggled(asked: Asked, ask: Ask) -> Answer:
    session, body, answer = asked.values["session_id"], asked.body, await ask(asked)
    if answer.status == 204:
        given, even = asked.memory.get(session, (b"", False))
        asked.memory[session] = (body, given == body and not even)
    if answer.ok and asked.method == "GET" and asked.memory.get(session, (b"", False))[1]:
        answer.edit(lambda value: value.update(payment_method=None))
    return answer
