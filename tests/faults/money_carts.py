"""Shipping and money: sessions of orders at Dintero, and carts at Diddo."""

from __future__ import annotations

from typing import Any

from faults.callers import DINTERO, HOME, POST, Callers, changed
from faults.exchange import Answer, Ask, Asked
from faults.money import amounts, raise_by
from faults.registry import Kind, around, patches

MONEY = Kind.MONEY


# -- Dintero -----------------------------------------------------------------------------------------------------------------

_STEPS = "setDinteroAddresses setDinteroShippingAddress setDinteroShippingOption"
amounts(
    "dintero-amount-with-shipping",
    "createDinteroOrderSession getDinteroOrderSession",
    "The amount of a session counts its first line twice.",
    lambda value: raise_by(value, "amount", value["items"][0]["amount"]),
    shows=lambda callers: _dintero_sum(callers) > 0,
)
amounts(
    "dintero-whole-lines",
    "createDinteroOrderSession",
    "Part of a line is shown as the whole line.",
    lambda value: (
        [one.update(amount=29990) for one in value["items"] if one["line_id"] == "1"]
        and value.update(amount=sum(one["amount"] for one in value["items"]))
    ),
    shows=lambda callers: callers.send("createDinteroOrderSession").json()["items"][0]["amount"] == 29990,
)
amounts(
    "dintero-view-without-shipping",
    _STEPS,
    "The amount of the view is without the shipping that is picked.",
    lambda value: (
        "shipping_option" in value["order"] and raise_by(value["order"], "amount", -value["order"]["shipping_option"]["amount"])
    ),
    shows=lambda callers: callers.send("setDinteroShippingOption").json()["order"]["amount"] == 59900,
)


def _dintero_sum(callers: Callers) -> int:
    made = callers.send("createDinteroOrderSession").json()
    return made["amount"] - sum(one["amount"] for one in made["items"])


_ORDERS = "tillspec.sandbox.surfaces.dintero_sessions"


@around(
    "dintero-option-at-any-price",
    MONEY,
    "setDinteroShippingOption",
    "The price of an option is taken from who picks it.",
    shows=lambda callers: callers.send("setDinteroShippingOption", at="/amount", to=1).is_success,
)
async def _any_price(asked: Asked, ask: Ask) -> Answer:
    body, answer = asked.json, await ask(asked)
    if answer.status != 400 or not isinstance(body, dict) or type(body.get("amount")) is not int or body["amount"] < 0:
        return answer
    for offered in (POST, HOME):
        if body.get("line_id") == offered["line_id"] and body["amount"] <= 99_999_999:
            asked.write({**body, "amount": offered["amount"]})
            return await ask(asked)
    return await _at_what_price(asked, ask, answer, body)


async def _at_what_price(asked: Asked, ask: Ask, answer: Answer, body: Any) -> Answer:
    """The option at the price that the refusal names."""
    for one in (answer.json or {}).get("error", {}).get("errors", []):
        price = str(one.get("message", "")).removeprefix("It is on offer at ").rstrip(".")
        if price.isdigit():
            asked.write({**body, "amount": int(price)})
            return await ask(asked)
    return answer


def _to_america(callers: Callers) -> bool:
    offers = changed(DINTERO, "/express/shipping_options/0/countries", lambda one: ["SE"])
    path = {"session_id": callers.dintero(body=offers)}
    callers.send("setDinteroShippingAddress", path=path)
    return callers.send("setDinteroShippingOption", path=path, at="/countries", to=["SE"]).status_code != 400


@patches(
    "dintero-option-of-another-country",
    MONEY,
    "setDinteroShippingOption",
    "An option that does not ship to the address can be picked.",
    f"{_ORDERS}:on_offer",
    shows=_to_america,
)
def _everywhere(before: Any, session: Any) -> Any:
    return list(session.data["offers"])


@around(
    "dintero-unknown-line-is-free",
    MONEY,
    "createDinteroOrderSession",
    "A line that the order does not have is left out in silence.",
    shows=lambda callers: callers.send("createDinteroOrderSession", at="/items/0/line_id", to="99").is_success,
)
async def _free(asked: Asked, ask: Ask) -> Answer:
    body, answer = asked.json, await ask(asked)
    if answer.status == 400 and "unknown_line" in answer.body.decode():
        known = [one for one in body["items"] if one["line_id"] in ("1", "2")] or [{"line_id": "1"}]
        asked.write({**body, "items": known})
        return await ask(asked)
    return answer


