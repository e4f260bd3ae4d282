"""The gift cards: `python -m strangers.giftcards.server --port 0 --fault ID`."""

from __future__ import annotations

import base64
import json
import re
import secrets
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strangers.common import Checked, Refused, start, written

FAULTS = {
    "retry-issues-twice": "a retry with its key issues another card",
    "key-any-body": "a key that was used for another body gives the first answer",
    "key-shared": "the keys of one program count for the other",
    "key-optional": "the key may be left out",
    "balance-decimal": "the balance is in major units, such as 12.5",
    "currency-lower": "answers write currencies in lower case",
    "amount-unbounded": "a card may have any amount",
    "email-unchecked": "any text is an e-mail address",
    "problem-plain": "refusals have the media type text/plain",
    "redeem-foreign": "a card of another program can be redeemed",
    "redemptions-open": "the redemptions of a card are shown to everybody",
    "too-much-202": "taking off more than is left answers 202",
    "message-crash": "a message with a line break makes it fail",
    "reads-cached": "what is left on a card may be cached",
}
_PROGRAMS = {"acme": "w9-Xt27qLbNe", "bolt": "p4-Rk81mZsVc"}
_CODE = re.compile(r"GC[0-9A-Z]{16}")
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_GAPS = {
    "amount-unbounded": ["Amount/maximum"], "email-unchecked": ["Issue/properties/recipient/properties/email/format"],
}  # fmt: skip
_TITLES = {
    400: "Invalid",
    401: "Unauthorized",
    404: "Not found",
    409: "Conflict",
    413: "Too large",
    415: "Not JSON",
    422: "Impossible",
}


class Cards:
    """All cards, and the operations on them."""

    def __init__(self, fault: str | None) -> None:
        self.fault = fault
        self.checked = Checked(Path(__file__).parent, _GAPS.get(fault or "", ()))
        self.cards: dict[str, dict[str, Any]] = {}
        self.kept: dict[tuple[str, str], tuple[str, Any]] = {}

    def program(self, request: Request) -> str:
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(text, validate=True).decode().partition(":")
        except ValueError:
            name = password = ""
        if scheme.lower() != "basic" or _PROGRAMS.get(name) != password or not name:
            raise Refused(401, "", "Who are you?", www_authenticate='Basic realm="cards"')
        return name

    def card(self, request: Request, program: str | None) -> dict[str, Any]:
        code = request.path_params["code"]
        if not _CODE.fullmatch(code):
            raise Refused(400, "", "This is no code of a card.")
        card = self.cards.get(code)
        if card is None or (program is not None and card["program"] != program):
            raise Refused(404, "", "There is no such card.")
        return card

    def key(self, request: Request) -> str | None:
        key = request.headers.get("idempotency-key")
        if key is None and self.fault == "key-optional":
            return None
        if key is None or not 8 <= len(key) <= 64:
            raise Refused(400, "", "An Idempotency-Key has 8 to 64 characters.")
        return key

    def known(self, request: Request, program: str, key: str | None, given: Any) -> Any | None:
        """The first answer to a key; None where it is new."""
        if key is None or self.fault == "retry-issues-twice":
            return None
        found = self.kept.get(("" if self.fault == "key-shared" else program, key))
        if found is None:
            return None
        if found[0] != self.mark(request, given) and self.fault != "key-any-body":
            raise Refused(409, "", "This key was used for another request.")
        return found[1]

    def keep(self, request: Request, program: str, key: str | None, given: Any, answer: Any) -> None:
        if key is not None:
            self.kept["" if self.fault == "key-shared" else program, key] = self.mark(request, given), answer

    @staticmethod
    def mark(request: Request, given: Any) -> str:
        return json.dumps([request.url.path, given], sort_keys=True)

    def shown(self, value: dict[str, Any]) -> dict[str, Any]:
        made = {name: inner for name, inner in value.items() if name not in ("program", "redemptions")}
        if self.fault == "currency-lower":
            made["currency"] = made["currency"].lower()
        if self.fault == "balance-decimal":
            made["balance"] = made["balance"] / 100
        return made

    async def issue(self, request: Request) -> Response:
        program, key = self.program(request), self.key(request)
        given = await self.checked.body(request, "Issue")
        if self.fault == "message-crash" and "\n" in given.get("message", ""):
            raise RuntimeError(given["message"])
        answer = self.known(request, program, key, given)
        if answer is None:
            code = "GC" + "".join(secrets.choice(_LETTERS) for _ in range(16))
            card = {
                "code": code, "amount": given["amount"], "balance": given["amount"], "currency": given["currency"],
                "issuedAt": datetime.now(UTC).isoformat(), "program": program, "redemptions": [],
            }  # fmt: skip
            self.cards[code] = card | ({"message": given["message"]} if "message" in given else {})
            answer = self.shown(self.cards[code])
            self.keep(request, program, key, given, answer)
        return written(answer, 201)

    async def read(self, request: Request) -> Response:
        shown = self.shown(self.card(request, self.program(request)))
        return written(shown, cache_control="max-age=60" if self.fault == "reads-cached" else "no-store")

    async def redemptions(self, request: Request) -> Response:
        if request.method != "POST":
            program = None if self.fault == "redemptions-open" else self.program(request)
            return written([self.shown(one) for one in self.card(request, program)["redemptions"]])
        program = self.program(request)
        card, key = self.card(request, None if self.fault == "redeem-foreign" else program), self.key(request)
        given = await self.checked.body(request, "Redeem")
        answer = self.known(request, program, key, given)
        if answer is None:
            answer = self.redeemed(card, given)
            self.keep(request, program, key, given, answer)
        return written(self.shown(answer), 201)

    def redeemed(self, card: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        if given["currency"] != card["currency"]:
            raise Refused(422, "", "This card is in another currency.")
        if given["amount"] > card["balance"]:
            raise Refused(202 if self.fault == "too-much-202" else 422, "", "There is not so much left.")
        card["balance"] -= given["amount"]
        made = {"id": str(uuid.uuid4()), "code": card["code"], **given, "balance": card["balance"]}
        card["redemptions"].append(made)
        return made


def make(fault: str | None) -> Starlette:
    cards = Cards(fault)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        body = {"title": _TITLES.get(error.status, "Taken"), "status": max(error.status, 400), "detail": error.message}
        kind = "text/plain" if fault == "problem-plain" else "application/problem+json"
        return Response(json.dumps(body), error.status, error.headers, kind)

    routes = [
        Route("/cards", cards.issue, methods=["POST"]),
        Route("/cards/{code}", cards.read, methods=["GET"]),
        Route("/cards/{code}/redemptions", cards.redemptions, methods=["GET", "POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={Refused: refused})


if __name__ == "__main__":
    start(make, FAULTS)
