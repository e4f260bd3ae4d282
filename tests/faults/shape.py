"""Response shape and headers: answers that are not as the contract declares them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from faults.callers import Callers
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


def put(at: dict[str, Any], name: str, value: Any) -> None:
    """Sets a member."""
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
    body(lambda value: put(value["error"], "request_id", "req_other")),
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


# -- what a refusal says -----------------------------------------------------------------------------------------------------

answers(
    "gr4vy-unauthorized-without-words",
    "getGr4vySession",
    "A 401 has no body.",
    "401",
    lambda answer: setattr(answer, "body", b""),
    shows=lambda callers: not callers.send("getGr4vySession", credentials={}).content,
)
answers(
    "gr4vy-challenge-of-another-scheme",
    "getGr4vySession",
    "A 401 asks for Basic, where it is a token that is wanted.",
    "401",
    lambda answer: answer.put("www-authenticate", 'Basic realm="checkout"'),
    shows=lambda callers: callers.send("getGr4vySession", credentials={}).headers["www-authenticate"].startswith("Basic"),
)
answers(
    "dintero-refusal-names-a-file",
    "setDinteroShippingAddress",
    "The message of a 400 names the file that refused the address.",
    "400",
    body(lambda value: put(value["error"], "message", f"{value['error']['message']} (/srv/checkout/rules/address.py)")),
    shows=lambda callers: ".py" in callers.send("setDinteroShippingAddress", at="/phone_number", to="1").text,
)
