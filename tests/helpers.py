"""What several test modules need."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

Tillspec = Callable[..., subprocess.CompletedProcess[str]]
"""The type of the fixtures `tillspec` and `tillspec_process`."""


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """All that is below a folder: the bytes of files, None for folders."""
    paths = sorted(path for path in folder.rglob("*") if "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in paths}
