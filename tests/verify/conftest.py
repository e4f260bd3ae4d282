"""A sandbox to verify, and the command that does it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tillspec.sandbox.control.client import ControlClient
from tillspec.sandbox.starting import started
from tillspec.sandbox.verify_profile import profile

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "spec" / "openapi.yaml"


@dataclass(frozen=True)
class Sandbox:
    """A sandbox that runs, and the file of its profile."""

    url: str
    secret: str
    profile: Path


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("verified")
    with started(folder, ("--seed", "1")) as (url, secret):
        with ControlClient(url, secret) as control:
            text = profile(control.call("GET", "/merchants")["merchants"], secret)
        path = folder / "profile.toml"
        path.write_text(text)
        yield Sandbox(url, secret, path)


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def tillspec(tmp_path: Path) -> Command:
    """The command line, in a process of its own and a folder that is empty."""

    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tillspec", *map(str, arguments)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TILLSPEC_")}
        return subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=tmp_path, timeout=120,
            env={**kept, "COLUMNS": "80", **environment},
        )  # fmt: skip

    return run
