"""What several test modules need."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

Tillspec = Callable[..., subprocess.CompletedProcess[str]]
"""The type of the fixtures `tillspec` and `tillspec_process`."""


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """All that is below a folder: the bytes of files, None for folders."""
    paths = sorted(path for path in folder.rglob("*") if "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in paths}


_MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, end="")
sys.exit(done.returncode if done.returncode >= 0 else 128 - done.returncode)
"""


def measured(command: list[str], folder: Path, seconds: int) -> tuple[int, float, str]:
    """The exit status of a process that has so many CPU seconds, its peak memory in MB, and what it told.

    What a process takes is counted from what its parent had when it was started: so a small one starts it, and not the tests.
    """
    bounded = ["/bin/sh", "-c", f'ulimit -t {seconds}; exec "$@"', "sh", *command]
    with (folder / "told.txt").open("wb+") as told:
        measure = [sys.executable, "-c", _MEASURE, *bounded]
        done = subprocess.run(measure, cwd=folder, stdout=told, stderr=subprocess.STDOUT, check=False)
        told.seek(0)
        text = told.read().decode()
    found = re.search(r"\d+$", text)
    assert found, text[-2000:]
    return done.returncode, int(found[0]) / 1024, text[: found.start()]
