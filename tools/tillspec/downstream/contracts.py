"""Where a repo's contract is: in the installed package, which holds every release, in a file, or at a commit of git."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from tillspec import resources
from tillspec.compat.released import Release, releases
from tillspec.compat.revisions import NoRevision, Revision
from tillspec.diagnostics import Refused, Report
from tillspec.document.load import open_file
from tillspec.document.whole import read_whole
from tillspec.downstream.pin import Pinned
from tillspec.downstream.settings import PACKAGED
from tillspec.write.whole import put, scratch

_ROOT, _RELEASED, _GIT = "openapi.yaml", "released", "git:"


@dataclass(frozen=True, slots=True)
class Opened:
    """A contract that can be read while it is open: its root document, and the commit that it is of."""

    root: Path
    commit: str = ""


@contextmanager
def pinned(source: str, pin: Pinned | None, allowed: tuple[str, ...] = ()) -> Iterator[Opened]:
    """The contract that is pinned, as far as the source still has it: else what the source has now.

    Raises:
        Refused: there is none.
    """
    kept = pin if pin is not None and pin.source == source else None
    if source == PACKAGED and kept is not None:
        yield Opened(next((one.contract for one in _releases() if one.version == kept.version), _current()))
    else:
        with present(source, commit=kept.commit if kept else "", allowed=allowed) as opened:
            yield opened


@contextmanager
def present(source: str, *, version: str = "", commit: str = "", allowed: tuple[str, ...] = ()) -> Iterator[Opened]:
    """The contract that a source has now.

    Args:
        source: as in `Settings`.
        version: of the package, the release that is wanted; the newest where it is empty.
        commit: of git, the commit that is read in place of what the source names.
        allowed: as in `Settings`.

    Raises:
        Refused: there is none, or none of the version.
    """
    if source == PACKAGED:
        yield Opened(_release(version))
    elif source.startswith(_GIT):
        with scratch() as folder:
            yield _copied(source, commit, allowed, folder)
    else:
        yield Opened(Path(source))


def _releases() -> list[Release]:
    return releases(resources.spec() / _RELEASED)


def _current() -> Path:
    """The packaged contract as it stands, which may be of no release yet."""
    return resources.spec() / _ROOT


def _release(version: str) -> Path:
    """The root document of a release; of the newest where none is named, and of what stands there where nothing was released."""
    known = {one.version: one.contract for one in _releases()}
    if not version:
        return next(reversed(known.values()), _current())
    now = _version_of(_current())
    if version not in known and version != now:
        close = get_close_matches(version, known, n=1)
        listed = ", ".join(dict.fromkeys([*known, now]))
        hint = f"did you mean {close[0]}?" if close else f"this tillspec has {listed}; a newer one may have more"
        _refuse(f"no release of the contract has the version {version!r}", hint)
    return known.get(version, _current())


def _version_of(root: Path) -> str:
    report = Report()
    source = open_file(root, report, "install tillspec again")
    report.stop_on_error()
    info = source.value.get("info") if source and isinstance(source.value, dict) else None
    return str(info.get("version", "")) if isinstance(info, dict) else ""


def _copied(source: str, commit: str, allowed: tuple[str, ...], folder: Path) -> Opened:
    """The files of a contract at a commit, in a folder, where every command can read them.

    Where some lie elsewhere in the repository, as settings may allow, the contract is there as one document: what is allowed by
    name is not in the folder.
    """
    name, _, inside = source.removeprefix(_GIT).partition(":")
    if not name or not inside:
        _refuse(f"{source!r} names no file of a revision", 'write it as git:REF:path, such as "git:v1.4.0:spec/openapi.yaml"')
    try:
        revision = Revision.of(commit or name, Path.cwd())
    except NoRevision as error:
        _refuse(f"{source} cannot be read: {error}", error.hint)
    report = Report()
    made = read_whole(revision.root / inside, allowed, report, revision)
    above = (revision.root / inside).parent
    read = made.sources
    if not all(Path(one.uri).is_relative_to(above) for one in read):
        put(folder / "openapi.json", json.dumps(made.value, ensure_ascii=False, indent=1) + "\n")
        return Opened(folder / "openapi.json", revision.commit)
    for one in read:
        put(folder / Path(one.uri).relative_to(revision.root), one.data.decode("utf-8"))
    return Opened(folder / inside, revision.commit)


def _refuse(message: str, hint: str) -> NoReturn:
    report = Report()
    report.error("file-missing", message, hint=hint)
    raise Refused(report.items)
