"""What buyers do on the hosted page, in a real Chromium."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from engines import PageLog, axe_violations

from ..conftest import Running
from ..paying import ADDRESS, CARD, DELIVERY, FULL, ITEMS, MINIMAL, card, events, listen, made, result

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

one_database = pytest.mark.parametrize("sandbox", ["sqlite"], indirect=True)
"""What the browser does is the same on both; only what happens at once is tried on each."""

PHONE = {"width": 320, "height": 640}


def sees(found: Locator) -> Any:
    from playwright.sync_api import expect

    return expect(found)


def fill(page: Page, fields: dict[str, str]) -> None:
    for name, value in fields.items():
        if name == "country":
            page.locator("#country").select_option(value)
        else:
            page.locator(f"#{name}").fill(value)


def pays(page: Page, number: str = CARD["number"]) -> None:
    fill(page, card(number))
    page.locator("#pay").click()


def heading(page: Page, text: str) -> None:
    sees(page.get_by_role("heading", level=1)).to_have_text(text)


# -- payment ---------------------------------------------------------------------------------------------------------------


@one_database
def test_pay_and_go_back_to_the_shop(sandbox: Running, buyer: Page, page_log: PageLog) -> None:
    url = made(sandbox)
    buyer.goto(url)
    buyer.locator("#number").press_sequentially("4242424242424242")
    sees(buyer.locator("#number")).to_have_value("4242 4242 4242 4242")
    buyer.locator("#expiry").press_sequentially("1299")
    sees(buyer.locator("#expiry")).to_have_value("12/99")
    buyer.locator("#cvc").press_sequentially("123")
    assert page_log.foreign == [], "nothing leaves the origin"
    buyer.locator("#cvc").press("Enter")
    heading(buyer, "Thank you")
    session = url.rpartition("/")[2]
    buyer.wait_for_url(f"https://shop.example/success?order=7&sessionId={session}#done")
    assert page_log.foreign == [f"https://shop.example/success?order=7&sessionId={session}"]
    assert page_log.errors == []
    buyer.go_back()
    heading(buyer, "Thank you")
    assert result(sandbox, url)["status"] == "completed"


@one_database
def test_declined_canceled_expired(sandbox: Running, buyer: Page) -> None:
    for number, told in (("4000000000000002", "Your bank declined the card."), ("4000000000009995", "not enough money")):
        buyer.goto(made(sandbox))
        pays(buyer, number)
        heading(buyer, "Payment failed")
        sees(buyer.get_by_text(told)).to_be_visible()
        sees(buyer.get_by_role("link", name="Return to Harbor Coffee")).to_have_attribute("href", MINIMAL["cancelUrl"])
    buyer.goto(made(sandbox))
    fill(buyer, CARD)
    buyer.get_by_role("button", name="Cancel").click()
    heading(buyer, "Payment canceled")
    buyer.wait_for_url(MINIMAL["cancelUrl"])
    url = made(sandbox)
    buyer.goto(url)
    sandbox.advance(timedelta(minutes=5))
    pays(buyer)
    heading(buyer, "This checkout has expired")
    assert result(sandbox, url)["status"] == "expired"


@one_database
@pytest.mark.parametrize(
    ("button", "title", "status"), [("Approve", "Thank you", "completed"), ("Decline", "Payment failed", "failed")]
)
def test_3d_secure(sandbox: Running, buyer: Page, button: str, title: str, status: str) -> None:
    url = made(sandbox)
    buyer.goto(url)
    pays(buyer, "4000000000003220")
    heading(buyer, "Is this payment yours?")
    assert result(sandbox, url)["status"] == "authentication_required"
    buyer.get_by_role("button", name=button).click()
    heading(buyer, title)
    assert result(sandbox, url)["status"] == status


@one_database
def test_a_test_card_is_filled_in_by_its_button(sandbox: Running, buyer: Page) -> None:
    buyer.goto(made(sandbox))
    buyer.get_by_text("Test cards").click()
    buyer.get_by_role("button", name="Use 4000 0000 0000 9995").click()
    buyer.locator("#pay").click()
    heading(buyer, "Payment failed")


# -- choices ---------------------------------------------------------------------------------------------------------------


@one_database
def test_totals_follow_without_a_reload(sandbox: Running, buyer: Page) -> None:
    url = made(sandbox, FULL)
    buyer.goto(url)
    fill(buyer, CARD)
    pay = buyer.locator("#pay")
    buyer.get_by_label("Quantity of Wireless headphones").fill("3")
    buyer.get_by_label("Quantity of Wireless headphones").press("Tab")
    sees(pay).to_have_text("Pay €179.00")
    buyer.get_by_label("UPS Standard").check()
    sees(pay).to_have_text("Pay €184.99")
    sees(buyer.get_by_label("UPS Standard")).to_be_focused()
    buyer.get_by_label("Promo code").fill("nope")
    buyer.get_by_role("button", name="Apply").click()
    sees(buyer.get_by_role("alert")).to_contain_text("This promo code is not valid here.")
    buyer.get_by_label("Promo code").fill("save20")
    buyer.get_by_label("Promo code").press("Enter")
    sees(pay).to_have_text("Pay €149.19")
    sees(buyer.get_by_role("alert")).to_have_count(0)
    buyer.get_by_role("button", name="Remove promo code").click()
    sees(pay).to_have_text("Pay €184.99")
    buyer.get_by_label("Currency").select_option("USD")
    sees(pay).to_have_text("Pay $196.90")
    sees(buyer.get_by_label("UPS Standard")).to_have_count(0)
    buyer.get_by_label("USPS Priority").check()
    sees(pay).to_have_text("Pay $205.89")
    sees(buyer.locator("#number")).to_have_value(CARD["number"])
    assert result(sandbox, url) == result(sandbox, url) | {"amount": 20589, "currency": "USD", "status": "pending"}


@one_database
def test_an_address_with_errors_and_pickup_that_needs_none(sandbox: Running, buyer: Page) -> None:
    url = made(sandbox, FULL)
    buyer.goto(url)
    fill(buyer, CARD)
    buyer.get_by_label("E-mail").fill("jane")
    buyer.locator("#pay").click()
    alert = buyer.get_by_role("alert")
    sees(alert).to_be_focused()
    alert.get_by_role("link", name="Please choose a country.").click()
    sees(buyer.get_by_label("Country")).to_be_focused()
    sees(buyer.get_by_label("Country")).to_have_accessible_description("Please choose a country.")
    sees(buyer.get_by_label("E-mail")).to_have_value("jane")
    sees(buyer.locator("#number")).to_have_value("")
    buyer.get_by_label("Country").select_option("US")
    buyer.get_by_label("State or province").select_option("CA")
    sees(buyer.get_by_label("State or province")).to_have_value("CA")
    buyer.get_by_label("Berlin Mitte Store").check()
    sees(buyer.get_by_label("Country")).to_have_count(0)
    buyer.get_by_label("E-mail").fill("jane@example.com")
    pays(buyer)
    heading(buyer, "Thank you")
    assert result(sandbox, url)["customer"]["email"] == "jane@example.com"


@one_database
def test_a_cart_of_diddo_is_paid(sandbox: Running, buyer: Page) -> None:
    buyer.goto(f"{sandbox.url}/pay?cart_id={sandbox.mine.template_carts[0].id}")
    fill(buyer, ADDRESS)
    buyer.get_by_label("Standard").check()
    sees(buyer.locator("#pay")).to_have_text("Pay €40.06")  # 29.50, 19 % of it, and 4.95
    pays(buyer)
    heading(buyer, "Thank you")


# -- under pressure --------------------------------------------------------------------------------------------------------


def test_a_double_click_is_one_payment(sandbox: Running, buyer: Page, plain_buyer: Page) -> None:
    listen(sandbox)
    for page in (buyer, plain_buyer):
        url = made(sandbox)
        page.goto(url)
        fill(page, CARD)
        page.locator("#pay").dblclick(no_wait_after=True)
        heading(page, "Thank you")
        assert [event.type for event in events(sandbox, url)] == ["checkout.session.completed"]


def test_two_tabs_and_the_back_button(sandbox: Running, buyer: Page) -> None:
    listen(sandbox)
    url = made(sandbox, MINIMAL | ITEMS)
    second = buyer.context.new_page()
    for page in (buyer, second):
        page.goto(url)
    second.get_by_label("Quantity of Wireless headphones").fill("1")
    second.get_by_label("Quantity of Wireless headphones").press("Tab")
    sees(second.locator("#pay")).to_have_text("Pay €79.00")
    pays(buyer)  # which still shows 129.00
    heading(buyer, "Thank you")
    pays(second)
    heading(second, "Thank you")
    sees(second.get_by_text("€129.00").last).to_be_visible()
    assert (result(sandbox, url)["amount"], len(events(sandbox, url))) == (12900, 1)
    second.go_back()
    heading(second, "Thank you")


@one_database
def test_a_click_before_the_total_is_there_waits_for_it(sandbox: Running, buyer: Page) -> None:
    url = made(sandbox, MINIMAL | ITEMS)
    buyer.goto(url)
    fill(buyer, CARD)
    buyer.get_by_label("Quantity of Wireless headphones").fill("5")
    buyer.locator("#pay").click()
    sees(buyer.locator("#pay")).to_have_text("Pay €279.00")
    assert result(sandbox, url)["status"] == "pending"
    buyer.locator("#pay").click()
    heading(buyer, "Thank you")
    assert result(sandbox, url)["amount"] == 27900


@one_database
def test_a_whole_journey_without_javascript(sandbox: Running, plain_buyer: Page) -> None:
    url = made(sandbox, FULL)
    plain_buyer.goto(url)
    plain_buyer.get_by_label("Promo code").fill("SAVE20")
    plain_buyer.get_by_role("button", name="Apply").click()
    plain_buyer.get_by_label("UPS Express").check()
    plain_buyer.get_by_role("button", name="Update delivery and total").click()
    sees(plain_buyer.locator("#pay")).to_have_text("Pay €119.19")
    fill(plain_buyer, ADDRESS)
    pays(plain_buyer, "4000000000003220")
    plain_buyer.get_by_role("button", name="Approve").click()
    heading(plain_buyer, "Thank you")
    sees(plain_buyer.get_by_role("link", name="Continue to Demo Store")).to_be_visible()
    assert result(sandbox, url)["amount"] == 11919


# -- what it looks like ----------------------------------------------------------------------------------------------------


def states(sandbox: Running, page: Page) -> Any:
    """Brings a page into each of its states, and gives their names."""
    page.goto(made(sandbox, FULL))
    yield "open"
    page.get_by_text("Test cards").click()
    pays(page, "4000")
    sees(page.get_by_role("alert")).to_be_visible()
    yield "problems"
    for number, title in (
        (CARD["number"], "Thank you"),
        ("4000000000003220", "Is this payment yours?"),
        ("4000000000000002", "Payment failed"),
    ):
        page.goto(made(sandbox))
        pays(page, number)
        heading(page, title)
        yield title
    page.goto(made(sandbox))
    page.get_by_role("button", name="Cancel").click()
    heading(page, "Payment canceled")
    yield "canceled"
    page.goto(f"{sandbox.url}/pay/cs_nothing")
    yield "unknown"


@one_database
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_is_accessible_and_fits_a_phone(sandbox: Running, buyer: Page, scheme: Any) -> None:
    buyer.set_viewport_size(PHONE)  # type: ignore[arg-type]
    buyer.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    seen = []
    for state in states(sandbox, buyer):
        assert axe_violations(buyer) == [], state
        assert buyer.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], state
        seen.append(state)
    assert len(seen) == 7
    ground = buyer.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(map(int, re.findall(r"\d+", ground)[:3])) > 3 * 128
    assert light == (scheme == "light")


@one_database
def test_the_keyboard_alone_pays(sandbox: Running, buyer: Page) -> None:
    buyer.goto(made(sandbox, MINIMAL | {"supportedCurrencies": ["USD"], "metadata": {"delivery": DELIVERY}}))
    order = []
    for _ in range(9):
        buyer.keyboard.press("Tab")
        order.append(buyer.evaluate("document.activeElement.id || document.activeElement.tagName"))
        if order[-1] == "option-0":
            buyer.keyboard.press("ArrowDown")
            sees(buyer.locator("#pay")).to_have_text("Pay €65.99")
        if order[-1] in CARD:
            buyer.keyboard.type(CARD[order[-1]])
        if order[-1] == "pay":
            break
    assert order == ["SUMMARY", "currency", "option-0", "number", "expiry", "cvc", "pay"]
    outline = buyer.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus is seen"
    buyer.keyboard.press("Enter")
    heading(buyer, "Thank you")
