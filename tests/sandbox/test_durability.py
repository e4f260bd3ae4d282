"""What was acknowledged is there, whatever happens to processes and files; and nothing is acknowledged that is not."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from postgres import PostgresServer

from .conftest import Running, built_in, start, stop, wait_until_ready
from .load import BODY, Client, Load, at_once

ROUNDS = int(os.environ.get("KILLS", "3"))
"""How often it is killed; `make durability` does it fifty times."""

KEY = built_in().merchants[0].vinr.keys[0].key  # type: ignore[union-attr]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "sandbox.db") if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


def kill(running: Running) -> None:
    """As the machine would: at once, all of its processes."""
    os.killpg(running.process.pid, signal.SIGKILL)
    running.process.wait(10)
    assert running.process.stdout is not None
    running.process.stdout.close()


def test_killed_under_load(database: str) -> None:
    dice = random.Random(7)
    made: set[str] = set()
    completed: set[str] = set()
    for _ in range(ROUNDS):
        running = start(database, workers=2)
        load = Load(running.url, KEY, settle=running.control().headers["authorization"])
        load.start()
        load.wait_for(dice.randrange(1, 200))
        kill(running)
        load.stop()
        assert load.refused == []
        made.update(load.made)
        completed.update(load.completed)
    running = start(database)
    try:
        client = Client(running.url, KEY)
        for session in made:
            answer = client.ask("GET", f"/checkout/session/{session}/result")
            assert (answer.status, answer.json()["amount"], answer.json()["currency"]) == (200, 5000, "EUR")
            assert answer.json()["status"] == "completed" or session not in completed
        client.close()
    finally:
        stop(running)
    assert len(made) >= ROUNDS
    assert completed
    if "://" not in database:
        with sqlite3.connect(database) as file:
            assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_one_session_for_64_identical_requests_on_four_workers(database: str) -> None:
    running = start(database, workers=4)
    try:
        for key in ("one", "two", "three"):
            clients = [Client(running.url, KEY) for _ in range(64)]
            headers = {"Idempotency-Key": key}
            answers = at_once(64, lambda n: clients[n].ask("POST", "/checkout/session", BODY, **headers))  # noqa: B023
            for client in clients:
                client.close()
            created = [answer for answer in answers if answer.status == 201]
            first = [answer for answer in created if "idempotent-replayed" not in answer.headers]
            rest = [answer for answer in answers if answer.status != 201]
            assert len(first) == 1
            assert {answer.body for answer in created} == {first[0].body}
            assert all(answer.status == 409 and "retry-after" in answer.headers for answer in rest)
        stored = running.work(lambda connection: connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar_one())
        assert stored == 3
    finally:
        stop(running)


# -- one worker, one file ------------------------------------------------------------------------------------------------------


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Running]:
    running = start(str(tmp_path / "sandbox.db"))
    yield running
    stop(running)


def test_a_locked_database_is_503_in_the_surfaces_own_shape(alone: Running) -> None:
    client = Client(alone.url, KEY)
    made = client.ask("POST", "/checkout/session", BODY)
    other = sqlite3.connect(alone.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = client.ask("POST", "/checkout/session", BODY)
    assert client.ask("GET", made.headers["location"]).status == 200
    other.execute("ROLLBACK")
    other.close()
    assert (refused.status, refused.json()["error"]["code"]) == (503, "service_unavailable")
    assert int(refused.headers["retry-after"]) >= 1
    assert client.ask("POST", "/checkout/session", BODY).status == 201
    client.close()


def test_a_database_that_is_gone_is_503_until_it_is_back(alone: Running, tmp_path: Path) -> None:
    client = Client(alone.url, KEY)
    made = client.ask("POST", "/checkout/session", BODY)
    away = tmp_path / "away"
    away.mkdir()
    files = list(tmp_path.glob("sandbox.db*"))
    for file in files:
        shutil.move(file, away / file.name)
    for method, path, body in (("POST", "/checkout/session", BODY), ("GET", made.headers["location"], None)):
        refused = client.ask(method, path, body)
        assert (refused.status, refused.json()["error"]["type"]) == (503, "api_error")
        assert "retry-after" in refused.headers
    assert client.ask("GET", "/readyz").status == 503
    assert client.ask("GET", "/healthz").status == 200
    for file in files:
        shutil.move(away / file.name, file)
    assert client.ask("GET", made.headers["location"]).status == 200
    client.close()


def test_a_full_disk(tmp_path: Path) -> None:
    """On a file system of its own, of 3 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("file systems cannot be mounted here; run as root: sudo make test")
    try:
        running = start(str(disk / "sandbox.db"))
        try:
            load = Load(running.url, KEY, clients=4)
            load.start()
            until = time.monotonic() + 60
            while not load.refused and time.monotonic() < until:
                time.sleep(0.01)
            load.stop()
            assert {answer.status for answer in load.refused} == {503}
            client = Client(running.url, KEY)
            for session in load.made:
                assert client.ask("GET", f"/checkout/session/{session}/result").status == 200
            subprocess.run(["mount", "-o", "remount,size=16m", str(disk)], check=True)
            assert client.ask("POST", "/checkout/session", BODY).status == 201
            client.close()
        finally:
            stop(running)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


# -- clients that behave badly ---------------------------------------------------------------------------------------------------


def memory(running: Running) -> int:
    """The most memory that the worker has had, in kB."""
    text = Path(f"/proc/{running.process.pid}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmHWM")).split()[1])


