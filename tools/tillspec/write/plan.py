"""What a run would do to the output folder, and doing it: all of it or nothing."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tillspec.diagnostics import Report
from tillspec.request import Request
from tillspec.source import Mark, Source
from tillspec.write import lock as locks


class Status(StrEnum):
    """What a run would do with a file; a stale one is removed."""

    CREATED = "created"
    UPDATED = "updated"
    SAME = "same"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class File:
    """A file of the output folder: what is there (None where nothing is), what belongs there, and whether somebody edited it."""

    path: str
    before: bytes | None
    after: bytes | None
    edited: bool = False

    @property
    def status(self) -> Status:
        if self.after is None:
            return Status.STALE
        if self.before is None:
            return Status.CREATED
        return Status.SAME if self.before == self.after else Status.UPDATED

    def diff(self, most: int = 24) -> str:
        """The first lines of what would change."""
        old, new = ((data or b"").decode("utf-8", "replace").splitlines() for data in (self.before, self.after))
        rows = list(difflib.unified_diff(old, new, f"{self.path} (is)", f"{self.path} (should be)", lineterm="", n=1))
        more = f"\n  … {len(rows) - most} more lines" if len(rows) > most else ""
        return "\n".join(row[:160] for row in rows[:most]) + more


@dataclass(frozen=True, slots=True)
class Plan:
    """The files of a run by path, and those in the folder that were never generated."""

    folder: Path
    files: tuple[File, ...]
    foreign: tuple[str, ...]

    def of(self, status: Status) -> list[File]:
        return [file for file in self.files if file.status is status]

    @property
    def changes(self) -> list[File]:
        return [file for file in self.files if file.status is not Status.SAME]


def plan(
    request: Request, outputs: Mapping[str, bytes], contract: Mapping[str, str], report: Report, *, force: bool = False
) -> Plan:
    """Compare what was made with what is there. A lock that cannot be read is reported, unless `force` makes light of it."""
    after = {**outputs, locks.NAME: locks.made(request, contract, outputs).text().encode()}
    folder = request.out
    if folder.exists() and not folder.is_dir():
        report.error("output-unwritable", f"{folder} is a file", hint="name a folder with --out")
        return Plan(folder, (), ())
    there = set(locks.present(folder))
    before = {path: (folder / path).read_bytes() for path in there & after.keys()}
    known = _known(folder, set(after), report, force)
    files = []
    for path, data in sorted(after.items()):
        found = before.get(path)
        edited = found is not None and found != data and path in known and known[path] not in ("", locks.digest(found))
        files.append(File(path, found, data, edited))
    for path in sorted(there & known.keys() - after.keys()):
        found = (folder / path).read_bytes()
        files.append(File(path, found, None, known[path] not in ("", locks.digest(found))))
    mine = known.keys() | {path for path in before if before[path] == after[path]}
    return Plan(folder, tuple(files), tuple(sorted(there - mine)))


def _known(folder: Path, planned: set[str], report: Report, force: bool) -> dict[str, str]:
    """The files that an earlier run made, and their digests (empty where that is not known)."""
    path = folder / locks.NAME
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    try:
        return {locks.NAME: "", **locks.parse(text).outputs}
    except locks.BrokenLock as error:
        if not force:
            source = Source(str(path), str(path), text)
            hint = "restore it from version control, or write everything anew with --force"
            report.error("lock-broken", f"{path} cannot be read: {error}", Mark(source, source.at(error.offset)), hint)
        return dict.fromkeys(planned, "")


def check_owned(plan: Plan, report: Report, *, force: bool = False) -> None:
    """Report what a run would destroy: files that were never generated, and generated ones that somebody edited."""
    for path in plan.foreign[:10]:
        hint = "move it away, or generate into a folder of its own with --out"
        report.error("output-foreign", f"{plan.folder / path} was not generated", hint=hint)
    if len(plan.foreign) > 10:
        report.error("output-foreign", f"… and {len(plan.foreign) - 10} more files in {plan.folder}")
    for file in plan.files:
        if file.edited and not force:
            hint = "make the change in the contract or in your own code; --force overwrites the file"
            report.error("output-edited", f"{plan.folder / file.path} was edited by hand", hint=hint)


def missing(folder: Path, files: Mapping[str, str]) -> Plan:
    """The plan that makes those of the user's own files that are not there yet; what is there is never touched."""
    new = [File(path, None, text.encode()) for path, text in sorted(files.items()) if not os.path.lexists(folder / path)]
    return Plan(folder, tuple(new), ())


def apply(plans: Sequence[Plan], report: Report) -> None:
    """Do what plans say. Each file appears whole; when one cannot be written, all are put back as they were."""
    folders = [folder for plan in plans for folder in (plan.folder, *plan.folder.parents) if not folder.exists()]
    done: list[tuple[Path, File]] = []
    try:
        for plan in plans:
            for file in plan.changes:
                done.append((plan.folder, file))
                _put(plan.folder / file.path, file.after)
    except BaseException as error:
        _put_back(done, folders)
        if not isinstance(error, OSError):
            raise
        message = f"{error.filename or plans[0].folder} cannot be written: {error.strerror or error}; nothing was changed"
        report.error("output-unwritable", message, hint="look at the folder's owner and free space, or choose another")
        return
    for plan in plans:
        _remove_empty(plan.folder, [file.path for file in plan.of(Status.STALE)])


def _put_back(files: list[tuple[Path, File]], folders: list[Path]) -> None:
    """Make files what they were before, and remove the folders that were made for them."""
    for folder, file in reversed(files):
        path = folder / file.path
        if (path.read_bytes() if path.is_file() else None) != file.before:
            _put(path, file.before)
        if file.before is None:
            _remove_empty(folder, [file.path])
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _put(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


def _remove_empty(folder: Path, paths: list[str]) -> None:
    for path in paths:
        for parent in _parents(folder, folder / path):
            leftovers = list(parent.iterdir()) if parent.is_dir() else [parent]
            if all(item.name in locks.IGNORED_FOLDERS for item in leftovers):
                for item in leftovers:
                    for cached in item.iterdir():
                        cached.unlink()
                    item.rmdir()
                parent.rmdir()


def _parents(folder: Path, path: Path) -> Iterator[Path]:
    for parent in path.parents:
        if parent == folder:
            return
        yield parent
