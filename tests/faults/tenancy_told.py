"""Tenancy: what is another's can be told from what is not there."""

from __future__ import annotations

import copy
import json

from faults.callers import Callers, gr4vy_token, merchant
from faults.exchange import Answer, Ask, Asked
from faults.registry import Kind, around
from faults.tenancy import of_theirs

TENANCY = Kind.TENANCY


# -- what can be told apart --------------------------------------------------------------------------------------------------


@around(
    "vinr-foreign-is-forbidden",
    TENANCY,
    "getVinrSessionResult",
    "Another's session is 403, and one that never was 404.",
    shows=lambda callers: of_theirs(callers, "getVinrSessionResult") == 403,
)
async def _forbidden(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 404 and await _is_somebodys(asked, ask):
        answer.status = 403
        answer.edit(lambda value: value["error"].update(code="permission_denied", type="authentication_error"))
    return answer


async def _is_somebodys(asked: Asked, ask: Ask) -> bool:
    for number in (0, 1):
        asked.put("x-api-key", merchant(number).vinr.keys[0].key)
        if (await ask(asked)).status != 404:
            return True
    return False


@around(
    "gr4vy-foreign-in-other-words",
    TENANCY,
    "getGr4vySession",
    "The message for another's session says that it is another's.",
    shows=lambda callers: "yours" in callers.session(callers.gr4vy(1)).text,
)
async def _words(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 404:
        for number in (0, 1):
            asked.put("authorization", f"Bearer {gr4vy_token(number)}")
            if (await ask(asked)).ok:
                return answer.edit(lambda value: value.update(message="This checkout session is not yours."))
    return answer


@around(
    "diddo-foreign-cart-is-gone",
    TENANCY,
    "beginDiddoCheckout",
    "Another's cart is 422, and one that never was 404.",
    shows=lambda callers: of_theirs(callers, "beginDiddoCheckout") == 422,
)
async def _unprocessable(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 404 and asked.values["cart_id"] in {one.id for n in (0, 1) for one in merchant(n).template_carts}:
        return Answer.of(422, {"code": "CART_NOT_PURCHASABLE", "message": "This cart cannot be bought."})
    return answer


@around(
    "dintero-foreign-account-is-forbidden",
    TENANCY,
    "createDinteroOrderSession",
    "Another's account is 403, and one that never was 404.",
    shows=lambda callers: of_theirs(callers, "createDinteroOrderSession") == 403,
)
async def _account_forbidden(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 404 and asked.values["aid"] in {merchant(number).dintero.account for number in (0, 1)}:
        orders = {order.id for number in (0, 1) for order in merchant(number).orders}
        if asked.values["order_id"] in orders:
            return Answer.of(403, {"error": {"code": "forbidden", "message": "The token is not for this account."}})
    return answer


@around(
    "vinr-key-shared-by-merchants",
    TENANCY,
    "createVinrSession",
    "An idempotency key is one for all merchants.",
    shows=lambda callers: (
        callers.vinr(0, headers={"Idempotency-Key": "one"}) == callers.vinr(1, headers={"Idempotency-Key": "one"})
    ),
)
async def _shared_key(asked: Asked, ask: Ask) -> Answer:
    key = asked.header("idempotency-key")
    if key is None:
        return await ask(asked)
    known = asked.memory.get((key, asked.body))
    if known is not None:
        return known
    answer = await ask(asked)
    if answer.ok:
        asked.memory[key, asked.body] = answer
    return answer


# -- what is kept for all merchants at once ------------------------------------------------------------------------------------


def _shared_and_marked(callers: Callers) -> bool:
    callers.vinr(0, headers={"Idempotency-Key": "two"})
    second = callers.send("createVinrSession", tenant=1, headers={"Idempotency-Key": "two"})
    return second.headers.get("idempotent-replayed") == "true"


@around(
    "vinr-replay-to-another-merchant",
    TENANCY,
    "createVinrSession",
    "An answer that is kept under a key is replayed to whoever sends the key.",
    shows=_shared_and_marked,
)
async def _replayed(asked: Asked, ask: Ask) -> Answer:
    key, body = asked.header("idempotency-key"), json.dumps(asked.json, sort_keys=True)
    known = asked.memory.get((key, body)) if key is not None else None
    if known is not None and known[0] != asked.header("x-api-key"):
        answer = copy.deepcopy(known[1])
        answer.put("idempotent-replayed", "true")
        return answer
    answer = await ask(asked)
    if answer.ok and key is not None:
        asked.memory.setdefault((key, body), (asked.header("x-api-key"), copy.deepcopy(answer)))
    return answer


def _listed_of(callers: Callers) -> bool:
    session = callers.dintero(0)
    return session in callers.send("listDinteroOrderSessions", tenant=1).text


@around(
    "dintero-newest-of-everybody",
    TENANCY,
    "createDinteroOrderSession listDinteroOrderSessions",
    "A list has the newest sessions of all merchants in it, whoever asks.",
    shows=_listed_of,
)
async def _newest(asked: Asked, ask: Ask) -> Answer:
    answer, account = await ask(asked), asked.values["aid"]
    newest = asked.memory.setdefault("newest", [])
    if answer.ok and asked.method == "POST":
        newest[:] = [*newest[-29:], (account, answer.json)]
    if answer.ok and asked.method == "GET":
        listed = [*answer.json["sessions"], *(one for whose, one in newest if whose != account)]
        answer.write({"sessions": sorted(listed, key=lambda one: one["created_at"], reverse=True)})
    return answer
