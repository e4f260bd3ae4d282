"""Contracts by feature: what comes out is what is expected, is typed, and works.

A folder of `cases/` holds a contract, the package that is expected of it (without what is the same everywhere: the runtime,
`py.typed` and the copy of the bundle), and `use.py`, which uses it as somebody would. `options.json` holds what else is asked of
the generator, where it is there. `pytest --accept` takes what comes out now.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helpers import snapshot
from tillspec.pipeline import generate
from tillspec.request import Request

CASES = Path(__file__).with_name("cases")
NAMES = sorted(path.name for path in CASES.iterdir())


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of all cases, each under its own name, and their `use.py` beside them."""
    folder = tmp_path_factory.mktemp("cases")
    for name in NAMES:
        outcome = generate(Request(CASES / name / "openapi.yaml", folder / "out" / name, package_of(name), **options_of(name)))
        assert outcome.warnings == []
        shutil.copytree(folder / "out" / name / "python", folder / "packages", dirs_exist_ok=True)
        shutil.copy(CASES / name / "use.py", folder / f"use_{name}.py")
    return folder / "packages"


def package_of(name: str) -> str:
    return f"{name}_api"


def options_of(name: str) -> dict[str, Any]:
    path = CASES / name / "options.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", NAMES)
def test_the_output_is_what_is_expected(name: str, packages: Path, accept: bool) -> None:
    made = {
        path: data
        for path, data in snapshot(packages / package_of(name)).items()
        if data is not None and not path.startswith("_runtime/") and path not in ("py.typed", "openapi.json")
    }
    expected = CASES / name / "expected"
    if accept:
        shutil.rmtree(expected, ignore_errors=True)
        for path, data in made.items():
            (expected / path).parent.mkdir(parents=True, exist_ok=True)
            (expected / path).write_bytes(data)
    there = {path: data for path, data in snapshot(expected).items() if data is not None}
    assert sorted(made) == sorted(there)
    for path, data in made.items():
        assert data.decode() == (there[path] or b"").decode(), f"{path} differs; if that is meant, run pytest with --accept"


@pytest.mark.parametrize("name", NAMES)
def test_the_output_works(name: str, packages: Path) -> None:
    command = [sys.executable, "-W", "error", str(packages.parent / f"use_{name}.py")]
    environment = os.environ | {"PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=packages.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_output_and_its_use_are_typed(packages: Path) -> None:
    uses = sorted(str(path) for path in packages.parent.glob("use_*.py"))
    made = sorted(str(path) for path in packages.iterdir() if path.is_dir())
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(packages.parent / "cache")]
    environment = os.environ | {"MYPYPATH": str(packages)}
    done = subprocess.run([*command, *made, *uses], cwd=packages, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
