"""What a live cart is: a copy of its template, what is known of its buyer, and what follows from the two.

A live cart is kept as a `Session` whose `data` has `template` (as it was when the cart was begun), `buyer` (the fields of
`DiddoBuyerInfo`), `method` (the id of the chosen one), `checkout_url`, and `challenge` while the buyer has yet to answer one.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from checkout_api._runtime.behavior import Answer, Transition
from tillspec.sandbox import clock, ids, money, places
from tillspec.sandbox.outside import CartShippingMethod, DiddoTemplateCart
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.surfaces.diddo_errors import Field

Buyer = Mapping[str, str]
"""What is known of a buyer, by the names that `DiddoBuyerInfo` has."""

LIVE_CART: Final = "DiddoLiveCart"
MOST: Final = 99_999_999
"""The largest amount there is (`Amount` of the contract)."""

_INTENT: Final = "pi_"
_INTENTS: Final = re.compile(rf"{_INTENT}([0-7][0-9A-HJKMNP-TV-Z]{{25}})")
_NOT_SERVED: Final = Answer(status=422, code="ADDRESS_NOT_SERVICEABLE", at="/code")
_BUYER: Final = {"country": "country_code", "province": "province_code"}


@dataclass(frozen=True, slots=True)
class Declined:
    """Why a cart is not changed, and with what answer."""

    answer: Answer
    message: str
    fields: tuple[Field, ...] = ()


# -- ids -------------------------------------------------------------------------------------------------------------------


def ulid(cart_id: str) -> str:
    """A cart's id as it is stored: of a ULID in either case, or of the UUID with the same 128 bits, the ULID in upper case."""
    if len(cart_id) == 26:
        return cart_id.upper()
    raw = uuid.UUID(cart_id).bytes
    return ids.ulid_of(int.from_bytes(raw[:6]), raw[6:])


def payment_intent(cart_id: str) -> str:
    """The payment intent of a live cart. No answer of the contract shows one, so here it bears the cart's id."""
    return _INTENT + cart_id


def cart_of_intent(payment_intent_id: str) -> str:
    """The live cart of a payment intent; no cart's id where it is not one of ours."""
    found = _INTENTS.fullmatch(payment_intent_id)
    return found[1] if found else ""


# -- what follows from the address ------------------------------------------------------------------------------------------


def template_of(cart: Session) -> DiddoTemplateCart:
    """The template as it was when the cart was begun."""
    return DiddoTemplateCart.model_validate(cart.data["template"])


def subtotal(template: DiddoTemplateCart) -> int:
    """What the goods cost."""
    return sum(line.unit_amount * line.quantity for line in template.lines)


def tax(template: DiddoTemplateCart, buyer: Buyer) -> int:
    """The tax on the goods: that of the province, or else that of the country; none while the address is not known."""
    country, province = buyer.get("country_code"), _province(buyer)
    of_place = {one.province: one.percent for one in template.taxes if one.country == country}
    percent = of_place.get(province, of_place.get(None, 0))
    return money.share(subtotal(template), percent)


def methods(template: DiddoTemplateCart, buyer: Buyer) -> list[CartShippingMethod]:
    """The ways of shipping that the address allows; none while its country is not known."""
    country, province = buyer.get("country_code"), _province(buyer)
    if country is None:
        return []
    room = MOST - subtotal(template) - tax(template, buyer)
    return [one for one in template.shipping_methods if _goes(one, country, province) and one.amount <= room]


def _province(buyer: Buyer) -> str | None:
    """The province as ISO 3166-2 writes it, with its country."""
    country, province = buyer.get("country_code"), buyer.get("province_code")
    return f"{country}-{province}" if country and province else None


def _goes(method: CartShippingMethod, country: str, province: str | None) -> bool:
    if method.provinces:
        return province in method.provinces
    return not method.countries or country in method.countries


def countries(template: DiddoTemplateCart) -> tuple[str, ...]:
    """The countries that some method goes to; empty where one goes everywhere, or nothing is shipped."""
    found: set[str] = set()
    for one in template.shipping_methods:
        if not one.countries and not one.provinces:
            return ()
        found |= {province[:2] for province in one.provinces} or set(one.countries)
    return tuple(sorted(found))


# -- changes ---------------------------------------------------------------------------------------------------------------


