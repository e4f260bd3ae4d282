"""Requests that the contract allows, as both merchants of the sandbox send them, for the proofs that a fault is there."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from faults.exchange import all_operations
from tillspec.sandbox import clock, seed
from tillspec.sandbox.seed import SeedMerchant
from tillspec.sandbox.surfaces.gr4vy_tokens import sign_token

SEED = "1"
FULL = ("checkout-sessions.read", "checkout-sessions.write")
READ = FULL[:1]

Json = Any
GONE: Any = object()
"""In the place of a value: take it away."""

VINR: Json = {
    "amount": 2500, "currency": "EUR", "successUrl": "https://shop.example/thanks", "cancelUrl": "https://shop.example/cart",
    "customer": {"customerId": "c-1", "email": "jane@example.com", "name": "Jane Doe", "phone": "+12125551234"},
    "cartItems": [
        {"id": "mug", "name": "Mug", "price": 1250, "quantity": 2, "description": "Blue", "maxQuantity": 5,
         "image": "https://shop.example/mug.png"},
    ],
    "supportedCurrencies": ["EUR", "USD"], "configId": "default-config",
    "metadata": {
        "mode": "payment", "merchantName": "Harbor", "shippingAddressHandling": "Skip",
        "promoCode": {"enabled": True, "availableCodes": [
            {"code": "TENTH", "discount": 10.5, "discountType": "percentage", "description": "A tenth"},
            {"code": "FIXED", "discount": 300, "discountType": "fixed"},
            {"code": "ODD", "discount": 12.5, "discountType": "percentage"},
        ]},
        "delivery": {"enabled": True, "options": {
            "shipping": {"methods": [
                {"id": "std", "name": "Standard", "price": 495, "currency": "EUR", "estimatedDays": {"min": 2, "max": 4}},
                {"id": "exp", "name": "Express", "price": 1295, "currency": "EUR", "estimatedDays": {"min": 1, "max": 1}},
            ]},
            "pickup": {"locations": [{"id": "shop", "name": "The shop"}]},
        }},
    },
}  # fmt: skip
_ADDRESS: Json = {
    "city": "London", "country": "GB", "postal_code": "E1", "state": "Greater London", "state_code": "GB-LND",
    "house_number_or_name": "5", "line1": "Road", "line2": "Flat 1", "organization": "Org",
}  # fmt: skip
_CONTACT: Json = {"first_name": "John", "last_name": "Lunn", "email_address": "john@example.com", "phone_number": "+1234567890"}
GR4VY: Json = {
    "cart_items": [
        {"name": "Camera", "quantity": 2, "unit_amount": 37999, "discount_amount": 5000, "tax_amount": 14200, "sku": "CAM-1",
         "external_identifier": "cam", "upc": "012", "product_url": "https://shop.example/cam", "categories": ["cameras"],
         "product_type": "physical"},
    ],
    "metadata": {"order": "17", "note": "gift"},
    "buyer": {
        "display_name": "John L.", "external_identifier": "b-1",
        "billing_details": {**_CONTACT, "address": _ADDRESS, "tax_id": {"value": "12345", "kind": "gb.vat"}},
        "shipping_details": {**_CONTACT, "address": _ADDRESS},
    },
    "airline": {
        "booking_code": "B1", "issued_at": "2026-03-02T10:15:00+00:00", "issuing_carrier_code": "649",
        "legs": [{"arrival_airport": "LAX", "departure_airport": "LHR", "departure_at": "2026-03-02T10:15:00Z"}],
        "passengers": [{"age_group": "adult", "date_of_birth": "1990-05-01", "first_name": "John", "country_code": "GB"}],
    },
    "amount": 85198, "currency": "EUR", "expires_in": 3600, "merchant_initiated": False, "payment_source": "ecommerce",
}  # fmt: skip
CARD: Json = {"method": "card", "number": "4242424242424242", "expiration_date": "12/39", "security_code": "737"}
POST: Json = {
    "id": "post", "line_id": "post-1", "amount": 3900, "title": "Standard", "operator": "Bring", "countries": ["NO", "SE"],
    "vat": 25, "vat_amount": 780, "eta": {"working_days": [1, 3], "starts_at": "2026-03-04T19:00:00Z"},
}  # fmt: skip
HOME: Json = {"id": "home", "line_id": "home-1", "amount": 9900, "title": "Home", "operator": "Porter", "countries": ["NO"]}
NORWAY: Json = {
    "first_name": "Kari", "last_name": "Nordmann", "address_line": "Gaustadalléen 21", "postal_code": "0349",
    "postal_place": "Oslo", "country": "NO", "phone_number": "+4799999999", "email": "kari@example.com", "latitude": 59.9,
}  # fmt: skip
CALIFORNIA: Json = {
    "first_name": "Ada", "last_name": "Ray", "email": "ada@example.com", "phone": "+14155550123", "address1": "1 Pier",
    "address2": "", "city": "San Francisco", "province_code": "CA", "country_code": "US", "postal_code": "94111",
}  # fmt: skip
DINTERO: Json = {
    "items": [{"line_id": "1", "amount": 10000}, {"line_id": "2"}], "profile_id": "default",
    "url": {"return_url": "https://shop.example/accept", "callback_url": "https://shop.example/callback"},
    "express": {"shipping_options": [POST, HOME]}, "merchant_reference": "order-17",
    "metadata": {"source": "web", "campaign": 19}, "processed_at": "2026-03-02T10:21:28Z",
}  # fmt: skip

_STATIC: dict[str, Json] = {
    "createVinrSession": VINR, "createGr4vySession": GR4VY, "setGr4vySessionFields": {"payment_method": CARD},
    "updateGr4vySession": {**GR4VY, "amount": 4200}, "createDinteroOrderSession": DINTERO,
    "setDinteroAddresses": {"shipping_address": NORWAY, "billing_address": NORWAY}, "setDinteroShippingAddress": NORWAY,
    "setDinteroShippingOption": POST, "mintDiddoCustomerToken": CALIFORNIA,
}  # fmt: skip


@cache
def merchant(number: int) -> SeedMerchant:
    """One of the two merchants."""
    return seed.built_in(SEED).merchants[number]


@cache
def gr4vy_token(number: int, scopes: tuple[str, ...] = FULL) -> str:
    return sign_token(merchant(number), scopes, clock.real(), timedelta(days=90))


def changed(value: Json, pointer: str, change: Callable[[Any], Any]) -> Json:
    """A copy with what stands at a pointer changed, `*` being the first item; what is not there counts as None."""
    whole = json.loads(json.dumps(value))  # no part of it stands in two places
    if not pointer:
        return change(whole)
    *parents, last = pointer.split("/")[1:]
    at = whole
    for part in parents:
        at = at[0 if part == "*" else int(part) if isinstance(at, list) else part]
    key: Any = 0 if last == "*" else int(last) if isinstance(at, list) else last
    before = at.get(key) if isinstance(at, dict) else at[key]
    made = change(before)
    if made is GONE:
        del at[key]
    else:
        at[key] = made
    return whole


def _made(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=5, trust_env=False, verify=False)


_client = cache(_made)
"""One client for most: to make one takes as long as ten requests."""


class Callers:
    """Both merchants as callers. Answers of requests that make something are not looked at: what follows would fail."""

    def __init__(self, url: str, secret: str, *, alone: bool = False) -> None:
        self.url = url
        self._alone = _made(url) if alone else None
        self._http = self._alone or _client(url)
        self._control = {"Authorization": f"Bearer {secret}"}
        self._dintero: dict[tuple[int, int], str] = {}
        self.moved_the_clock = False

    def close(self) -> None:
        if self._alone is not None:
            self._alone.close()

    # -- requests --------------------------------------------------------------------------------------------------------

    def send(
        self, operation: str, *, body: Json = None, at: str = "", to: Any = None, tenant: int = 0, **given: Any
    ) -> httpx.Response:
        """Sends a request that is in order, but for what is given.

        Args:
            body: in the place of the usual one. `at` and `to` change a value of it; `to` may be a function of the old one.
            tenant: whose credentials are sent, and whose objects are meant.
            given: `path` (values of the path), `query`, `headers`, `content` (bytes in the place of the body), `credentials`
                (headers), `method`, `url`.
        """
        known = all_operations()[operation]
        values = {**self.path_of(operation, tenant), **given.get("path", {})} if "{" in known.path and "url" not in given else {}
        url = given.get("url") or known.path
        for name, value in values.items():
            url = url.replace(f"{{{name}}}", quote(str(value), safe=given.get("safe", "")))
        headers = {**self.credentials(operation, tenant), **given.get("headers", {})}
        if "credentials" in given:
            headers = {**given["credentials"], **given.get("headers", {})}
        content = given.get("content")
        if content is None and known.body is not None:
            body = self.body(operation, tenant) if body is None else body
            if at or to is not None:
                body = changed(body, at, to if callable(to) else lambda before: to)
            content = json.dumps(body).encode()
        if content is not None and "content-type" not in {name.lower() for name in headers}:
            headers["Content-Type"] = "application/json"
        headers = {name: value for name, value in headers.items() if value is not None}
        request = self._http.build_request(
            given.get("method", known.method), url, content=content, headers=headers, params=given.get("query")
        )
        return self._http.send(request)

    def raw(self, text: bytes, wait: float = 2.0) -> bytes:
        """Sends bytes, and gives all that comes until the connection is closed, or nothing comes."""
        parts = urlsplit(self.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=wait) as wire:
            wire.sendall(text)
            found = b""
            try:
                while piece := wire.recv(65536):
                    found += piece
            except (TimeoutError, ConnectionError):
                pass
        return found

    def control(self, method: str, path: str, body: Json = None) -> httpx.Response:
        return self._http.request(method, f"/_sandbox{path}", json=body, headers=self._control)

    def advance(self, seconds: int) -> None:
        self.moved_the_clock = True
        self.control("POST", "/clock/advance", {"by": f"{seconds}s"})

    def freeze(self) -> None:
        self.moved_the_clock = True
        self.control("POST", "/clock/freeze", {})

    def reset(self) -> None:
        self.control("POST", "/reset", {})

    def outcome(self, session: str, outcome: str, **choices: Any) -> httpx.Response:
        return self.control(
            "POST", f"/sessions/{session}/outcome", {"outcome": outcome, **({"choices": choices} if choices else {})}
        )

    # -- what they are made of ---------------------------------------------------------------------------------------------

    def credentials(self, operation: str, tenant: int = 0, number: int = 0) -> dict[str, str]:
        """Good credentials as headers; `number` 1 are those that may only read, 2 (of VINR) those that have expired."""
        one = merchant(tenant)
        schemes = [name for alternative in all_operations()[operation].security for name in alternative]
        match schemes[:1]:
            case ["VinrApiKey"]:
                return {"X-Api-Key": one.vinr.keys[number].key}
            case ["DiddoBearer"]:
                return {"Authorization": f"Bearer {one.diddo.keys[number].key}"}
            case ["Gr4vyBearer"]:
                return {"Authorization": f"Bearer {gr4vy_token(tenant, READ if number else FULL)}"}
            case ["DinteroBasic"]:
                client = one.dintero.clients[number]
                return {"Authorization": "Basic " + base64.b64encode(f"{client.id}:{client.secret}".encode()).decode()}
            case ["DinteroBearer"]:
                if (tenant, number) not in self._dintero:
                    given = self.credentials("createDinteroToken", tenant, number)
                    answer = self.send("createDinteroToken", tenant=tenant, credentials=given)
                    self._dintero[tenant, number] = answer.json()["access_token"]
                return {"Authorization": f"Bearer {self._dintero[tenant, number]}"}
        return {}

    def body(self, operation: str, tenant: int = 0) -> Json:
        match operation:
            case "createDinteroToken":
                account = merchant(tenant).dintero.account
                return {"grant_type": "client_credentials", "audience": f"https://api.dintero.com/v1/accounts/{account}"}
            case "setDiddoShipping":
                return {"cart_id": self.cart(tenant), "buyer_info": CALIFORNIA}
            case "selectDiddoShippingMethod":
                return {"cart_id": self.addressed(tenant), "shipping_method_id": 1}
        return _STATIC[operation]

    def path_of(self, operation: str, tenant: int) -> dict[str, Any]:
        one = merchant(tenant)
        match operation:
            case "getVinrSessionResult":
                return {"sessionId": self.vinr(tenant)}
            case "getGr4vySession" | "updateGr4vySession" | "deleteGr4vySession" | "setGr4vySessionFields":
                return {"session_id": self.gr4vy(tenant)}
            case "createDinteroToken":
                return {"oid": one.dintero.account}
            case "createDinteroOrderSession" | "listDinteroOrderSessions":
                return {"aid": one.dintero.account, "order_id": one.orders[0].id}
            case "getDinteroOrderSession":
                return {"aid": one.dintero.account, "order_id": one.orders[0].id, "session_id": self.dintero(tenant)}
            case "setDinteroAddresses" | "setDinteroShippingAddress":
                return {"session_id": self.dintero(tenant)}
            case "setDinteroShippingOption":
                return {"session_id": self.dintero(tenant, addressed=True)}
        return {"cart_id": one.template_carts[0].id}

    # -- objects, each a new one -------------------------------------------------------------------------------------------

    def vinr(self, tenant: int = 0, **given: Any) -> str:
        return self.send("createVinrSession", tenant=tenant, **given).json()["sessionId"]

    def gr4vy(self, tenant: int = 0, **given: Any) -> str:
        return self.send("createGr4vySession", tenant=tenant, **given).json()["id"]

    def dintero(self, tenant: int = 0, *, addressed: bool = False, **given: Any) -> str:
        session = self.send("createDinteroOrderSession", tenant=tenant, **given).json()["id"]
        if addressed:
            self.send("setDinteroShippingAddress", path={"session_id": session})
        return session

    def cart(self, tenant: int = 0) -> str:
        return self.send("beginDiddoCheckout", tenant=tenant).json()["cart_id"]

    def addressed(self, tenant: int = 0) -> str:
        cart = self.cart(tenant)
        self.send("setDiddoShipping", tenant=tenant, body={"cart_id": cart, "buyer_info": CALIFORNIA})
        return cart

    def result(self, session: str, tenant: int = 0) -> httpx.Response:
        return self.send("getVinrSessionResult", path={"sessionId": session}, tenant=tenant)

    def session(self, session: str, tenant: int = 0) -> httpx.Response:
        return self.send("getGr4vySession", path={"session_id": session}, tenant=tenant)
