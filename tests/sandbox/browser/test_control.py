"""The page of the control plane in a real Chromium: live, and usable by anybody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from engines import PageLog, axe_violations

from ..conftest import Running
from ..test_vinr import create

if TYPE_CHECKING:
    from playwright.sync_api import Page

one_database = pytest.mark.parametrize("sandbox", ["sqlite"], indirect=True)


@pytest.fixture
def board(sandbox: Running, page: Page) -> Page:
    """The page of somebody who followed the link that the sandbox printed."""
    with sandbox.control() as control:
        secret = control.headers["authorization"].removeprefix("Bearer ")
    page.set_default_timeout(10_000)
    page.goto(f"{sandbox.url}/_sandbox#{secret}")
    page.get_by_role("heading", name="Sessions").wait_for()
    assert secret not in page.url
    assert secret not in page.content()
    return page


@one_database
def test_what_happens_is_seen_and_decided_at_once(sandbox: Running, board: Page, page_log: PageLog) -> None:
    board.get_by_text("No session has been made yet").wait_for()
    with sandbox.vinr() as http:
        made = create(http)
        session = made.json()["sessionId"]
        row = board.locator(f"#s-{session}")
        row.get_by_text("pending").wait_for()
        row.get_by_role("button", name="complete").focus()
        create(http)
        board.locator(".session").nth(1).wait_for()
        assert board.evaluate("document.activeElement.value") == "complete", "what comes anew takes no focus away"
        board.keyboard.press("Enter")
        row.get_by_text("completed").wait_for()
        assert http.get(made.headers["location"]).json()["status"] == "completed"
    request = board.locator(".request").last
    request.locator("summary").click()
    request.get_by_text(f'"{session}"').first.wait_for()
    assert "sk_test_***" in request.inner_text()
    assert request.locator("details").first.get_attribute("open") is not None
    board.get_by_role("button", name="Freeze", exact=True).click()
    board.get_by_text("frozen").wait_for()
    assert request.locator("details").first.get_attribute("open") is not None, "what was opened stays open"
    board.get_by_label("A span, such as 90s or PT5M").fill("nonsense")
    board.get_by_role("button", name="Advance").click()
    board.get_by_role("alert").get_by_text("is no span of time").wait_for()
    assert page_log.errors == ["Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"]


@one_database
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_anybody_can_use_it(sandbox: Running, board: Page, page_log: PageLog, scheme: str) -> None:
    with sandbox.control() as control, sandbox.vinr() as http:
        control.put("/merchants/harbor/webhook", json={"surface": "vinr", "url": "http://127.0.0.1:9/hook"})
        for outcome in ("complete", "fail", "challenge", "cancel", "expire"):
            control.post(f"/sessions/{create(http).json()['sessionId']}/outcome", json={"outcome": outcome})
        control.post("/faults", json={"fault": "500", "operation": "createVinrSession"})
        create(http)
        control.post("/faults", json={"fault": "slow"})
        control.put("/rate-limit", json={"requests": 5})
    board.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    board.locator(".fault").wait_for()
    board.locator(".request summary").first.click()
    board.locator(".webhook summary").first.click()
    board.locator(".request .exchange").wait_for()
    board.locator(".webhook .exchange").wait_for()
    assert axe_violations(board) == []
    for width in (320, 768, 1920):
        board.set_viewport_size({"width": width, "height": 800})
        assert board.evaluate("document.documentElement.scrollWidth") <= width
    with board.context.expect_page() as opened:
        board.get_by_role("link", name=re.compile("open checkout")).first.click()
    opened.value.close()
    board.get_by_role("button", name="Sign out").click()
    board.get_by_label("Control secret").wait_for()
    assert axe_violations(board) == []
    assert page_log.errors == []
