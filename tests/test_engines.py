"""The database and the browser that tests get are real, apart from each other, and gone at the end."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from engines import PATIENCE, PageLog, PostgresServer, aside, axe_violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

GREETING = "<!doctype html><html lang=en><title>Shop</title><main><h1>Hello</h1></main></html>"
SITE: dict[str, str] = {
    "/": GREETING,
    "/fetch": "<script>fetch('http://fetch.example/').catch(() => 0)</script>",
    "/image": "<img src='http://192.0.2.1/a.png'><img src='data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='>",
    "/frame": "<iframe src='http://frame.example/'></iframe>",
    "/redirected": "<img src='/redirect'>",
    "/popup": "<script>open('/fetch')</script>",
    "/websocket": "<script>new WebSocket('ws://websocket.example/')</script>",
    "/beacon": "<script>navigator.sendBeacon('http://beacon.example/', 'x')</script>",
    "/worker": "<script>new Worker('/worker.js')</script>",
    "/worker.js": "fetch('http://worker.example/').catch(() => 0)",
    "/thrown": "<script>console.error('first'); throw new Error('second')</script>",
    "/inaccessible": "<!doctype html><title>S</title><main><img src='data:,'><iframe title=x srcdoc='<input>'></iframe></main>",
}


class Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = SITE.get(self.path, "")
        self.send_response(302 if self.path == "/redirect" else 200)
        self.send_header("Location", "http://redirected.example/")
        self.send_header("Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@contextmanager
def serving(host: str, handler: type[Shop]) -> Iterator[str]:
    """The origin of a small site on loopback."""
    with ThreadingHTTPServer((host, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{host}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with serving("127.0.0.1", Shop) as origin:
        yield origin


async def fetch(url: str, statement: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def wait(page: Page, told: Callable[[], bool]) -> None:
    """Let the page go on until it has told something, but not forever."""
    deadline = time.monotonic() + PATIENCE
    while not told() and time.monotonic() < deadline:
        page.wait_for_timeout(20)


class TestPostgres:
    def test_two_databases_are_apart(self, postgres_server: PostgresServer, postgres_url: str) -> None:
        asyncio.run(fetch(postgres_url, "CREATE TABLE orders AS SELECT 1 AS id"))
        assert asyncio.run(fetch(postgres_url, "SELECT count(*) FROM orders")) == 1
        with postgres_server.database() as other, pytest.raises(asyncpg.UndefinedTableError):
            asyncio.run(fetch(other, "SELECT count(*) FROM orders"))

    def test_a_database_goes_although_someone_is_connected(self, postgres_server: PostgresServer, postgres_url: str) -> None:
        async def leave_one_open() -> str:
            with postgres_server.database() as url:
                connection = await asyncpg.connect(url)
            connection.terminate()
            return url.rpartition("/")[2]

        name = asyncio.run(leave_one_open())
        names = asyncio.run(fetch(postgres_url, "SELECT array_agg(datname) FROM pg_database"))
        assert name not in names and postgres_url.rpartition("/")[2] in names

    def test_it_listens_on_loopback_and_wants_the_password(self, postgres_server: PostgresServer, postgres_url: str) -> None:
        assert asyncio.run(fetch(postgres_url, "SHOW listen_addresses")) == "127.0.0.1"
        assert asyncio.run(fetch(postgres_url, "SHOW unix_socket_directories")) == ""
        assert asyncio.run(fetch(postgres_url, "SHOW fsync")) == "off"
        with pytest.raises(asyncpg.InvalidPasswordError):
            asyncio.run(fetch(postgres_url.replace(postgres_server.password, "guessed"), "SELECT 1"))
        assert postgres_server.password not in repr(postgres_server)


class TestChromium:
    def test_a_page_is_loaded_and_read(self, page: Page, page_log: PageLog, shop: str) -> None:
        page.goto(shop)
        assert page.get_by_role("heading").inner_text() == "Hello"
        assert page_log == PageLog()

    @pytest.mark.parametrize(
        ("path", "url"),
        [
            ("/fetch", "http://fetch.example/"),
            ("/image", "http://192.0.2.1/a.png"),
            ("/frame", "http://frame.example/"),
            ("/redirected", "http://redirected.example/"),
            ("/popup", "http://fetch.example/"),
            ("/websocket", "ws://websocket.example/"),
            ("/beacon", "http://beacon.example/"),
            ("/worker", "http://worker.example/"),
        ],
    )
    def test_another_origin_is_not_reached_and_fails_the_test(
        self, page: Page, page_log: PageLog, shop: str, path: str, url: str
    ) -> None:
        page.goto(shop + path)
        wait(page, lambda: url in page_log.foreign)
        with pytest.raises(pytest.fail.Exception, match="a page asked for another origin: " + url):
            page_log.check()
        page_log.foreign.clear()

    def test_not_even_another_address_of_this_machine_is_reached(self, page: Page, page_log: PageLog, shop: str) -> None:
        asked: list[str] = []

        class Other(Shop):
            def do_GET(self) -> None:
                asked.append(self.path)
                super().do_GET()

        with serving("127.0.0.2", Other) as other:
            assert b"Hello" in urllib.request.urlopen(other).read() and asked.pop() == "/"
            page.goto(shop)
            assert page.evaluate("url => fetch(url, {mode: 'no-cors'}).catch(error => error.message)", other) == "Failed to fetch"
        assert asked == [] and page_log.foreign.pop() == f"{other}/"

    def test_errors_are_collected(self, page: Page, page_log: PageLog, shop: str) -> None:
        page.goto(shop + "/thrown")
        wait(page, lambda: len(page_log.errors) == 2)
        assert sorted(page_log.errors) == ["first", "second"]

    def test_what_is_inaccessible_is_found_in_frames_too(self, page: Page, shop: str) -> None:
        page.goto(shop)
        assert axe_violations(page) == []
        page.goto(shop + "/inaccessible")
        found = axe_violations(page)
        assert {line.split(": ")[1] for line in found} == {"html-has-lang", "image-alt", "label"}, found
        assert "critical: image-alt: Images must have alternative text: img" in found


class TestTogether:
    """Playwright keeps a loop running, and other tests run loops of their own."""

    def test_a_loop_can_be_run_after_a_browser_test(self, request: pytest.FixtureRequest) -> None:
        request.getfixturevalue("_chromium")
        assert asyncio.run(asyncio.sleep(0, "done")) == "done"

    def test_a_database_and_a_page_in_one_test(self, page: Page, postgres_url: str, shop: str) -> None:
        page.goto(shop)
        assert asyncio.get_running_loop().is_running(), "why `asyncio.run` is no choice here"
        assert aside(fetch(postgres_url, "SELECT 1")) == 1
        assert page.title() == "Shop"

    def test_what_a_coroutine_raises_comes_back(self) -> None:
        with pytest.raises(OSError, match="Connect call failed"):
            aside(fetch("postgresql://127.0.0.1:1/none", "SELECT 1"))


ASKS_ABROAD = """
def test_it(page):
    page.set_content("<script src=http://script.example/></script>")
