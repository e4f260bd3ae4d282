"""The panel that sends the example of a page to a sandbox and shows what is answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from docs.conftest import SPEC
from tillspec.docs import serving
from tillspec.publish import Wanted, publish
from tillspec.sandbox.testing import CheckoutSandbox

if TYPE_CHECKING:
    from playwright.sync_api import Page

MADE, READ = "operations/create-vinr-session.html", "operations/get-vinr-session-result.html"


@pytest.fixture(scope="session")
def knowing(_checkout_sandbox: CheckoutSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site that was built for this sandbox."""
    out = tmp_path_factory.mktemp("knowing") / "site"
    publish(Wanted(spec=SPEC, out=out, sandbox=_checkout_sandbox.url))
    server = serving.server(out, 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_example_is_sent_and_the_answer_shown(reader: Page, knowing: str, checkout_sandbox: CheckoutSandbox) -> None:
    reader.goto(f"{knowing}/{MADE}")
    reader.get_by_text("Try it").click()
    reader.get_by_label("X-Api-Key").fill(checkout_sandbox.key("vinr"))
    reader.get_by_role("button", name="Send").click()
    reader.locator(".try .status").wait_for()
    assert reader.locator(".try .status").inner_text() == "201"
    assert '"sessionId": "cs_' in reader.locator(".try .answer").inner_text()
    (session,) = checkout_sandbox.sessions()
    reader.goto(f"{knowing}/{READ}")
    reader.get_by_text("Try it").click()
    assert reader.get_by_label("X-Api-Key").input_value() == "", "a credential is forgotten with its page"
    stored = reader.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert checkout_sandbox.key("vinr") not in stored
    reader.get_by_label("sessionId").fill(session["id"])
    reader.get_by_label("X-Api-Key").fill(checkout_sandbox.key("vinr"))
    reader.get_by_role("button", name="Send").click()
    reader.locator(".try .status").wait_for()
    assert '"status": "pending"' in reader.locator(".try .answer").inner_text()


def test_another_example_can_be_chosen(reader: Page, knowing: str, checkout_sandbox: CheckoutSandbox) -> None:
    reader.goto(f"{knowing}/{MADE}")
    reader.get_by_text("Try it").click()
    reader.get_by_label("Example").select_option(label="A currency without decimals, and a fixed discount")
    reader.get_by_label("X-Api-Key").fill(checkout_sandbox.key("vinr"))
    reader.get_by_role("button", name="Send").click()
    reader.locator(".try .status").wait_for()
    assert reader.locator(".try .status").inner_text() == "201"
    (session,) = checkout_sandbox.sessions()
    assert checkout_sandbox.session(session["id"])["request"]["currency"] == "JPY"


def test_a_refusal_is_shown_as_well(reader: Page, knowing: str) -> None:
    reader.goto(f"{knowing}/{MADE}")
    reader.get_by_text("Try it").click()
    reader.get_by_role("button", name="Send").click()
    reader.locator(".try .status").wait_for()
    assert reader.locator(".try .status").inner_text() == "401"
    assert "invalid_api_key" in reader.locator(".try .answer").inner_text()


def test_it_is_off_until_a_sandbox_is_named(reader: Page, base: str, checkout_sandbox: CheckoutSandbox) -> None:
    reader.goto(f"{base}/{READ}")
    reader.get_by_text("Try it").click()
    assert reader.get_by_role("button", name="Send").is_disabled()
    reader.get_by_label("Sandbox").fill(checkout_sandbox.url)
    reader.get_by_label("X-Api-Key").fill(checkout_sandbox.key("vinr"))
    reader.get_by_role("button", name="Send").click()
    reader.locator(".try .status").wait_for()
    assert reader.locator(".try .status").inner_text() == "404"


def test_it_sends_to_nobody_beyond_loopback(page: Page, served: str) -> None:
    page.goto(f"{served}/{READ}")
    page.get_by_text("Try it").click()
    page.get_by_label("Sandbox").fill("https://elsewhere.example")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Nothing was answered").wait_for()


def test_a_picture_is_shown_as_one(reader: Page, knowing: str, checkout_sandbox: CheckoutSandbox) -> None:
    cart = checkout_sandbox.merchant()["objects"]["DiddoTemplateCart"][0]["id"]
    reader.goto(f"{knowing}/operations/get-diddo-qr-png.html")
    reader.get_by_text("Try it").click()
    reader.get_by_label("cart_id").fill(cart)
    reader.get_by_label("Authorization").fill(checkout_sandbox.key("diddo"))
    reader.get_by_role("button", name="Send").click()
    reader.locator(".try img").wait_for()
    assert reader.evaluate("document.querySelector('.try img').naturalWidth") > 50
