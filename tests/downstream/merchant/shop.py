"""A shop that has its buyers pay on a hosted page, and learns of it in two ways: it asks, and it is told."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from checkout_client import errors, models, webhooks
from checkout_client.client import AsyncClient, Credentials
from fastapi import FastAPI, HTTPException, Request, Response
from pydantic import BaseModel, Field


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the checkout is, and the secrets that the shop shares with it."""

    checkout_url: str
    api_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)


class Basket(BaseModel):
    """What a buyer wants to pay, in the minor unit of the currency."""

    amount: int = Field(ge=1)
    currency: models.CurrencyCode


@dataclass(slots=True)
class Order:
    """An order, its session, and how the session stands as far as the shop knows."""

    id: str
    session: str
    amount: int
    currency: str
    status: str = "pending"
    told: int = 0


class Shop:
    """All orders, in memory, and the events that were taken."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self.orders: dict[str, Order] = {}
        self.seen: set[str] = set()

    async def check_out(self, basket: Basket) -> tuple[Order, str]:
        """A new order, and where its buyer pays. The order's id is the key: a retry makes no second session."""
        order_id = uuid.uuid4().hex
        made = await self.client.sessions.create_vinr_session(
            models.VinrSessionRequest(
                amount=basket.amount,
                currency=basket.currency,
                success_url=f"https://shop.example/orders/{order_id}/thanks",
                cancel_url=f"https://shop.example/orders/{order_id}",
            ),
            idempotency_key=order_id,
        )
        order = Order(order_id, made.body.session_id, basket.amount, basket.currency)
        self.orders[order_id] = order
        return order, made.body.checkout_url

    async def settle(self, order: Order, seconds: float) -> None:
        """Ask for so long until the session has ended; a redirect of the buyer proves nothing."""
        try:
            found = await self.client.results.poll_vinr_session_result(session_id=order.session, deadline=seconds)
        except errors.PollTimedOut:
            return
        self.learn(order, found.body)

    def learn(self, order: Order, result: models.VinrSessionResult) -> None:
        """Take a result over; money that is not the order's is not believed."""
        if result.status == "completed" and (result.amount, result.currency) != (order.amount, order.currency):
            raise HTTPException(409, "the amount is not the order's")
        order.status = result.status

    def take(self, event: models.VinrSessionEvent) -> None:
        """Take an event over, once: deliveries come at least once, and in no certain order."""
        if event.id in self.seen:
            return
        self.seen.add(event.id)
        for order in self.orders.values():
            if order.session == event.data.session_id and order.status in ("pending", "authentication_required"):
                order.told += 1
                self.learn(order, event.data)


def create_app(settings: Settings) -> FastAPI:
    """The shop's own API."""

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncClient(settings.checkout_url, credentials=Credentials(vinr_api_key=settings.api_key)) as client:
            app.state.shop = Shop(client)
            yield

    app = FastAPI(lifespan=running)

    def found(order_id: str) -> Order:
        orders: dict[str, Order] = app.state.shop.orders
        if order_id not in orders:
            raise HTTPException(404, "no such order")
        return orders[order_id]

    @app.post("/orders", status_code=201)
    async def check_out(basket: Basket) -> dict[str, str]:
        order, pay_at = await app.state.shop.check_out(basket)
        return {"order": order.id, "session": order.session, "pay_at": pay_at}

    @app.get("/orders/{order_id}")
    async def look(order_id: str) -> Order:
        return found(order_id)

    @app.get("/orders/{order_id}/thanks")
    async def thanks(order_id: str, seconds: float = 10.0) -> Order:
        order = found(order_id)
        await app.state.shop.settle(order, seconds)
        return order

    @app.post("/webhooks/vinr", status_code=204)
    async def told(request: Request) -> Response:
        body = await request.body()
        try:
            event = webhooks.parse_vinr_session_status_changed(request.headers, body, secrets=[settings.webhook_secret])
        except webhooks.InvalidSignature:
            raise HTTPException(401, "the signature is not the checkout's") from None
        except webhooks.InvalidDelivery:
            raise HTTPException(400, "this is no event") from None
        app.state.shop.take(event)
        return Response(status_code=204)

    return app
