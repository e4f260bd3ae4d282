"""What becomes of Dintero's sessions on the hosted page, and what the merchant is told of it, on a running sandbox."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timedelta
from typing import Any, get_args
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout_api import webhooks
from tillspec.sandbox import clock
from tillspec.sandbox import deliveries as sending
from tillspec.sandbox.hosted import Address, Choices, Outcome, Refused
from tillspec.sandbox.outbox import Delivery
from tillspec.sandbox.seed import SeedMerchant
from tillspec.sandbox.sessions import NotAllowed
from tillspec.sandbox.surfaces import dintero_callbacks as callbacks

from .conftest import Running
from .dintero import (
    CHECKOUT,
    EXPRESS,
    HOME,
    KARI,
    POST,
    SHOP,
    Json,
    at,
    bearer,
    client,
    deliveries,
    express,
    make,
    on_page,
    path,
    settle,
    view,
)

NORDMANN = Address(
    first_name="Kari", last_name="Nordmann", line1="Gaustadalléen 21", city="Oslo", postal_code="0349", country="NO",
    phone="+47 99 99 99 99", email="kari.nordmann@example.com",
)  # fmt: skip


def session(sandbox: Running, callback: str | None = "https://shop.invalid/callback", **change: Any) -> str:
    """The id of a new session whose merchant is told at a URL, or is not told."""
    urls = {"return_url": "https://shop.invalid/accept?a=1#top"} | ({"callback_url": callback} if callback else {})
    with bearer(sandbox) as http:
        return str(make(http, sandbox.mine, url=urls, **change)["id"])


def choose(sandbox: Running, session_id: str, **choices: Any) -> None:
    on_page(sandbox, session_id, lambda *found: CHECKOUT.choose(*found, Choices(**choices)))


def read(merchant: SeedMerchant, delivery: Delivery) -> Any:
    """A delivery as the merchant gets it, its signature verified with the contract's own code."""
    part = at(merchant)
    headers = {**delivery.headers, **sending.signed(merchant, delivery, clock.real() / clock.SECOND)}
    parse = {"GET": webhooks.parse_dintero_callback, "POST": webhooks.parse_dintero_callback_post}[delivery.method]
    assert part.callback_secret is not None
    return parse(headers, delivery.body, secrets=[part.callback_secret], url=delivery.url, account=part.account)


def query(url: str | None) -> Json:
    assert url is not None
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


# -- what becomes of a session ---------------------------------------------------------------------------------------------


def test_a_payment_is_told_and_the_buyer_comes_back(sandbox: Running) -> None:
    sandbox.freeze()
    made = session(sandbox, "https://shop.invalid/callback?order=17&b=%20x", merchant_reference="order 17")
    settle(sandbox, made, "complete")
    with bearer(sandbox) as http:
        shown = http.get(f"{path(sandbox.mine)}/{made}").json()
    (told,) = deliveries(sandbox, made)
    assert (told.operation, told.method, told.body, told.merchant) == ("dinteroCallback", "GET", b"", sandbox.mine.id)
    assert told.url.startswith("https://shop.invalid/callback?order=17&b=%20x&transaction_id=")
    got = read(sandbox.mine, told)
    account, dot, rest = got.transaction_id.partition(".")
    assert (account, dot, len(rest)) == (at(sandbox.mine).account, ".", 22)
    assert (got.session_id, got.merchant_reference, got.error) == (made, "order 17", None)
    assert got.event_delivery == told.event
    assert got.time == datetime.fromisoformat(shown["processed_at"])
    seen = view(sandbox, made)
    assert (seen.status, seen.total) == ("paid", 79_890)
    assert seen.success_url == (
        f"https://shop.invalid/accept?a=1&merchant_reference=order+17&transaction_id={got.transaction_id}#top"
    )  # fmt: skip


def test_by_post_the_transaction_is_told(sandbox: Running) -> None:
    url = "https://shop.invalid/callback?method=POST&includes=session&sid_parameter_name=sid&report_event=VOID"
    made = session(sandbox, url, express=EXPRESS, metadata={"ext_campaign": 1921})
    with client(sandbox) as http:
        http.put(f"/view/{made}/session/order/addresses", json={"shipping_address": KARI, "billing_address": {"country": "NO"}})
        http.put(f"/view/{made}/session/order/shipping_option", json=POST)
    settle(sandbox, made, "complete")
    (told,) = deliveries(sandbox, made)
    assert (told.operation, told.method) == ("dinteroCallbackPost", "POST")
    got = read(sandbox.mine, told)
    assert (got.sid, got.session_id) == (made, None)
    transaction = got.body
    assert (transaction.status, transaction.amount, transaction.currency) == ("AUTHORIZED", 79_890 + 3_900, "EUR")
    assert (transaction.id, transaction.session_id) == (got.transaction_id, made)
    assert (transaction.created_at, transaction.merchant_reference) == (got.time, sandbox.mine.orders[0].id)
    plain = json.loads(told.body)
    assert (plain["shipping_address"], plain["billing_address"]) == (KARI, {"country": "NO"})
    assert (plain["shipping_option"]["line_id"], plain["metadata"]) == ("post-1", {"ext_campaign": 1921})
    assert "splits" not in plain["shipping_option"]
    with bearer(sandbox) as http:
        assert plain["session"] == http.get(f"{path(sandbox.mine)}/{made}").json()


