"""Released contracts: each the whole contract as one file, with the day and a digest, and never changed again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tillspec.compat.compare import Comparison, compare
from tillspec.compat.contracts import contract
from tillspec.compat.versions import dated, semantic
from tillspec.document.bundle import Bundle

CONTRACT, RECORD = "openapi.json", "release.json"
VERSION_RULES = ("version-not-moved", "version-moved-too-little", "version-went-back")


@dataclass(frozen=True, slots=True)
class Release:
    """A contract as it was released."""

    version: str
    day: date
    digest: str
    folder: Path

    @property
    def contract(self) -> Path:
        return self.folder / CONTRACT


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a released contract, and what to do."""

    message: str
    hint: str


def releases(folder: Path) -> list[Release]:
    """All releases whose records can be read, the oldest first."""
    found = [release for path in _folders(folder) if isinstance(release := _record(path), Release)]
    return sorted(found, key=lambda one: (one.day, _order(one.version)))


def problems(folder: Path) -> Iterator[Problem]:
    """What is wrong with the releases in a folder: what was changed, is missing, or was put beside them."""
    for path in _folders(folder):
        release = _record(path)
        if isinstance(release, Problem):
            yield release
            continue
        strangers = sorted(item.name for item in path.iterdir() if item.name not in (CONTRACT, RECORD))
        for name in strangers:
            yield Problem(f"{path / name} is no part of the release", f"remove it: {path} holds {CONTRACT} and {RECORD} alone")
        if not release.contract.is_file():
            yield Problem(f"{release.contract} is missing", _restore(path))
        elif digest(release.contract.read_bytes()) != release.digest:
            yield Problem(f"{release.contract} was changed after its release", _restore(path))


def _restore(path: Path) -> str:
    return f"restore it: git checkout -- {path}; what is to change is released under a new version"


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _record(path: Path) -> Release | Problem:
    file = path / RECORD
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        release = Release(str(value["version"]), date.fromisoformat(value["day"]), str(value["sha256"]), path)
    except OSError as error:
        return Problem(f"{file} cannot be read: {error.strerror or error}", _restore(path))
    except (ValueError, KeyError, TypeError):
        return Problem(f"{file} is no record of a release", _restore(path))
    if release.version != path.name:
        return Problem(f"{file} is the record of {release.version}, and lies in {path.name}", _restore(path))
    return release


def _order(version: str) -> tuple[object, ...]:
    numbers, day = semantic(version), dated(version)
    return (1, numbers[0]) if numbers else (0, (day[0].toordinal(), 0, 0)) if day else (2, (0, 0, 0))


def digest(data: bytes) -> str:
    """SHA-256, as hex."""
    return hashlib.sha256(data).hexdigest()


def since(folder: Path, today: Bundle, day: date) -> Comparison | None:
    """What changed since the newest release; None where there is none."""
    known = releases(folder)
    return compare(contract(str(known[-1].contract)), today, day) if known else None


def files(whole: Bundle, day: date) -> dict[str, str]:
    """The files of a release, by name.

    Raises:
        ValueError: the contract's version cannot be the name of a folder.
    """
    info = whole.value.get("info")
    version = str(info.get("version", "")) if isinstance(info, dict) else ""
    if (
        not version
        or version != version.strip(". ")
        or not all(char.isascii() and (char.isalnum() or char in "._+-") for char in version)
    ):
        raise ValueError(f"the version {version!r} cannot name a folder")
    text = json.dumps(whole.value, ensure_ascii=False, indent=1) + "\n"
    record = {"version": version, "day": day.isoformat(), "sha256": digest(text.encode())}
    return {f"{version}/{CONTRACT}": text, f"{version}/{RECORD}": json.dumps(record, indent=1) + "\n"}
