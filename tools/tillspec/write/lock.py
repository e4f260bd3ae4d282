"""The lock: digests of all that an output depends on, and of the output itself.

It lets a run with nothing to do end before anything heavy is imported, and tells a file that was edited from one that is old.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from tillspec import __version__, resources
from tillspec.request import Request

NAME = "tillspec.lock"
IGNORED_FOLDERS = frozenset({"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"})
_IGNORED_FILES = frozenset({".gitignore", ".gitattributes", ".DS_Store"})
_ROOMS = ("api", "document", "emit", "rules", "runtime", "write")
_NOTE = "Made by tillspec generate; do not edit."


@dataclass(frozen=True, slots=True)
class Lock:
    """What an output belongs to.

    Digests are SHA-256, as hex. `contract` goes by path from the root document's folder (or by URL), `outputs` by path in the
    output folder.
    """

    tillspec: str
    tool: str
    configuration: dict[str, object]
    root: str
    contract: dict[str, str]
    outputs: dict[str, str]

    def text(self) -> str:
        """The lock as it is written."""
        return json.dumps({"note": _NOTE, **asdict(self)}, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


class BrokenLock(ValueError):
    """A text that is no lock; `offset` is where that shows, in characters."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


def parse(text: str) -> Lock:
    """A lock from its text.

    Raises:
        BrokenLock: it is no lock; the message says why.
    """
    try:
        value: Any = json.loads(text)
    except ValueError as error:
        conflict = text.find("<<<<<<<")
        if conflict >= 0:
            raise BrokenLock("it holds a merge conflict", conflict) from None
        raise BrokenLock("it is no JSON", getattr(error, "pos", 0)) from None
    fields = {name: value.get(name) for name in Lock.__slots__} if isinstance(value, dict) else {}
    maps = ("configuration", "contract", "outputs")
    if not fields or not all(isinstance(fields[name], dict if name in maps else str) for name in fields):
        raise BrokenLock("it is not what tillspec writes")
    return Lock(**cast("Any", fields))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def tool_digest() -> str:
    """The digest of Tillspec itself, as far as it decides what comes out: its rooms, and the templates."""
    package = Path(__file__).resolve().parent.parent
    files = [path for room in _ROOMS for path in (package / room).rglob("*.py")]
    files += [package / name for name in ("request.py", "resources.py", "pointer.py", "source.py")]
    rows = [(path.relative_to(package).as_posix(), path) for path in files]
    templates = resources.templates()
    rows += [(f"templates/{path.relative_to(templates).as_posix()}", path) for path in templates.rglob("*.j2")]
    total = hashlib.sha256()
    for name, path in sorted(rows):
        data = path.read_bytes().replace(b"\r\n", b"\n")
        total.update(f"{name}\0{digest(data)}\n".encode())
    return total.hexdigest()


def is_current(request: Request) -> bool:
    """Whether a run would change nothing: contract, configuration, tool and every output are what the lock says."""
    try:
        lock = parse((request.out / NAME).read_text(encoding="utf-8"))
        folder = request.spec.resolve().parent
        return (
            lock.configuration == request.configuration
            and lock.tillspec == __version__
            and lock.root == request.spec.name
            and all(_is_same(folder / name, value) for name, value in lock.contract.items() if "://" not in name)
            and not any("://" in name for name in lock.contract)
            and set(present(request.out)) == {*lock.outputs, NAME}
            and all(_is_same(request.out / name, value) for name, value in lock.outputs.items())
            and lock.tool == tool_digest()
        )
    except (OSError, ValueError):
        return False


def present(folder: Path) -> list[str]:
    """The files below a folder, but for caches and the like, as paths from it."""
    if not folder.is_dir():
        return []
    found = []
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if not IGNORED_FOLDERS.intersection(parts) and path.name not in _IGNORED_FILES and not path.is_dir():
            found.append("/".join(parts))
    return sorted(found)


def made(request: Request, contract: Mapping[str, str], outputs: Mapping[str, bytes]) -> Lock:
    """The lock that belongs to these outputs."""
    digests = {name: digest(data) for name, data in outputs.items()}
    return Lock(__version__, tool_digest(), request.configuration, request.spec.name, dict(contract), digests)


def _is_same(path: Path, value: str) -> bool:
    return digest(path.read_bytes()) == value
