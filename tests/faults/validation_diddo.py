"""Input validation: bodies of Diddo, parameters, and what is no JSON."""

from __future__ import annotations

import json
import re
from math import isfinite

from faults.callers import GONE, VINR, Callers
from faults.exchange import Asked
from faults.lenient import accepts, beyond, is_, no_email, only, plus, reads, text, unlike

_SESSION, _TOKEN = "createDinteroOrderSession", "createDinteroToken"


# -- Diddo -------------------------------------------------------------------------------------------------------------------

accepts(
    "diddo-phone-national",
    "setDiddoShipping",
    "/buyer_info/phone",
    unlike(lambda value: value.startswith("+")),
    "+14155550123",
    "A buyer's phone may be national.",
    sent="4155550123",
)
accepts(
    "diddo-country-lower-case",
    "setDiddoShipping",
    "/buyer_info/country_code",
    lambda value: text(value) and value != value.upper(),
    lambda value: value.upper(),
    "A country may be in lower case.",
    sent="us",
)
accepts("diddo-city-empty", "setDiddoShipping", "/buyer_info/city", is_(""), "?", "A city may be empty.", sent="")
accepts("diddo-city-null", "mintDiddoCustomerToken", "/city", lambda value: value is None, GONE, "A city may be null.", sent=None)
accepts(
    "diddo-token-email-unchecked",
    "mintDiddoCustomerToken",
    "/email",
    no_email,
    GONE,
    "A token is made for any e-mail address.",
    sent="ada.example.com",
)
accepts(
    "diddo-token-unknown-key",
    "mintDiddoCustomerToken",
    "",
    lambda value: isinstance(value, dict) and not set(value) <= _BUYER,
    lambda value: {key: one for key, one in value.items() if key in _BUYER},
    "A token is made of fields that nobody declared.",
    sent=plus(nickname="ad"),
)
accepts(
    "diddo-method-as-text",
    "selectDiddoShippingMethod",
    "/shipping_method_id",
    lambda value: text(value) and value.isdigit(),
    int,
    "The id of a shipping method may be a text.",
    sent="1",
)
accepts(
    "diddo-method-as-fraction",
    "selectDiddoShippingMethod",
    "/shipping_method_id",
    lambda value: isinstance(value, float) and isfinite(value) and value != int(value),
    int,
    "1.5 is taken for method 1.",
    sent=1.5,
)
accepts(
    "diddo-method-unknown-key",
    "selectDiddoShippingMethod",
    "",
    beyond("cart_id", "shipping_method_id"),
    only("cart_id", "shipping_method_id"),
    "The method call takes fields that nobody declared.",
    sent=plus(note="!"),
)

_BUYER = {
    "first_name", "last_name", "email", "phone", "address1", "address2", "city", "province_code", "country_code", "postal_code",
}  # fmt: skip


# -- parameters --------------------------------------------------------------------------------------------------------------


def _size(broken: str, size: int) -> object:
    def change(asked: Asked) -> None:
        if re.search(rf"(^|&)size={re.escape(broken)}(&|$)".encode(), asked.query):
            asked.query = b"size=%d" % size

    return change


def _shows_size(size: str, operation: str) -> object:
    return lambda callers: callers.send(operation, query={"size": size}).is_success


reads(
    "diddo-qr-size-one-too-small",
    "getDiddoQr getDiddoQrPng",
    _size("127", 128),
    "A code may be 127 pixels wide.",
    shows=_shows_size("127", "getDiddoQr"),
)
reads(
    "diddo-qr-svg-size-too-large",
    "getDiddoQrSvg",
    _size("1025", 1024),
    "An SVG may be 1025 pixels wide.",
    shows=_shows_size("1025", "getDiddoQrSvg"),
)


def _size_if_number(asked: Asked) -> None:
    found = re.search(rb"(?:^|&)size=([^&]*)", asked.query)
    if found and not re.fullmatch(rb"\d+", found[1]):
        asked.query = b""


reads(
    "diddo-qr-size-no-number",
    "getDiddoQr",
    _size_if_number,
    "A size that is no number is taken for the default.",
    shows=_shows_size("big", "getDiddoQr"),
)


