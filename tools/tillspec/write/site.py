"""A folder that is replaced whole or not at all: what is made of a site, and nothing of what was there before."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

MARK = ".tillspec-docs"
_NOTE = "Made by tillspec docs build, which replaces this folder whole.\n"


class NotOurs(Exception):
    """The folder holds files that no site of ours has; the message names one."""


def replace(folder: Path, files: Iterable[tuple[str, str]]) -> int:
    """Write files into a new folder beside it, and put that in the place of `folder`, which was made like this or is not there.

    Args:
        folder: what is replaced.
        files: path below the folder, and text; they are written one after another.

    Returns:
        How many files there are.

    Raises:
        NotOurs: the folder was not made like this; nothing was changed.
        ValueError: a path leads out of the folder, or is there twice; nothing was changed.
        OSError: something cannot be written; nothing was changed.
    """
    folder = folder.absolute()
    _check(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        number = _fill(new, files)
        new.chmod(0o755)
        _swap(folder, new)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return number


def _check(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise NotOurs(f"{folder} is no folder")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise NotOurs(f"{folder} holds {min(path.name for path in folder.iterdir())}, which no site of Tillspec's has")


def _fill(new: Path, files: Iterable[tuple[str, str]]) -> int:
    number = 0
    (new / MARK).write_text(_NOTE, encoding="utf-8")
    for name, text in files:
        path = Path(name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError(f"{name!r} leads out of the site")
        target = new / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
        number += 1
    return number


def _swap(folder: Path, new: Path) -> None:
    """Put the new folder in place of the old one; where that fails, the old one is back."""
    if not folder.exists():
        new.replace(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    old.rmdir()
    folder.replace(old)
    try:
        new.replace(folder)
    except BaseException:
        old.replace(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
