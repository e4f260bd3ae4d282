"""A PostgreSQL of one's own: on loopback, on a free port, in a folder that goes with it."""

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
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps the programs of each version of PostgreSQL, outside PATH."""
PATIENCE = 30
"""Seconds that an engine may take to start or to end."""
QUICK = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "shared_buffers=32MB"]
"""Settings for data that nobody will miss."""


def folders() -> list[Path]:
    """Where else than on PATH its programs may be, the newest version first."""
    found = [folder / "bin" for folder in DEBIAN.glob("*") if folder.name.isdigit()]
    return sorted(found, key=lambda folder: int(folder.parent.name), reverse=True)


def programs() -> Path | None:
    """The folder of its programs; None where there are none."""
    found = shutil.which("postgres") or shutil.which("postgres", path=os.pathsep.join(map(str, folders())))
    return Path(found).resolve().parent if found else None


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

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement as the server's administrator."""
        aside(self._execute(statement, database))

    async def _execute(self, statement: str, database: str) -> None:
        import asyncpg

        connection = await asyncpg.connect(self.url(database), timeout=PATIENCE, command_timeout=PATIENCE)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def postgres(programs: Path, settings: Sequence[str] = QUICK) -> Iterator[PostgresServer]:
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
        process, port = _start(programs, folder, user, settings)
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


def _start(
    programs: Path, folder: Path, user: dict[str, str | int], settings: Sequence[str]
) -> tuple[subprocess.Popen[bytes], int]:
    """A server that answers, and its port."""
    for _ in range(3):  # between asking for a free port and taking it, another program may take it
        port, log = _free_port(), folder / "log"
        only_loopback = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-p", str(port)]
        command: list[str | Path] = [*_with_us(), programs / "postgres", "-D", folder / "data", *only_loopback, *settings]
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