@pytest.mark.parametrize(
    ("outcome", "reason", "error", "cause"),
    [
        ("fail", "", "failed", "FAILED"),
        ("fail", "card_declined", "failed", "FAILED"),
        ("fail", "authentication_failed", "authorization", "DECLINED"),
        ("cancel", "", "cancelled", "CANCELLED"),
    ],
)
def test_a_payment_that_comes_to_nothing_is_told_to_who_asks_for_it(
    sandbox: Running, outcome: Outcome, reason: str, error: str, cause: str
) -> None:
    quiet, loud, body = (
        session(sandbox, f"https://shop.invalid/c{query}")
        for query in ("", "?report_error=true", "?method=POST&report_error=true")
    )
    for made in (quiet, loud, body):
        settle(sandbox, made, outcome, reason)
    assert deliveries(sandbox, quiet) == []
    got = read(sandbox.mine, deliveries(sandbox, loud)[0])
    assert (str(got.error), got.session_id) == (error, loud)
    assert (got.transaction_id is None) == (outcome == "cancel"), "the buyer who gave up had not tried to pay"
    posted = read(sandbox.mine, deliveries(sandbox, body)[0])
    assert (posted.body.status if posted.body is not None else None) == (cause if outcome == "fail" else None)
    seen = view(sandbox, loud)
    assert seen.status == {"fail": "failed", "cancel": "canceled"}[outcome]
    sent = query(seen.cancel_url)
    assert (sent["error"], sent["merchant_reference"]) == (error, sandbox.mine.orders[0].id)
    assert sent.get("transaction_id") == got.transaction_id
    with client(sandbox) as http, bearer(sandbox) as merchant:
        answer = http.put(f"/view/{loud}/session/order/addresses", json={"shipping_address": KARI})
        assert answer.json()["error"]["cause"] == cause
        assert "processed_at" not in merchant.get(f"{path(sandbox.mine)}/{loud}").json()


def test_a_challenge_is_answered_within_the_same_transaction(sandbox: Running) -> None:
    sandbox.freeze()
    made = session(sandbox, "https://shop.invalid/c?report_error=true")
    settle(sandbox, made, "challenge")
    assert (view(sandbox, made).status, deliveries(sandbox, made)) == ("challenge", [])
    begun = query(view(sandbox, made).success_url)["transaction_id"]
    sandbox.advance(timedelta(minutes=2))
    settle(sandbox, made, "complete")
    got = read(sandbox.mine, deliveries(sandbox, made)[0])
    assert got.transaction_id == begun
    with bearer(sandbox) as http:
        processed = http.get(f"{path(sandbox.mine)}/{made}").json()["processed_at"]
    assert datetime.fromisoformat(processed) - got.time == timedelta(minutes=2)
    given_up = session(sandbox, "https://shop.invalid/c?report_error=true&method=POST")
    settle(sandbox, given_up, "challenge")
    settle(sandbox, given_up, "cancel")
    told = read(sandbox.mine, deliveries(sandbox, given_up)[0])
    assert (str(told.error), told.body.status) == ("cancelled", "FAILED")


def test_a_session_ends_once(sandbox: Running) -> None:
    sandbox.freeze()
    outcomes: tuple[Outcome, ...] = get_args(Outcome)

    def ends_again(*found: Any) -> list[Outcome]:
        ended = []
        for other in outcomes:
            with contextlib.suppress(NotAllowed):
                CHECKOUT.settle(*found, other)
                ended.append(other)
        return ended

    with bearer(sandbox) as http:
        for ended in outcomes:
            made = str(make(http, sandbox.mine)["id"])
            settle(sandbox, made, ended)
            if ended == "challenge":
                sandbox.advance(timedelta(hours=1))  # while the buyer looks at it
            assert on_page(sandbox, made, ends_again) == []
            assert len(deliveries(sandbox, made)) == (ended == "complete")
        assert view(sandbox, made).status == "expired"


def test_who_has_no_callback_url_is_not_told_and_what_the_merchant_said_stays(sandbox: Running) -> None:
    made = session(sandbox, None, processed_at="2026-03-02T10:15:00Z")
    settle(sandbox, made, "complete")
    assert deliveries(sandbox, made) == []
    with bearer(sandbox) as http:
        assert http.get(f"{path(sandbox.mine)}/{made}").json()["processed_at"] == "2026-03-02T10:15:00Z"


