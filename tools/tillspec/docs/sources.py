"""What a site is made of besides the contract: guide pages, figures, scenarios and changelogs, as files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tillspec.diagnostics import Report
from tillspec.docs.options import Document, Entry
from tillspec.document.load import open_file


def documents(paths: Iterable[Path], report: Report) -> tuple[Document, ...]:
    """Pages of Markdown: files, and all `*.md` of folders. Each is named by its first heading, else by its file.

    What cannot be read is reported.
    """
    found: dict[str, Document] = {}
    files = [file for path in paths for file in (sorted(path.glob("*.md")) if path.is_dir() else [path])]
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            report.error(
                "file-missing",
                f"{file} cannot be read: {getattr(error, 'strerror', None) or error}",
                hint="name a file of Markdown",
            )
            continue
        first = text.lstrip().partition("\n")[0]
        name = first[2:].strip() if first.startswith("# ") and first[2:].strip() else file.stem
        if name in found:
            name = f"{name} ({file.stem})"
        found[name] = Document(name, text, file.as_posix())
    return tuple(found.values())


def scenarios(spec: Path, named: tuple[Path, ...], report: Report) -> tuple[dict[str, object], ...]:
    """Arazzo documents: those that are named, else the `*.arazzo.*` in `scenarios/` beside the contract."""
    folder = spec.resolve().parent / "scenarios"
    paths = named or tuple(sorted((*folder.glob("*.arazzo.yaml"), *folder.glob("*.arazzo.yml"), *folder.glob("*.arazzo.json"))))
    found = []
    for path in paths:
        source = open_file(path, report, "name an Arazzo document")
        value = source.value if source is not None else None
        if isinstance(value, dict) and isinstance(value.get("workflows"), list):
            found.append(value)
        elif source is not None:
            report.error("structure", f"{path} is no Arazzo document: it has no workflows", hint="name another with --scenarios")
    return tuple(found)


def script(path: Path, report: Report) -> str:
    """The text of a script that is given; what is none, or no text, is reported."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        text = ""
        hint = "name dist/browser/standalone.js of the package @scalar/api-reference"
        report.error("file-missing", f"{path} cannot be read: {getattr(error, 'strerror', None) or error}", hint=hint)
    return text


def changelog(path: Path, report: Report) -> tuple[Entry, ...]:
    """What `tillspec changelog --format json` printed: one object for each version, the newest first, or one alone."""
    source = open_file(path, report, "make it with: tillspec changelog --format json")
    if source is None:
        return ()
    versions = source.value if isinstance(source.value, list) else [source.value]
    try:
        return tuple(entry for version in versions for entry in _entries(version))
    except (KeyError, TypeError, ValueError, AttributeError):
        report.error("structure", f"{path} is no changelog", hint="make it with: tillspec changelog --format json")
        return ()


def _entries(version: Any) -> Iterator[Entry]:
    for one in version["entries"]:
        yield Entry(
            version=str(version["new"]), text=str(one["sentence"]), kind=str(one["heading"]), breaking=one["breaking"] is True,
            operations=tuple(map(str, one.get("operations", ()))), date=str(version.get("day") or version.get("date") or ""),
        )  # fmt: skip


def released(folder: Path) -> list[tuple[str, str, Path]]:
    """The contracts of released versions, the oldest first: name, day and root document.

    Each stands in a folder of its own, which is named after its version, as `openapi.json` (or `.yaml`); `release.json` beside it
    says the day.
    """
    found = []
    for version in sorted(folder.iterdir()) if folder.is_dir() else ():
        root = next((file for name in ("json", "yaml", "yml") if (file := version / f"openapi.{name}").is_file()), None)
        if root is not None:
            found.append((version.name, _day(version / "release.json"), root))
    return sorted(found, key=lambda one: (one[1], [int(part) if part.isdigit() else 0 for part in one[0].split(".")], one[0]))


def _day(file: Path) -> str:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        return str(value.get("day", ""))
    except (OSError, ValueError, AttributeError):
        return ""
