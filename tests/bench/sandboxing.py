"""The sandbox: beside the stub that it is built on, beside Prism, on PostgreSQL, and with a million sessions stored."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx

from postgres import postgres, programs
from tillspec.sandbox import seed
from tillspec.sandbox.merchants import Key

from .apps import examples
from .measure import ROOT, heading, in_turn, ratio
from .servers import LOAD_CORE, SERVER_CORE, Load, Server, free_port, load, serving, wanted

PRISM = "@stoplight/prism-cli@5.14.2"
PRISM_FOLDER = ROOT / ".venv" / "rivals" / "prism"
ROUNDS, SECONDS, CONNECTIONS = 5, 3, 64
MANY, FEW = 1_000_000, 1_000
UVICORN = ("--http", "httptools", "--loop", "uvloop")


def seed_file(folder: Path) -> Path:
    """Seed data whose first merchant has the key that wrk sends."""
    data = seed.built_in("bench")
    first = data.merchants[0]
    assert first.vinr is not None
    vinr = first.vinr.model_copy(update={"keys": (Key(key=examples.KEY),)})
    path = folder / "seed.json"
    path.write_text(data.model_copy(update={"merchants": (first.model_copy(update={"vinr": vinr}),)}).model_dump_json())
    return path


@contextmanager
def process(command: list[str], url: str, ready: str, cores: str) -> Iterator[Server]:
    """A server of its own, from its start until it is ready, to its end."""
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(
            ["taskset", "--cpu-list", cores, *command], stdout=said, stderr=said, cwd=ROOT, start_new_session=True
        )
        try:
            for _ in range(600):
                try:
                    if httpx.get(url + ready).status_code < 500:
                        break
                except httpx.TransportError:
                    pass
                if running.poll() is not None:
                    said.seek(0)
                    sys.exit(f"{command[0]} ended before it was ready:\n{said.read().decode()[-2000:]}")
                time.sleep(0.02)
            yield Server(url, running.pid)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGTERM)
            running.wait(20)


@contextmanager
def sandbox(database: str, data: Path, *, workers: int = 1, cores: str = str(SERVER_CORE)) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "tillspec", "sandbox", "--port", str(port), "--database", database]
    command += ["--workers", str(workers), "--seed-data", str(data)]
    with process(command, f"http://127.0.0.1:{port}", "/readyz", cores) as server:
        yield server


@contextmanager
def prism() -> Iterator[Server]:
    port = free_port()
    command = [str(PRISM_FOLDER / "node_modules/.bin/prism"), "mock", "--port", str(port), "--verboseLevel", "silent"]
    command.append(str(ROOT / "generated/openapi.json"))
    with process(command, f"http://127.0.0.1:{port}", examples.RESULT_PATH, str(SERVER_CORE)) as server:
        yield server


def install_prism() -> str | None:
    """What is missing for Prism; installs it where npm is there."""
    if (PRISM_FOLDER / "node_modules/.bin/prism").exists():
        return None
    if not shutil.which("npm"):
        return "npm not found; on Debian: apt-get install npm"
    PRISM_FOLDER.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(PRISM_FOLDER), PRISM]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"npm could not install Prism: {done.stderr.strip()[-300:]}"


def made(server: Server, count: int) -> list[str]:
    """Makes sessions; the paths of their results."""
    headers = {"X-Api-Key": examples.KEY, "Content-Type": "application/json"}
    with httpx.Client(base_url=server.url, headers=headers) as http:
        answers = [http.post("/checkout/session", content=examples.REQUEST) for _ in range(count)]
    assert {answer.status_code for answer in answers} == {201}, answers[0].text
    return [answer.headers["location"] for answer in answers]


Burst = Callable[[], Load]


def create(server: Server) -> Burst:
    return lambda: load(server, "/checkout/session", SECONDS, examples.REQUEST, connections=CONNECTIONS)


def result(server: Server, path: str = examples.RESULT_PATH) -> Burst:
    return lambda: load(server, path, SECONDS, connections=CONNECTIONS)


def beside_the_stub(folder: Path, data: Path) -> None:
    heading(
        "Sandbox, SQLite, one worker", "creates 0.4 of the stub that does nothing, results 0.6; creates 1 of Prism's, results 2"
    )
    missing = install_prism()
    if missing:
        print(f"  without Prism: {missing}")
    with ExitStack() as stack:
        ours = stack.enter_context(sandbox(str(folder / "stub.db"), data))
        (path,) = made(ours, 1)
        others = {"the stub, doing nothing": stack.enter_context(serving("bench.apps.ours:app", UVICORN))}
        if missing is None:
            others["Prism, storing nothing"] = stack.enter_context(prism())
        for operation, mine, burst in (("create", create(ours), create), ("result", result(ours, path), result)):
            found = in_turn(ROUNDS, {"the sandbox": mine} | {name: burst(server) for name, server in others.items()})
            report(operation, found)
        print(f"  memory of the worker at its peak: {peak(ours):.0f} MB (target 150)")


def report(operation: str, found: dict[str, list[Load]]) -> None:
    ours = found["the sandbox"]
    print(f"  {operation:<28} per second   p99, ms   sandbox / this, per second   per CPU second")
    for name, loads in found.items():
        rate, cpu = [each.rate for each in loads], [each.cpu for each in loads]
        beside = ""
        if loads is not ours:
            beside = f"  {ratio([each.rate for each in ours], rate):26.2f}  {ratio(cpu, [each.cpu for each in ours]):15.2f}"
        late = statistics.median(each.late for each in loads) * 1000
        print(f"    {name:<26} {statistics.median(rate):10,.0f}  {late:8.1f}{beside}", flush=True)


def peak(server: Server) -> float:
    """The most memory that a server had, in MB."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def with_many(folder: Path, data: Path) -> None:
    heading(f"Sandbox, SQLite, {MANY:,} sessions beside {FEW:,}", "at most 1.2 times slower; start-up under 1 s")
    with ExitStack() as stack:
        bursts: dict[str, dict[str, Burst]] = {"create": {}, "result": {}}
        for count in (FEW, MANY):
            database, paths = folder / f"{count}.db", folder / f"{count}.txt"
            with sandbox(str(database), data) as server:
                (path,) = made(server, 1)
            ids = fill(database, path.split("/")[3], count)
            paths.write_text("".join(f"/checkout/session/{one}/result\n" for one in ids))
            began = time.perf_counter()
            server = stack.enter_context(sandbox(str(database), data))
            print(f"  {count:>9,}: ready after {time.perf_counter() - began:.2f} s")
            bursts["create"][f"{count:,}"] = create(server)
            bursts["result"][f"{count:,}"] = lambda server=server, paths=paths: load(  # type: ignore[misc]
                server, "/", SECONDS, connections=CONNECTIONS, paths=paths
            )
        for operation, each in bursts.items():
            found = in_turn(ROUNDS, each)
            slower = ratio([one.rate for one in found[f"{FEW:,}"]], [one.rate for one in found[f"{MANY:,}"]])
            rates = ", ".join(
                f"{name}: {statistics.median(one.rate for one in loads):,.0f} a second" for name, loads in found.items()
            )
            print(f"  {operation}: {rates}; {slower:.2f} times slower", flush=True)


