"""Shipping and money: amounts that are wrong, and choices that should not be taken."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal
from typing import Any

from faults.callers import VINR, Callers
from faults.exchange import Answer, Ask, Asked
from faults.registry import Kind, around, patches

MONEY = Kind.MONEY


def amounts(name: str, operations: str, what: str, change: Callable[[Any], Any], *, shows: Callable[[Callers], bool]) -> None:
    """Registers a fault: the amounts of an answer are changed."""

    @around(name, MONEY, operations, what, shows=shows)
    async def wrong(asked: Asked, ask: Ask) -> Answer:
        answer = await ask(asked)
        return answer.edit(lambda value: change(value) and None) if answer.ok else answer


def raise_by(at: Any, name: str, more: int) -> None:
    """Adds to an amount."""
    at[name] += more


# -- VINR --------------------------------------------------------------------------------------------------------------------

_RESULT = "getVinrSessionResult"
amounts(
    "vinr-amount-off-by-one",
    _RESULT,
    "The amount of a result is a cent more than was asked for.",
    lambda value: raise_by(value, "amount", 1),
    shows=lambda callers: callers.send(_RESULT).json()["amount"] == 2501,
)
amounts(
    "vinr-amount-in-euros",
    _RESULT,
    "The amount of a result is in euros, and not in cents.",
    lambda value: value.update(amount=value["amount"] / 100),
    shows=lambda callers: callers.send(_RESULT).json()["amount"] == 25,
)
amounts(
    "vinr-currency-always-euro",
    _RESULT,
    "The currency of a result is EUR.",
    lambda value: value.update(currency="EUR"),
    shows=lambda callers: callers.result(callers.vinr(body=_dollars())).json()["currency"] == "EUR",
)
amounts(
    "vinr-email-in-lower-case",
    _RESULT,
    "The e-mail address in a result is in lower case.",
    lambda value: "email" in value.get("customer", {}) and value["customer"].update(email=value["customer"]["email"].lower()),
    shows=lambda callers: (
        callers.result(callers.vinr(at="/customer/email", to="Jane@Example.com")).json()["customer"]["email"].islower()
    ),
)


def _dollars() -> Any:
    return {"amount": 700, "currency": "USD", "successUrl": VINR["successUrl"], "cancelUrl": VINR["cancelUrl"]}


def _total_mended(off: int) -> Any:
    async def mended(asked: Asked, ask: Ask) -> Answer:
        body = asked.json
        try:
            total = sum(one["price"] * one["quantity"] for one in body["cartItems"])
            if abs(body["amount"] - total) <= off:
                asked.write({**body, "amount": total})
        except (KeyError, TypeError):
            pass
        return await ask(asked)

    return mended


around(
    "vinr-total-off-by-one",
    MONEY,
    "createVinrSession",
    "amount may be a cent more or less than the cart comes to.",
    shows=lambda callers: callers.send("createVinrSession", at="/amount", to=2501).is_success,
)(_total_mended(1))


@around(
    "vinr-quantities-not-counted",
    MONEY,
    "createVinrSession",
    "amount is held against the prices without their quantities.",
    shows=lambda callers: callers.send("createVinrSession", at="/amount", to=1250).is_success,
)
async def _uncounted(asked: Asked, ask: Ask) -> Answer:
    body = asked.json
    try:
        if body["amount"] == sum(one["price"] for one in body["cartItems"]):
            asked.write({**body, "amount": sum(one["price"] * one["quantity"] for one in body["cartItems"])})
    except (KeyError, TypeError):
        pass
    return await ask(asked)


@patches(
    "vinr-discount-rounded-down",
    MONEY,
    _RESULT,
    "The discount of a promo code is rounded down.",
    "tillspec.sandbox.money:share",
    shows=lambda callers: _paid(callers, 1252, promo_code="ODD") == 1096,
)
def _down(before: Any, amount: int, percent: float, rounding: str = "half-up") -> int:
    return int((Decimal(amount) * Decimal(str(percent)) / 100).quantize(Decimal(1), rounding=ROUND_DOWN))


def _paid(callers: Callers, amount: int, **choices: Any) -> int:
    """What a session comes to when the buyer has made choices."""
    item = {"id": "mug", "name": "Mug", "price": amount, "quantity": 1}
    session = callers.vinr(body={**VINR, "amount": amount, "cartItems": [item]})
    callers.outcome(session, "complete", **{"option": "std", **choices})
    return callers.result(session).json()["amount"] - 495


@patches(
    "vinr-shipping-not-added",
    MONEY,
    _RESULT,
    "The amount of a paid session is without its shipping.",
    "tillspec.sandbox.surfaces.vinr_offer:Offer.cost",
    shows=lambda callers: _paid(callers, 2500) == 2005,
)
def _unshipped(before: Any, offer: Any, chosen: Any) -> Any:
    from dataclasses import replace

    return replace(before(offer, chosen), shipping=0)


# -- Gr4vy -------------------------------------------------------------------------------------------------------------------

amounts(
    "gr4vy-amount-of-the-cart",
    "createGr4vySession getGr4vySession updateGr4vySession",
    "amount is made of the cart, and not what was given.",
    lambda value: (
        value.get("cart_items")
        and value.update(amount=min(99_999_999, sum(one["unit_amount"] * one["quantity"] for one in value["cart_items"])))
    ),
    shows=lambda callers: callers.send("createGr4vySession").json()["amount"] != 85198,
)
amounts(
    "gr4vy-discount-negative",
    "getGr4vySession",
    "discount_amount is shown as a negative number.",
    lambda value: [
        one.get("discount_amount") and one.update(discount_amount=-one["discount_amount"]) for one in value["cart_items"] or []
    ],
    shows=lambda callers: callers.send("getGr4vySession").json()["cart_items"][0]["discount_amount"] < 0,
)
amounts(
    "gr4vy-tax-for-the-line",
    "updateGr4vySession",
    "tax_amount of an item is multiplied by its quantity.",
    lambda value: [
        one.get("tax_amount") and one.update(tax_amount=min(99_999_999, one["tax_amount"] * one["quantity"]))
        for one in value["cart_items"] or []
    ],
    shows=lambda callers: callers.send("updateGr4vySession").json()["cart_items"][0]["tax_amount"] == 28400,
)
amounts(
    "gr4vy-currency-missing-is-dollars",
    "createGr4vySession",
    "A session without currency is in USD.",
    lambda value: value["currency"] is None and value.update(currency="USD"),
    shows=lambda callers: callers.send("createGr4vySession", body={"currency": None, "amount": 1}).json()["currency"] == "USD",
)


def _one_less(callers: Callers) -> bool:
    return callers.send("createVinrSession", at="/amount", to=2499).is_success


@around(
    "vinr-amount-a-cent-less",
    MONEY,
    "createVinrSession",
    "amount may be a cent less than the cart comes to.",
    shows=_one_less,
)
async def _less(asked: Asked, ask: Ask) -> Answer:
    untouched, answer = asked.copy(), await ask(asked)
    body = untouched.json
    if answer.status == 400 and isinstance(body, dict) and type(body.get("amount")) is int:
        untouched.write({**body, "amount": body["amount"] + 1})
        mended = await ask(untouched)
        return mended if mended.ok else answer
    return answer
