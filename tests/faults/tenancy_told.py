"""Tenancy: what is another's can be told from what is not there."""

from __future__ import annotations

from faults.callers import gr4vy_token, merchant
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
