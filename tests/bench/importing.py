"""Importing: what a program pays for the generated package before it does anything."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from .measure import ROOT, STRIPE, TILLSPEC, heading, in_turn, process

ROUNDS = 15
BELOW = "import pydantic, starlette, httpx"
USED = "from pydantic import BaseModel, TypeAdapter; from starlette.applications import Starlette; from httpx import AsyncClient"
BUILT = (
    "from {name}._runtime.model import ContractModel\n"
    "def build(kind):\n"
    "    for each in kind.__subclasses__():\n"
    "        each.model_rebuild()\n"
    "        build(each)\n"
    "build(ContractModel)"
)


def package(name: str) -> str:
    return f"import {name}.models, {name}.client, {name}.server"


def cpu(code: str, path: Path) -> float:
    """The CPU seconds of a process of its own that runs some code; it finds bytecode, as after any first run."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return process([sys.executable, "-c", code], env=env | {"PYTHONPATH": str(path)}).cpu


def compare(title: str, target: str, codes: dict[str, str], path: Path, rounds: int) -> None:
    """The first of `codes` is what the others are compared with."""
    heading(title, target)
    times = in_turn(rounds, {name: lambda code=code: cpu(code, path) for name, code in codes.items()})
    base = next(iter(times.values()))
    for name, each in times.items():
        over = (
            "" if each is base else f"   over the first: {statistics.median(o - b for o, b in zip(each, base, strict=True)):.3f}"
        )
        print(f"  {name:<52} {statistics.median(each):7.3f} CPU s{over}", flush=True)


def main() -> None:
    ours = package("checkout_api")
    codes = {
        BELOW: BELOW,
        "those of their classes that it uses": USED,
        "checkout_api: models, client and server": ours,
        "the same, and every model built": f"{ours}\n{BUILT.format(name='checkout_api')}",
    }
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "generated" / "python" / "checkout_api", Path(folder) / "checkout_api")
        compare("Importing our package", "at most 0.25 CPU s over the first", codes, Path(folder), ROUNDS)
    if not STRIPE.exists():
        print(f"\nStripe's document is left out: {STRIPE} is not there")
        return
    with tempfile.TemporaryDirectory() as folder:
        process([TILLSPEC / "tillspec", "generate", "--spec", STRIPE, "--out", folder])
        [python] = Path(folder).rglob("_runtime")
        name = python.parent.name
        codes = {BELOW: BELOW, "Stripe: models, client and server": package(name)}
        compare("Importing what is generated of Stripe's document", "under 3 s", codes, python.parent.parent, 5)