def test_a_callback_comes_as_much_later_as_its_url_says(sandbox: Running) -> None:
    sandbox.freeze()
    waits = {"0": 0, "45": 45, "600": 60, "-1": 0, "soon": 0, "9" * 30: 0}
    for said, wait in waits.items():
        made = session(sandbox, f"https://shop.invalid/c?delay_callback={said}")
        settle(sandbox, made, "complete")
        (told,) = deliveries(sandbox, made)
        first = told.attempts[0]["at"] if told.attempts else told.due_at
        assert first == told.created_at + wait * clock.SECOND


# -- the page --------------------------------------------------------------------------------------------------------------


def test_the_page_shows_an_express_session_and_takes_what_the_buyer_picks(sandbox: Running) -> None:
    made = express(sandbox)
    seen = view(sandbox, made)
    assert (seen.status, seen.merchant, seen.currency, seen.total) == ("open", "Harbor Coffee", "EUR", 79_890)
    assert [(line.title, line.quantity, line.unit_amount, line.amount) for line in seen.lines] == [
        ("Stool", 2, 14_995, 29_990), ("Side table", 1, 49_900, 49_900),
    ]  # fmt: skip
    assert [(one.id, one.way) for one in seen.options] == [("post-1", "shipping"), ("home-1", "shipping"), ("shop-1", "pickup")]
    assert (seen.asks, seen.countries) == ({"address", "option"}, ()), "one of them goes everywhere"
    choose(sandbox, made, address=NORDMANN, option="post-1")
    seen = view(sandbox, made)
    assert (seen.chosen, seen.shipping, seen.total) == ("post-1", 3_900, 79_890 + 3_900)
    assert seen.address.line1 == "Gaustadalléen 21"
    assert seen.address.phone == "+4799999999"
    with client(sandbox) as http:
        order = http.put(f"/view/{made}/session/order/shipping_option", json=SHOP).json()["order"]
    assert order["shipping_address"] == KARI
    assert view(sandbox, made).total == 0, "the buyer pays in the shop"
    settle(sandbox, made, "complete")
    with pytest.raises(NotAllowed):
        choose(sandbox, made, option="home-1")


def test_the_page_says_what_cannot_be_chosen(sandbox: Running) -> None:
    made = express(sandbox, shipping_options=[POST, HOME], shipping_mode="shipping_not_required")
    assert (view(sandbox, made).asks, view(sandbox, made).countries) == ({"address"}, ("NO", "SE"))
    with bearer(sandbox) as http:
        plain = str(make(http, sandbox.mine, items=[{"line_id": "1", "amount": 101}], shipping_option=HOME)["id"])
    seen = view(sandbox, plain)
    assert (seen.asks, seen.options, seen.chosen, seen.shipping, seen.total) == (frozenset(), (), "home-1", 9_900, 10_001)
    assert (seen.lines[0].quantity, seen.lines[0].unit_amount) == (1, 101)
    refused: list[tuple[str, str, Json]] = [
        (made, "country", {"address": Address(country="FR")}),
        (made, "country", {"address": Address(country="ZZ")}),
        (made, "phone", {"address": Address(phone="none")}),
        (made, "option", {"option": "post-1"}),
        (made, "option", {"address": NORDMANN, "option": "shop-1"}),
        (made, "promo_code", {"promo_code": "X"}),
        (made, "currency", {"currency": "USD"}),
        (made, "quantities", {"quantities": {"1": 1}}),
        (plain, "line1", {"address": NORDMANN}),
        (plain, "option", {"option": "home-1"}),
    ]
    for one, field, choices in refused:
        with pytest.raises(Refused) as why:
            choose(sandbox, one, **choices)
        assert why.value.field == field, choices
    assert view(sandbox, made).address == Address(), "all or none"
    choose(sandbox, made, currency="EUR", quantities={"1": 2, "2": 1})
    assert view(sandbox, made).address_first, "nothing can be picked before it is known where it goes"
    settle(sandbox, made, "challenge")
    with pytest.raises(NotAllowed):
        choose(sandbox, made, address=NORDMANN)
    with pytest.raises(NotAllowed):
        settle(sandbox, made, "challenge")


# -- laws ------------------------------------------------------------------------------------------------------------------


@given(
    own=st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=4),
    more=st.dictionaries(st.text(min_size=1), st.text(), max_size=4),
    url=st.sampled_from(["https://shop.example/x", "app:done", "app://", "https://shop.example"]),
    fragment=st.sampled_from(["", "#", "#a?b=c"]),
)
@settings(max_examples=40)
def test_a_url_gains_a_query_and_keeps_its_own(own: list[tuple[str, str]], more: Json, url: str, fragment: str) -> None:
    before = f"{url}?{urlencode(own)}" if own else url
    found = callbacks.with_query(before + fragment, more)
    assert found.startswith(before)
    assert found.endswith(fragment)
    assert parse_qsl(found.removesuffix(fragment).partition("?")[2], keep_blank_values=True) == [*own, *more.items()]
