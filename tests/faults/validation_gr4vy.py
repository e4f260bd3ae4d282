"""Input validation: bodies of Gr4vy that should be refused, and are not."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, get_args

from checkout_api import models
from faults.callers import GONE
from faults.exchange import Asked
from faults.lenient import accepts, beyond, cut, is_, longer, minus, only, plus, reads, text, unlike, without

# -- Gr4vy -------------------------------------------------------------------------------------------------------------------

_MAKE, _PUT, _FIELDS = "createGr4vySession", "updateGr4vySession", "setGr4vySessionFields"
_BILLING = "/buyer/billing_details"
_ADDRESS = (
    "city", "country", "postal_code", "state", "state_code", "house_number_or_name", "line1", "line2", "organization",
)  # fmt: skip
_PHONE = re.compile(r"\+[1-9][0-9]{1,14}")

accepts("gr4vy-amount-true", _MAKE, "/amount", is_(True), 1, "amount may be true.", sent=True)
accepts(
    "gr4vy-currency-lower-case",
    _MAKE,
    "/currency",
    lambda value: text(value) and re.fullmatch("[a-z]{3}", value),
    lambda value: value.upper(),
    "currency may be in lower case.",
    sent="eur",
)
accepts(
    "gr4vy-phone-national",
    _MAKE,
    f"{_BILLING}/phone_number",
    unlike(_PHONE.fullmatch),
    "+1234567890",
    "The phone number of billing details may be national.",
    sent="0201234567",
)
accepts(
    "gr4vy-metadata-one-too-many",
    _MAKE,
    "/metadata",
    lambda value: isinstance(value, dict) and len(value) == 21,
    lambda value: dict(list(value.items())[:20]),
    "metadata may have 21 entries.",
    sent=lambda before: {f"key{n}": "v" for n in range(21)},
)
accepts(
    "gr4vy-metadata-number",
    _MAKE,
    "/metadata/*",
    lambda value: type(value) in (int, float),
    str,
    "The values of metadata may be numbers.",
    sent=17,
    also=_PUT,
)
accepts("gr4vy-expires-one-too-soon", _MAKE, "/expires_in", is_(3599), 3600, "expires_in may be 3599 seconds.", sent=3599)
accepts(
    "gr4vy-update-expires-too-late",
    _PUT,
    "/expires_in",
    is_(86401),
    86400,
    "An update may set expires_in to 86401 seconds.",
    sent=86401,
)
accepts(
    "gr4vy-airport-four-letters",
    _MAKE,
    "/airline/legs/*/arrival_airport",
    longer(3),
    cut(3),
    "An airport may have four letters.",
    sent="EGLL",
)


def _no_day(value: Any) -> bool:
    try:
        return text(value) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None and not date.fromisoformat(value)
    except ValueError:
        return True


accepts(
    "gr4vy-birthday-impossible",
    _MAKE,
    "/airline/passengers/*/date_of_birth",
    _no_day,
    "1990-05-01",
    "A passenger may be born on the 30th of February.",
    sent="1990-02-30",
)
accepts(
    "gr4vy-issued-at-without-zone",
    _MAKE,
    "/airline/issued_at",
    lambda value: text(value) and re.fullmatch(r"[\d-]+[T ][\d:.]+", value),
    lambda value: value + "Z",
    "A time needs no zone.",
    sent="2026-03-02T10:15:00",
    also=_PUT,
)
_KINDS = get_args(models.Gr4vyTaxIdKind.__value__.__origin__.__args__[0])

accepts(
    "gr4vy-tax-kind-unknown",
    _MAKE,
    f"{_BILLING}/tax_id/kind",
    unlike(lambda value: value in _KINDS),
    "gb.vat",
    "Any kind of tax id is taken.",
    sent="xx.vat",
)
accepts(
    "gr4vy-address-unknown-key",
    _MAKE,
    f"{_BILLING}/address",
    beyond(*_ADDRESS),
    only(*_ADDRESS),
    "The billing address may have fields that nobody declared.",
    sent=plus(zip="1"),
)
accepts(
    "gr4vy-item-without-name",
    _MAKE,
    "/cart_items/*",
    without("name"),
    plus(name="?"),
    "A cart item needs no name.",
    sent=minus("name"),
)
accepts(
    "gr4vy-item-url-unchecked",
    _MAKE,
    "/cart_items/*/product_url",
    unlike(lambda value: re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://[!-~]+", value)),
    GONE,
    "The URL of a product may be any text.",
    sent="not a url",
)
accepts("gr4vy-item-sku-empty", _PUT, "/cart_items/*/sku", is_(""), None, "An update takes an empty sku.", sent="")
accepts(
    "gr4vy-state-code-unchecked",
    _PUT,
    f"{_BILLING}/address/state_code",
    unlike(lambda value: re.fullmatch("[A-Z]{2}-[A-Z0-9]{1,3}", value)),
    "GB-LND",
    "An update takes any state_code.",
    sent="London",
)
accepts(
    "gr4vy-update-unknown-key",
    _PUT,
    "",
    lambda value: isinstance(value, dict) and not set(value) <= _KNOWN,
    lambda value: {key: one for key, one in value.items() if key in _KNOWN},
    "An update drops fields that it does not know.",
    sent=plus(amonut=1),
)
accepts("gr4vy-quantity-zero", _PUT, "/cart_items/*/quantity", is_(0), 1, "An update takes a quantity of 0.", sent=0)
accepts(
    "gr4vy-age-group-unknown",
    _MAKE,
    "/airline/passengers/*/age_group",
    unlike(lambda value: value in ("adult", "infant")),
    "adult",
    "Any age group is taken.",
    sent="child",
)


def _unplanned(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("merchant_initiated") is not True:
        return False
    planned = value.get("payment_source") in ("recurring", "installment") and value.get("is_subsequent_payment") is True
    return not planned and value.get("payment_source") != "card_on_file"


accepts(
    "gr4vy-moto-by-the-merchant",
    _MAKE,
    "",
    _unplanned,
    plus(merchant_initiated=False),
    "A merchant-initiated payment may be of any source.",
    sent=plus(merchant_initiated=True),
)
accepts(
    "gr4vy-discount-above-the-line",
    _MAKE,
    "/cart_items/*",
    lambda value: (
        isinstance(value, dict)
        and all(type(value.get(key, 0)) is int for key in ("unit_amount", "quantity", "discount_amount", "tax_amount"))
        and value.get("unit_amount", 0) * value.get("quantity", 0) - value.get("discount_amount", 0) + value.get("tax_amount", 0)
        < 0
    ),
    plus(discount_amount=0),
    "A line may come to less than nothing.",
    sent=plus(discount_amount=95000),
)
accepts(
    "gr4vy-body-an-empty-list",
    _MAKE,
    "",
    lambda value: value == [],
    lambda value: {},
    "A session may be made of [].",
    sent=lambda before: [],
)
accepts(
    "gr4vy-card-number-spaced",
    _FIELDS,
    "/payment_method/number",
    lambda value: text(value) and re.fullmatch(r"[0-9 -]+", value) and not value.isdigit(),
    "4242424242424242",
    "The number of a card may have spaces in it.",
    sent="4242 4242 4242 424",
)
accepts(
    "gr4vy-card-number-short",
    _FIELDS,
    "/payment_method/number",
    lambda value: text(value) and len(value) == 12,
    "4242424242424242",
    "The number of a card may have 12 digits.",
    sent="424242424242",
)
accepts(
    "gr4vy-security-code-short",
    _FIELDS,
    "/payment_method/security_code",
    lambda value: text(value) and len(value) == 2,
    "737",
    "A security code may have two digits.",
    sent="73",
)
accepts(
    "gr4vy-card-month-13",
    _FIELDS,
    "/payment_method/expiration_date",
    lambda value: text(value) and re.fullmatch(r"(00|1[3-9]|[2-9]\d)/\d\d", value),
    "12/39",
    "A card may expire in the 13th month.",
    sent="13/39",
)
accepts(
    "gr4vy-fields-unknown-key",
    _FIELDS,
    "",
    beyond("payment_method", "postal_code"),
    only("payment_method", "postal_code"),
    "The card call takes fields that nobody declared.",
    sent=plus(save=True),
)
accepts(
    "gr4vy-click-to-pay-without-dpa",
    _FIELDS,
    "/payment_method",
    lambda value: isinstance(value, dict) and value.get("method") == "click-to-pay" and "src_dpa_id" not in value,
    plus(src_dpa_id="?"),
    "Click to Pay needs no src_dpa_id.",
    sent={"method": "click-to-pay", "merchant_transaction_id": "m", "src_correlation_id": "c"},
)

_KNOWN = {
    "cart_items", "metadata", "buyer", "airline", "amount", "currency", "payment_service_id", "country", "is_subsequent_payment",
    "merchant_initiated", "payment_source", "intent", "expires_in",
}  # fmt: skip


# -- what is refused, and is valid -------------------------------------------------------------------------------------------


def _below_a_day(asked: Asked) -> None:
    if isinstance(asked.json, dict) and asked.json.get("expires_in") == 86400:
        asked.write({**asked.json, "expires_in": 86401})


reads(
    "gr4vy-expires-below-a-day",
    _MAKE,
    _below_a_day,
    "expires_in may not be 86400 seconds, which the contract allows.",
    shows=lambda callers: callers.send(_MAKE, at="/expires_in", to=86400).status_code == 422,
)


def _something(asked: Asked) -> None:
    if asked.json == {}:
        asked.write({"expires_in": 1})


reads(
    "gr4vy-session-of-nothing-refused",
    _MAKE,
    _something,
    "A session of nothing is refused, which the contract allows.",
    shows=lambda callers: callers.send(_MAKE, body={}).status_code == 422,
)
