"""What tests of Dintero share: clients with tokens, sessions of orders, and what becomes of them."""

from __future__ import annotations

from typing import Any

import httpx

from tillspec.sandbox.merchants import Dintero
from tillspec.sandbox.seed import SeedMerchant

from .conftest import Running

Json = dict[str, Any]

URLS: Json = {"return_url": "https://shop.invalid/accept", "callback_url": "https://shop.invalid/callback"}
KARI: Json = {
    "first_name": "Kari",
    "last_name": "Nordmann",
    "address_line": "Gaustadalléen 21",
    "postal_code": "0349",
    "postal_place": "Oslo",
    "country": "NO",
    "phone_number": "+4799999999",
    "email": "kari.nordmann@example.com",
}
POST: Json = {
    "id": "post", "line_id": "post-1", "amount": 3900, "title": "Standard", "operator": "Bring", "countries": ["NO"],
    "vat": 25, "vat_amount": 780, "splits": [{"payout_destination_id": "seller-1", "amount": 3900}],
    "fee_split": {"type": "proportional", "destinations": ["seller-1"]},
}  # fmt: skip
HOME: Json = {"id": "home", "line_id": "home-1", "amount": 9900, "title": "Home", "operator": "Porter", "countries": ["NO", "SE"]}
SHOP: Json = {
    "id": "shop", "line_id": "shop-1", "amount": 0, "title": "In our shop", "operator": "Shop", "delivery_method": "pick_up",
    "pay_in_store": {"type": "full"},
}  # fmt: skip
EXPRESS: Json = {"shipping_options": [POST, HOME, SHOP]}


def at(merchant: SeedMerchant) -> Dintero:
    assert merchant.dintero is not None
    return merchant.dintero


def ask(http: httpx.Client, merchant: SeedMerchant, **change: Any) -> httpx.Response:
    """The token call, as a merchant's client makes it."""
    account = at(merchant).account
    body = {"grant_type": "client_credentials", "audience": f"https://api.dintero.com/v1/accounts/{account}"}
    return http.post(f"/accounts/{account}/auth/token", json=body | change)


def bearer(sandbox: Running, merchant: SeedMerchant | None = None, client: int = 0) -> httpx.Client:
    """A client with an access token."""
    merchant = merchant or sandbox.mine
    with sandbox.dintero_basic(merchant, client) as http:
        answer = ask(http, merchant)
    assert answer.status_code == 200, answer.text
    return sandbox.client(authorization=f"Bearer {answer.json()['access_token']}")


def path(merchant: SeedMerchant, order: str | None = None) -> str:
    return f"/accounts/{at(merchant).account}/shopping/orders/{order or merchant.orders[0].id}/sessions"


def order_session(**change: Any) -> Json:
    """A request for a session of both lines."""
    return {"items": [{"line_id": "1"}, {"line_id": "2"}], "profile_id": "default", "url": URLS} | change


def make(http: httpx.Client, merchant: SeedMerchant, order: str | None = None, **change: Any) -> Json:
    answer = http.post(path(merchant, order), json=order_session(**change))
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def express(sandbox: Running, **change: Any) -> str:
    """The id of a new Express session."""
    with bearer(sandbox) as http:
        return str(make(http, sandbox.mine, express=EXPRESS | change)["id"])


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def at_fault(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(one["path"], one["code"]) for one in answer.json()["error"]["errors"]]
