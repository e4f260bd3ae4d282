"""VINR's sessions as the page and the control plane act on them."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from tillspec.sandbox import merchants, sessions, state
from tillspec.sandbox.hosted import Address, Choices, Outcome, Refused, View
from tillspec.sandbox.sessions import NotAllowed, Session
from tillspec.sandbox.surfaces import vinr_checkout, vinr_offer, vinr_rates

from .conftest import Running
from .paying import DELIVERY, FULL, ITEMS, MINIMAL, PROMO, Json, events, listen, made, result

CHECKOUT = vinr_checkout.VinrCheckout()
JANE = Address(first_name="Jane", last_name="Smith", email="jane@example.com", country="US", province="CA")


def act(sandbox: Running, url: str, do: Any) -> Any:
    """Does something to a session as the page and the control plane do."""

    def work(connection: Connection) -> Any:
        session = sessions.take(connection, "VinrSession", url.rpartition("/")[2])
        merchant = merchants.read(connection).get(sandbox.mine.id)
        assert session is not None
        return do(connection, state.read(connection), merchant, session)

    return sandbox.work(work)


def choose(sandbox: Running, url: str, **choices: Any) -> View:
    def chosen(*found: Any) -> View:
        CHECKOUT.choose(*found, Choices(**choices))
        return CHECKOUT.view(*found)

    view: View = act(sandbox, url, chosen)
    return view


def settle(sandbox: Running, url: str, outcome: Outcome, reason: str = "") -> None:
    act(sandbox, url, lambda *found: CHECKOUT.settle(*found, outcome, reason=reason))


def view(sandbox: Running, url: str) -> View:
    found: View = act(sandbox, url, CHECKOUT.view)
    return found


def test_the_amount_follows_each_choice(sandbox: Running) -> None:
    url = made(sandbox, FULL)
    for choices, amount in (
        ({"quantities": {"phones": 3}}, 17900),
        ({"promo_code": "half"}, 15662),  # 12.5 % of 17900 is 2237.5, and half a cent is taken off as well
        ({"option": "ups"}, 16261),
        ({"promo_code": "TENNER"}, 17499),
        ({"promo_code": ""}, 18499),
        ({"option": "mitte"}, 17900),
    ):
        assert choose(sandbox, url, **choices).total == amount
        assert (result(sandbox, url)["amount"], result(sandbox, url)["status"]) == (amount, "pending")
    settle(sandbox, url, "complete")
    assert (result(sandbox, url)["amount"], result(sandbox, url)["status"]) == (17900, "completed")


def test_another_currency_converts_all_and_offers_its_own_shipping(sandbox: Running) -> None:
    url = made(sandbox, FULL)
    assert choose(sandbox, url, option="ups", promo_code="TENNER").currencies == ("EUR", "USD", "JPY")
    dollars = choose(sandbox, url, currency="USD", option="ups")
    assert (dollars.subtotal, dollars.discount, dollars.shipping, dollars.chosen) == (14190, 1100, 0, None)
    assert [option.id for option in dollars.options] == ["usps", "mitte"]
    assert choose(sandbox, url, option="usps").total == 14190 - 1100 + 899
    assert {key: result(sandbox, url)[key] for key in ("amount", "currency")} == {"amount": 13989, "currency": "USD"}
    assert choose(sandbox, url, currency="JPY").total == 16000 + 4640 - 1600  # 129 € and 10 € at 160
    assert choose(sandbox, url, currency="EUR").total == 11900


NOT_OFFERED: list[tuple[Json, str]] = [
    ({"currency": "GBP"}, "currency"),
    ({"option": "usps"}, "option"),
    ({"promo_code": "NOPE"}, "promo_code"),
    ({"quantities": {"phones": 6}}, "quantities"),
    ({"quantities": {"phones": 0}}, "quantities"),
    ({"quantities": {"case": 2}}, "quantities"),
    ({"quantities": {"nothing": 1}}, "quantities"),
    ({"address": Address(country="XX")}, "country"),
    ({"address": Address(country="US", province="ZZ")}, "province"),
    ({"address": Address(email="jane")}, "email"),
    ({"address": Address(city="x" * 256)}, "city"),
]


def test_what_is_not_offered_is_refused(sandbox: Running) -> None:
    url = made(sandbox, FULL)
    before = view(sandbox, url)

    def tried(*found: Any) -> list[str]:
        fields = []
        for choices, _ in NOT_OFFERED:
            with pytest.raises(Refused) as refused:
                CHECKOUT.choose(*found, Choices(**({"promo_code": "SAVE20"} | choices)))
            fields.append(refused.value.field)
        return fields

    assert act(sandbox, url, tried) == [field for _, field in NOT_OFFERED]
    assert view(sandbox, url) == before, "all of it, or none"


def test_what_is_asked_for(sandbox: Running) -> None:
    assert view(sandbox, made(sandbox)).asks == frozenset()
    assert not view(sandbox, made(sandbox, MINIMAL | {"metadata": {"promoCode": PROMO | {"enabled": False}}})).promo
    url = made(sandbox, FULL | {"customer": {"name": "Mary Ann Lee", "email": "mary@example.com"}})
    shown = view(sandbox, url)
    assert (shown.asks, shown.merchant) == (frozenset({"address", "email", "option"}), "Demo Store")
    assert (shown.address.first_name, shown.address.last_name, shown.address.email) == ("Mary Ann", "Lee", "mary@example.com")
    assert choose(sandbox, url, option="mitte").asks == frozenset({"email", "option"})


def test_the_result_tells_of_the_buyer_as_they_filled_in_the_page(sandbox: Running) -> None:
    url = made(sandbox, FULL | {"customer": {"customerId": "c1", "name": "Mary Lee", "phone": "+12125551234"}})
    assert result(sandbox, url)["customer"] == {"customerId": "c1", "name": "Mary Lee"}
    choose(sandbox, url, address=JANE)
    assert result(sandbox, url)["customer"] == {"customerId": "c1", "name": "Jane Smith", "email": "jane@example.com"}


def test_pickup_and_shipping_may_share_an_id(sandbox: Running) -> None:
    options = {"shipping": DELIVERY["options"]["shipping"], "pickup": {"locations": [{"id": "ups", "name": "Depot"}]}}
    url = made(sandbox, FULL | {"metadata": {"delivery": {"enabled": True, "options": options}}})
    found = [(one.id, one.way) for one in view(sandbox, url).options]
    assert found == [("ups", "shipping"), ("express", "shipping"), ("pickup:ups", "pickup")]
    assert choose(sandbox, url, option="pickup:ups").shipping == 0


@pytest.mark.parametrize(
    ("outcomes", "refused", "last"),
    [
        (["complete"], "fail", "completed"),
        (["fail"], "complete", "failed"),
        (["cancel"], "complete", "canceled"),
        (["expire"], "complete", "expired"),
        (["challenge"], "cancel", "authentication_required"),
        (["challenge", "complete"], "expire", "completed"),
        (["challenge", "fail"], "complete", "failed"),
    ],
)
def test_moves_are_those_of_the_lifecycle_and_are_told(
    sandbox: Running, outcomes: list[Outcome], refused: Outcome, last: str
) -> None:
    listen(sandbox)
    url = made(sandbox)
    for outcome in outcomes:
        settle(sandbox, url, outcome, "card_declined")
    with pytest.raises(NotAllowed):
        settle(sandbox, url, refused)
    with pytest.raises(NotAllowed):
        choose(sandbox, url, currency="EUR")
    assert result(sandbox, url)["status"] == last
    told = events(sandbox, url)
    assert len(told) == len(outcomes)
    assert told[-1].type == f"checkout.session.{last}"
    assert told[-1].data.model_dump(mode="json", by_alias=True, exclude_unset=True) == result(sandbox, url)


# -- laws ------------------------------------------------------------------------------------------------------------------


def _session(body: Json) -> Session:
    return Session(id="cs_1", kind="VinrSession", merchant="m", status="pending", created_at=0, request=json.dumps(body))


@given(
    st.lists(st.tuples(st.integers(0, 9_999), st.integers(1, 9)), min_size=1, max_size=5),
    st.sampled_from(["EUR", "USD", "JPY", "KWD"]),
    st.one_of(st.floats(0, 100).map(lambda percent: round(percent, 3)), st.integers(0, 99_999)),
)
def test_what_the_page_shows_adds_up(items: list[tuple[int, int]], currency: str, discount: float) -> None:
    amount = sum(price * quantity for price, quantity in items)
    code = {"code": "C", "discount": discount, "discountType": "percentage" if isinstance(discount, float) else "fixed"}
    body = MINIMAL | {
        "amount": max(amount, 1),
        "cartItems": [{"id": str(n), "name": "x", "price": price, "quantity": q} for n, (price, q) in enumerate(items)]
        if amount
        else [{"id": "a", "name": "x", "price": 1, "quantity": 1}],
        "supportedCurrencies": ["USD", "JPY", "KWD"],
        "metadata": {"promoCode": {"enabled": True, "availableCodes": [code]}},
    }
    cost = vinr_offer.Offer(_session(body)).cost(vinr_offer.Chosen(currency=currency, promo_code="C"))
    assert (
        cost.subtotal == sum(line.amount for line in cost.lines) == sum(line.unit_amount * line.quantity for line in cost.lines)
    )
    assert 0 <= cost.discount <= cost.subtotal
    assert cost.total == cost.subtotal - cost.discount
    if isinstance(discount, float):
        exact = Decimal(cost.subtotal) * Decimal(str(discount)) / 100
        assert cost.discount == int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@given(st.integers(0, 9_999_999), st.sampled_from(sorted(vinr_rates.RATES)))
def test_conversion_keeps_order_and_comes_back_within_its_unit(amount: int, currency: str) -> None:
    there = vinr_rates.converted(amount, "EUR", currency)
    assert vinr_rates.converted(amount, currency, currency) == amount
    assert there <= vinr_rates.converted(amount + 1, "EUR", currency)
    unit = max(vinr_rates.converted(1, currency, "EUR"), 1)
    assert abs(vinr_rates.converted(there, currency, "EUR") - amount) <= unit


@pytest.mark.parametrize(
    ("url", "merged"),
    [
        ("https://a.example", "https://a.example?sessionId=cs_1"),
        ("https://a.example/?", "https://a.example/?sessionId=cs_1"),
        ("https://a.example/x?b=%20c&d#e?f", "https://a.example/x?b=%20c&d&sessionId=cs_1#e?f"),
        ("https://a.example/x?sessionId=old&b=1", "https://a.example/x?b=1&sessionId=cs_1"),
    ],
)
def test_the_session_joins_the_query_of_the_success_url(sandbox: Running, url: str, merged: str) -> None:
    page = made(sandbox, MINIMAL | {"successUrl": url})
    assert view(sandbox, page).success_url == merged.replace("cs_1", page.rpartition("/")[2])


def test_without_a_cart_the_amount_is_the_line(sandbox: Running) -> None:
    (line,) = view(sandbox, made(sandbox)).lines
    assert (line.title, line.quantity, line.amount) == ("Payment", 1, 5000)
    items = [{"id": "a", "name": "A", "price": 1, "quantity": 1}, {"id": "a", "name": "B", "price": 2, "quantity": 1}]
    found = view(sandbox, made(sandbox, MINIMAL | ITEMS | {"amount": 3, "cartItems": items})).lines
    assert [one.id for one in found] == ["a", "a#2"], "lines of one item are told apart"