"""
WAITS = """
import contextlib, os, pathlib

def test_it(page, postgres_server, postgres_url):
    parents = {}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # others come and go
            parents[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
    ours = {os.getpid()}
    while more := {one for one, its in parents.items() if its in ours} - ours:
        ours |= more
    folder = pathlib.Path(os.readlink(f"/proc/{postgres_server.pid}/cwd")).parent
    print(postgres_server.pid, folder, *(ours - {os.getpid()}), flush=True)
    page.wait_for_timeout(600_000)
"""


def start(folder: Path, source: str, *options: str) -> subprocess.Popen[str]:
    """A run of pytest of its own over one file, with the fixtures of this project."""
    (folder / "test_it.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "conftest", "-W", "error", *options, "test_it.py"]
    paths = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    kept = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    environment = kept | {"PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)


def is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.usefixtures("browser")
def test_asking_another_origin_fails_a_test_at_its_end(tmp_path: Path) -> None:
    run = start(tmp_path, ASKS_ABROAD)
    told, _ = run.communicate()
    assert run.returncode == 1
    assert "1 passed, 1 error" in told and "a page asked for another origin: http://script.example/" in told


@pytest.mark.usefixtures("browser", "postgres_server")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=lambda how: how.name)
def test_nothing_stays_when_a_run_is_broken_off(tmp_path: Path, how: signal.Signals) -> None:
    run = start(tmp_path, WAITS, "--capture=no", "--quiet")
    assert run.stdout
    with run, run.stdout:
        first = run.stdout.readline()
        assert "postgres-" in first, first + run.stdout.read()
        server, folder, *pids = first.split()
        assert server in pids and len(pids) > 3
        (os.killpg if how is signal.SIGINT else os.kill)(run.pid, how)  # Ctrl-C goes to the group
    deadline = time.monotonic() + PATIENCE
    while (left := [pid for pid in pids if is_there(int(pid))]) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left
    if how is signal.SIGINT:
        assert not Path(folder).exists()
    else:
        shutil.rmtree(folder)
