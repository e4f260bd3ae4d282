"""Each variant keeps the contract where it is not like the sandbox, and is not like it: shown over HTTP, without the verifier."""

from __future__ import annotations

import asyncio
import re
import socket
import tomllib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

import httpx
import pytest

from faults.variants.held import held
from faults.variants.registry import VARIANTS
from faults.variants.serving import served

MINIMAL = {"amount": 500, "currency": "EUR", "successUrl": "https://a.example/s", "cancelUrl": "https://a.example/c"}
UNTRUE = {**MINIMAL, "cartItems": [{"id": "a", "name": "A", "price": 1, "quantity": 1}]}


class Caller:
    """Who calls a variant, with the credentials of its profile."""

    def __init__(self, url: str, profile: str) -> None:
        tenant = tomllib.loads(profile)["tenants"]["first"]
        self.vinr = {"X-Api-Key": tenant["credentials"]["VinrApiKey"]}
        self.diddo = {"Authorization": f"Bearer {tenant['credentials']['DiddoBearer']}"}
        self.cart = tenant["objects"]["DiddoTemplateCart"][0]
        self.client = httpx.Client(base_url=url, trust_env=False)

    def made(self, body: Any = MINIMAL, **headers: str) -> httpx.Response:
        return self.client.post("/checkout/session", json=body, headers={**self.vinr, **headers})

    def begun(self) -> httpx.Response:
        return held("beginDiddoCheckout", self.client.post(f"/checkout/begin/{self.cart}", headers=self.diddo))

    def code(self, **headers: str) -> httpx.Response:
        return held("getDiddoQr", self.client.get(f"/checkout/{self.cart}/qr", headers={**self.diddo, **headers}))


def rules_422(caller: Caller) -> None:
    assert caller.made(UNTRUE).status_code == 422
    assert caller.made({}).status_code == 400


def short_lives(caller: Caller) -> None:
    begun = caller.begun()
    ends = datetime.fromisoformat(begun.json()["expires_at"])
    assert ends - parsedate_to_datetime(begun.headers["date"]) <= timedelta(minutes=16)


def limited(caller: Caller) -> None:
    async def burst() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=caller.client.base_url, headers=caller.vinr, trust_env=False) as client:
            return await asyncio.gather(*(client.post("/checkout/session", json=MINIMAL) for _ in range(80)))

    late = next(answer for _ in range(20) for answer in asyncio.run(burst()) if answer.status_code == 429)
    assert int(late.headers["Retry-After"]) >= 0
    held("createVinrSession", late)


def credentials_first(caller: Caller) -> None:
    assert held("createVinrSession", caller.made({}, **{"X-Api-Key": "none"})).status_code == 401


def credentials_last(caller: Caller) -> None:
    assert held("createVinrSession", caller.client.post("/checkout/session", json={})).status_code == 400
    assert held("createVinrSession", caller.client.post("/checkout/session", json=MINIMAL)).status_code == 401


def other_ids(caller: Caller) -> None:
    assert caller.made().json()["sessionId"].startswith("VS-")


def more_members(caller: Caller) -> None:
    assert "x_trace" in caller.begun().json()["lines"][0]


def slow(caller: Caller) -> None:
    begun = monotonic()
    caller.begun()
    assert monotonic() - begun >= 0.08


def header_forms(caller: Caller) -> None:
    answer = caller.begun()
    assert "content-length" not in answer.headers
    assert answer.headers["content-type"] == "Application/JSON ; Charset=UTF-8"


def json_forms(caller: Caller) -> None:
    assert "\\/" in caller.begun().text


def times_forms(caller: Caller) -> None:
    assert caller.begun().json()["expires_at"].endswith("+05:30")


def error_texts(caller: Caller) -> None:
    assert len(held("createVinrSession", caller.made({})).json()["error"]["message"]) > 500


def undeclared_404(caller: Caller) -> None:
    assert {caller.client.request(method, "/checkout/session").status_code for method in ("GET", "DELETE", "OPTIONS")} == {404}


def no_head(caller: Caller) -> None:
    answer = caller.client.head(f"/checkout/{caller.cart}/qr", headers=caller.diddo)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def cors(caller: Caller) -> None:
    assert caller.client.options(f"/checkout/{caller.cart}/qr").headers["allow"] == "GET, HEAD, OPTIONS"
    assert re.search(r"\bAccept\b", caller.code().headers["vary"])


def no_keep_alive(caller: Caller) -> None:
    assert caller.begun().headers["connection"] == "close"


def gzip(caller: Caller) -> None:
    assert caller.begun().headers["content-encoding"] == "gzip"
    assert "content-encoding" not in caller.code(**{"Accept-Encoding": "identity"}).headers


def other_parser(caller: Caller) -> None:
    url = caller.client.base_url
    with socket.create_connection((url.host, url.port or 80), 10) as wire:
        wire.sendall(b"GET /checkout/session HTTP/1.1\r\n\r\n")
        assert wire.recv(100).startswith(b"HTTP/1.1 400"), "the usual parser lets a request without Host pass"


TRAITS: dict[str, Callable[[Caller], None]] = {
    "limited-50": limited, "limited-20": limited,
    **{
        work.__name__.replace("_", "-"): work
        for work in (
            rules_422, short_lives, credentials_first, credentials_last, other_ids, more_members, slow, header_forms, json_forms,
            times_forms, error_texts, undeclared_404, no_head, cors, no_keep_alive, gzip, other_parser,
        )
    },
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name, variant in VARIANTS.items() if not variant.program])
def test_it_is_another_and_keeps_the_contract(name: str) -> None:
    with ExitStack() as stack:
        found = stack.enter_context(served(name))
        caller = Caller(found.url, found.profile)
        stack.enter_context(caller.client)
        made = held("createVinrSession", caller.made(**{"Idempotency-Key": "k"}))
        again = held("createVinrSession", caller.made(**{"Idempotency-Key": "k"}))
        assert again.content == made.content
        session = made.json()["sessionId"]
        told = held("getVinrSessionResult", caller.client.get(f"/checkout/session/{session}/result", headers=caller.vinr))
        assert told.json()["status"] == "pending"
        begun = caller.begun().json()
        body = {"cart_id": begun["cart_id"], "buyer_info": {"country_code": "DE"}}
        held("setDiddoShipping", caller.client.post("/checkout/shipping", json=body, headers=caller.diddo))
        assert caller.code().content.startswith(b"\x89PNG")
        TRAITS[name](caller)


def test_every_variant_has_a_line_that_says_what_it_is() -> None:
    assert len(VARIANTS) >= 20
    assert all(variant.what and "\n" not in variant.what for variant in VARIANTS.values())
