"""A shop tells its partner what happened: there is a receiver to implement, and nothing to call."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from importlib.util import find_spec

import httpx
from events_api import models, responses
from events_api._runtime.request import Request
from events_api.webhooks import OPERATIONS, Webhooks, create_webhook_router

SECRET = b"shared"
BODY = b'{"order": "4711", "amount": 1990, "at": "2026-11-22T09:00:00Z"}'


class Partner(Webhooks):
    def __init__(self) -> None:
        self.paid: list[models.OrderPaid] = []

    async def order_paid(
        self, request: Request, *, body: models.OrderPaid, x_signature: str
    ) -> responses.OrderPaid204 | responses.OrderPaid400:
        if not hmac.compare_digest(hmac.new(SECRET, request.body, hashlib.sha256).hexdigest(), x_signature):
            return responses.OrderPaid400()
        self.paid.append(body)
        return responses.OrderPaid204()


async def main() -> None:
    partner = Partner()
    router = create_webhook_router(partner, paths={"orderPaid": "/hooks/paid", "order-refunded": "/hooks/refunded"})
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=router), base_url="http://partner.example")

    async def send(body: bytes, signature: str | None) -> int:
        headers = {"Content-Type": "application/json"} | ({"X-Signature": signature} if signature else {})
        return (await http.post("/hooks/paid", content=body, headers=headers)).status_code

    signature = hmac.new(SECRET, BODY, hashlib.sha256).hexdigest()
    assert await send(BODY, signature) == 204
    assert [event.amount for event in partner.paid] == [1990]
    assert await send(BODY, "0" * 64) == 400
    assert await send(BODY, "short") == 400
    assert await send(BODY, None) == 400
    assert await send(b'{"order": "4711"}', signature) == 400
    assert len(partner.paid) == 1
    assert (await http.post("/hooks/refunded", json={"order": "4711"})).status_code == 501
    assert (await http.post("/hooks/other", json={})).status_code == 404


assert set(OPERATIONS) == {"orderPaid", "order-refunded"}
assert find_spec("events_api.client") is None
asyncio.run(main())
