"""A real sandbox, in processes of its own: one worker on SQLite, two on PostgreSQL. Each test finds it as new."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from sqlalchemy import Connection

from postgres import PostgresServer, aside
from tillspec.sandbox import clock, seed, state
from tillspec.sandbox.control.access import secret_of
from tillspec.sandbox.seed import SeedMerchant
from tillspec.sandbox.store import open_store

T = TypeVar("T")

SEED = "1"
ROOT = Path(__file__).resolve().parents[2]


@cache
def built_in() -> seed.SeedData:
    """What a sandbox with this seed holds."""
    return seed.built_in(SEED)


@dataclass
class Running:
    """A sandbox that runs. `mine` and `other` are its two merchants."""

    url: str
    database: str
    process: subprocess.Popen[str]

    @property
    def mine(self) -> SeedMerchant:
        return built_in().merchants[0]

    @property
    def other(self) -> SeedMerchant:
        return built_in().merchants[1]

    def client(self, **headers: str) -> httpx.Client:
        """A client that sends these headers; close it, or use it with `with`."""
        return httpx.Client(base_url=self.url, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def vinr(self, merchant: SeedMerchant | None = None) -> httpx.Client:
        found = (merchant or self.mine).vinr
        assert found is not None
        return self.client(x_api_key=found.keys[0].key)

    def diddo(self, merchant: SeedMerchant | None = None) -> httpx.Client:
        found = (merchant or self.mine).diddo
        assert found is not None
        return self.client(authorization=f"Bearer {found.keys[0].key}")

    def dintero_basic(self, merchant: SeedMerchant | None = None, client: int = 0) -> httpx.Client:
        found = (merchant or self.mine).dintero
        assert found is not None
        pair = f"{found.clients[client].id}:{found.clients[client].secret}"
        return self.client(authorization=f"Basic {base64.b64encode(pair.encode()).decode()}")

    def control(self) -> httpx.Client:
        """A client of the control plane."""
        secret = secret_of(bytes.fromhex(seed.secret_of(SEED)))
        headers = {"Authorization": f"Bearer {secret}"}
        return httpx.Client(base_url=f"{self.url}/_sandbox", headers=headers)

    def work(self, work: Callable[[Connection], T]) -> T:
        """Does something to its database, beside its workers."""

        async def done() -> T:
            store = await open_store(self.database)
            try:
                return await store.write(work)
            finally:
                await store.close()

        return aside(done())

    def advance(self, span: timedelta) -> None:
        """Moves its clock on."""

        def moved(connection: Connection) -> None:
            now = state.read(connection)
            if now.frozen is not None:
                state.change(connection, clock_frozen=now.frozen + clock.micros(span))
            else:
                state.change(connection, clock_offset=now.offset + clock.micros(span))

        self.work(moved)

    def freeze(self) -> None:
        """Stops its clock at the present second."""
        self.work(lambda connection: state.change(connection, clock_frozen=seed.now_frozen()))

    def switch(self, **switches: Any) -> None:
        """Sets its switches; what is not named goes back to its default."""
        self.work(
            lambda connection: state.change(connection, switches=state.Switches(**switches).written(), epoch=state.next_epoch)
        )

    def reset(self) -> None:
        """Makes it as new."""

        def emptied(connection: Connection) -> None:
            seed.reset(connection, built_in())
            state.change(connection, switches=state.Switches().written())

        self.work(emptied)


def start(database: str, *arguments: str, workers: int = 1) -> Running:
    """Starts a sandbox as `tillspec sandbox` does, on a free port of loopback, and waits until it is ready."""
    command = [sys.executable, "-m", "tillspec", "sandbox", "--port", "0", "--database", database, "--seed", SEED]
    paths = [str(ROOT / "tools"), str(ROOT / "generated/python"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [*command, "--workers", str(workers), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    url = next((word for word in said.split() if word.startswith("http://")), "")
    if not url:
        process.kill()
        pytest.fail(f"the sandbox did not start: {said}{process.stdout.read()}")
    running = Running(url=url, database=database, process=process)
    wait_until_ready(running)
    return running


def wait_until_ready(running: Running, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if httpx.get(f"{running.url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail("the sandbox was not ready in time")


def stop(running: Running) -> None:
    """Ends it as Ctrl-C does."""
    running.process.send_signal(signal.SIGINT)
    try:
        running.process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait(5)
    assert running.process.stdout is not None
    running.process.stdout.close()


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(str(tmp_path_factory.mktemp("sandbox") / "sandbox.db"))
    yield running
    stop(running)


@pytest.fixture(scope="session")
def on_postgresql(postgres_server: PostgresServer) -> Iterator[Running]:
    with postgres_server.database() as url:
        running = start(url, workers=2)
        yield running
        stop(running)


@pytest.fixture(params=["sqlite", "postgresql"])
def sandbox(request: pytest.FixtureRequest) -> Running:
    """A sandbox as new, on either database."""
    running: Running = request.getfixturevalue(f"on_{request.param}")
    running.reset()
    return running
