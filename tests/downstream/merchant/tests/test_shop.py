"""What a buyer does, and what the shop makes of it."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest
from checkout_client import webhooks

from tillspec.sandbox.testing import CheckoutSandbox

ORDER = {"amount": 5000, "currency": "EUR"}


def until(true: Callable[[], bool]) -> None:
    """Wait for what happens elsewhere."""
    for _ in range(500):
        if true():
            return
        time.sleep(0.02)
    pytest.fail("it did not happen")


def test_an_order_is_paid_and_the_shop_asks(shop: httpx.Client, checkout_sandbox: CheckoutSandbox) -> None:
    checkout_sandbox.send_webhooks(None)
    made = shop.post("/orders", json=ORDER).json()
    assert made["pay_at"].startswith(checkout_sandbox.url)
    assert shop.get(f"/orders/{made['order']}/thanks", params={"seconds": 0.1}).json()["status"] == "pending"
    checkout_sandbox.outcome(made["session"], "complete")
    found = shop.get(f"/orders/{made['order']}/thanks").json()
    assert (found["status"], found["told"]) == ("completed", 0)


def test_an_order_is_paid_and_the_shop_is_told(shop: httpx.Client, checkout_sandbox: CheckoutSandbox) -> None:
    made = shop.post("/orders", json=ORDER).json()
    checkout_sandbox.outcome(made["session"], "complete")
    until(lambda: shop.get(f"/orders/{made['order']}").json()["status"] == "completed")
    event = checkout_sandbox.webhooks(made["session"])[0]
    checkout_sandbox.duplicate(event["id"])
    until(lambda: all(one["state"] == "delivered" for one in checkout_sandbox.webhooks(made["session"])))
    assert len(checkout_sandbox.webhooks(made["session"])) == 2
    assert shop.get(f"/orders/{made['order']}").json()["told"] == 1


def test_nobody_else_tells_the_shop(shop: httpx.Client, secret: str) -> None:
    made = shop.post("/orders", json=ORDER).json()
    body = b'{"id": "evt_1"}'
    forged = webhooks.sign("vinrSessionStatusChanged", body, secret="guessed")
    assert shop.post("/webhooks/vinr", content=body, headers=forged).status_code == 401
    assert shop.post("/webhooks/vinr", content=body).status_code == 401
    signed = webhooks.sign("vinrSessionStatusChanged", body, secret=secret)
    assert shop.post("/webhooks/vinr", content=body, headers=signed).status_code == 400
    assert shop.get(f"/orders/{made['order']}").json()["status"] == "pending"


def test_a_lost_answer_makes_no_second_session(shop: httpx.Client, checkout_sandbox: CheckoutSandbox) -> None:
    checkout_sandbox.fault("disconnect", operation="createVinrSession", carried_out=True)
    assert shop.post("/orders", json=ORDER).status_code == 201
    assert len(checkout_sandbox.sessions()) == 1


@pytest.mark.parametrize("basket", [{"amount": 0, "currency": "EUR"}, {"amount": 5000, "currency": "euro"}])
def test_a_basket_that_nobody_can_pay_is_refused(shop: httpx.Client, basket: dict[str, object]) -> None:
    assert shop.post("/orders", json=basket).status_code == 422
