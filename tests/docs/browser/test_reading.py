"""Reading the site: without JavaScript, by search, by deep links, in the dark, on a phone, on paper, with a screen reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from engines import PageLog, axe_violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MADE, READ, EVENT = (
    "operations/create-vinr-session.html",
    "operations/get-vinr-session-result.html",
    "webhooks/vinr-session-status-changed.html",
)
PAGES = ["index.html", MADE, READ, EVENT, "errors.html", "scenarios/vinr-paid.html", "schemas/vinr-session-request.html",
         "guide/tillspec.html", "figures/fidelity.html"]  # fmt: skip


def test_everything_is_there_without_javascript(plain: Page, base: str) -> None:
    plain.goto(f"{base}/index.html")
    plain.get_by_role("navigation").get_by_role("link", name="POST Create a checkout session vinr").click()
    assert plain.locator("h1").inner_text() == "Create a checkout session"
    for text in (
        "The amount to pay, in the minor unit",
        "at most 99999999",
        "idempotency_key_reused",
        "a repeated request is safe",
    ):
        assert plain.get_by_text(text).first.is_visible(), text
    assert plain.locator("[data-language=curl] pre").is_visible()
    plain.locator("[data-language=java] summary").click()
    assert plain.locator("[data-language=java] pre").is_visible()
    assert not plain.locator("[data-language=curl] pre").is_visible()
    plain.get_by_role("link", name="VinrError").first.click()
    assert plain.locator("h1").inner_text() == "VinrError"


@pytest.mark.parametrize(
    ("words", "leads", "anchor"),
    [
        ("result", READ, ""),
        ("idempotency_key_reused", MADE, "error-409-idempotency_key_reused"),
        ("cancelUrl", MADE, "body.cancelUrl"),
    ],
)
def test_search_finds_operations_errors_and_fields(reader: Page, base: str, words: str, leads: str, anchor: str) -> None:
    reader.goto(f"{base}/errors.html")
    reader.keyboard.press("/")
    reader.keyboard.type(words)
    reader.locator("#search-results li").first.wait_for()
    paths = reader.locator("#search-results li").evaluate_all("found => found.map((one) => one.dataset.path)")
    wanted = f"{leads}#{anchor}" if anchor else leads
    assert wanted in paths
    for _ in range(paths.index(wanted)):
        reader.keyboard.press("ArrowDown")
    reader.keyboard.press("Enter")
    reader.wait_for_url(f"**/{leads}*")
    if anchor:
        assert in_sight(reader, anchor)


def test_search_puts_operations_first(reader: Page, served: str) -> None:
    reader.goto(f"{served}/errors.html")
    reader.keyboard.press("/")
    reader.keyboard.type("session")
    reader.locator("#search-results li").first.wait_for()
    paths = reader.locator("#search-results li").evaluate_all("found => found.map((one) => one.dataset.path)")
    assert all(path.startswith(("operations/", "webhooks/", "scenarios/")) and "#" not in path for path in paths[:10]), paths


def test_search_says_when_there_is_nothing_and_escape_ends_it(reader: Page, base: str) -> None:
    reader.goto(f"{base}/index.html")
    reader.locator("#search-field").click()
    reader.keyboard.type("<img src=x onerror=alert(1)>")
    reader.get_by_text("Nothing is called that.").wait_for()
    assert reader.locator("#search-results img").count() == 0
    reader.keyboard.press("Escape")
    assert not reader.locator("#search-results").is_visible()


@pytest.mark.parametrize("anchor", ["body.metadata.delivery.options.shipping.methods.price", "response-201.checkoutUrl",
                                    "error-409-idempotency_key_in_use", "header.Idempotency-Key"])  # fmt: skip
def test_deep_links_show_what_they_lead_to(reader: Page, base: str, anchor: str) -> None:
    reader.goto(f"{base}/{MADE}#{anchor}")
    assert in_sight(reader, anchor)


def in_sight(page: Page, anchor: str) -> bool:
    """Whether what has an id is there to be seen, below the head of the page."""
    page.wait_for_function(
        "id => { const box = document.getElementById(id)?.getBoundingClientRect();"
        " return box && box.height > 0 && box.top >= 40 && box.top < innerHeight; }",
        arg=anchor,
    )
    return True


def test_dark_and_light(browser: Browser, served: str) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(f"{served}/index.html")
    assert brightness(page) < 60
    page.get_by_role("button", name="Use light colours").click()
    assert brightness(page) > 200
    page.goto(f"{served}/{MADE}")
    assert brightness(page) > 200, "the choice is kept"
    context.close()


def brightness(page: Page) -> float:
    """How bright the ground is, of 255."""
    parts: list[int] = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
    return sum(parts) / 3


def test_no_page_is_wider_than_the_screen(reader: Page, served: str) -> None:
    for path in PAGES:
        reader.goto(f"{served}/{path}")
        for width in (360, 768, 1280, 1600):
            reader.set_viewport_size({"width": width, "height": 800})
            assert reader.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_a_phone_has_the_menu_at_the_end_and_a_link_to_it(browser: Browser, served: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{served}/{MADE}")
    page.get_by_role("link", name="Menu").click()
    assert page.get_by_role("navigation").get_by_role("link", name="Start").is_visible()
    context.close()


def test_axe_finds_nothing_serious(browser: Browser, served: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    page, found = context.new_page(), {}
    for path in (*PAGES[:4], *PAGES[-4:-1]):
        page.goto(f"{served}/{path}")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        found[path] = axe_violations(page)
    page.emulate_media(color_scheme="dark")
    found["in the dark"] = axe_violations(page)
    page.goto(f"{served}/{MADE}")
    found["in the dark, too"] = axe_violations(page)
    context.close()
    assert {path: told for path, told in found.items() if told} == {}


def test_samples_are_tabs_by_keyboard_and_the_language_is_kept(reader: Page, served: str) -> None:
    reader.goto(f"{served}/{MADE}")
    reader.get_by_role("tab", name="curl").focus()
    reader.keyboard.press("ArrowRight")
    assert reader.get_by_role("tab", name="Python").get_attribute("aria-selected") == "true"
    assert reader.get_by_text("from checkout_api.client import Client, Credentials").is_visible()
    reader.goto(f"{served}/{READ}")
    assert reader.get_by_role("tab", name="Python").get_attribute("aria-selected") == "true"


def test_code_is_copied(browser: Browser, served: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{served}/{MADE}")
    page.locator(".sample .copy").first.click()
    page.get_by_role("button", name="Copied").wait_for()
    assert str(page.evaluate("navigator.clipboard.readText()")).startswith("curl --request POST")
    context.close()


def test_paper_has_the_text_and_no_navigation(reader: Page, served: str) -> None:
    reader.goto(f"{served}/{MADE}")
    reader.emulate_media(media="print")
    assert not reader.get_by_role("navigation", name="All pages").is_visible()
    assert not reader.locator("#search-field").is_visible()
    assert reader.get_by_text("The amount to pay, in the minor unit").is_visible()


def test_nothing_is_asked_of_anybody_else(reader: Page, served: str, page_log: PageLog) -> None:
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    for path in PAGES:
        reader.goto(f"{served}/{path}")
        reader.locator("#search-field").focus()
    assert asked
    assert [url for url in asked if not url.startswith((f"{served}/", "data:,"))] == []
    assert page_log.foreign == []