def head(length: int, **headers: str) -> bytes:
    lines = ["POST /checkout/session HTTP/1.1", "Host: sandbox", f"X-Api-Key: {KEY}", "Content-Type: application/json"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join([*lines, f"Content-Length: {length}"]) + "\r\n\r\n").encode()


def connect(running: Running) -> socket.socket:
    host, port = running.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def heard(raw: socket.socket) -> bytes:
    """An answer, or what came of it before it hung up."""
    said = b""
    with contextlib.suppress(OSError):
        while b"\r\n\r\n{" not in said and (more := raw.recv(4096)):
            said += more
    return said


def test_a_hundred_megabytes_are_refused_and_not_kept(alone: Running) -> None:
    client = Client(alone.url, KEY)
    client.ask("POST", "/checkout/session", BODY)
    before = memory(alone)
    chunked = head(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    for start_of, part in ((head(100_000_000), b" " * 1_000_000), (chunked, b"F4240\r\n" + b" " * 1_000_000 + b"\r\n")):
        with connect(alone) as raw:
            with contextlib.suppress(OSError):  # it hangs up on who goes on sending
                raw.sendall(start_of)
                for _ in range(100):
                    raw.sendall(part)
            said = heard(raw)
        assert not said or said.startswith(b"HTTP/1.1 413")
    assert memory(alone) - before < 30_000
    assert client.ask("POST", "/checkout/session", BODY).status == 201
    client.close()


def test_the_refusal_of_a_large_body_is_clear(alone: Running) -> None:
    with connect(alone) as raw:
        raw.sendall(head(100_000_000))
        said = heard(raw)
    assert said.startswith(b"HTTP/1.1 413")
    assert b"larger than 1048576 bytes" in said


def test_clients_that_go_away_leave_nothing(alone: Running) -> None:
    for _ in range(50):
        with connect(alone) as raw:
            raw.sendall(head(len(BODY)) + BODY[: len(BODY) // 2].encode())
    client = Client(alone.url, KEY)
    assert client.ask("POST", "/checkout/session", BODY).status == 201
    client.close()
    assert alone.work(lambda connection: connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar_one()) == 1


def test_a_client_that_sends_slowly_is_told(tmp_path: Path) -> None:
    running = start(str(tmp_path / "sandbox.db"), "--request-timeout", "0.5")
    try:
        with connect(running) as raw:
            raw.sendall(head(len(BODY)))
            for byte in BODY.encode()[:3]:
                raw.sendall(bytes([byte]))
                time.sleep(0.1)
            said = heard(raw)
        assert said.startswith(b"HTTP/1.1 408")
        wait_until_ready(running)
    finally:
        stop(running)


def test_secrets_reach_no_output(tmp_path: Path) -> None:
    """What it prints after its start is no place for keys, whatever is asked."""
    running = start(str(tmp_path / "sandbox.db"))
    assert running.process.stdout is not None
    client = Client(running.url, KEY)
    made = client.ask("POST", "/checkout/session", BODY)
    client.ask("POST", "/checkout/session", "{")
    client.ask("GET", f"/checkout/session/{'x' * 300}/result")
    (tmp_path / "sandbox.db").rename(tmp_path / "away.db")
    client.ask("POST", "/checkout/session", BODY)
    (tmp_path / "away.db").rename(tmp_path / "sandbox.db")
    client.close()
    running.process.send_signal(signal.SIGINT)
    said = running.process.stdout.read()
    running.process.wait(10)
    running.process.stdout.close()
    lines = said.partition("Ctrl-C ends it.")[2]
    assert "has ended" in lines
    assert KEY not in lines
    assert made.json()["checkoutUrl"] not in lines
    assert "Traceback" not in lines


def test_a_server_that_is_restarted_is_used_again(postgres_server: PostgresServer) -> None:
    """Connections that died meanwhile are no request's trouble; while there is no server, the answer is 503."""
    with postgres_server.database() as url:
        running = start(url)
        client = Client(running.url, KEY)
        try:
            made = client.ask("POST", "/checkout/session", BODY)
            for _ in range(3):
                postgres_server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tillspec sandbox'"
                )
                assert client.ask("GET", made.headers["location"]).status == 200
                assert client.ask("POST", "/checkout/session", BODY).status == 201
            name = url.rpartition("/")[2]
            postgres_server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            postgres_server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tillspec sandbox'"
            )
            for method, path, body in (("POST", "/checkout/session", BODY), ("GET", made.headers["location"], None)):
                refused = client.ask(method, path, body)
                assert (refused.status, refused.headers["retry-after"]) == (503, "1")
            postgres_server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            assert client.ask("GET", made.headers["location"]).status == 200
        finally:
            client.close()
            stop(running)


def test_a_table_that_stays_locked_is_503(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as url:
        running = start(url)
        client = Client(running.url, KEY)
        try:
            made = client.ask("POST", "/checkout/session", BODY)
            waits = "BEGIN; LOCK TABLE sessions; SELECT pg_sleep(3); COMMIT"
            lock = threading.Thread(target=postgres_server.execute, args=(waits, url.rpartition("/")[2]))
            lock.start()
            time.sleep(0.3)
            refused = client.ask("POST", "/checkout/session", BODY)
            lock.join()
            assert (refused.status, refused.json()["error"]["code"]) == (503, "service_unavailable")
            assert client.ask("GET", made.headers["location"]).status == 200
        finally:
            client.close()
            stop(running)
