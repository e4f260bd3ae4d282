"""The hosted page as a browser without JavaScript gets it: forms that are sent, and what comes back."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillspec.sandbox import schema
from tillspec.sandbox.page import guard

from .conftest import Running
from .paying import ADDRESS, CARD, FULL, ITEMS, MINIMAL, Buyer, card, made, result


def test_a_whole_journey_without_javascript(sandbox: Running) -> None:
    url = made(sandbox, FULL)
    with Buyer(url) as buyer:
        assert buyer.shown.status == 200
        assert "Demo Store" in buyer.shown.text
        assert "Travel case &lt;b&gt;&amp; more&lt;/b&gt;" in buyer.shown.answer.text
        assert buyer.shown.options["option"] == ["ups", "express", "mitte"]
        buyer.send("update", promo_code="save20", option="ups", **{"quantity-0": "3"})
        assert "Total €149.19" in buyer.shown.text  # 17900 - 20 % + 599
        wrong = buyer.send("pay", **CARD)
        assert wrong.status == 422
        assert wrong.fields["number"] == wrong.fields["cvc"] == ""
        assert "Please choose a country." in wrong.text
        paid = buyer.send("pay", **ADDRESS, **CARD)
        assert paid.status == 200
        assert "Thank you" in paid.text
        target = f"https://shop.example/success?order=7&sessionId={url.rpartition('/')[2]}#done"
        assert paid.answer.headers["refresh"].endswith(f";url={target}")
        assert f'href="{target.replace("&", "&amp;")}"' in paid.answer.text
        assert buyer.open().text == paid.text
    assert result(sandbox, url) == {
        "sessionId": url.rpartition("/")[2],
        "status": "completed",
        "amount": 14919,
        "currency": "EUR",
        "customer": {"email": "jane@example.com", "name": "Jane Smith"},
    }


def test_nobody_pays_a_total_that_was_not_shown(sandbox: Running) -> None:
    url = made(sandbox, MINIMAL | ITEMS)
    with Buyer(url) as buyer:
        asked = buyer.send("pay", **CARD, **{"quantity-0": "5"})
        assert (asked.status, result(sandbox, url)["status"]) == (422, "pending")
        assert "The total is now €279.00." in asked.text
        assert "Thank you" in buyer.send("pay", **CARD).text
    assert result(sandbox, url)["amount"] == 27900


@pytest.mark.parametrize(
    ("number", "status", "told"),
    [
        ("4000000000000002", "failed", "Your bank declined the card."),
        ("4000000000009995", "failed", "There is not enough money on the card."),
        ("4000000000000069", "failed", "The card has expired."),
        ("4000-0000-0000-3220", "authentication_required", "Is this payment yours?"),
        ("4111111111111111", "pending", "This is not the number of a test card."),
        ("4242424242424241", "pending", "do not add up"),
    ],
)
def test_what_becomes_of_cards(sandbox: Running, number: str, status: str, told: str) -> None:
    url = made(sandbox)
    with Buyer(url) as buyer:
        shown = buyer.send("pay", **card(number))
    assert told in shown.text
    assert number not in shown.answer.text
    assert result(sandbox, url)["status"] == status


@pytest.mark.parametrize(("answer", "status", "told"), [("approve", "completed", "Thank you"), ("decline", "failed", "declined")])
def test_a_challenge_is_answered_once(sandbox: Running, answer: str, status: str, told: str) -> None:
    url = made(sandbox)
    with Buyer(url) as buyer, Buyer(url) as other:
        buyer.send("pay", **card("4000000000003220"))
        assert "cancel" not in buyer.shown.deeds
        assert "Is this payment yours?" in other.send("pay", **CARD).text, "a second tab pays no second time"
        assert told in buyer.send(answer).text
        again = other.send("decline" if answer == "approve" else "approve")
        assert (again.status, again.text) == (200, buyer.shown.text)
    assert result(sandbox, url)["status"] == status


def test_canceled_and_expired(sandbox: Running) -> None:
    sandbox.freeze()
    canceled, expired = made(sandbox), made(sandbox)
    with Buyer(canceled) as buyer:
        shown = buyer.send("cancel")
        assert "Payment canceled" in shown.text
        assert shown.answer.headers["refresh"].endswith(";url=https://shop.example/cart")
    with Buyer(expired) as buyer:
        fields = buyer.shown.fields
        sandbox.advance(timedelta(minutes=5))
        posted = buyer.post(fields | CARD | {"do": "pay"})
        assert (posted.status_code, "This checkout has expired" in posted.text) == (410, True)
        assert buyer.open().status == 410
        sandbox.advance(timedelta(days=3))
        assert buyer.open().status == 410
    assert result(sandbox, canceled)["status"] == "canceled"


def test_an_expired_challenge_is_not_paid(sandbox: Running) -> None:
    sandbox.freeze()
    url = made(sandbox)
    with Buyer(url) as buyer:
        buyer.send("pay", **card("4000000000003220"))
        sandbox.advance(timedelta(minutes=5))
        assert buyer.send("approve").status == 410
    assert result(sandbox, url)["status"] == "expired"


def test_many_clicks_at_once_are_one_payment(sandbox: Running) -> None:
    url = made(sandbox)
    with Buyer(url) as buyer:
        fields = buyer.shown.fields
    clicks: list[dict[str, str]] = [fields | CARD | {"do": "pay"}, fields | card("4000000000000002") | {"do": "pay"}] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda data: httpx.post(url, data=data, follow_redirects=True), clicks))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1, "all see the same end"
    assert result(sandbox, url)["status"] in ("completed", "failed")


def test_promo_codes_come_and_go(sandbox: Running) -> None:
    with Buyer(made(sandbox, FULL)) as buyer:
        refused = buyer.send("update", promo_code="NOPE")
        assert (refused.status, refused.fields["promo_code"]) == (422, "NOPE")
        assert "This promo code is not valid here." in refused.text
        assert "−€10.00" in buyer.send("update", promo_code="TENNER").text
        assert "promo_code" in buyer.send("remove").fields
        assert buyer.shown.fields["seen"] == "12900 EUR"
        free = buyer.send("update", promo_code="FREE", option="mitte")
        assert "number" not in free.fields
        assert "Complete order" in free.text
        assert "Thank you" in buyer.send("pay", email="jane@example.com").text


def test_a_choice_that_is_refused_takes_nothing(sandbox: Running) -> None:
    with Buyer(made(sandbox, FULL)) as buyer:
        refused = buyer.send("update", option="nothing", promo_code="SAVE20", **{"quantity-0": "9"})
        assert refused.status == 422
        assert "Please choose one of the ways to get the goods." in refused.text
        assert "Please choose between 1 and 5 of Wireless headphones." in refused.text
        assert refused.fields["seen"] == "12900 EUR"


def test_amounts_have_the_decimals_of_their_currency(sandbox: Running) -> None:
    for currency, shown in (("JPY", "Pay ¥5,000"), ("KWD", "Pay KWD5.000"), ("USD", "Pay $50.00")):
        with Buyer(made(sandbox, MINIMAL | {"currency": currency})) as buyer:
            assert shown in buyer.shown.text.replace("\xa0", "")


def test_a_subscription_is_called_one(sandbox: Running) -> None:
    with Buyer(made(sandbox, MINIMAL | {"metadata": {"mode": "subscription"}})) as buyer:
        assert "Subscribe for €50.00" in buyer.shown.text
        assert "Your subscription has begun." in buyer.send("pay", **CARD).text


# -- Diddo -----------------------------------------------------------------------------------------------------------------


def test_a_template_cart_begins_a_live_one(sandbox: Running) -> None:
    template = sandbox.mine.template_carts[0].id
    with Buyer(f"{sandbox.url}/pay?cart_id={template.lower()}") as buyer, Buyer(f"{sandbox.url}/pay?cart_id={template}") as other:
        assert buyer.path != other.path
        live = buyer.path.rpartition("/")[2]
        with Buyer(f"{sandbox.url}/pay?cart_id={live}") as again:
            assert again.path == buyer.path
        assert "Choose a country" in buyer.shown.text
        address = {**ADDRESS, "country": "US", "province": "NY"}
        assert buyer.send("update", **address).options["option"] == ["1", "2"]
        assert buyer.shown.fields["province"] == "NY"
        assert "Tax €2.62" in buyer.send("update", option="2").text  # 8.875 % of 29.50 is 2.618
        paid = buyer.send("pay", **CARD)
        assert "Thank you" in paid.text
        assert "You can close this page." in paid.text
    unknown = httpx.get(f"{sandbox.url}/pay", params={"cart_id": "01KERN71T0V3RS3DTR98H6BCF0"})
    assert unknown.status_code == httpx.get(f"{sandbox.url}/pay").status_code == 404
    assert httpx.head(f"{sandbox.url}/pay", params={"cart_id": template}).status_code == 404, "to look is not to begin"


# -- what keeps the page to its buyer --------------------------------------------------------------------------------------


def test_headers_and_unknown_pages(sandbox: Running) -> None:
    for answer in (httpx.get(made(sandbox)), httpx.get(f"{sandbox.url}/pay/cs_nothing"), httpx.put(f"{sandbox.url}/pay/cs_x")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-request-id"].startswith("req_")
        assert not re.search(r"<script>| style=| on[a-z]+=", answer.text)
    assert answer.status_code == 405
    with Buyer(f"{sandbox.url}/pay/cs_nothing") as buyer:
        assert (buyer.shown.status, "There is no such checkout" in buyer.shown.text) == (404, True)


def test_forms_that_are_not_of_the_page(sandbox: Running) -> None:
    url, foreign = made(sandbox), made(sandbox)
    with Buyer(url) as buyer, Buyer(foreign) as other:
        right = buyer.shown.fields | CARD | {"do": "pay"}
        assert buyer.post(right | {"token": other.shown.fields["token"]}).status_code == 403
        assert buyer.post({key: right[key] for key in right if key != "token"}).status_code == 403
        assert httpx.post(url, data=right, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert buyer.post(right | {"do": "everything"}).status_code == 400
        assert buyer.post(right | {"email": "x" * 70_000}).status_code == 413
        assert buyer.post(right | {f"f{number}": "" for number in range(300)}).status_code == 400
        assert httpx.post(url, json=right).status_code == 415
        assert httpx.post(url, data={}).status_code in (400, 415)
    assert result(sandbox, url)["status"] == "pending"


def test_no_card_number_is_kept(sandbox: Running) -> None:
    with Buyer(made(sandbox, FULL)) as buyer:
        buyer.send("update", **CARD)
        buyer.send("pay", **ADDRESS, **CARD, option="ups")
        buyer.send("pay", **CARD)
    held = sandbox.work(
        lambda connection: "".join(
            str(tuple(row)) for t in schema.metadata.sorted_tables for row in connection.execute(t.select())
        )
    )
    assert "Torstra" in held
    assert not re.search(r"4242[ -]?4242", held)


def test_hostile_texts_and_urls_stay_texts(sandbox: Running) -> None:
    hostile: dict[str, Any] = MINIMAL | {
        "cancelUrl": "https://shop.example/'onmouseover='x'&amp;",
        "customer": {"name": '"><script>alert(1)</script>'},
        "metadata": {"merchantName": "<img src=x onerror=alert(1)>{{7*7}}", "shippingAddressHandling": "Collect"},
    }
    with Buyer(made(sandbox, hostile)) as buyer:
        assert "<img src=x" not in buyer.shown.answer.text
        assert "<script>alert" not in buyer.shown.answer.text
        assert "{{7*7}}" in buyer.shown.text
        canceled = buyer.send("cancel")
    assert 'href="https://shop.example/&#39;onmouseover=&#39;x&#39;&amp;amp;"' in canceled.answer.text


def test_files_have_versions_and_no_others_are_served(sandbox: Running) -> None:
    with Buyer(made(sandbox)) as buyer:
        files = re.findall(r'(?:href|src)="(/pay/static/[^"]+)"', buyer.shown.answer.text)
    assert len(files) == 2
    for file in files:
        answer = httpx.get(sandbox.url + file)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    for path in ("/pay/static/site.py", "/pay/static/..%2fsite.py", "/pay/static/"):
        assert httpx.get(sandbox.url + path).status_code == 404


@given(st.text(max_size=60))
def test_only_web_urls_become_links(text: str) -> None:
    found = guard.web_url(text)
    assert found is None or re.match(r"https?://[^\s/]", found)
    assert guard.web_url(f"javascript:{text}") is None
    assert guard.web_url(f"//{text}") is None


def test_style_and_script_lie_in_the_package() -> None:
    folder = Path(guard.__file__).parent / "static"
    assert sorted(file.name for file in folder.iterdir()) == ["page.css", "page.js"]