def fill(database: Path, model: str, count: int) -> list[str]:
    """Copies one session until there are so many; the ids of 10,000 of them, at random."""
    ids = [f"cs_{number * 2654435761 % 2**32:08x}{number:014d}" for number in range(count)]
    with sqlite3.connect(database) as file:
        columns = [row[1] for row in file.execute("PRAGMA table_info(sessions)") if row[1] != "id"]
        row = file.execute(f"SELECT {', '.join(columns)} FROM sessions WHERE id = ?", (model,)).fetchone()
        marks = ", ".join("?" * (len(columns) + 1))
        file.executemany(f"INSERT INTO sessions (id, {', '.join(columns)}) VALUES ({marks})", ((one, *row) for one in ids))
    file.close()
    return sorted(ids)[:: max(1, count // 10_000)]


def on_postgres(data: Path) -> None:
    heading("Sandbox, PostgreSQL", "throughput grows with two workers")
    found = programs()
    if found is None:
        print("  left out: no PostgreSQL; on Debian: apt-get install postgresql")
        return
    cores = f"{SERVER_CORE},{LOAD_CORE}"
    with postgres(found, settings=()) as server, server.database() as url, ExitStack() as stack:
        servers = {count: stack.enter_context(sandbox(url, data, workers=count, cores=cores)) for count in (1, 2)}
        (path,) = made(servers[1], 1)
        for operation, bursts in (
            ("create", {f"{count} workers": create(each) for count, each in servers.items()}),
            ("result", {f"{count} workers": result(each, path) for count, each in servers.items()}),
        ):
            found = in_turn(ROUNDS, bursts)
            one, two = ([each.rate for each in loads] for loads in found.values())
            rates = f"{statistics.median(one):,.0f} and {statistics.median(two):,.0f} a second"
            print(f"  {operation}: {rates}; {ratio(two, one):.2f} times", flush=True)


def start_up(folder: Path, data: Path) -> None:
    heading("Sandbox, start-up", "under 1 s, from the command to the first answer")
    seconds = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        with sandbox(str(folder / f"start-{number}.db"), data):
            seconds.append(time.perf_counter() - began)
    print(f"  with an empty database: {statistics.median(seconds):.2f} s")


def main() -> None:
    missing = wanted()
    if missing:
        print(f"\nThe sandbox is left out: {missing}")
        return
    with tempfile.TemporaryDirectory() as made_folder:
        folder = Path(made_folder)
        data = seed_file(folder)
        beside_the_stub(folder, data)
        start_up(folder, data)
        with_many(folder, data)
        on_postgres(data)
