"""What the tests of Gr4vy's operations share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from checkout_api import models
from tillspec.sandbox import state
from tillspec.sandbox.seed import SeedMerchant
from tillspec.sandbox.surfaces.gr4vy_tokens import sign_token

from .conftest import Running

SCOPES = ("checkout-sessions.read", "checkout-sessions.write")
SESSIONS = "/checkout/sessions"
CARD = {"method": "card", "number": "4242424242424242", "expiration_date": "12/39", "security_code": "737"}
NUMBERS = ["4242424242424242", "4000000000000002", "4000000000009995", "4000000000003220", "4000000000000069", "4000000000000119"]
ITEM = {"name": "GoPro HERO9 Camcorder", "quantity": 2, "unit_amount": 37999, "discount_amount": 5000, "tax_amount": 14200}


def now_of(sandbox: Running) -> int:
    return sandbox.work(lambda connection: state.read(connection).now())


def token(sandbox: Running, merchant: SeedMerchant | None = None, scopes: tuple[str, ...] = SCOPES, hours: int = 72) -> str:
    return sign_token(merchant or sandbox.mine, scopes, now_of(sandbox), timedelta(hours=hours))


def client(sandbox: Running, merchant: SeedMerchant | None = None, **options: Any) -> httpx.Client:
    return sandbox.client(authorization=f"Bearer {token(sandbox, merchant, **options)}")


def create(http: httpx.Client, **values: Any) -> str:
    made = http.post(SESSIONS, json=values)
    assert made.status_code == 201, made.text
    return f"{SESSIONS}/{made.json()['id']}"


def put_card(http: httpx.Client, path: str, **changes: Any) -> httpx.Response:
    return http.put(f"{path}/fields", json={"payment_method": CARD | changes})


def is_error(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """That it is the envelope of the contract, whole."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"], body["status"], body["type"]) == (status, code, status, "error"), answer.text
    assert set(body) == {"type", "code", "status", "message", "details"}
    for detail in body["details"]:
        assert set(detail) == {"location", "pointer", "message", "type"}
    assert answer.headers["x-request-id"]
    return body


def is_invalid(answer: httpx.Response) -> list[dict[str, Any]]:
    """That it is a 422 of its documented shape; what it tells."""
    assert answer.status_code == 422, answer.text
    models.Gr4vyValidationError.model_validate(answer.json())
    found: list[dict[str, Any]] = answer.json()["detail"]
    return found
