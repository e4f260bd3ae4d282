"""Input validation: bodies of VINR and Gr4vy that should be refused, and are not."""

from __future__ import annotations

import re
from typing import Any

from faults.callers import GONE
from faults.lenient import (
    accepts,
    beyond,
    cut,
    is_,
    longer,
    minus,
    no_email,
    null,
    once,
    only,
    plus,
    text,
    twice,
    unlike,
    without,
)

# -- VINR --------------------------------------------------------------------------------------------------------------------

_SHIPPING = "/metadata/delivery/options/shipping/methods"
_CODES = "/metadata/promoCode/availableCodes/*"
_CREATE = "createVinrSession"

accepts(
    "vinr-phone-one-too-long",
    _CREATE,
    "/customer/phone",
    longer(32),
    cut(32),
    "A buyer's phone may have 33 characters.",
    sent="1" * 33,
)
accepts(
    "vinr-email-unchecked",
    _CREATE,
    "/customer/email",
    no_email,
    "jane@example.com",
    "Anything is taken for an e-mail address.",
    sent="jane at example",
)
accepts("vinr-customer-null", _CREATE, "/customer", null, GONE, "customer may be null, as if it were left out.", sent=None)
accepts(
    "vinr-success-url-plain-http",
    _CREATE,
    "/successUrl",
    lambda value: text(value) and value.startswith("http://"),
    "https://shop.example/thanks",
    "successUrl may be plain http.",
    sent="http://shop.example/thanks",
)
accepts(
    "vinr-cancel-url-too-long",
    _CREATE,
    "/cancelUrl",
    longer(2048),
    cut(2048),
    "cancelUrl may have 2049 characters.",
    sent="https://shop.example/" + "a" * 2028,
)
accepts(
    "vinr-mode-unknown",
    _CREATE,
    "/metadata/mode",
    lambda value: text(value) and value not in ("payment", "subscription"),
    "payment",
    "An unknown mode is taken for payment.",
    sent="donation",
)
accepts(
    "vinr-handling-any-case",
    _CREATE,
    "/metadata/shippingAddressHandling",
    lambda value: text(value) and value not in ("Collect", "Skip") and value.capitalize() in ("Collect", "Skip"),
    lambda value: value.capitalize(),
    "shippingAddressHandling is read in any case.",
    sent=lambda before: before.upper(),
)
accepts(
    "vinr-enabled-as-text",
    _CREATE,
    "/metadata/delivery/enabled",
    lambda value: value in ("true", "false"),
    lambda value: value == "true",
    'delivery.enabled may be the text "true".',
    sent="true",
)
accepts(
    "vinr-pickup-unknown-key",
    _CREATE,
    "/metadata/delivery/options/pickup/locations/*",
    beyond("id", "name"),
    only("id", "name"),
    "A pickup location may have fields that nobody declared.",
    sent=plus(floor=2),
)
accepts(
    "vinr-pickup-without-name",
    _CREATE,
    "/metadata/delivery/options/pickup/locations/*",
    without("name"),
    plus(name="?"),
    "A pickup location needs no name.",
    sent=minus("name"),
)
accepts(
    "vinr-days-one-too-many",
    _CREATE,
    f"{_SHIPPING}/*/estimatedDays/max",
    is_(366),
    365,
    "estimatedDays.max may be 366.",
    sent=366,
)
accepts(
    "vinr-days-reversed",
    _CREATE,
    f"{_SHIPPING}/*/estimatedDays",
    lambda value: (
        isinstance(value, dict)
        and all(type(one) is int for one in value.values())
        and value.get("min", 0) > value.get("max", 365)
    ),
    {"min": 2, "max": 4},
    "estimatedDays may have a min above its max.",
    sent={"min": 5, "max": 4},
)
accepts(
    "vinr-percentage-over-100",
    _CREATE,
    f"{_CODES}/discount",
    lambda value: type(value) in (int, float) and 100 < value <= 101,
    100,
    "A promo code may take 101 % off.",
    sent=101,
)
accepts("vinr-promo-code-empty", _CREATE, f"{_CODES}/code", is_(""), "EMPTY", "A promo code may be an empty text.", sent="")
accepts(
    "vinr-promo-code-without-type",
    _CREATE,
    _CODES,
    without("discountType"),
    plus(discountType="percentage"),
    "A promo code without discountType is a percentage.",
    sent=minus("discountType"),
)
accepts(
    "vinr-item-image-ftp",
    _CREATE,
    "/cartItems/*/image",
    unlike(lambda value: re.match(r"https?://\S+$", value)),
    "https://shop.example/mug.png",
    "The image of an item may have any scheme.",
    sent="ftp://shop.example/mug.png",
)
accepts(
    "vinr-method-currency-lower-case",
    _CREATE,
    f"{_SHIPPING}/*/currency",
    lambda value: text(value) and value != value.upper(),
    lambda value: value.upper(),
    "The currency of a shipping method may be in lower case.",
    sent="eur",
)


def _methods(body: Any) -> list[Any]:
    return body["metadata"]["delivery"]["options"]["shipping"]["methods"]


def _foreign(body: Any) -> bool:
    try:
        known = {body["currency"], *body.get("supportedCurrencies", [])}
        found = {one["currency"] for one in _methods(body)} - known
        return bool(found) and all(re.fullmatch("[A-Z]{3}", one) for one in found)
    except (KeyError, TypeError):
        return False


def _at_home(body: Any) -> Any:
    for one in _methods(body):
        one["currency"] = body["currency"]
    return body


def _with_francs(body: Any) -> Any:
    _methods(body)[0]["currency"] = "CHF"
    return body


accepts(
    "vinr-method-currency-foreign",
    _CREATE,
    "",
    _foreign,
    _at_home,
    "A shipping method may have a currency that the session does not support.",
    sent=_with_francs,
)


accepts(
    "vinr-method-ids-twice",
    _CREATE,
    _SHIPPING,
    twice("id"),
    once("id"),
    "Two shipping methods may share an id.",
    sent=lambda before: [before[0], before[0]],
)


def _of_nothing(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("enabled") is not True:
        return False
    return not any(ways for kind in (value.get("options") or {}).values() for ways in kind.values())


accepts(
    "vinr-delivery-of-nothing",
    _CREATE,
    "/metadata/delivery",
    _of_nothing,
    {"enabled": False},
    "Delivery may be enabled with nothing to choose from.",
    sent={"enabled": True, "options": {}},
)
accepts(
    "vinr-amount-as-text",
    _CREATE,
    "/amount",
    lambda value: text(value) and value.isdigit(),
    int,
    'amount may be the text "2500".',
    sent="2500",
)
accepts(
    "vinr-currencies-empty",
    _CREATE,
    "/supportedCurrencies",
    lambda value: value == [],
    GONE,
    "supportedCurrencies may be empty.",
    sent=[],
)
