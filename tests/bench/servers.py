"""An application under uvicorn on one core, and wrk, which loads it from another."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from .apps import examples
from .measure import ROOT

SERVER_CORE, LOAD_CORE = (sorted(os.sched_getaffinity(0)) * 2)[:2]
_CONNECTIONS = 16


@dataclass(frozen=True)
class Server:
    """A running server: its URL and its process."""

    url: str
    pid: int

    def cpu(self) -> float:
        """The CPU seconds of its main thread, which does all the work of uvicorn."""
        return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[0]) / 1e9


@dataclass(frozen=True)
class Load:
    """One burst of requests: how many a second, the server's CPU seconds for each, and how busy server and wrk were (0 to 1).

    `late` is the 99th percentile of what a request took, in seconds.
    """

    rate: float
    cpu: float
    busy: float
    own_busy: float
    late: float


def wanted() -> str | None:
    """What has to be installed first, None where all is there."""
    missing = [name for name in ("wrk", "taskset") if not shutil.which(name)]
    return f"{' and '.join(missing)} not found; on Debian: apt-get install wrk util-linux" if missing else None


def _on(core: int) -> list[str]:
    return ["taskset", "--cpu-list", str(core)]


@contextmanager
def serving(app: str, options: Sequence[str] = ()) -> Iterator[Server]:
    """`app` (`module:name`) under uvicorn, alone on the server's core."""
    port = free_port()
    process = _start("uvicorn", app, "--port", str(port), "--no-access-log", "--log-level", "warning", *options)
    try:
        yield Server(_wait(port, process), process.pid)
    finally:
        process.terminate()
        process.communicate()


def profile(path: str, seconds: int, body: bytes | None = None) -> str:
    """Where the time of the stub goes, by a profiler in its process, while one path is loaded for some seconds."""
    port = free_port()
    process = _start("bench.profiled", str(port))
    try:
        load(Server(_wait(port, process), process.pid), path, seconds, body)
    finally:
        process.terminate()
        said, _ = process.communicate()
    return said


def _start(module: str, *arguments: str) -> subprocess.Popen[str]:
    command = [*_on(SERVER_CORE), sys.executable, "-m", module, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[str]) -> str:
    """The URL of a server, as soon as it answers."""
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            httpx.get(url)
        except httpx.TransportError:
            assert process.poll() is None, "the server ended before it started"
            time.sleep(0.05)
        else:
            return url
    raise TimeoutError("the server did not start")


def load(
    server: Server,
    path: str,
    seconds: int,
    body: bytes | None = None,
    *,
    connections: int = _CONNECTIONS,
    paths: Path | None = None,
) -> Load:  # fmt: skip
    """Loads one path of a server for some seconds, or the lines of the file `paths`; every answer must be a success."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body or b"")
        file.flush()
        command = [
            *_on(LOAD_CORE), "wrk", "--timeout", "15s", "--threads", "1",
            "--connections", str(connections), "--duration", str(seconds),
            "--header", f"X-Api-Key: {examples.KEY}", "--script", str(Path(__file__).parent / "load.lua"), server.url + path,
        ]  # fmt: skip
        before, started = server.cpu(), time.perf_counter()
        with subprocess.Popen(
            command,
            env=os.environ | ({"BODY": file.name} if body else {}) | ({"PATHS": str(paths)} if paths else {}),
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout
            said = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall, used = time.perf_counter() - started, server.cpu() - before
    found = re.search(r"^measured (\d+) (\d+) (\d+) (\d+)$", said, re.MULTILINE)
    if process.returncode or not found or found[3] != "0":
        sys.exit(f"wrk failed on {path}:\n{said}")
    requests = int(found[1])
    own = (usage.ru_utime + usage.ru_stime) / wall
    return Load(requests / (int(found[2]) / 1e6), used / requests, used / wall, own, int(found[4]) / 1e6)