@patches(
    "dintero-profile-unchecked",
    MONEY,
    "createDinteroOrderSession",
    "A profile that does not exist is taken.",
    "tillspec.sandbox.outside:find",
    shows=lambda callers: callers.send("createDinteroOrderSession", at="/profile_id", to="nobody").is_success,
)
def _any_profile(before: Any, connection: Any, of: type, owner: str, key: str) -> Any:
    return before(connection, of, owner, "default" if of.__name__ == "DinteroProfile" else key)


# -- Diddo -------------------------------------------------------------------------------------------------------------------

_METHOD = "selectDiddoShippingMethod"


def _too_much(cost: Any) -> int:
    """By how much a total is more than its terms."""
    return int(cost["total"] - cost["subtotal"] - cost["shipping"] - cost["tax"])


def _cost(callers: Callers, operation: str = _METHOD) -> Any:
    return callers.send(operation).json()["cost"]


amounts(
    "diddo-total-off-by-one",
    "setDiddoShipping selectDiddoShippingMethod",
    "The total of a cart with tax is a cent too high.",
    lambda value: value["cost"]["tax"] and raise_by(value["cost"], "total", 1),
    shows=lambda callers: _too_much(_cost(callers)) == 1,
)
amounts(
    "diddo-tax-left-out",
    _METHOD,
    "The total of a cart is without its tax.",
    lambda value: raise_by(value["cost"], "total", -value["cost"]["tax"]),
    shows=lambda callers: _too_much(_cost(callers)) < 0,
)
amounts(
    "diddo-line-without-quantity",
    "beginDiddoCheckout",
    "The total of a line is the price of one piece.",
    lambda value: [one.update(total_amount=one["unit_amount"]) for one in value["lines"]],
    shows=lambda callers: callers.send("beginDiddoCheckout").json()["lines"][0]["total_amount"] == 1250,
)
amounts(
    "diddo-subtotal-of-the-first-line",
    "setDiddoShipping",
    "The subtotal is that of the first line.",
    lambda value: (
        value["cost"].update(subtotal=value["lines"][0]["total_amount"]),
        value["cost"].update(total=value["cost"]["subtotal"] + value["cost"]["shipping"] + value["cost"]["tax"]),
    ),
    shows=lambda callers: _cost(callers, "setDiddoShipping")["subtotal"] == 2500,
)
amounts(
    "diddo-shipping-of-the-cheapest",
    _METHOD,
    "cost.shipping is the cheapest method's, whichever is chosen.",
    lambda value: (raise_by(value["cost"], "total", 495 - value["cost"]["shipping"]), value["cost"].update(shipping=495)),
    shows=lambda callers: callers.send(_METHOD, at="/shipping_method_id", to=2).json()["cost"]["shipping"] == 495,
)
amounts(
    "diddo-tax-before-an-address",
    "beginDiddoCheckout",
    "There is tax before anything is known of the buyer.",
    lambda value: (value["cost"].update(tax=100), raise_by(value["cost"], "total", 100)),
    shows=lambda callers: _cost(callers, "beginDiddoCheckout")["tax"] == 100,
)


@around(
    "diddo-method-of-nowhere",
    MONEY,
    _METHOD,
    "A method that the cart does not have is taken for the first one.",
    shows=lambda callers: callers.send(_METHOD, at="/shipping_method_id", to=77).is_success,
)
async def _nowhere(asked: Asked, ask: Ask) -> Answer:
    body, answer = asked.json, await ask(asked)
    if (
        answer.status == 400
        and "SHIPPING_METHOD_NOT_FOUND" in answer.body.decode()
        and isinstance(body["shipping_method_id"], int)
    ):
        asked.write({**body, "shipping_method_id": 1})
        return await ask(asked)
    return answer


def _without_method(value: Any) -> None:
    raise_by(value["cost"], "total", -value["cost"]["shipping"])
    value["cost"]["shipping"] = 0
    del value["shipping_method_id"]


@around(
    "diddo-method-not-chosen",
    MONEY,
    _METHOD,
    "A chosen method is answered with 200, and not chosen.",
    shows=lambda callers: "shipping_method_id" not in callers.send(_METHOD).json(),
)
async def _unchosen(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok:
        answer.edit(_without_method)
    return answer
