"""Diddo's live carts as the page and the control plane see them, and what the merchant is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, select

from checkout_api import models
from tillspec.sandbox import merchants, schema, sessions, state
from tillspec.sandbox.hosted import Address, Choices, Outcome, Refused
from tillspec.sandbox.sessions import NotAllowed, Session
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces import diddo_carts

from .conftest import Running
from .test_diddo import CHECKOUT, MAYA, begin, choose, on_page, settle, ship, template, told


def listen(sandbox: Running) -> None:
    """Gives the merchant an address to be told at, where nobody answers."""

    def written(connection: Connection) -> None:
        mine = sandbox.mine.alone()
        assert mine.diddo is not None
        webhook = mine.diddo.webhook.model_copy(update={"url": "http://127.0.0.1:9/hook"})
        told = mine.model_copy(update={"diddo": mine.diddo.model_copy(update={"webhook": webhook})})
        merchants.save(connection, told, 0)
        state.change(connection, epoch=state.next_epoch)

    sandbox.work(written)


def events(sandbox: Running, cart_id: str) -> list[models.DiddoCheckoutEvent]:
    table = schema.deliveries
    query = select(table.c.operation, table.c.event, table.c.body).where(table.c.session == cart_id)
    rows = sandbox.work(lambda connection: list(connection.execute(query)))
    assert {row.operation for row in rows} <= {"diddoCheckoutEvent"}
    found = [models.DiddoCheckoutEvent.model_validate_json(row.body) for row in rows]
    assert {event.id for event in found} == {row.event for row in rows}
    assert len({event.id for event in found}) == len(found)
    return sorted(found, key=lambda event: str(event.created_at))


def test_the_merchant_is_told_of_each_move_once(sandbox: Running) -> None:
    listen(sandbox)
    with sandbox.diddo() as http, sandbox.diddo(sandbox.other) as silent:
        cart = begin(http, template(sandbox))["cart_id"]
        ship(http, cart, country_code="US", province_code="NY")
        ship(http, cart, address2="Apt 15")
        last = choose(http, cart, 1).json()
        told(ship(http, cart, country_code="XX"))

        def paid(connection: Connection) -> None:
            merchant = merchants.read(connection).get(sandbox.mine.id)
            session = sessions.take(connection, diddo_carts.LIVE_CART, cart)
            assert merchant is not None and session is not None
            CHECKOUT.settle(connection, state.read(connection), merchant, session, "complete")

        sandbox.work(paid)
        found = events(sandbox, cart)
        assert [event.type for event in found] == ["checkout.initialized", "checkout.in_progress", "checkout.succeeded"]
        assert found[-1].data.model_dump(mode="json", exclude_unset=True) == last | {"status": "succeeded"}
        assert "Okafor" not in "".join(event.model_dump_json() for event in found)
        assert events(sandbox, begin(silent, template(sandbox, merchant=sandbox.other))["cart_id"]) == []


def test_details_that_come_at_once_are_all_kept(sandbox: Running) -> None:
    listen(sandbox)
    with sandbox.diddo() as http, ThreadPoolExecutor(len(MAYA)) as pool:
        cart = begin(http, template(sandbox))["cart_id"]
        answers = list(pool.map(lambda name: ship(http, cart, **{name: MAYA[name]}), MAYA))
        assert {answer.status_code for answer in answers} == {200}
        assert on_page(sandbox, cart, lambda *found: found[-1].data["buyer"]) == MAYA
        assert ship(http, cart).json()["cost"]["tax"] == 243
    assert [event.type for event in events(sandbox, cart)] == ["checkout.initialized", "checkout.in_progress"]


def test_what_the_buyer_sees_and_chooses(sandbox: Running) -> None:
    with sandbox.diddo() as http:
        cart = begin(http, template(sandbox))["cart_id"]
        empty = on_page(sandbox, cart, CHECKOUT.view)
        assert (empty.status, empty.total, empty.options, empty.asks) == ("open", 2950, (), {"address", "option"})
        address = Address(
            first_name="Maya", line1="740 Valencia", city="SF", country="US", province="CA", phone="+1 (415) 555-0137"
        )

        def chosen(choices: Choices) -> Any:
            def do(connection: Connection, now: State, merchant: merchants.Merchant, session: Session) -> Any:
                CHECKOUT.choose(connection, now, merchant, session, choices)
                return CHECKOUT.view(connection, now, merchant, session)

            return on_page(sandbox, cart, do)

        seen = chosen(Choices(address=address))
        assert ([one.id for one in seen.options], seen.tax, seen.address.phone) == (["1", "2", "3"], 243, "+14155550137")
        seen = chosen(Choices(option="3"))
        assert (seen.chosen, seen.shipping, seen.total) == ("3", 995, 4188)
        assert choose(http, cart, 3).json()["cost"]["total"] == seen.total
        seen = chosen(Choices(address=Address(country="FR"), option="3"))
        assert (seen.chosen, seen.shipping, seen.address.first_name) == (None, 0, "")
        for choices, field in (
            (Choices(option="3"), "option"),
            (Choices(option="one"), "option"),
            (Choices(address=Address(country="XX")), "country"),
            (Choices(address=Address(country="US", province="ZZ")), "province"),
            (Choices(address=Address(email="nobody")), "email"),
            (Choices(address=Address(phone="12")), "phone"),
            (Choices(promo_code="SAVE"), "promo_code"),
            (Choices(currency="USD"), "currency"),
            (Choices(quantities={"filter-1": 2}), "quantities"),
        ):
            with pytest.raises(Refused) as refused:
                chosen(choices)
            assert refused.value.field == field
        assert on_page(sandbox, cart, CHECKOUT.view) == seen
        assert chosen(Choices(currency="EUR", quantities={"filter-1": 1}, promo_code="")) == seen


def test_a_challenge_is_shown_and_a_new_total_ends_it(sandbox: Running) -> None:
    with sandbox.diddo() as http:
        cart = begin(http, template(sandbox))["cart_id"]
        settle(sandbox, cart, "challenge")
        assert on_page(sandbox, cart, CHECKOUT.view).status == "challenge"
        assert ship(http, cart, first_name="Maya").json()["status"] == "in_progress"
        assert on_page(sandbox, cart, CHECKOUT.view).status == "challenge"
        ship(http, cart, country_code="DE")
        assert on_page(sandbox, cart, CHECKOUT.view).status == "open"
        settle(sandbox, cart, "challenge")
        settle(sandbox, cart, "fail")
        assert on_page(sandbox, cart, CHECKOUT.view).status == "failed"


@pytest.mark.parametrize("first", ["complete", "fail", "cancel", "expire"])
def test_nothing_comes_after_the_end(sandbox: Running, first: Outcome) -> None:
    with sandbox.diddo() as http:
        cart = begin(http, template(sandbox))["cart_id"]
        settle(sandbox, cart, first)
        outcomes: tuple[Outcome, ...] = ("complete", "fail", "cancel", "challenge", "expire")
        for outcome in outcomes:
            with pytest.raises(NotAllowed):
                settle(sandbox, cart, outcome)
        with pytest.raises(NotAllowed):
            on_page(sandbox, cart, lambda *found: CHECKOUT.choose(*found, Choices(address=Address(country="US"))))
        seen = on_page(sandbox, cart, CHECKOUT.view)
        assert seen.status == {"complete": "paid", "fail": "failed", "cancel": "canceled", "expire": "expired"}[first]
        if first == "expire":
            assert told(ship(http, cart)) == (400, "CART_NOT_FOUND")
