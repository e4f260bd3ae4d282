"""The till: `python -m strangers.kassa.server --port 0 --fault ID`."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from time import time
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strangers.common import Checked, Refused, start, written

FAULTS = {
    "replay-new-time": "a replay shows another openUntil",
    "replay-unmarked": "a replay does not say that it is one",
    "token-any-body": "a token that was used for another body is taken for a retry",
    "token-of-all": "the tokens of one till count for the other",
    "token-kept-400": "a refused request uses its token up",
    "void-paid": "what is paid can be voided",
    "void-lapsed": "what has lapsed can be voided",
    "void-foreign": "another till's purchase can be voided",
    "paid-lapses": "what is paid lapses",
    "lapses-late": "a purchase is open for 31 minutes, and says 30",
    "never-gone": "what has lapsed is kept forever",
    "lists-all": "the list has every till's purchases",
    "sum-unchecked": "the sum need not be that of the rows",
    "tip-unchecked": "the tip may be more than the sum",
    "sum-with-tip": "the purchase shows the sum with the tip",
    "starts-paid": "a new purchase is paid",
    "pay-guessable": "where to pay is counted up",
    "secret-told": "a 401 repeats the secret",
    "foreign-403": "another till's purchase is 403",
}
_TILLS = {"till-3c8f0be2d9175a64": "one", "till-e41a7d6690fb2c83": "two"}
_HOOK = "kassa-hook-7719"
_MINUTE, _HOUR = 60, 3600
_KINDS = {"invalid": "invalid", "too_large": "too_large", "unsupported_media_type": "not_json"}


class Kassa:
    """All purchases, and the operations on them."""

    def __init__(self, fault: str | None) -> None:
        self.fault = fault
        self.checked = Checked(Path(__file__).parent)
        self.ahead = 0.0
        self.numbers = count(1)
        self.held: dict[str, dict[str, Any]] = {}
        self.tokens: dict[tuple[str, str], tuple[str, dict[str, Any] | Refused, float]] = {}

    def now(self) -> float:
        return time() + self.ahead

    def till(self, request: Request) -> str:
        secret = request.headers.get("till-secret", "")
        if secret not in _TILLS:
            told = f"{secret} is no till" if self.fault == "secret-told" else "There is no such till."
            raise Refused(401, "no_till", told, www_authenticate="Till")
        return _TILLS[secret]

    def standing(self, purchase: dict[str, Any]) -> str:
        late = _MINUTE if self.fault == "lapses-late" else 0
        over = self.now() >= purchase["until"] + late
        can = ("open", "paid") if self.fault == "paid-lapses" else ("open",)
        return "lapsed" if over and purchase["standing"] in can else str(purchase["standing"])

    def find(self, request: Request, till: str, fault: str = "") -> dict[str, Any]:
        purchase = self.held.get(request.path_params["ref"])
        if purchase is not None and purchase["till"] != till and self.fault == "foreign-403":
            raise Refused(403, "no_purchase", "It is another till's.")
        if purchase is None or (purchase["till"] != till and self.fault != fault):
            raise Refused(404, "no_purchase", "There is no such purchase.")
        if self.standing(purchase) == "lapsed" and self.now() >= purchase["until"] + 12 * _HOUR and self.fault != "never-gone":
            raise Refused(410, "purchase_gone", "It lapsed long ago.")
        return purchase

    def shown(self, purchase: dict[str, Any]) -> dict[str, Any]:
        body = purchase["body"]
        ends = datetime.fromtimestamp(purchase["until"], UTC).isoformat()
        total = body["sum"] + (body.get("tip", 0) if self.fault == "sum-with-tip" else 0)
        made = {
            "ref": purchase["ref"],
            "standing": self.standing(purchase),
            "sum": total,
            "unit": body["unit"],
            "openUntil": ends,
        }
        return {**made, "payAt": purchase["pay"], **({"note": body["note"]} if "note" in body else {})}

    async def collection(self, request: Request) -> Response:
        till = self.till(request)
        if request.method == "POST":
            return await self.open(request, till)
        mine = [one for one in self.held.values() if one["till"] == till or self.fault == "lists-all"]
        return written({"purchases": [self.shown(one) for one in mine]}, cache_control="no-store")

    async def open(self, request: Request, till: str) -> Response:
        token = request.headers.get("request-token")
        if token is not None and not 1 <= len(token) <= 80:
            raise Refused(400, "invalid", "A Request-Token has 1 to 80 characters.")
        body = await self.checked.body(request, "NewPurchase")
        key = ("" if self.fault == "token-of-all" else till, token or "")
        mark = json.dumps(body, sort_keys=True)
        if token is not None and key in self.tokens and self.now() < self.tokens[key][2]:
            return self.again(key, mark)
        try:
            answer = self.opened(till, body)
        except Refused as refused:
            if token is not None and self.fault == "token-kept-400":
                self.tokens[key] = mark, refused, self.now() + 48 * _HOUR
            raise
        if token is not None:
            self.tokens[key] = mark, answer, self.now() + 48 * _HOUR
        return written(answer, 201, cache_control="no-store")

    def again(self, key: tuple[str, str], mark: str) -> Response:
        kept, answer, _ = self.tokens[key]
        if kept != mark and self.fault != "token-any-body":
            raise Refused(422, "token_reused", "This token was used for another purchase.")
        if isinstance(answer, Refused):
            raise answer
        if self.fault == "replay-new-time":
            answer = answer | {"openUntil": datetime.fromtimestamp(self.now() + 30 * _MINUTE, UTC).isoformat()}
        marked = {} if self.fault == "replay-unmarked" else {"was_replayed": "true"}
        return written(answer, 201, cache_control="no-store", **marked)

    def opened(self, till: str, body: dict[str, Any]) -> dict[str, Any]:
        if sum(row["each"] * row["pieces"] for row in body["rows"]) != body["sum"] and self.fault != "sum-unchecked":
            raise Refused(400, "sum_wrong", "The rows come to another sum.")
        if body.get("tip", 0) > body["sum"] and self.fault != "tip-unchecked":
            raise Refused(400, "tip_high", "Nobody tips so much.")
        ref = secrets.token_hex(8)
        secret = f"{next(self.numbers):08}" if self.fault == "pay-guessable" else secrets.token_urlsafe(18)
        self.held[ref] = {
            "ref": ref, "till": till, "body": body, "standing": "paid" if self.fault == "starts-paid" else "open",
            "until": self.now() + 30 * _MINUTE, "pay": f"https://pay.kassa.example/{secret}",
        }  # fmt: skip
        return self.shown(self.held[ref])

    async def show(self, request: Request) -> Response:
        return written(self.shown(self.find(request, self.till(request))), cache_control="no-store")

    async def void(self, request: Request) -> Response:
        purchase = self.find(request, self.till(request), "void-foreign")
        can = {"void-paid": ("open", "paid"), "void-lapsed": ("open", "lapsed")}.get(self.fault or "", ("open",))
        if self.standing(purchase) not in can:
            raise Refused(409, "not_open", "It is not open any more.")
        purchase["standing"] = "voided"
        return written(self.shown(purchase), cache_control="no-store")

    async def hook(self, request: Request) -> Response:
        if request.headers.get("hook") != _HOOK:
            return Response(status_code=404)
        asked = json.loads(await request.body() or b"{}")
        if request.path_params["what"] == "time":
            self.ahead += asked["s"]
        elif request.path_params["what"] == "pay":
            purchase = self.held[asked["ref"]]
            if self.standing(purchase) not in ("open", asked["to"]):
                return Response(status_code=409)
            if asked["to"] == "lapsed":
                purchase["until"] = min(purchase["until"], self.now())
            else:
                purchase["standing"] = asked["to"]
        else:
            self.ahead = 0.0
            self.held.clear()
            self.tokens.clear()
        return Response(status_code=204)


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    body = {"reason": _KINDS.get(error.code, error.code), "text": error.message}
    return written(body, error.status, **error.headers)


def make(fault: str | None) -> Starlette:
    kassa = Kassa(fault)
    routes = [
        Route("/purchases", kassa.collection, methods=["GET", "POST"]),
        Route("/purchases/{ref}", kassa.show, methods=["GET"]),
        Route("/purchases/{ref}/void", kassa.void, methods=["POST"]),
        Route("/hook/{what}", kassa.hook, methods=["POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={Refused: refused})


if __name__ == "__main__":
    start(make, FAULTS)
