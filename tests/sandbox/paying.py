"""What tests of the page share: sessions to pay, and a buyer whose browser knows no JavaScript."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import httpx
from sqlalchemy import Connection, select

from checkout_api import models
from tillspec.sandbox import merchants, schema, state

from .conftest import Running

Json = dict[str, Any]

MINIMAL: Json = {
    "amount": 5000,
    "currency": "EUR",
    "successUrl": "https://shop.example/success?order=7#done",
    "cancelUrl": "https://shop.example/cart",
}
ITEMS: Json = {
    "amount": 12900,
    "cartItems": [
        {"id": "phones", "name": "Wireless headphones", "price": 5000, "quantity": 2, "maxQuantity": 5},
        {"id": "case", "name": "Travel case <b>& more</b>", "price": 2900, "quantity": 1},
    ],
}
PROMO: Json = {
    "enabled": True,
    "availableCodes": [
        {"code": "SAVE20", "discount": 20, "discountType": "percentage", "description": "20% off your order"},
        {"code": "HALF", "discount": 12.5, "discountType": "percentage"},
        {"code": "TENNER", "discount": 1000, "discountType": "fixed"},
        {"code": "FREE", "discount": 100, "discountType": "percentage"},
    ],
}
DELIVERY: Json = {
    "enabled": True,
    "options": {
        "shipping": {
            "methods": [
                {"id": "ups", "name": "UPS Standard", "price": 599, "currency": "EUR", "estimatedDays": {"min": 3, "max": 5}},
                {"id": "express", "name": "UPS Express", "price": 1599, "currency": "EUR", "estimatedDays": {"min": 1, "max": 1}},
                {"id": "usps", "name": "USPS Priority", "price": 899, "currency": "USD"},
            ]
        },
        "pickup": {"locations": [{"id": "mitte", "name": "Berlin Mitte Store"}]},
    },
}
FULL: Json = (
    MINIMAL
    | ITEMS
    | {
        "supportedCurrencies": ["USD", "JPY"],
        "metadata": {
            "merchantName": "Demo Store",
            "shippingAddressHandling": "Collect",
            "promoCode": PROMO,
            "delivery": DELIVERY,
        },
    }
)
ADDRESS = {
    "email": "jane@example.com", "first_name": "Jane", "last_name": "Smith", "country": "DE", "line1": "Torstraße 1",
    "postal_code": "10119", "city": "Berlin",
}  # fmt: skip
CARD = {"number": "4242 4242 4242 4242", "expiry": "12/99", "cvc": "123"}


def card(number: str) -> dict[str, str]:
    return CARD | {"number": number}


def made(sandbox: Running, body: Json = MINIMAL) -> str:
    """The hosted page of a new session."""
    with sandbox.vinr() as http:
        answer = http.post("/checkout/session", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["checkoutUrl"])


def result(sandbox: Running, url: str) -> Json:
    """What the merchant reads of a session, by its page."""
    with sandbox.vinr() as http:
        answer = http.get(f"/checkout/session/{url.rpartition('/')[2]}/result")
    found: Json = answer.json()
    return found


def listen(sandbox: Running) -> None:
    """Gives the merchant an address to be told at, where nobody answers."""

    def written(connection: Connection) -> None:
        mine = sandbox.mine.alone()
        assert mine.vinr is not None
        webhook = mine.vinr.webhook.model_copy(update={"url": "http://127.0.0.1:9/hook"})
        told = mine.model_copy(update={"vinr": mine.vinr.model_copy(update={"webhook": webhook})})
        merchants.save(connection, told, 0)
        state.change(connection, epoch=state.next_epoch)

    sandbox.work(written)


def events(sandbox: Running, url: str) -> list[models.VinrSessionEvent]:
    """What the merchant is told of a session, by its page."""
    table = schema.deliveries
    query = select(table.c.body).where(table.c.session == url.rpartition("/")[2]).order_by(table.c.created_at)
    bodies = sandbox.work(lambda connection: list(connection.execute(query).scalars()))
    return [models.VinrSessionEvent.model_validate_json(body) for body in bodies]


class _Reader(HTMLParser):
    """The fields of a page's form, its errors, and all its text."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.options: dict[str, list[str]] = {}
        self.deeds: set[str] = set()
        self.text = ""
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        match tag:
            case "input" if found.get("type") == "radio":
                self.options.setdefault(found["name"], []).append(found["value"])
                if "checked" in found:
                    self.fields[found["name"]] = found["value"]
            case "input":
                self.fields[found["name"]] = found.get("value", "")
            case "select":
                self._select = found["name"]
            case "option":
                self.options.setdefault(self._select, []).append(found["value"])
                if "selected" in found or self._select not in self.fields:
                    self.fields[self._select] = found["value"]
            case "button" if "name" in found:
                self.deeds.add(found["value"])

    def handle_data(self, data: str) -> None:
        self.text += f" {data}"


@dataclass
class Shown:
    """A page as it came. `fields` is what its form would send as it stands."""

    answer: httpx.Response
    fields: dict[str, str] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    deeds: set[str] = field(default_factory=set)
    text: str = ""

    @property
    def status(self) -> int:
        return self.answer.status_code


class Buyer:
    """Opens pages, and sends the forms that are on them."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self._http = httpx.Client(base_url=f"{parts.scheme}://{parts.netloc}", follow_redirects=True)
        self.shown = self.open()

    def open(self) -> Shown:
        self.shown = _shown(self._http.get(self.path))
        self.path = self.shown.answer.url.path
        return self.shown

    def send(self, do: str, **typed: str) -> Shown:
        """Fills in the form that is shown, and presses a button of it."""
        assert do in self.shown.deeds, f"there is no button {do}"
        self.shown = _shown(self.post(self.shown.fields | typed | {"do": do}))
        return self.shown

    def post(self, fields: dict[str, str]) -> httpx.Response:
        return self._http.post(self.path, data=fields)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Buyer:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _shown(answer: httpx.Response) -> Shown:
    reader = _Reader()
    reader.feed(answer.text)
    return Shown(answer, reader.fields, reader.options, reader.deeds, " ".join(reader.text.split()))