def _long_key(asked: Asked) -> None:
    key = asked.header("idempotency-key")
    if key is not None and len(key) > 255:
        asked.put("idempotency-key", key[:255])


reads(
    "vinr-idempotency-key-cut",
    "createVinrSession",
    _long_key,
    "An Idempotency-Key longer than 255 characters is cut off.",
    shows=lambda callers: callers.send("createVinrSession", headers={"Idempotency-Key": "k" * 256}).is_success,
)


def _undashed(asked: Asked) -> None:
    key = asked.values.get("session_id", "")
    if re.fullmatch("[0-9a-fA-F]{32}", key):
        dashed = "-".join((key[:8], key[8:12], key[12:16], key[16:20], key[20:]))
        asked.path = asked.path.replace(key, dashed)


reads(
    "gr4vy-session-id-undashed",
    "getGr4vySession",
    _undashed,
    "The id of a session may be written without its dashes.",
    shows=lambda callers: callers.session(callers.gr4vy().replace("-", "")).is_success,
)


def _account(asked: Asked) -> None:
    parts = asked.path.split("/")
    if re.fullmatch(r"[ptPT]\d{8}", parts[2]):
        parts[2] = parts[2].upper()
    asked.path = "/".join(parts)


reads(
    "dintero-account-lower-case",
    "listDinteroOrderSessions",
    _account,
    "The account in the path may be in lower case.",
    shows=lambda callers: (
        callers.send("listDinteroOrderSessions", path={"aid": callers.path_of("createDinteroToken", 0)["oid"].lower()}).is_success
    ),
)


# -- what is no JSON ---------------------------------------------------------------------------------------------------------


def _loose(asked: Asked) -> None:
    """As Python reads it: NaN is a number, a key may stand twice."""
    try:
        asked.body = json.dumps(json.loads(asked.body)).encode() if asked.body else b""
    except (ValueError, RecursionError):
        return


def _with_a_double(callers: Callers) -> bool:
    body = json.dumps(VINR)
    return callers.send("createVinrSession", content=('{"amount":1,' + body[1:]).encode()).is_success


reads(
    "vinr-double-keys",
    "createVinrSession",
    _loose,
    "A field may stand twice in a body; the last one counts.",
    shows=_with_a_double,
)


def _comma(asked: Asked) -> None:
    asked.body = re.sub(rb",\s*([}\]])", rb"\1", asked.body)


reads(
    "diddo-trailing-comma",
    "mintDiddoCustomerToken",
    _comma,
    "A body may have a comma too many.",
    shows=lambda callers: callers.send("mintDiddoCustomerToken", content=b'{"first_name": "Ada",}').is_success,
)


def _rest(asked: Asked) -> None:
    try:
        _, end = json.JSONDecoder().raw_decode(asked.body.decode())
        asked.body = asked.body.decode()[:end].encode()
    except (ValueError, RecursionError):
        return


reads(
    "dintero-rest-after-the-body",
    "setDinteroShippingAddress",
    _rest,
    "What comes after the JSON is not looked at.",
    shows=lambda callers: callers.send("setDinteroShippingAddress", content=b'{"country":"NO"} and more').is_success,
)


def _any_type(asked: Asked) -> None:
    if asked.header("content-type") is not None:
        asked.put("content-type", "application/json")


reads(
    "gr4vy-media-type-ignored",
    "createGr4vySession",
    _any_type,
    "A body is read as JSON whatever its Content-Type says.",
    shows=lambda callers: callers.send("createGr4vySession", headers={"Content-Type": "text/csv"}).is_success,
)


def _replaced(asked: Asked) -> None:
    asked.body = asked.body.decode("utf-8", "replace").encode()


reads(
    "gr4vy-bytes-that-are-no-utf-8",
    "updateGr4vySession",
    _replaced,
    "Bytes that are no UTF-8 are replaced in silence.",
    shows=lambda callers: callers.send("updateGr4vySession", content=b'{"metadata":{"a":"\xff\xfe"}}').is_success,
)
