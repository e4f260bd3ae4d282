"""Response shape: bodies that are not as the contract declares them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from faults.callers import CARD, GR4VY, Callers
from faults.exchange import Answer, Ask, Asked
from faults.registry import Kind, around
from faults.shape import answers, body, put

SHAPE = Kind.SHAPE


# -- bodies ------------------------------------------------------------------------------------------------------------------


answers(
    "vinr-result-amount-as-text",
    "getVinrSessionResult",
    "The amount of a result is a text.",
    "200",
    body(lambda value: put(value, "amount", str(value["amount"]))),
    shows=lambda callers: isinstance(callers.send("getVinrSessionResult").json()["amount"], str),
)
answers(
    "vinr-result-without-currency",
    "getVinrSessionResult",
    "A result has no currency once the session has ended.",
    "200",
    body(lambda value: value["status"] != "pending" and value.pop("currency")),
    shows=lambda callers: "currency" not in _ended(callers),
)
answers(
    "vinr-result-customer-null",
    "getVinrSessionResult",
    "customer is null where nothing is known of one.",
    "200",
    body(lambda value: value.setdefault("customer")),
    shows=lambda callers: "customer" in callers.result(callers.vinr(at="/customer", to=lambda before: {})).json(),
)
answers(
    "vinr-checkout-url-relative",
    "createVinrSession",
    "checkoutUrl is a path alone.",
    "201",
    body(lambda value: put(value, "checkoutUrl", "pay/" + value["sessionId"])),
    shows=lambda callers: callers.send("createVinrSession").json()["checkoutUrl"].startswith("pay"),
)
answers(
    "vinr-error-code-missing",
    "createVinrSession",
    "Errors of validation have no code.",
    "400",
    body(lambda value: value["error"].pop("code")),
    shows=lambda callers: "code" not in callers.send("createVinrSession", at="/amount", to=-1).json()["error"],
)
answers(
    "vinr-error-type-of-a-401",
    "getVinrSessionResult",
    "The type of a 401 is invalid_request_error.",
    "401",
    body(lambda value: put(value["error"], "type", "invalid_request_error")),
    shows=lambda callers: callers.send("getVinrSessionResult", credentials={}).json()["error"]["type"][:3] == "inv",
)


def _ended(callers: Callers) -> Any:
    session = callers.vinr()
    callers.outcome(session, "cancel")
    return callers.result(session).json()


def _naive(value: Any) -> None:
    value["expires_at"] = value["expires_at"].partition("+")[0].removesuffix("Z")


answers(
    "gr4vy-expires-without-zone",
    "createGr4vySession getGr4vySession updateGr4vySession",
    "expires_at has no zone.",
    "2",
    body(_naive),
    shows=lambda callers: "+" not in callers.send("createGr4vySession").json()["expires_at"],
)


def _epoch(value: Any) -> None:
    for one in value.get("sessions", [value]):
        one["created_at"] = int(datetime.fromisoformat(one["created_at"]).timestamp())


answers(
    "dintero-created-at-in-seconds",
    "createDinteroOrderSession listDinteroOrderSessions getDinteroOrderSession",
    "created_at is a number of seconds.",
    "200",
    body(_epoch),
    shows=lambda callers: isinstance(callers.send("createDinteroOrderSession").json()["created_at"], int),
)


def _tax_as_text(value: Any) -> None:
    for one in value.get("cart_items") or []:
        if one.get("tax_amount"):
            one["tax_amount"] = str(one["tax_amount"])


answers(
    "gr4vy-tax-of-an-item-as-text",
    "getGr4vySession",
    "tax_amount of a cart item is a text, where it is not 0.",
    "200",
    body(_tax_as_text),
    shows=lambda callers: isinstance(callers.send("getGr4vySession").json()["cart_items"][0]["tax_amount"], str),
)


def _bin(value: Any) -> None:
    details = (value.get("payment_method") or {}).get("details")
    if details:
        details["bin"] = int(details["bin"])


def _with_card(callers: Callers) -> Any:
    session = callers.gr4vy()
    callers.send("setGr4vySessionFields", path={"session_id": session}, body={"payment_method": CARD})
    return callers.session(session).json()["payment_method"]


answers(
    "gr4vy-bin-as-a-number",
    "getGr4vySession",
    "The bin of a card is a number.",
    "200",
    body(_bin),
    shows=lambda callers: isinstance(_with_card(callers)["details"]["bin"], int),
)
answers(
    "gr4vy-scheme-in-upper-case",
    "getGr4vySession",
    "The scheme of a card is VISA.",
    "200",
    body(lambda value: value["payment_method"] and put(value["payment_method"], "scheme", "VISA")),
    shows=lambda callers: _with_card(callers)["scheme"] == "VISA",
)
answers(
    "gr4vy-type-of-a-session",
    "updateGr4vySession",
    "The type of an updated session is session.",
    "200",
    body(lambda value: put(value, "type", "session")),
    shows=lambda callers: callers.send("updateGr4vySession").json()["type"] == "session",
)
answers(
    "gr4vy-id-in-braces",
    "updateGr4vySession",
    "The id of an updated session stands in braces.",
    "200",
    body(lambda value: put(value, "id", "{" + value["id"] + "}")),
    shows=lambda callers: callers.send("updateGr4vySession").json()["id"].startswith("{"),
)
answers(
    "gr4vy-error-status-as-text",
    "setGr4vySessionFields",
    "status in the body of a 404 is a text.",
    "404",
    body(lambda value: put(value, "status", "404")),
    shows=lambda callers: (
        callers.send("setGr4vySessionFields", path={"session_id": "8d3fe99b-1422-42e6-bbb3-932d95ae5f79"}).json()["status"]
        == "404"
    ),
)
answers(
    "gr4vy-validation-in-the-other-shape",
    "createGr4vySession",
    "A 422 has the shape of the other errors.",
    "422",
    lambda answer: answer.write({"type": "error", "code": "unprocessable", "status": 422, "message": "no", "details": []}),
    shows=lambda callers: "detail" not in callers.send("createGr4vySession", at="/amount", to=-1).json(),
)
answers(
    "gr4vy-metadata-as-pairs",
    "getGr4vySession",
    "metadata is a list of pairs.",
    "200",
    body(lambda value: value["metadata"] and put(value, "metadata", list(value["metadata"].items()))),
    shows=lambda callers: isinstance(callers.send("getGr4vySession").json()["metadata"], list),
)
answers(
    "dintero-list-bare",
    "listDinteroOrderSessions",
    "A list is a bare array.",
    "200",
    lambda answer: answer.edit(lambda value: value["sessions"]),
    shows=lambda callers: isinstance(callers.send("listDinteroOrderSessions").json(), list),
)
answers(
    "dintero-link-of-another-kind",
    "createDinteroOrderSession",
    "_links has no session_link.",
    "200",
    body(lambda value: put(value["_links"][0], "rel", "self")),
    shows=lambda callers: callers.send("createDinteroOrderSession").json()["_links"][0]["rel"] == "self",
)
answers(
    "dintero-vat-of-a-line-missing-its-line",
    "setDinteroShippingOption",
    "The lines of the view have no line_id.",
    "200",
    body(lambda value: [one.pop("line_id") for one in value["order"]["items"]]),
    shows=lambda callers: "line_id" not in callers.send("setDinteroShippingOption").json()["order"]["items"][0],
)
answers(
    "dintero-mode-unknown",
    "setDinteroAddresses",
    "shipping_mode is a word that is not declared.",
    "200",
    body(lambda value: put(value["express"], "shipping_mode", "required")),
    shows=lambda callers: callers.send("setDinteroAddresses").json()["express"]["shipping_mode"] == "required",
)
answers(
    "dintero-token-type-lower-case",
    "createDinteroToken",
    "token_type is bearer, where it is to be Bearer.",
    "200",
    body(lambda value: put(value, "token_type", "bearer")),
    shows=lambda callers: callers.send("createDinteroToken").json()["token_type"] == "bearer",
)
answers(
    "dintero-lifetime-as-text",
    "createDinteroToken",
    "expires_in is a text.",
    "200",
    body(lambda value: put(value, "expires_in", str(value["expires_in"]))),
    shows=lambda callers: isinstance(callers.send("createDinteroToken").json()["expires_in"], str),
)
answers(
    "dintero-errors-as-an-object",
    "setDinteroShippingAddress",
    "errors is an object by field.",
    "400",
    body(lambda value: "errors" in value["error"] and put(value["error"], "errors", {"phone_number": "is not valid"})),
    shows=lambda callers: isinstance(
        callers.send("setDinteroShippingAddress", at="/phone_number", to="1").json()["error"]["errors"], dict
    ),
)
answers(
    "diddo-line-without-title",
    "beginDiddoCheckout",
    "The lines of a cart have no title.",
    "200",
    body(lambda value: [one.pop("title") for one in value["lines"]]),
    shows=lambda callers: "title" not in callers.send("beginDiddoCheckout").json()["lines"][0],
)
answers(
    "diddo-cart-id-lower-case",
    "setDiddoShipping",
    "A cart's id is written in lower case.",
    "200",
    body(lambda value: put(value, "cart_id", value["cart_id"].lower())),
    shows=lambda callers: callers.send("setDiddoShipping").json()["cart_id"].islower(),
)
answers(
    "diddo-status-unknown",
    "selectDiddoShippingMethod",
    "The status is a word that is not declared.",
    "200",
    body(lambda value: put(value, "status", "ready")),
    shows=lambda callers: callers.send("selectDiddoShippingMethod").json()["status"] == "ready",
)
answers(
    "diddo-method-id-as-text",
    "selectDiddoShippingMethod",
    "The ids of shipping methods are texts.",
    "200",
    body(lambda value: [put(one, "id", str(one["id"])) for one in value["shipping_methods"]]),
    shows=lambda callers: isinstance(callers.send("selectDiddoShippingMethod").json()["shipping_methods"][0]["id"], str),
)
answers(
    "diddo-error-without-message",
    "beginDiddoCheckout",
    "The message of a 404 is empty.",
    "404",
    body(lambda value: put(value, "message", "")),
    shows=lambda callers: (
        not callers.send("beginDiddoCheckout", path={"cart_id": "01KERN71T0V3RS3DTR98H6BCFX"}).json()["message"]
    ),
)


@around(
    "gr4vy-id-missing-beside-an-airline",
    SHAPE,
    "getGr4vySession",
    "A session with an airline has no id.",
    shows=lambda callers: "id" not in callers.session(callers.gr4vy(body=GR4VY)).json(),
)
async def _no_id(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok and (answer.json or {}).get("airline"):
        answer.edit(lambda value: value.pop("id") and None)
    return answer
