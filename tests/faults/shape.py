"""Response shape and headers: answers that are not as the contract declares them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from faults.callers import CARD, GR4VY, Callers
from faults.exchange import Answer, Ask, Asked
from faults.registry import Kind, around

SHAPE = Kind.SHAPE
Change = Callable[[Answer], Any]


def answers(name: str, operations: str, what: str, status: str, change: Change, *, shows: Callable[[Callers], bool]) -> None:
    """Registers a fault: answers with a status (`2`, `404`, or the beginning of one) are changed."""

    @around(name, SHAPE, operations, what, shows=shows)
    async def changed(asked: Asked, ask: Ask) -> Answer:
        answer = await ask(asked)
        if str(answer.status).startswith(status):
            change(answer)
        return answer


def body(change: Callable[[Any], Any]) -> Change:
    """Changes the JSON of an answer, in place."""

    def changed(answer: Answer) -> None:
        answer.edit(lambda value: change(value) and None)

    return changed


def _status(status: int) -> Change:
    def changed(answer: Answer) -> None:
        answer.status = status

    return changed


def _set(at: dict[str, Any], name: str, value: Any) -> None:
    at[name] = value


# -- statuses ----------------------------------------------------------------------------------------------------------------

answers(
    "vinr-create-answers-200",
    "createVinrSession",
    "Making a session answers 200 in place of 201.",
    "201",
    _status(200),
    shows=lambda callers: callers.send("createVinrSession").status_code == 200,
)
answers(
    "gr4vy-create-answers-202",
    "createGr4vySession",
    "Making a session answers 202 in place of 201.",
    "201",
    _status(202),
    shows=lambda callers: callers.send("createGr4vySession").status_code == 202,
)
answers(
    "dintero-create-answers-201",
    "createDinteroOrderSession",
    "Making a session answers 201, which is not declared.",
    "200",
    _status(201),
    shows=lambda callers: callers.send("createDinteroOrderSession").status_code == 201,
)


def _deleted(answer: Answer) -> None:
    answer.status = 200
    answer.put("content-type", "application/json")
    answer.write({"deleted": True})


answers(
    "gr4vy-delete-answers-200",
    "deleteGr4vySession",
    "Deleting answers 200 with a body in place of 204.",
    "204",
    _deleted,
    shows=lambda callers: callers.send("deleteGr4vySession").status_code == 200,
)
answers(
    "diddo-refusals-answer-422",
    "selectDiddoShippingMethod",
    "Refusals of schema answer 422, which is not declared there.",
    "400",
    _status(422),
    shows=lambda callers: callers.send("selectDiddoShippingMethod", to=lambda before: {}).status_code == 422,
)
answers(
    "dintero-unknown-answers-410",
    "getDinteroOrderSession",
    "A session that never was answers 410.",
    "404",
    _status(410),
    shows=lambda callers: callers.send("getDinteroOrderSession", path={"session_id": "none"}).status_code == 410,
)


# -- headers -----------------------------------------------------------------------------------------------------------------

answers(
    "vinr-location-missing",
    "createVinrSession",
    "A new session has no Location.",
    "201",
    lambda answer: answer.drop("location"),
    shows=lambda callers: "location" not in callers.send("createVinrSession").headers,
)


def _short_location(answer: Answer) -> None:
    answer.put("location", (answer.header("location") or "").removesuffix("/result"))


answers(
    "vinr-location-of-nothing",
    "createVinrSession",
    "Location names a path that the contract does not have.",
    "201",
    _short_location,
    shows=lambda callers: not callers.send("createVinrSession").headers["location"].endswith("/result"),
)


@around(
    "vinr-location-of-the-one-before",
    SHAPE,
    "createVinrSession",
    "Location names the session that was made before.",
    shows=lambda callers: callers.vinr() in callers.send("createVinrSession").headers["location"],
)
async def _location_before(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    mine = answer.header("location")
    if mine is not None:
        answer.put("location", asked.memory.get("before", mine))
        asked.memory["before"] = mine
    return answer


answers(
    "vinr-request-id-missing-in-errors",
    "getVinrSessionResult",
    "A 404 has no X-Request-Id.",
    "404",
    lambda answer: answer.drop("x-request-id"),
    shows=lambda callers: "x-request-id" not in callers.result("cs_none").headers,
)
answers(
    "gr4vy-request-id-missing-on-204",
    "setGr4vySessionFields",
    "The answer to a card has no X-Request-Id.",
    "204",
    lambda answer: answer.drop("x-request-id"),
    shows=lambda callers: "x-request-id" not in callers.send("setGr4vySessionFields").headers,
)
answers(
    "dintero-request-id-too-long",
    "listDinteroOrderSessions",
    "X-Request-Id has 80 characters, where 64 are the most.",
    "2",
    lambda answer: answer.put("x-request-id", "r" * 80),
    shows=lambda callers: len(callers.send("listDinteroOrderSessions").headers["x-request-id"]) > 64,
)
answers(
    "vinr-error-names-another-request",
    "getVinrSessionResult",
    "request_id of an error is not its X-Request-Id.",
    "404",
    body(lambda value: _set(value["error"], "request_id", "req_other")),
    shows=lambda callers: callers.result("cs_none").json()["error"]["request_id"] == "req_other",
)
answers(
    "diddo-challenge-missing",
    "setDiddoShipping",
    "A 401 does not say how to authenticate.",
    "401",
    lambda answer: answer.drop("www-authenticate"),
    shows=lambda callers: "www-authenticate" not in callers.send("setDiddoShipping", credentials={}).headers,
)
answers(
    "gr4vy-no-store-is-private",
    "getGr4vySession",
    "Cache-Control is private, and not no-store.",
    "200",
    lambda answer: answer.put("cache-control", "private"),
    shows=lambda callers: callers.send("getGr4vySession").headers.get("cache-control") == "private",
)


# -- media types -------------------------------------------------------------------------------------------------------------

answers(
    "vinr-result-is-said-to-be-html",
    "getVinrSessionResult",
    "A result is JSON, and is said to be text/html.",
    "200",
    lambda answer: answer.put("content-type", "text/html; charset=utf-8"),
    shows=lambda callers: "html" in callers.send("getVinrSessionResult").headers["content-type"],
)
answers(
    "gr4vy-errors-are-problems",
    "updateGr4vySession",
    "Errors are said to be application/problem+json.",
    "4",
    lambda answer: answer.put("content-type", "application/problem+json"),
    shows=lambda callers: "problem" in callers.send("updateGr4vySession", at="/amount", to=-1).headers["content-type"],
)


def _plain(answer: Answer) -> None:
    answer.body = b"Bad Request"
    answer.put("content-type", "text/plain")


answers(
    "dintero-refusals-are-plain-text",
    "setDinteroAddresses",
    "A 400 is plain text.",
    "400",
    _plain,
    shows=lambda callers: callers.send("setDinteroAddresses", to=lambda before: {}).text == "Bad Request",
)


def _latin(answer: Answer) -> None:
    answer.body = answer.body.decode().encode("latin-1", "replace")


answers(
    "dintero-names-in-latin-1",
    "setDinteroShippingAddress",
    "What is no ASCII is written in Latin-1.",
    "200",
    _latin,
    shows=lambda callers: b"\xe9" in callers.send("setDinteroShippingAddress").content,
)


def _single(answer: Answer) -> None:
    answer.body = str(answer.json).encode()


answers(
    "diddo-json-as-python-has-it",
    "beginDiddoCheckout",
    "A body that is said to be JSON has single quotes.",
    "200",
    _single,
    shows=lambda callers: callers.send("beginDiddoCheckout").text.startswith("{'"),
)
answers(
    "gr4vy-created-without-a-body",
    "createGr4vySession",
    "Making a session answers 201 with no body.",
    "201",
    lambda answer: setattr(answer, "body", b""),
    shows=lambda callers: not callers.send("createGr4vySession").content,
)


# -- bodies ------------------------------------------------------------------------------------------------------------------


answers(
    "vinr-result-amount-as-text",
    "getVinrSessionResult",
    "The amount of a result is a text.",
    "200",
    body(lambda value: _set(value, "amount", str(value["amount"]))),
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
    body(lambda value: _set(value, "checkoutUrl", "pay/" + value["sessionId"])),
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
    body(lambda value: _set(value["error"], "type", "invalid_request_error")),
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
    body(lambda value: value["payment_method"] and _set(value["payment_method"], "scheme", "VISA")),
    shows=lambda callers: _with_card(callers)["scheme"] == "VISA",
)
answers(
    "gr4vy-type-of-a-session",
    "updateGr4vySession",
    "The type of an updated session is session.",
    "200",
    body(lambda value: _set(value, "type", "session")),
    shows=lambda callers: callers.send("updateGr4vySession").json()["type"] == "session",
)
answers(
    "gr4vy-id-in-braces",
    "updateGr4vySession",
    "The id of an updated session stands in braces.",
    "200",
    body(lambda value: _set(value, "id", "{" + value["id"] + "}")),
    shows=lambda callers: callers.send("updateGr4vySession").json()["id"].startswith("{"),
)
answers(
    "gr4vy-error-status-as-text",
    "setGr4vySessionFields",
    "status in the body of a 404 is a text.",
    "404",
    body(lambda value: _set(value, "status", "404")),
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
    body(lambda value: value["metadata"] and _set(value, "metadata", list(value["metadata"].items()))),
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
    body(lambda value: _set(value["_links"][0], "rel", "self")),
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
    body(lambda value: _set(value["express"], "shipping_mode", "required")),
    shows=lambda callers: callers.send("setDinteroAddresses").json()["express"]["shipping_mode"] == "required",
)
answers(
    "dintero-token-type-lower-case",
    "createDinteroToken",
    "token_type is bearer, where it is to be Bearer.",
    "200",
    body(lambda value: _set(value, "token_type", "bearer")),
    shows=lambda callers: callers.send("createDinteroToken").json()["token_type"] == "bearer",
)
answers(
    "dintero-lifetime-as-text",
    "createDinteroToken",
    "expires_in is a text.",
    "200",
    body(lambda value: _set(value, "expires_in", str(value["expires_in"]))),
    shows=lambda callers: isinstance(callers.send("createDinteroToken").json()["expires_in"], str),
)
answers(
    "dintero-errors-as-an-object",
    "setDinteroShippingAddress",
    "errors is an object by field.",
    "400",
    body(lambda value: "errors" in value["error"] and _set(value["error"], "errors", {"phone_number": "is not valid"})),
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
    body(lambda value: _set(value, "cart_id", value["cart_id"].lower())),
    shows=lambda callers: callers.send("setDiddoShipping").json()["cart_id"].islower(),
)
answers(
    "diddo-status-unknown",
    "selectDiddoShippingMethod",
    "The status is a word that is not declared.",
    "200",
    body(lambda value: _set(value, "status", "ready")),
    shows=lambda callers: callers.send("selectDiddoShippingMethod").json()["status"] == "ready",
)
answers(
    "diddo-method-id-as-text",
    "selectDiddoShippingMethod",
    "The ids of shipping methods are texts.",
    "200",
    body(lambda value: [_set(one, "id", str(one["id"])) for one in value["shipping_methods"]]),
    shows=lambda callers: isinstance(callers.send("selectDiddoShippingMethod").json()["shipping_methods"][0]["id"], str),
)
answers(
    "diddo-error-without-message",
    "beginDiddoCheckout",
    "The message of a 404 is empty.",
    "404",
    body(lambda value: _set(value, "message", "")),
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
