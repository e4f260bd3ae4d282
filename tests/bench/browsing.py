"""Visits of pages on loopback by a real Chromium, over a slow line and with a slow processor."""

from __future__ import annotations

import gzip
import json
import math
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

HOST = "127.0.0.1"
CAP = 120
"""After so many seconds a page is given up."""
SLOWER = 4
LINE = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
"""Milliseconds, and bytes a second."""
HARMLESS = ("about", "blob", "data")
SEEN = "first text seen at "

# A frame's callbacks run before it is painted, so what one has found was painted when those of the next run.
WATCH = """
((wanted) => {
  const inSight = (text) => {
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
      && text.parentElement.checkVisibility({opacityProperty: true, visibilityProperty: true});
  };
  const look = () => {
    const texts = document.body && document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text; texts && (text = texts.nextNode());) {
      if (wanted.has(text.data.trim()) && inSight(text)) {
        requestAnimationFrame(() => console.log("SEEN" + performance.now()));
        return;
      }
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})(new Set(TEXTS));
"""


@dataclass(frozen=True)
class Visit:
    """Seconds until the first text was painted (infinite where it did not come), bytes sent for it all, and what was refused."""

    seconds: float
    sent: int
    foreign: frozenset[str]
    crashed: bool = False


@dataclass
class Pages:
    """A server on loopback of the files in a folder, compressed beforehand, that counts the bytes which it sends."""

    files: Mapping[str, tuple[str, bytes]]
    url: str = ""
    sent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str) -> bytes:
        """The whole answer to a request, head and body."""
        kind, body = self.files.get(path, ("text/plain", gzip.compress(b"not found")))
        status = "200 OK" if path in self.files else "404 Not Found"
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
        answer = head.encode() + body
        with self.lock:
            self.sent += len(answer)
        return answer


@contextmanager
def serving(folder: Path) -> Iterator[Pages]:
    """Serves all files below a folder until the end of the context."""
    pages = Pages({f"/{file.relative_to(folder)}": _packed(file) for file in folder.rglob("*") if file.is_file()})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.wfile.write(pages.answer(urlsplit(self.path).path))

        def log_message(self, format: str, *args: Any) -> None:
            """Requests are counted, not told."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A page that is given up hangs up."""

    with Server((HOST, 0), Handler) as server:
        pages.url = f"http://{HOST}:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield pages
        server.shutdown()
        thread.join()


def _packed(file: Path) -> tuple[str, bytes]:
    kind = guess_type(file.name)[0] or "text/plain"
    return f"{kind}; charset=utf-8", gzip.compress(file.read_bytes(), mtime=0)


@contextmanager
def chromium(program: str) -> Iterator[Browser]:
    """A headless Chromium that reaches nothing beyond loopback, whoever asks."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            chromium_sandbox=os.geteuid() != 0,  # it refuses to sandbox root
            args=["--no-proxy-server", f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}"],
        )
        yield browser
        browser.close()


def visit(browser: Browser, pages: Pages, path: str, texts: Iterable[str]) -> Visit:
    """One visit with nothing kept from an earlier one, until one of the texts is seen and then nothing more is loaded."""
    from playwright.sync_api import Error
    from playwright.sync_api import TimeoutError as GivenUp

    foreign: set[str] = set()
    context = browser.new_context(viewport={"width": 1280, "height": 900}, service_workers="block")
    try:
        _listen(context, foreign)
        page = context.new_page()
        _slow_down(context, page)
        page.add_init_script(WATCH.replace("SEEN", SEEN).replace("TEXTS", json.dumps(list(texts))))
        before, seconds, crashed = pages.sent, math.inf, False
        try:
            with page.expect_console_message(lambda message: message.text.startswith(SEEN), timeout=CAP * 1000) as seen:
                page.goto(pages.url + path, wait_until="commit", timeout=CAP * 1000)
            seconds = float(seen.value.text.removeprefix(SEEN)) / 1000
            page.wait_for_load_state("networkidle", timeout=CAP * 1000)
        except GivenUp:
            pass
        except Error as error:
            crashed = "Page crashed" in error.message
            if not crashed:
                raise
        return Visit(seconds, pages.sent - before, frozenset(foreign), crashed)
    finally:
        context.close()


def _listen(context: BrowserContext, foreign: set[str]) -> None:
    """Note down which hosts beyond loopback the pages of a context ask for."""

    def asked(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in HARMLESS and parts.hostname != HOST:
            foreign.add(f"{parts.scheme}://{parts.hostname}")

    context.on("request", lambda request: asked(request.url))
    context.on("page", lambda page: page.on("websocket", lambda websocket: asked(websocket.url)))


def _slow_down(context: BrowserContext, page: Page) -> None:
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", LINE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
