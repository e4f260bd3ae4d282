"""Where a repo's contract is: in the installed package, which holds every release, in a file, or at a commit of git."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from tillspec import resources
from tillspec.diagnostics import Refused, Report
from tillspec.document.load import open_file
from tillspec.downstream.pin import Pinned
from tillspec.downstream.settings import PACKAGED

_ROOT, _RELEASED = "openapi.yaml", "released"


@dataclass(frozen=True, slots=True)
class Opened:
    """A contract that can be read: its root document, and the commit that it is of."""

    root: Path
    commit: str = ""


@contextmanager
def pinned(source: str, pin: Pinned | None) -> Iterator[Opened]:
    """The contract that is pinned, as far as the source still has it: else what the source has now.

    Raises:
        Refused: there is none.
    """
    kept = pin if pin is not None and pin.source == source else None
    if source == PACKAGED:
        yield Opened(releases().get(kept.version if kept else newest(), _current()))
    else:
        yield Opened(Path(source))


@contextmanager
def present(source: str, version: str = "") -> Iterator[Opened]:
    """The contract that the source has now: of the package the newest release, or the one of a version.

    Raises:
        Refused: there is none, or none of the version.
    """
    if source == PACKAGED:
        yield Opened(_release(version or newest()))
    else:
        yield Opened(Path(source))


def releases() -> dict[str, Path]:
    """The packaged contract's releases by their version, the oldest first."""
    folder = resources.spec() / _RELEASED
    found = {path.parent.name: path for path in folder.glob("*/openapi.json")} if folder.is_dir() else {}
    return {version: found[version] for version in sorted(found, key=order)}


def newest() -> str:
    """The version of the packaged contract's newest release; of the contract itself where nothing is released."""
    return next(reversed(releases()), "") or _current_version()


def order(version: str) -> tuple[object, ...]:
    """A key that sorts versions: by number (`1.10.0` after `1.9.0`, and dates), a release after its candidates (`1.0.0-rc.1`)."""
    release, _, before = version.partition("-") if re.match(r"v?\d+\.", version) else (version, "", "")
    numbers = tuple(int(part) for part in re.findall(r"\d+", release))
    parts = tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in before.split(".") if part)
    return numbers, not before, parts, version


def _release(version: str) -> Path:
    known = releases()
    if version in known:
        return known[version]
    if version == _current_version():
        return _current()
    close = get_close_matches(version, known, n=1)
    listed = ", ".join(dict.fromkeys([*known, _current_version()]))
    hint = f"did you mean {close[0]}?" if close else f"this tillspec has {listed}; a newer one may have more"
    report = Report()
    report.error("file-missing", f"no release of the contract has the version {version!r}", hint=hint)
    raise Refused(report.items)


def _current() -> Path:
    return resources.spec() / _ROOT


def _current_version() -> str:
    report = Report()
    root = open_file(_current(), report, "install tillspec again")
    report.stop_on_error()
    info = root.value.get("info") if root and isinstance(root.value, dict) else None
    return str(info.get("version", "")) if isinstance(info, dict) else ""
