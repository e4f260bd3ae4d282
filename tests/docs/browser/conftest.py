"""The site in a real browser: from a disk, and under a prefix of a server on loopback."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engines import PageLog
from tillspec.docs import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


ANSWERED = "Failed to load resource: the server responded with a status of 4"
"""What Chromium says when the sandbox refuses a request, as it should."""


@pytest.fixture(scope="session")
def served(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the site is, under a prefix, without a slash at the end."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(site, folder / "some/prefix")
    server = serving.server(folder, 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/some/prefix"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["disk", "server"])
def base(request: pytest.FixtureRequest, site: Path) -> str:
    """Where the site is: on a disk, or on a server."""
    return site.as_uri() if request.param == "disk" else str(request.getfixturevalue("served"))


@pytest.fixture
def reader(page: Page, page_log: PageLog) -> Iterator[Page]:
    """A page whose console stays silent."""
    page.set_default_timeout(10_000)
    yield page
    page_log.foreign[:] = [url for url in page_log.foreign if not url.startswith("file:")]
    assert [text for text in page_log.errors if not text.startswith(ANSWERED)] == []


@pytest.fixture
def plain(browser: Browser, page_log: PageLog) -> Iterator[Page]:
    """A page without JavaScript."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page_log.listen(context)
    yield context.new_page()
    context.close()
    page_log.foreign[:] = [url for url in page_log.foreign if not url.startswith("file:")]
    page_log.check()
