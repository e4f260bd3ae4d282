"""Documents built to hurt end with a result or a reason, in little memory; what is accepted can be imported and used."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from helpers import measured
from hostile_documents import DOCUMENTS, Hostile

SECONDS = 120
"""Of the processor: a bound against hanging, not a measure."""
MEGABYTES = 1024

_CODE = re.compile(r"^(?:error|warning)\[([a-z-]+)\]", re.MULTILINE)

USE = """
import importlib, json, sys
sys.path.insert(0, "out/python")
for name in ("client", "server"):
    importlib.import_module(f"shop_api.{name}")
from shop_api import models
from shop_api._runtime.operation import Value
for name, value in json.load(open("values.json")).items():
    adapter = Value(models.COMPONENTS[name]).adapter
    made = adapter.validate_json(json.dumps(value), strict=True)
    assert json.loads(adapter.dump_json(made, by_alias=True)) == value, name
"""


def run(command: list[str], folder: Path) -> tuple[int, float, str]:
    return measured(command, folder, SECONDS)


def generate(case: Hostile, folder: Path) -> tuple[int, float, str]:
    (folder / case.name).write_text(case.text(), encoding="utf-8", newline="")
    arguments = ["generate", "--spec", case.name, "--out", "out", "--package", "shop_api"]
    return run([sys.executable, "-m", "tillspec", *arguments], folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, case in DOCUMENTS.items() if not case.long])
def test_a_document_built_to_hurt(name: str, tmp_path: Path) -> None:
    case = DOCUMENTS[name]
    status, memory, told = generate(case, tmp_path)
    assert "Traceback" not in told, told[-2000:]
    assert memory < MEGABYTES
    assert len(told) < 10_000
    if case.refused is not None:
        assert status == 1 and case.refused in _CODE.findall(told), told[:2000]
        assert "hint: " in told
        assert not (tmp_path / "out").exists()
        return
    assert status == 0, told[:2000]
    assert {path.name for path in tmp_path.iterdir()} == {case.name, "out", "told.txt"}
    (tmp_path / "values.json").write_text(json.dumps(case.values))
    status, memory, told = run([sys.executable, "-c", USE], tmp_path)
    assert status == 0, told[-2000:]
    assert memory < MEGABYTES
