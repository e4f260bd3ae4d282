"""A real PostgreSQL and a real Chromium for tests, as fixtures. Both stay on loopback, and both are ended with the run.

- `postgres_url`: a fresh database of the run's own server.
- `page`, with `page_log`: a page in a context of its own, for Playwright's sync API.
- `axe_violations(page)`: what axe finds wrong with a page.
- `aside(coroutine)`: `asyncio.run` for a browser test, in which a loop is running already.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

T = TypeVar("T")
RequireEngine = Callable[..., str]

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each version of PostgreSQL, outside PATH."""
PATIENCE = 30
"""Seconds that an engine may take to start or to end."""
LOOPBACK = ("127.0.0.1", "localhost")
HARMLESS = ("about", "blob", "data")
"""Schemes of URLs that ask nobody for anything."""
QUICK = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "shared_buffers=32MB"]
"""Settings for data that nobody will miss."""


def aside(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns; it runs in a thread of its own, so that it does not matter whether a loop runs in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


@dataclass(frozen=True)
class PostgresServer:
    """A running server. Its user may do everything."""

    port: int
    pid: int
    password: str = field(repr=False)
    user: str = "tests"

    def url(self, database: str) -> str:
        return f"postgresql://{self.user}:{self.password}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database, which is dropped at the end."""
        name = f"test_{secrets.token_hex(8)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")  # also when a test left a connection open

    def execute(self, statement: str) -> None:
        """Run one statement as the server's administrator."""
        aside(self._execute(statement))

    async def _execute(self, statement: str) -> None:
        import asyncpg

        connection = await asyncpg.connect(self.url("postgres"), timeout=PATIENCE, command_timeout=PATIENCE)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


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
    folders = [folder / "bin" for folder in DEBIAN.glob("*") if folder.name.isdigit()]
    newest_first = sorted(folders, key=lambda folder: int(folder.parent.name), reverse=True)
    program = require_engine("postgres", install="apt-get install postgresql", beyond_path=newest_first)
    with _postgres(Path(program).resolve().parent) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """`postgresql://user:password@127.0.0.1:port/name` of an empty database, which goes with the test."""
    with postgres_server.database() as url:
        yield url


@contextmanager
def _postgres(programs: Path) -> Iterator[PostgresServer]:
    """Start a server with a folder and a password of its own, and end both."""
    user = _unprivileged()
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        folder, password = Path(name), secrets.token_hex(16)
        secret = folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(password)
        if user:
            shutil.chown(folder, **user)
            shutil.chown(secret, **user)
        _initdb(programs, folder, secret, user)
        process, port = _start(programs, folder, user)
        try:
            yield PostgresServer(port, process.pid, password)
        finally:
            _end(process)


def _unprivileged() -> dict[str, str | int]:
    """The user and group to run a server as: PostgreSQL refuses to run as root. Empty for whoever is not root."""
    import pwd

    if os.geteuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known["nobody"]
    return {"user": entry.pw_name, "group": entry.pw_gid}


def _options(folder: Path, user: dict[str, str | int]) -> dict[str, Any]:
    """How the server's programs are started: as that user, where it may look, told nothing by the environment."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return {"cwd": folder, "env": environment, "stderr": subprocess.STDOUT} | user | ({"extra_groups": []} if user else {})


def _initdb(programs: Path, folder: Path, secret: Path, user: dict[str, str | int]) -> None:
    command: list[str | Path] = [
        programs / "initdb",
        "--pgdata",
        folder / "data",
        "--username",
        PostgresServer.user,
        "--pwfile",
        secret,
    ]
    plain = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run([*command, *plain], check=False, stdout=subprocess.PIPE, text=True, **_options(folder, user))
    if done.returncode:
        raise RuntimeError(f"initdb failed:\n{done.stdout}")


def _start(programs: Path, folder: Path, user: dict[str, str | int]) -> tuple[subprocess.Popen[bytes], int]:
    """A server that answers, and its port."""
    for _ in range(3):  # between asking for a free port and taking it, another program may take it
        port, log = _free_port(), folder / "log"
        only_loopback = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-p", str(port)]
        command: list[str | Path] = [*_with_us(), programs / "postgres", "-D", folder / "data", *only_loopback, *QUICK]
        with log.open("wb") as output:
            # not in our session: at Ctrl-C, it is there until the tests have cleaned up
            process = subprocess.Popen(command, stdout=output, start_new_session=True, **_options(folder, user))
        try:
            if _is_ready(process, folder / "data" / "postmaster.pid"):
                return process, port
        except BaseException:
            _end(process)
            raise
        _end(process)
        if "Address already in use" not in log.read_text():
            break
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")


def _with_us() -> list[str]:
    """What lets a program end when the tests are killed; it stays the same process."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "QUIT", "--"] if setpriv else []


def _is_ready(process: subprocess.Popen[bytes], status: Path) -> bool:
    """Wait until the server says that it is ready: in its own file, as on the port another server could answer."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(FileNotFoundError):
            if status.read_text().rstrip().endswith("ready"):
                return True
        time.sleep(0.02)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGQUIT)  # "immediate": nothing is saved
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(PATIENCE)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


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