def merged(buyer: Buyer, given: Buyer) -> dict[str, str]:
    """What is known of a buyer after a call: what is given is set, what is not given stays.

    Only a province goes with its country: where another country is given and no province, and it has none of that code.
    """
    result = {**buyer, **given}
    moved = buyer.get("country_code") not in (None, result.get("country_code"))
    province = result.get("province_code")
    if moved and province and "province_code" not in given and not places.is_province(result["country_code"], province):
        del result["province_code"]
    return result


def address(cart: Session, buyer: dict[str, str]) -> Declined | None:
    """Sets what is known of the buyer, if the goods can be sent there. A method that does not go there is dropped."""
    template = template_of(cart)
    fields = _not_served(template, buyer)
    if fields:
        said = tuple((f"buyer_info.{_BUYER[field]}", message) for field, message in fields)
        return Declined(_NOT_SERVED, "The goods cannot be sent to this address.", said)
    cart.data["buyer"] = buyer
    if cart.data["method"] not in {one.id for one in methods(template, buyer)}:
        cart.data["method"] = None
    _sum_up(cart)
    return None


def _not_served(template: DiddoTemplateCart, buyer: Buyer) -> list[Field]:
    country, province = buyer.get("country_code"), buyer.get("province_code")
    wrong = places.check({"country": country, "province": province})
    if wrong or country is None:
        return wrong
    if subtotal(template) + tax(template, buyer) > MOST:
        return [("country", "has a tax that makes the total too large")]
    if template.shipping_methods and not methods(template, buyer):
        reached = countries(template)
        if reached and country not in reached:
            return [("country", "is not a country that this merchant sends to")]
        if province:
            return [("province", "is not a province that this merchant sends to")]
    return []


def choose_method(cart: Session, method_id: int) -> bool:
    """Chooses one of the cart's methods; whether it has it."""
    if method_id not in {one.id for one in methods(template_of(cart), cart.data["buyer"])}:
        return False
    cart.data["method"] = method_id
    _sum_up(cart)
    return True


def _sum_up(cart: Session) -> None:
    """A payment that the buyer has yet to confirm was for the old total; it ends where there is a new one."""
    total = cost(cart)["total"]
    if total != cart.amount:
        cart.amount = total
        cart.data["challenge"] = False


def turned_away(moves: Transition, status: str) -> Answer | None:
    """What a call gets that makes a move, in a state from which it cannot be made; None where it can."""
    if moves.sources is None or status in moves.sources:
        return None
    return moves.refused.get(status) or moves.otherwise


# -- what is shown ---------------------------------------------------------------------------------------------------------


def cost(cart: Session) -> dict[str, Any]:
    """What it costs by now, as `DiddoCost` has it."""
    template, buyer, chosen = template_of(cart), cart.data["buyer"], cart.data["method"]
    goods, taxes = subtotal(template), tax(template, buyer)
    shipping = next((one.amount for one in methods(template, buyer) if one.id == chosen), 0)
    return {
        "subtotal": goods, "shipping": shipping, "tax": taxes, "total": goods + shipping + taxes,
        "currency": template.currency,
    }  # fmt: skip


def shown(cart: Session) -> dict[str, Any]:
    """The cart as `DiddoLiveCart` has it; nothing of the buyer's details."""
    template, chosen = template_of(cart), cart.data["method"]
    assert cart.expires_at is not None, "a live cart ends"
    plain: dict[str, Any] = {
        "cart_id": cart.id,
        "template_cart_id": template.id,
        "status": cart.status,
        "expires_at": rfc3339(cart.expires_at),
        "checkout_url": cart.data["checkout_url"],
        "lines": [
            {
                "id": line.id, "title": line.title, "quantity": line.quantity, "unit_amount": line.unit_amount,
                "total_amount": line.unit_amount * line.quantity,
            }
            for line in template.lines
        ],
        "cost": cost(cart),
        "shipping_methods": [
            {"id": one.id, "title": one.name, "amount": one.amount} for one in methods(template, cart.data["buyer"])
        ],
    }  # fmt: skip
    return plain | ({"shipping_method_id": chosen} if chosen is not None else {})


def rfc3339(at: int) -> str:
    """A time in microseconds as answers write it."""
    return clock.moment(at).isoformat().replace("+00:00", "Z")
