"""README's own code: what stands there is typed, and runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
NEEDS_A_SERVER = "with Client("


def test_there_is_code() -> None:
    assert len(BLOCKS) == 5
    assert sum(NEEDS_A_SERVER in block for block in BLOCKS) == 1


def test_readmes_code_is_typed(tmp_path: Path) -> None:
    files = [tmp_path / f"block_{number}.py" for number in range(len(BLOCKS))]
    for file, block in zip(files, BLOCKS, strict=True):
        file.write_text(block, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("block", [block for block in BLOCKS if NEEDS_A_SERVER not in block])
def test_readmes_code_runs(block: str) -> None:
    exec(compile(block, "README.md", "exec"), {"__name__": "readme"})
