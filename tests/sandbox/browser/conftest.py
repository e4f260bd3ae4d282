"""A buyer in a real browser, and the shop that the buyer comes from and goes back to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from engines import PageLog

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

SHOP = "https://shop.example/"


def at_shop(route: Route) -> None:
    route.fulfill(
        body="<!doctype html><html lang=en><title>Shop</title><main><h1>Your order</h1></main></html>", content_type="text/html"
    )


@pytest.fixture
def buyer(page: Page, page_log: PageLog) -> Iterator[Page]:
    """A page whose shop answers. It may go there at the end, and nowhere else."""
    page.set_default_timeout(10_000)
    page.context.route(f"{SHOP}**", at_shop)
    yield page
    page_log.foreign[:] = [url for url in page_log.foreign if not url.startswith(SHOP)]


@pytest.fixture
def plain_buyer(browser: Browser, page_log: PageLog) -> Iterator[Page]:
    """The same without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    page_log.listen(context)
    context.route(f"{SHOP}**", at_shop)
    page = context.new_page()
    page.set_default_timeout(10_000)
    try:
        yield page
    finally:
        context.close()
    page_log.foreign[:] = [url for url in page_log.foreign if not url.startswith(SHOP)]
    page_log.check()
