"""A real PostgreSQL and a real Chromium for tests, as fixtures. Both stay on loopback, and both are ended with the run.

- `postgres_url`: a fresh database of the run's own server.
- `page`, with `page_log`: a page in a context of its own, for Playwright's sync API.
- `axe_violations(page)`: what axe finds wrong with a page.
- `aside(coroutine)`: `asyncio.run` for a browser test, in which a loop is running already.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import pytest

from postgres import PATIENCE, PostgresServer, aside, folders, postgres

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

T = TypeVar("T")
__all__ = ["PATIENCE", "PageLog", "PostgresServer", "aside", "axe_violations"]

RequireEngine = Callable[..., str]

LOOPBACK = ("127.0.0.1", "localhost")
HARMLESS = ("about", "blob", "data")
"""Schemes of URLs that ask nobody for anything."""


@dataclass(frozen=True)
class PageLog:
    """What a context of the browser told. A test that expects a line takes it out."""

    foreign: list[str] = field(default_factory=list)
    """URLs beyond loopback that a page asked for. None was reached, and what is left here fails the test at its end."""
    errors: list[str] = field(default_factory=list)
    """Error messages of the console, and exceptions that no script caught."""

    def listen(self, context: BrowserContext) -> None:
        """Note down what all pages of a context ask for and complain about."""
        context.on("request", lambda request: self._asked(request.url))
        context.on("page", lambda page: page.on("websocket", lambda websocket: self._asked(websocket.url)))
        context.on("console", lambda message: self._told(message.type, message.text))
        context.on("weberror", lambda raised: self.errors.append(str(raised.error)))

    def check(self) -> None:
        """Fail the test whose page asked for anything beyond loopback."""
        if self.foreign:
            pytest.fail("a page asked for another origin: " + ", ".join(self.foreign), pytrace=False)

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in HARMLESS and parts.hostname not in LOOPBACK:
            self.foreign.append(url)

    def _told(self, level: str, text: str) -> None:
        if level == "error":
            self.errors.append(text)


def axe_violations(page: Page) -> list[str]:
    """What axe-core finds seriously or critically wrong with a page and its frames, one line for each rule that is broken.

    Each line says how bad it is, the rule, what to do, and the elements as CSS selectors.
    """
    from axe_playwright_python.base import AXE_SCRIPT
    from axe_playwright_python.sync_playwright import Axe

    for frame in page.frames[1:]:
        frame.evaluate(AXE_SCRIPT)  # `Axe` sees to the main frame only
    found = Axe().run(page).response["violations"]
    return [_violation(one) for one in found if one["impact"] in ("serious", "critical")]


def _violation(one: dict[str, Any]) -> str:
    elements = ", ".join(" ".join(map(str, node["target"])) for node in one["nodes"])
    return f"{one['impact']}: {one['id']}: {one['help']}: {elements}"


@pytest.fixture(scope="session")
def postgres_server(require_engine: RequireEngine) -> Iterator[PostgresServer]:
    """The PostgreSQL of this run; the test is left out where there is none."""
    program = require_engine("postgres", install="apt-get install postgresql", beyond_path=folders())
    with postgres(Path(program).resolve().parent) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """`postgresql://user:password@127.0.0.1:port/name` of an empty database, which goes with the test."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def _chromium(require_engine: RequireEngine) -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """The Chromium of this run, and the loop that Playwright waits with."""
    program = require_engine("chromium", install="apt-get install chromium")
    from playwright.sync_api import sync_playwright

    # Chromium itself reaches nothing else, whoever asks: a redirect, a worker, a beacon, a proxy of the environment
    only_loopback = "MAP * ~NOTFOUND, " + ", ".join(f"EXCLUDE {host}" for host in LOOPBACK)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            chromium_sandbox=os.geteuid() != 0,  # it refuses to sandbox root
            args=["--no-proxy-server", f"--host-resolver-rules={only_loopback}"],
        )
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield browser, loop
        asyncio._set_running_loop(loop)
        browser.close()


@contextmanager
def _running(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Playwright leaves its loop marked as the running one between calls. Outside of this, it is not, and `asyncio.run` works."""
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(None)


@pytest.fixture
def browser(_chromium: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    """A headless Chromium that reaches nothing beyond loopback, one for all tests; the test is left out where there is none."""
    browser, loop = _chromium
    with _running(loop):
        yield browser


@pytest.fixture
def page_log() -> PageLog:
    """What `page` tells in this test."""
    return PageLog()


@pytest.fixture
def page(browser: Browser, page_log: PageLog) -> Iterator[Page]:
    """A page in a context of its own. The test fails if it, or a page it opened, asks for anything beyond loopback."""
    context = browser.new_context(service_workers="block")
    page_log.listen(context)
    try:
        yield context.new_page()
    finally:
        context.close()
    page_log.check()
