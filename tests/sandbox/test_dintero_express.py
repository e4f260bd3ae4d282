"""Dintero's Express steps, and what the merchant answers when an address is given, on a running sandbox."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest

from .conftest import Running
from .dintero import (
    EXPRESS,
    HOME,
    KARI,
    POST,
    SHOP,
    Json,
    Shop,
    at_fault,
    bearer,
    express,
    make,
    order_session,
    path,
    settle,
    told,
)
from .receiver import wait_until

OSLO: Json = {"country": "NO", "postal_code": "0349"}
MALMO: Json = {"country": "SE", "postal_code": "21120"}
PARIS: Json = {"country": "FR", "postal_code": "75001"}


def address(http: httpx.Client, session: str, given: Json = KARI, **others: Any) -> httpx.Response:
    return http.put(f"/view/{session}/session/order/addresses", json={"shipping_address": given, **others})


def pick(http: httpx.Client, session: str, offer: Json, **change: Any) -> httpx.Response:
    return http.put(f"/view/{session}/session/order/shipping_option", json=offer | change)


def offered(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["line_id"] for one in answer.json()["express"]["shipping_options"]]


# -- the steps ---------------------------------------------------------------------------------------------------------------


def test_an_address_and_a_way_of_shipping_make_the_total(sandbox: Running) -> None:
    sandbox.freeze()
    with bearer(sandbox) as http:
        made = make(http, sandbox.mine, express=EXPRESS, merchant_reference="order-17")
    with sandbox.client() as http:
        answer = address(http, made["id"], billing_address={"business_name": "Nordmann AS", "country": "NO"})
        assert answer.headers["cache-control"] == "no-store"
        view = answer.json()
        order = view["order"]
        assert (view["id"], view["express"]["shipping_mode"]) == (made["id"], "shipping_required")
        assert (order["merchant_reference"], order["currency"]) == ("order-17", "EUR")
        assert (order["shipping_address"], order["billing_address"]["business_name"]) == (KARI, "Nordmann AS")
        assert (order["amount"], order["vat_amount"]) == (79_890, 5_998 + 9_980)
        assert order["items"][0] == {
            "line_id": "1", "amount": 29_990, "id": "chair-1", "description": "Stool", "quantity": 2, "vat": 25,
            "vat_amount": 5_998,
        }  # fmt: skip
        assert "shipping_option" not in order
        bare = {name: value for name, value in POST.items() if name not in ("splits", "fee_split")}
        assert view["express"]["shipping_options"] == [bare, HOME, SHOP], "nothing of the merchant's settlement"
        picked = pick(http, made["id"], POST, title="Cheaper", operator="Me").json()
        assert picked["order"]["shipping_option"] == bare, "the other fields are those of the offer"
        assert (picked["order"]["amount"], picked["order"]["vat_amount"]) == (79_890 + 3_900, 5_998 + 9_980 + 780)
        again = pick(http, made["id"], HOME).json()["order"]
        assert (again["amount"], again["vat_amount"]) == (79_890 + 9_900, 5_998 + 9_980)
    with bearer(sandbox) as http:
        assert http.get(f"{path(sandbox.mine)}/{made['id']}").json() == made, "shipping is not in the session's amount"


def test_a_way_of_shipping_is_dropped_that_the_new_address_does_not_allow(sandbox: Running) -> None:
    session = express(sandbox)
    with sandbox.client() as http:
        assert offered(address(http, session, OSLO)) == ["post-1", "home-1", "shop-1"]
        pick(http, session, HOME)
        moved = address(http, session, MALMO)
        assert (offered(moved), moved.json()["order"]["shipping_option"]["id"]) == (["home-1", "shop-1"], "home")
        refused = pick(http, session, POST)
        assert (told(refused), at_fault(refused)) == (
            (400, "shipping_option_not_offered"), [("/line_id", "shipping_option_not_offered")],
        )  # fmt: skip
        away = address(http, session, PARIS)
        assert (offered(away), away.json()["order"]["amount"]) == (["shop-1"], 79_890)
        assert "shipping_option" not in away.json()["order"]


def test_the_older_step_sets_the_shipping_address_alone(sandbox: Running) -> None:
    session = express(sandbox)
    with sandbox.client() as http:
        billed = http.put(f"/view/{session}/session/order/addresses", json={"billing_address": KARI})
        assert "shipping_address" not in billed.json()["order"]
        assert told(pick(http, session, SHOP)) == (400, "shipping_address_missing")
        answer = http.put(f"/view/{session}/session/order/shipping_address", json=OSLO)
        assert (answer.json()["order"]["shipping_address"], answer.json()["order"]["billing_address"]) == (OSLO, KARI)
        wrong = http.put(f"/view/{session}/session/order/shipping_address", json={"country": "ZZ"})
        assert (told(wrong), at_fault(wrong)) == ((400, "validation_error"), [("/country", "unknown_country")])
        form = http.put(f"/view/{session}/session/order/shipping_address", json={"country": "no"})
        assert at_fault(form) == [("/country", "pattern")]


def test_what_cannot_be_set_or_picked(sandbox: Running) -> None:
    session = express(sandbox)
    with sandbox.client() as http:
        assert at_fault(address(http, session, {"country": "ZZ"})) == [("/shipping_address/country", "unknown_country")]
        assert told(http.put(f"/view/{session}/session/order/addresses", json={})) == (400, "validation_error")
        assert told(address(http, session, {"street": "x"})) == (400, "validation_error")
        address(http, session)
        assert at_fault(pick(http, session, HOME, amount=1)) == [("/amount", "shipping_option_not_offered")]
        for change in ({"id": "post"}, {"line_id": "home-2"}):
            assert at_fault(pick(http, session, HOME, **change)) == [("/line_id", "shipping_option_not_offered")]
        for key in ("none", "a%00b", "x" * 40):
            for answer in (address(http, key), pick(http, key, HOME)):
                assert told(answer) == (404, "session_not_found")
                assert answer.json()["error"].keys() == {"code", "message"}
    with bearer(sandbox) as http:
        plain = make(http, sandbox.mine, shipping_option=HOME)["id"]
        for answer in (address(http, plain), pick(http, plain, HOME)):
            assert told(answer) == (400, "not_express")
        other = http.post(path(sandbox.mine), json=order_session(express={"shipping_options": [POST]}, shipping_option=HOME))
        assert (told(other), at_fault(other)[0][0]) == ((400, "validation_error"), "/shipping_option")


def test_a_way_of_shipping_may_be_picked_at_first(sandbox: Running) -> None:
    with bearer(sandbox) as http:
        session = make(http, sandbox.mine, express=EXPRESS, shipping_option={**HOME, "title": "As I call it"})["id"]
    with sandbox.client() as http:
        order = address(http, session, MALMO).json()["order"]
        assert (order["shipping_option"], order["amount"]) == (HOME, 79_890 + 9_900)


def test_nothing_is_done_in_a_session_that_is_over(sandbox: Running) -> None:
    sandbox.freeze()
    causes: Json = {"complete": "AUTHORIZED", "fail": "FAILED", "cancel": "CANCELLED", "challenge": "PAYMENT_INITIATED"}
    over = {express(sandbox): outcome for outcome in causes}
    session = express(sandbox)
    with sandbox.client() as http:
        for one, outcome in over.items():
            settle(sandbox, one, outcome)
            for answer in (
                address(http, one),
                pick(http, one, SHOP),
                http.put(f"/view/{one}/session/order/shipping_address", json=OSLO),
            ):
                error = answer.json()["error"]
                assert (answer.status_code, error["code"], error["cause"]) == (404, "session_not_found", causes[outcome])
            details = error["session_details"]
            assert details["merchant_reference"] == sandbox.mine.orders[0].id
            assert (details["return_url"], details["merchant"]) == ("https://shop.invalid/accept", {"name": "Harbor Coffee"})
            assert ("transaction_id" in details) == (outcome != "cancel")
        sandbox.advance(timedelta(hours=1) - timedelta(seconds=1))
        assert address(http, session).status_code == 200
        sandbox.advance(timedelta(seconds=1))
        assert address(http, session).json()["error"]["cause"] == "EXPIRED"
        paid = next(one for one, outcome in over.items() if outcome == "complete")
        assert address(http, paid).json()["error"]["cause"] == "AUTHORIZED", "it had ended before its time was over"


# -- what the merchant offers ------------------------------------------------------------------------------------------------


@pytest.fixture
def shop() -> Iterator[Shop]:
    one = Shop()
    yield one
    one.close()


def test_the_merchant_is_asked_what_is_on_offer_for_an_address(sandbox: Running, shop: Shop) -> None:
    session = express(sandbox, shipping_address_callback_url=shop.url)
    dearer, french = HOME | {"amount": 12_000}, {**SHOP, "id": "fr", "line_id": "fr-1", "countries": ["FR"], "amount": 500}
    shop.offers(dearer, SHOP)
    shop.offers(french, HOME, order={"items": []})
    with sandbox.client() as http:
        assert offered(address(http, session, MALMO)) == ["home-1", "shop-1"]
        assert (shop.asked[0]["path"], shop.asked[0]["type"]) == ("/order/17/address_updated", "application/json")
        body = shop.asked[0]["body"]
        assert (body["id"], body["order"]["shipping_address"], body["order"]["amount"]) == (session, MALMO, 79_890)
        assert told(pick(http, session, HOME)) == (400, "shipping_option_not_offered"), "the old price"
        assert pick(http, session, dearer).json()["order"]["amount"] == 79_890 + 12_000
        http.put(f"/view/{session}/session/order/addresses", json={"billing_address": OSLO})
        assert len(shop.asked) == 1, "who is billed changes nothing of what is on offer"
        moved = address(http, session, PARIS)
        assert (offered(moved), len(shop.asked)) == (["fr-1"], 2)
        assert "shipping_option" not in moved.json()["order"]
        assert pick(http, session, french).json()["order"]["amount"] == 79_890 + 500


def test_a_pick_stays_that_the_merchant_goes_on_offering(sandbox: Running, shop: Shop) -> None:
    session = express(sandbox, shipping_address_callback_url=shop.url)
    shop.offers(POST)
    shop.offers(POST | {"countries": ["FR"]})
    with sandbox.client() as http:
        address(http, session, OSLO)
        pick(http, session, POST)
        moved = address(http, session, PARIS)
        assert moved.json()["order"]["shipping_option"]["countries"] == ["FR"], "though it did not go there before"


BAD: dict[str, tuple[int, Any]] = {
    "an error": (500, {"shipping_options": [HOME]}),
    "another success": (201, {"shipping_options": [HOME]}),
    "a redirect": (302, {"shipping_options": [HOME]}),
    "no JSON": (200, None),
    "no object": (200, [HOME]),
    "no options": (200, {"order": {}}),
    "an option of another form": (200, {"shipping_options": [HOME, {"id": "x"}]}),
    "two of one line_id": (200, {"shipping_options": [HOME, HOME]}),
    "an order that is none": (200, {"shipping_options": [HOME], "order": 1}),
    "more than is read": (200, {"shipping_options": [HOME | {"description": "x" * 70_000}]}),
}


def test_the_offer_stays_as_it_was_where_the_merchant_does_not_answer_well(sandbox: Running, shop: Shop) -> None:
    shop.answers = [(status, b"{" if plain is None else json.dumps(plain).encode()) for status, plain in BAD.values()]
    with sandbox.client() as http:
        for number, what in enumerate(BAD, 1):
            session = express(sandbox, shipping_address_callback_url=shop.url)
            answer = address(http, session, OSLO)
            assert offered(answer) == ["post-1", "home-1", "shop-1"], what
            assert answer.json()["order"]["shipping_address"] == OSLO
            assert len(shop.asked) == number, "it is tried once"
        closed = express(sandbox, shipping_address_callback_url="http://127.0.0.1:1/")
        assert offered(address(http, closed, MALMO)) == ["home-1", "shop-1"]
        sandbox.switch(loopback=False)
        kept_in = express(sandbox, shipping_address_callback_url=shop.url)
        assert offered(address(http, kept_in, MALMO)) == ["home-1", "shop-1"]
        assert len(shop.asked) == len(BAD), "the sandbox sends nowhere where the switches do not allow it"


def test_a_merchant_who_is_too_slow_has_not_answered(sandbox: Running, shop: Shop) -> None:
    sandbox.switch(answer_within=timedelta(milliseconds=300))
    shop.offers(HOME)
    shop.gates = [threading.Event()]
    session = express(sandbox, shipping_address_callback_url=shop.url)
    with sandbox.client() as http:
        assert offered(address(http, session, OSLO)) == ["post-1", "home-1", "shop-1"]
        assert offered(address(http, session, OSLO)) == ["home-1"], "the next one is in time"


def test_nothing_waits_for_a_merchant_who_is_asked(sandbox: Running, shop: Shop) -> None:
    """The later address stays, and a payment that came meanwhile ends the step."""
    shop.offers(POST)
    shop.offers(HOME)
    shop.gates = [threading.Event()]
    session = express(sandbox, shipping_address_callback_url=shop.url)
    paid = express(sandbox, shipping_address_callback_url=shop.url)
    with sandbox.client() as http, ThreadPoolExecutor() as pool:
        first = pool.submit(address, http, session, OSLO)
        wait_until(lambda: shop.asked, "the first question")
        second = address(http, session, MALMO)
        assert offered(second) == ["home-1"]
        shop.gates[0].set()
        answer = first.result()
        assert answer.json()["order"]["shipping_address"] == MALMO, "what it has set is set anew since"
        assert offered(answer) == ["home-1"]
        shop.gates = [*shop.gates, threading.Event(), threading.Event()]
        third = pool.submit(address, http, paid, OSLO)
        wait_until(lambda: len(shop.asked) == 3, "the third question")
        settle(sandbox, paid, "complete")
        shop.gates[2].set()
        assert third.result().json()["error"]["cause"] == "AUTHORIZED"
