"""The example repos in the tests' own environment: set up, generated, typed, started. `make downstream` does the rest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import Tillspec

EXAMPLES = Path(__file__).resolve().parent

CALLS = """
import asyncio, httpx
from app import app

async def called():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as http:
        http.headers["X-Api-Key"] = "sk_test_first"
        order = {"amount": 5000, "currency": "EUR", "successUrl": "https://shop.example/s", "cancelUrl": "https://shop.example/c"}
        made = await http.post("/checkout/session", json=order, headers={"Idempotency-Key": "1"})
        again = await http.post("/checkout/session", json=order, headers={"Idempotency-Key": "1"})
        other = await http.post("/checkout/session", json=order | {"amount": 1}, headers={"Idempotency-Key": "1"})
        found = await http.get(made.headers["location"])
        foreign = await http.get(made.headers["location"], headers={"X-Api-Key": "sk_test_second"})
        print(made.status_code, again.json() == made.json(), other.status_code, found.json()["status"], foreign.status_code)

asyncio.run(called())
"""


def repo(name: str, folder: Path, tillspec: Tillspec, *options: str) -> Path:
    """An example, set up and generated."""
    shutil.copytree(EXAMPLES / name, folder / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    for command in (("init", *options), ("generate",)):
        done = tillspec(*command, cwd=folder / name)
        assert done.returncode == 0, done.stderr
    return folder / name


def python(folder: Path, *arguments: str, path: str) -> str:
    """What Python prints in a repo, with generated code on its path."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([path, "generated/python", os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def implementer(tmp_path: Path, tillspec: Tillspec) -> Path:
    return repo("implementer", tmp_path, tillspec, "--surface", "vinr", "--role", "server")


@pytest.fixture
def merchant(tmp_path: Path, tillspec: Tillspec) -> Path:
    return repo("merchant", tmp_path, tillspec, "--surface", "vinr")


def test_the_implementer_answers(implementer: Path) -> None:
    assert python(implementer, "-c", CALLS, path="server") == "201 True 409 pending 404\n"


def test_the_implementer_is_typed(implementer: Path) -> None:
    command = ("-m", "mypy", "--strict", "--cache-dir", str(implementer / "cache"), "server/app.py")
    assert "no issues found" in python(implementer, *command, path="server")


def test_the_merchant_is_typed(merchant: Path) -> None:
    command = ("-m", "mypy", "--strict", "--cache-dir", str(merchant / "cache"), "shop.py")
    assert "no issues found" in python(merchant, *command, path=".")
