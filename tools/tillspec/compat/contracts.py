"""The two contracts that a user names: files, folders, and files of a revision in git."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tillspec.compat.revisions import NoRevision, Revision
from tillspec.diagnostics import Refused, Report
from tillspec.document.bundle import Bundle
from tillspec.document.grammar import walk
from tillspec.document.load import DISK, Files
from tillspec.document.whole import read_whole
from tillspec.rules.unfolding import unfolding

Contract = Bundle
"""A contract as one document."""

DEFAULT = "spec/openapi.yaml"
_ROOTS = ("openapi.yaml", "openapi.yml", "openapi.json")
_GIT = "git:"


def contract(named: str, beside: str = DEFAULT, allowed: Sequence[str] = ()) -> Contract:
    """A contract as one document.

    Args:
        named: a file; a folder with an `openapi.yaml`; `git:REF`, for the same path in that revision; or `git:REF:path`, from the
            repository's root.
        beside: the other contract, which `git:REF` takes its path from.
        allowed: folders, files and URLs outside the contract's own folder that references may lead to.

    Raises:
        Refused: it cannot be read or resolved; all reasons are told.
    """
    report = Report()
    try:
        path, files = _where(named, beside)
    except NoRevision as error:
        report.error("file-missing", f"{named} cannot be read: {error}", hint=error.hint)
        raise Refused(report.items) from None
    made = read_whole(path, allowed, report, files)
    report.items += unfolding(made, walk("openapi", made.value, ""))
    report.stop_on_error()
    return made


def _where(named: str, beside: str) -> tuple[Path, Files]:
    if not named.startswith(_GIT):
        return _root(Path(named)), DISK
    name, _, inside = named.removeprefix(_GIT).partition(":")
    if not name:
        raise NoRevision("no revision is named", "name one, such as git:main, git:v1.2.0 or git:HEAD~1:spec/openapi.yaml")
    if inside:
        revision = Revision.of(name, Path.cwd())
        return revision.root / inside, revision
    other = DEFAULT if beside.startswith(_GIT) else beside
    path = _root(Path(other)).resolve()
    return path, Revision.of(name, path)


def _root(path: Path) -> Path:
    """The root document: of a folder the one that is there."""
    if not path.is_dir():
        return path
    return next((path / name for name in _ROOTS if (path / name).is_file()), path / _ROOTS[0])
