"""Dintero's sessions on the hosted page, by the control plane, and while the database is away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tillspec.sandbox import seed, state
from tillspec.sandbox.app import SandboxApp, Settings
from tillspec.sandbox.store import open_store

from .conftest import SEED, Running, built_in
from .dintero import EXPRESS, HOME, POST, SHOP, Json, Shop, ask, at, bearer, deliveries, make, order_session, path, told
from .paying import CARD, Buyer, card

NORDMANN = {
    "first_name": "Kari", "last_name": "Nordmann", "country": "NO", "line1": "Gaustadalléen 21", "postal_code": "0349",
    "city": "Oslo",
}  # fmt: skip


def page(sandbox: Running, **change: Any) -> str:
    """The page of a new session, as its link says."""
    with bearer(sandbox) as http:
        return str(make(http, sandbox.mine, **change)["_links"][0]["href"])


def id_of(url: str) -> str:
    return url.rpartition("/")[2]


def test_a_buyer_pays_an_express_session(sandbox: Running) -> None:
    url = page(sandbox, express=EXPRESS, merchant_reference="order-17")
    with Buyer(url) as buyer:
        assert "Side table" in buyer.shown.text
        assert buyer.shown.options["option"] == ["post-1", "home-1", "shop-1"]
        buyer.send("update", **NORDMANN, option="home-1")
        assert "€897.90" in buyer.shown.text  # 798.90 and 99.00
        paid = buyer.send("pay", **CARD)
        assert (paid.status, "Thank you" in paid.text) == (200, True), paid.text
        (delivery,) = deliveries(sandbox, id_of(url))
        transaction = httpx.URL(delivery.url).params["transaction_id"]
        target = f"https://shop.invalid/accept?merchant_reference=order-17&transaction_id={transaction}"
        assert paid.answer.headers["refresh"].endswith(f";url={target}")


def test_a_buyer_whose_province_no_address_of_dintero_has(sandbox: Running) -> None:
    url = page(sandbox, express=EXPRESS)
    home = NORDMANN | {"country": "US", "city": "San Francisco", "postal_code": "94110"}
    with Buyer(url) as buyer:
        buyer.send("update", **home)
        assert buyer.shown.options["option"] == ["shop-1"]
        asked = buyer.send("pay", option="shop-1")
        assert "Please choose a state or province." in asked.text
        paid = buyer.send("pay", province="CA")
        assert "Thank you" in paid.text, "who pays in the shop needs no card"
    (delivery,) = deliveries(sandbox, id_of(url))
    assert delivery.state != "dropped"


@pytest.mark.parametrize(
    ("number", "answer", "error"),
    [("4000 0000 0000 0002", None, "failed"), ("4000 0000 0000 3220", "decline", "authorization"), (None, None, "cancelled")],
)
def test_a_buyer_who_does_not_pay_is_sent_back_with_the_reason(
    sandbox: Running, number: str | None, answer: str | None, error: str
) -> None:
    url = page(sandbox, items=[{"line_id": "1"}])
    with Buyer(url) as buyer:
        shown = buyer.send("cancel") if number is None else buyer.send("pay", **card(number))
        if answer is not None:
            shown = buyer.send(answer)
        assert f"error={error}" in shown.answer.text
        assert deliveries(sandbox, id_of(url)) == [], "failures are told to who asks for them"


def test_on_the_page_as_well_the_merchant_is_asked_what_is_on_offer(sandbox: Running) -> None:
    shop = Shop()
    try:
        shop.offers(POST, HOME)
        shop.offers({**HOME, "amount": 12_000})
        url = page(sandbox, express={"shipping_options": [], "shipping_address_callback_url": shop.url})
        with Buyer(url) as buyer:
            assert "option" not in buyer.shown.options
            buyer.send("update", **NORDMANN)
            assert buyer.shown.options["option"] == ["post-1", "home-1"]
            assert shop.asked[0]["body"]["order"]["shipping_address"]["postal_place"] == "Oslo"
            buyer.send("update", option="post-1")
            assert len(shop.asked) == 1, "nothing has changed of the address"
            buyer.send("update", country="SE", city="Malmö", postal_code="21120")
            assert buyer.shown.options["option"] == ["home-1"]
            assert "option" not in buyer.shown.fields, "what was picked is not on offer any more"
            buyer.send("update", option="home-1")
            assert "€918.90" in buyer.shown.text
            assert "Thank you" in buyer.send("pay", **CARD).text
        assert len(shop.asked) == 2
    finally:
        shop.close()


def test_the_control_plane_settles_a_session(sandbox: Running) -> None:
    with bearer(sandbox) as http, sandbox.control() as control:
        made = make(http, sandbox.mine)["id"]
        seen = control.get(f"/sessions/{made}").json()
        assert (seen["kind"], seen["status"], seen["amount"]) == ("DinteroOrderSession", "OPEN", 79_890)
        assert seen["outcomes"] == ["complete", "fail", "challenge", "cancel", "expire"]
        challenged = control.post(f"/sessions/{made}/outcome", json={"outcome": "challenge"}).json()
        assert challenged["outcomes"] == ["complete", "fail", "cancel", "expire"]
        settled = control.post(f"/sessions/{made}/outcome", json={"outcome": "complete"}).json()
        assert (settled["status"], settled["outcomes"]) == ("AUTHORIZED", [])
        assert control.post(f"/sessions/{made}/outcome", json={"outcome": "fail"}).status_code == 409
    assert [one.operation for one in deliveries(sandbox, made)] == ["dinteroCallback"]


def test_a_database_that_is_gone_is_503_and_one_that_is_back_is_used(tmp_path: Path) -> None:
    database, away = tmp_path / "sandbox.db", tmp_path / "away.db"
    merchant = built_in().merchants[0]
    client = at(merchant).clients[0]

    async def answers(http: httpx.AsyncClient, session: str, body: Json) -> list[httpx.Response]:
        steps = f"/view/{session}/session/order"
        return [
            await http.post(path(merchant), json=order_session(express=EXPRESS)),
            await http.get(path(merchant)),
            await http.get(f"{path(merchant)}/{session}"),
            await http.put(f"{steps}/addresses", json={"shipping_address": {"country": "NO"}}),
            await http.put(f"{steps}/shipping_address", json={"country": "NO"}),
            await http.put(f"{steps}/shipping_option", json=SHOP),
            await http.post(f"/accounts/{at(merchant).account}/auth/token", auth=(client.id, client.secret), json=body),
        ]

    async def done() -> tuple[list[httpx.Response], list[httpx.Response]]:
        store = await open_store(str(database))
        await store.write(lambda connection: seed.plant(connection, built_in(), SEED, state.Switches(), None))
        await store.close()
        app = SandboxApp(Settings(database=str(database), base_url="http://sandbox"))
        client_of_app = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox")
        async with app.running(), client_of_app as http:
            audience = f"https://api.dintero.com/v1/accounts/{at(merchant).account}"
            body = {"grant_type": "client_credentials", "audience": audience}
            url = f"/accounts/{at(merchant).account}/auth/token"
            token = (await http.post(url, auth=(client.id, client.secret), json=body)).json()["access_token"]
            http.headers["authorization"] = f"Bearer {token}"
            session = (await http.post(path(merchant), json=order_session(express=EXPRESS))).json()["id"]
            database.rename(away)
            gone = await answers(http, session, body)
            away.rename(database)
            return gone, await answers(http, session, body)

    gone, back = asyncio.run(done())
    for answer in gone:
        assert told(answer) == (503, "service_unavailable")
        assert answer.headers["retry-after"] == "1"
    assert [answer.status_code for answer in back] == [200] * 7


def test_the_secret_of_a_client_is_in_no_answer(sandbox: Running) -> None:
    part = at(sandbox.mine)
    with sandbox.dintero_basic() as http:
        answers = [ask(http, sandbox.mine), ask(http, sandbox.mine, grant_type="x"), ask(http, sandbox.mine, audience="x")]
    assert not [one for one in answers if part.clients[0].secret in one.text]
