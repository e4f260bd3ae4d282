"""Bad input: each folder of `bad/` is a mistake that somebody could make, and what they are told.

A folder holds what the user has (by custom `openapi.yaml`), `args.txt` where the command line is another than `ARGUMENTS`,
`prepare.py` where something must be done first, run in the folder, and `expect.txt`: the exit status and all that is printed.
"""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path

import pytest

from helpers import Tillspec, snapshot

CASES = Path(__file__).with_name("bad")
ARGUMENTS = "generate --spec openapi.yaml --out out --package shop_api"

NO_PLACE = {"surface-unknown", "output-foreign", "output-edited", "output-unwritable"}
"""The codes for which no text is at fault: their message names the path, or the option."""

_BLOCK = re.compile(r"^error\[([a-z-]+)\]: (.+?)(?=^error|^\d+ errors?; |\Z)", re.MULTILINE | re.DOTALL)
_PLACE = re.compile(r"^  --> \S+:\d+:\d+$", re.MULTILINE)


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_bad_input(case: str, tmp_path: Path, tillspec: Tillspec, accept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, prepare, arguments = (CASES / case / name for name in ("expect.txt", "prepare.py", "args.txt"))
    folder = tmp_path / "project"
    shutil.copytree(CASES / case, folder, ignore=shutil.ignore_patterns("expect.txt", "prepare.py", "args.txt"))
    if prepare.exists():
        monkeypatch.chdir(folder)
        runpy.run_path(str(prepare))
    before = snapshot(folder)

    done = tillspec(*(arguments.read_text() if arguments.exists() else ARGUMENTS).split(), cwd=folder)

    told = f"exit {done.returncode}\n{done.stderr.replace(str(folder), '<folder>')}"
    if accept:
        expected.write_text(told)
    assert told == expected.read_text()
    assert snapshot(folder) == before, "something was written"
    assert done.stdout == ""
    assert done.returncode == (2 if case.startswith("usage-") else 1)
    if done.returncode == 1:
        check_every_error_helps(told)


def check_every_error_helps(told: str) -> None:
    """Each error has a place (or names what is at fault), and says what to do."""
    blocks = _BLOCK.findall(told)
    assert blocks
    for code, text in blocks:
        assert code in NO_PLACE or _PLACE.search(text) or (code == "file-missing" and "-->" not in text), text
        assert "\n  hint: " in text, text
