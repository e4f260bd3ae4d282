"""Crashes: requests that make a server fail with a 500, or fall over."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from faults.callers import CALIFORNIA, GR4VY, VINR, Callers
from faults.exchange import Answer, Ask, Asked
from faults.registry import Kind, around

CRASHES = Kind.CRASHES
_TRACE = (
    'Traceback (most recent call last):\n  File "/srv/checkout/app/handlers.py", line 214, in create\n'
    '    session = await repository.insert(body)\n  File "/srv/checkout/app/db.py", line 88, in insert\n'
    "sqlalchemy.exc.DataError: (asyncpg.exceptions.CharacterNotInRepertoireError)\n"
)


def _bare() -> Answer:
    return Answer.of(500, "Internal Server Error", "text/plain; charset=utf-8")


_SHAPED: dict[str, Callable[[], Answer]] = {
    "vinr": lambda: Answer.of(500, {"error": {
        "type": "api_error", "code": "internal_error", "message": "Something went wrong.", "request_id": "req_of_its_own"}}),
    "gr4vy": lambda: Answer.of(
        500, {"type": "error", "code": "server_error", "status": 500, "message": "Something went wrong.", "details": []}),
    "dintero": lambda: Answer.of(500, {"error": {"code": "server_error", "message": "Something went wrong."}}),
    "diddo": lambda: Answer.of(500, {"code": "INTERNAL_ERROR", "message": "Something went wrong."}),
}  # fmt: skip


def crash(
    name: str,
    operations: str,
    what: str,
    when: Callable[[Asked], Any],
    *,
    sent: dict[str, Any],
    shaped: bool = False,
    answer: Callable[[], Answer] | None = None,
) -> None:
    """Registers a fault: where `when` holds of a request, it fails. `sent` is a request that it fails at; with `shaped` the 500
    is the one that the surface declares."""
    operation = operations.split(maxsplit=1)[0]
    surface = next(one for one in _SHAPED if one in operation.lower())
    failed = answer or (_SHAPED[surface] if shaped else _bare)

    @around(name, CRASHES, operations, what, shows=lambda callers: _failed(callers, operation, sent))
    async def crashes(asked: Asked, ask: Ask) -> Answer:
        return failed() if when(asked) else await ask(asked)


def _failed(callers: Callers, operation: str, sent: dict[str, Any]) -> bool:
    return callers.send(operation, **sent).status_code >= 500


def _strings(value: Any) -> list[str]:
    """All texts of a JSON value, the names of its members among them."""
    found, waiting = [], [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
    return found


def _numbers(value: Any) -> list[float]:
    found, waiting = [], [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list):
            waiting += one.values() if isinstance(one, dict) else one
        elif isinstance(one, int | float) and not isinstance(one, bool):
            found.append(one)
    return found


def _good(asked: Asked) -> bool:
    """Whether it has what looks like credentials: crashes come behind the door."""
    return asked.header("authorization") is not None or asked.header("x-api-key") is not None


def _text(value: Any) -> bytes:
    return json.dumps(value).encode()


# -- texts -------------------------------------------------------------------------------------------------------------------

crash(
    "vinr-fails-at-lone-surrogates",
    "createVinrSession",
    "A lone surrogate in a text is a 500.",
    lambda asked: any(re.search("[\ud800-\udfff]", one) for one in _strings(asked.json)),
    sent={"content": _text({**VINR, "configId": "\ud800"})},
)
crash(
    "gr4vy-fails-at-nul",
    "createGr4vySession updateGr4vySession",
    "A NUL in a text is a 500, as PostgreSQL has it.",
    lambda asked: any("\0" in one for one in _strings(asked.json)),
    sent={"at": "/metadata/note", "to": "a\0b"},
    answer=lambda: Answer.of(500, {"type": "error", "code": "server_error", "status": 500, "message": _TRACE, "details": []}),
)
crash(
    "diddo-fails-at-emoji",
    "setDiddoShipping",
    "A text beyond the Basic Multilingual Plane is a 500.",
    lambda asked: any(ord(max(one, default="a")) > 0xFFFF for one in _strings(asked.json) if one),
    sent={"at": "/buyer_info/first_name", "to": "Ada 🦊"},
    shaped=True,
)
crash(
    "dintero-fails-at-empty-names",
    "setDinteroAddresses",
    "A first_name of no letters is a 500.",
    lambda asked: (
        any((one or {}).get("first_name") == "" for one in (asked.json or {}).values() if isinstance(one, dict))
        if isinstance(asked.json, dict)
        else False
    ),
    sent={"at": "/billing_address/first_name", "to": ""},
    shaped=True,
)

# -- numbers -----------------------------------------------------------------------------------------------------------------

crash(
    "gr4vy-fails-at-huge-integers",
    "createGr4vySession",
    "An integer beyond 64 bits is a 500.",
    lambda asked: any(abs(one) >= 2**63 for one in _numbers(asked.json)),
    sent={"at": "/amount", "to": 2**80},
    shaped=True,
)
crash(
    "diddo-fails-at-int32",
    "selectDiddoShippingMethod",
    "A method's id beyond 32 bits is a 500.",
    lambda asked: any(abs(one) >= 2**31 for one in _numbers(asked.json)),
    sent={"at": "/shipping_method_id", "to": 2**31},
)
crash(
    "vinr-fails-at-infinity",
    "createVinrSession",
    "A number beyond all doubles is a 500.",
    lambda asked: re.search(rb"\de\+?\d{3,}|\d{309}", asked.body),
    sent={"content": b'{"amount": 1e999}'},
)
crash(
    "dintero-fails-at-fractions",
    "setDinteroShippingOption",
    "An amount with a fraction is a 500.",
    lambda asked: isinstance(asked.json, dict) and isinstance(asked.json.get("amount"), float),
    sent={"at": "/amount", "to": 3900.5},
    shaped=True,
)

# -- forms of a body ---------------------------------------------------------------------------------------------------------

crash(
    "dintero-fails-at-deep-json",
    "createDinteroOrderSession",
    "JSON that is nested a thousand deep is a 500.",
    lambda asked: asked.body.count(b"[") + asked.body.count(b"{") > 800,
    sent={"content": b"[" * 5000 + b"]" * 5000},
)
crash(
    "diddo-fails-at-bom",
    "mintDiddoCustomerToken",
    "A byte order mark is a 500.",
    lambda asked: asked.body.startswith(b"\xef\xbb\xbf"),
    sent={"content": b"\xef\xbb\xbf" + _text(CALIFORNIA)},
)
crash(
    "vinr-fails-at-no-body",
    "createVinrSession",
    "An empty body is a 500.",
    lambda asked: _good(asked) and not asked.body,
    sent={"content": b""},
)
crash(
    "dintero-token-fails-at-utf-16",
    "createDinteroToken",
    "A charset other than UTF-8 is a 500.",
    lambda asked: re.search('charset=(?!"?utf-?8)', (asked.header("content-type") or "").lower()),
    sent={"headers": {"Content-Type": "application/json; charset=utf-16"}},
    shaped=True,
)
crash(
    "diddo-shipping-fails-at-a-list",
    "setDiddoShipping",
    "A body that is a list is a 500.",
    lambda asked: isinstance(asked.json, list),
    sent={"content": b"[]"},
)
crash(
    "gr4vy-fails-at-a-text",
    "setGr4vySessionFields",
    "A body that is a text or a number is a 500.",
    lambda asked: asked.json is not None and not isinstance(asked.json, dict | list),
    sent={"content": b'"card"'},
)
crash(
    "gr4vy-update-fails-at-null-lines",
    "updateGr4vySession",
    "cart_items null, which empties them, is a 500.",
    lambda asked: isinstance(asked.json, dict) and "cart_items" in asked.json and asked.json["cart_items"] is None,
    sent={"body": {"cart_items": None}},
    shaped=True,
)
crash(
    "gr4vy-fails-at-a-null-address",
    "createGr4vySession",
    "An address of null in billing_details is a 500.",
    lambda asked: (
        isinstance(asked.json, dict)
        and isinstance(asked.json.get("buyer"), dict)
        and isinstance(asked.json["buyer"].get("billing_details"), dict)
        and asked.json["buyer"]["billing_details"].get("address", 0) is None
    ),
    sent={"at": "/buyer/billing_details/address", "to": None},
    shaped=True,
)
crash(
    "vinr-fails-at-truncated-json",
    "createVinrSession",
    "JSON that is cut off is a 500 with a stack trace.",
    lambda asked: asked.body and asked.json is None,
    sent={"content": b'{"amount": 25'},
    answer=lambda: Answer.of(500, _TRACE, "text/plain"),
)
crash(
    "vinr-fails-without-a-media-type",
    "createVinrSession",
    "A body without Content-Type is a 500.",
    lambda asked: asked.body and asked.header("content-type") is None,
    sent={"headers": {"Content-Type": None}, "content": _text(VINR)},
)
crash(
    "dintero-fails-at-an-unknown-offer",
    "setDinteroShippingOption",
    "An option that is not on offer is a 500.",
    lambda asked: (
        isinstance(asked.json, dict)
        and asked.json.get("id") not in ("post", "home", None)
        and isinstance(asked.json.get("line_id"), str)
    ),
    sent={"at": "/id", "to": "pigeon"},
    shaped=True,
)
crash(
    "vinr-fails-at-a-price-of-nothing",
    "createVinrSession",
    "A cart with a line that is free is a 500.",
    lambda asked: (
        isinstance(asked.json, dict)
        and isinstance(asked.json.get("cartItems"), list)
        and any(isinstance(one, dict) and one.get("price") == 0 for one in asked.json["cartItems"])
    ),
    sent={"body": {**VINR, "cartItems": [*VINR["cartItems"], {"id": "f", "name": "Free", "price": 0, "quantity": 1}]}},
    shaped=True,
)
crash(
    "gr4vy-fails-at-an-empty-cart",
    "createGr4vySession",
    "A cart of no items is a 500.",
    lambda asked: isinstance(asked.json, dict) and asked.json.get("cart_items") == [],
    sent={"body": {**GR4VY, "cart_items": []}},
    shaped=True,
)

# -- paths, queries, headers -------------------------------------------------------------------------------------------------

crash(
    "vinr-fails-at-a-long-id",
    "getVinrSessionResult",
    "A session's id of more than 200 characters is a 500.",
    lambda asked: len(asked.values["sessionId"]) > 200,
    sent={"path": {"sessionId": "c" * 300}},
)
crash(
    "diddo-fails-at-a-bad-escape",
    "getDiddoQr",
    "A path that is no UTF-8 is a 500.",
    lambda asked: re.search("%[89A-Fa-f][0-9A-Fa-f]", asked.path),
    sent={"url": "/checkout/%ff/qr"},
)
crash(
    "dintero-fails-at-a-nul-in-the-path",
    "listDinteroOrderSessions",
    "A NUL in the path is a 500.",
    lambda asked: "%00" in asked.path,
    sent={"path": {"order_id": "a\0b"}},
    shaped=True,
)
crash(
    "gr4vy-fails-at-an-id-that-is-none",
    "getGr4vySession",
    "An id that is no UUID is a 500.",
    lambda asked: not re.fullmatch("[0-9a-fA-F-]{36}", asked.values["session_id"]),
    sent={"path": {"session_id": "abc"}},
    answer=lambda: Answer.of(500, "badly formed hexadecimal UUID string", "text/plain"),
)
crash(
    "diddo-fails-at-an-empty-size",
    "getDiddoQrPng",
    "A size without a value is a 500.",
    lambda asked: re.search(rb"size=(&|$)", asked.query),
    sent={"query": {"size": ""}},
    shaped=True,
)
crash(
    "gr4vy-fails-at-a-token-that-is-none",
    "deleteGr4vySession",
    "A bearer token that is no JWT is a 500.",
    lambda asked: (
        (asked.header("authorization") or "").lower().startswith("bearer ")
        and (asked.header("authorization") or "").count(".") != 2
    ),
    sent={"credentials": {"Authorization": "Bearer abc"}},
    shaped=True,
)
crash(
    "dintero-token-fails-at-bad-base64",
    "createDinteroToken",
    "Basic credentials that are no base64 are a 500.",
    lambda asked: re.fullmatch(r"(?i)basic .*[^A-Za-z0-9+/=].*", asked.header("authorization") or ""),
    sent={"credentials": {"Authorization": "Basic !!!"}},
)
crash(
    "vinr-fails-at-a-long-key",
    "createVinrSession",
    "An Idempotency-Key of more than 255 characters is a 500.",
    lambda asked: len(asked.header("idempotency-key") or "") > 255,
    sent={"headers": {"Idempotency-Key": "k" * 300}},
    shaped=True,
)
crash(
    "gr4vy-fails-at-an-unknown-account",
    "createGr4vySession",
    "An unknown merchant account is a 500.",
    lambda asked: asked.header("x-gr4vy-merchant-account-id") not in (None, "default"),
    sent={"headers": {"x-gr4vy-merchant-account-id": "nobody"}},
    shaped=True,
)
crash(
    "diddo-fails-at-an-unknown-cart",
    "beginDiddoCheckout",
    "An unknown cart is a 500.",
    lambda asked: asked.values["cart_id"].endswith("Z") or asked.values["cart_id"] not in _CARTS,
    sent={"path": {"cart_id": "01KERN71T0V3RS3DTR98H6BCFZ"}},
    shaped=True,
)


def _carts() -> set[str]:
    from faults.callers import merchant

    return {one.id for number in (0, 1) for one in merchant(number).template_carts}


_CARTS = _carts()
