"""Files by reference: the root document, and whatever its references name and the user allows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from tillspec.diagnostics import Report
from tillspec.document.read import read
from tillspec.source import Place, Source


class Files:
    """Where files are read from: the disk, if nothing else is said."""

    def read(self, path: Path) -> bytes:
        """The bytes of a file.

        Raises:
            OSError: it cannot be read.
        """
        return path.read_bytes()

    def shown(self, path: Path) -> str:
        """A path as people read it."""
        return shown(path)


DISK = Files()


@dataclass
class Document:
    """The root of a description, and every file read for it so far, by URI.

    `allowed` holds what the user allowed by name: folders, files and URLs (and what lies below them) outside the root's folder.
    """

    root: Source
    allowed: tuple[str, ...] = ()
    sources: dict[str, Source | None] = field(default_factory=dict)
    files: Files = DISK

    def follow(self, base: Source, reference: str, place: Place, report: Report) -> Source | None:
        """The source that a reference (without its fragment) leads to from `base`; None where that was reported as wrong."""
        if not reference:
            return base
        uri = resolve_uri(base.uri, reference)
        if uri not in self.sources:
            self.sources[uri] = self._open(uri, reference, place, report) if self._is_allowed(uri, place, report) else None
        return self.sources[uri]

    def _is_allowed(self, uri: str, place: Place, report: Report) -> bool:
        if is_url(uri):
            if any(uri == name or uri.startswith(name.rstrip("/") + "/") for name in self.allowed if is_url(name)):
                return True
            hint = f"if that is meant, allow it by name: --allow {uri}"
            report.error("ref-refused", f"{uri} is on the network", place, hint)
            return False
        folders = [Path(self.root.uri).parent, *(Path(name).resolve() for name in self.allowed if not is_url(name))]
        target = Path(uri).resolve()
        if any(target == folder or folder in target.parents for folder in folders):
            return True
        hint = f"if that is meant, allow it by name: --allow {os.path.relpath(target.parent)}"
        report.error("ref-refused", f"{shown(target)} lies outside the folder of {self.root.name}", place, hint)
        return False

    def _open(self, uri: str, reference: str, place: Place, report: Report) -> Source | None:
        if is_url(uri):
            return _fetch(uri, place, report)
        try:
            data = self.files.read(Path(uri))
        except OSError as error:
            report.error(
                "file-missing", f"{reference} cannot be read: {error.strerror or error}", place, _beside(Path(uri), reference)
            )
            return None
        return read(self.files.shown(Path(uri)), uri, data, report)


def load(path: Path, allowed: Iterable[str], report: Report, files: Files = DISK) -> Document | None:
    """Read the root document of a description; None, with the reason reported, where it cannot be read."""
    root = open_file(path, report, "name the root document, such as spec/openapi.yaml", files)
    return Document(root, tuple(allowed), {root.uri: root}, files) if root else None


def open_file(path: Path, report: Report, hint: str, files: Files = DISK) -> Source | None:
    """Read a file that the user named; None, with the reason and a hint reported, where it cannot be read."""
    try:
        data = files.read(path)
    except OSError as error:
        report.error("file-missing", f"{path} cannot be read: {error.strerror or error}", hint=hint)
        return None
    return read(files.shown(path), str(path.resolve()), data, report)


def resolve_uri(base: str, reference: str) -> str:
    """A reference without its fragment, made absolute against a path or a URL."""
    if is_url(reference):
        return reference
    if is_url(base):
        return urljoin(base, reference)
    if urlsplit(reference).scheme == "file":
        reference = urlsplit(reference).path
    return os.path.normpath(Path(base).parent / unquote(reference))


def is_url(text: str) -> bool:
    """Whether a URI leads to the network."""
    return text.startswith(("http://", "https://"))


def shown(path: Path) -> str:
    """A path as people read it: from the working directory when it lies below it."""
    resolved, here = path.resolve(), Path.cwd()
    return resolved.relative_to(here).as_posix() if here in resolved.parents else str(path)


def _beside(path: Path, reference: str) -> str:
    """A file of nearly that name in the folder, or else how references go."""
    try:
        close = get_close_matches(path.name, sorted(item.name for item in path.parent.iterdir()), n=1)
    except OSError:
        close = []
    folder = reference.rpartition("/")[0]
    return (
        f"did you mean {folder}/{close[0]}?".replace(" /", " ") if close else "a reference goes from the file that it stands in"
    )


def _fetch(uri: str, place: Place, report: Report) -> Source | None:
    import httpx  # only a description that refers to the network pays for it

    try:
        answer = httpx.get(uri, timeout=10.0, follow_redirects=False)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        hint = "try it in a browser; it must answer 200, without a redirect"
        report.error("file-missing", f"{uri} cannot be fetched: {str(error).splitlines()[0]}", place, hint)
        return None
    return read(uri, uri, answer.content, report)
