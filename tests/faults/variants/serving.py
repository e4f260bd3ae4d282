"""Serving a variant: the sandbox in this process, or a program of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn

from faults.variants.registry import VARIANTS, Variant
from tillspec.sandbox.app import create
from tillspec.sandbox.control.client import ControlClient
from tillspec.sandbox.serving import Options, Ready, make_ready
from tillspec.sandbox.settings import Settings
from tillspec.sandbox.verify_profile import profile

ROOT = Path(__file__).resolve().parents[3]
CONTRACT = ROOT / "generated" / "openapi.json"
_PATIENCE = 30.0
_SEED = "1"


@dataclass(frozen=True, slots=True)
class Served:
    """A variant that runs: its URL, and the profile that tells `tillspec verify` of it."""

    url: str
    profile: str


@contextmanager
def served(name: str, port: int = 0) -> Iterator[Served]:
    """A variant on a port of loopback, for as long as the block lasts.

    Raises:
        KeyError: there is no such variant.
        TimeoutError: it did not start in time.
    """
    variant = VARIANTS[name]
    if variant.program:
        with running(variant, port) as found:
            yield found
    else:
        with (
            tempfile.TemporaryDirectory(prefix="variants-") as folder,
            variant.patched(),
            _sandbox(variant, Path(folder), port) as found,
        ):
            yield found


@contextmanager
def running(variant: Variant, port: int) -> Iterator[Served]:
    """A server of its own. Its first line has its URL, and the folder of its code its profile."""
    words = {"{port}": str(port), "{contract}": str(CONTRACT)}
    command = [sys.executable if word == "python" else words.get(word, word) for word in variant.program]
    path = os.pathsep.join(filter(None, [str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]))
    environment = os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)  # no shell
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        url = next((word for word in said.split() if word.startswith("http://")), None)
        if url is None:
            raise TimeoutError(f"{command} did not start: {said}")
        yield Served(url, _profile_of(variant))
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _profile_of(variant: Variant) -> str:
    return (Path(__file__).parent / ("node" if variant.program[0] == "node" else "stdlib") / "profile.toml").read_text(
        encoding="utf-8"
    )


@contextmanager
def _sandbox(variant: Variant, folder: Path, port: int) -> Iterator[Served]:
    ready, server = _prepared(variant, folder, port)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[ready.socket])), daemon=True)
    thread.start()
    try:
        _wait(ready.base_url)
        with ControlClient(ready.base_url, ready.secret) as control:
            yield Served(ready.base_url, profile(control.call("GET", "/merchants")["merchants"], ready.secret))
    finally:
        server.should_exit = True
        thread.join(10)


def _prepared(variant: Variant, folder: Path, port: int) -> tuple[Ready, uvicorn.Server]:
    options = Options(port=port, database=str(folder / "variant.db"), seed=_SEED, switches=variant.switches)
    ready = make_ready(options)
    Settings(database=options.database, base_url=ready.base_url, switches=options.switches.written()).hand_over()
    config = uvicorn.Config(
        variant.wrap(create()), log_level="critical", access_log=False, server_header=False, timeout_graceful_shutdown=1,
        lifespan="on", **variant.server,
    )  # fmt: skip
    return ready, uvicorn.Server(config)


def _wait(url: str) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.02)
    raise TimeoutError(url)
