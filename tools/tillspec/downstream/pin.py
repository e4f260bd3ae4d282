"""The pin of a repo's contract, `tillspec-contract.lock`: which version it was last brought to, and the digest of that."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tillspec.diagnostics import Refused, Report, printable
from tillspec.document.bundle import Bundle
from tillspec.request import Pin
from tillspec.source import Mark, Place, Position, Source, Span
from tillspec.write.plan import File

NAME = "tillspec-contract.lock"
_NOTE = "The contract that this repo is generated from. Moved by tillspec upgrade; do not edit."


@dataclass(frozen=True, slots=True)
class Pinned:
    """What the file says.

    Attributes:
        source: the settings' source that was pinned.
        version: the contract's `info.version`.
        digest: SHA-256 of the contract as one document, before overlays, as hex.
        commit: the commit that it was read from, where the source is one of git's.
    """

    source: str
    version: str
    digest: str
    commit: str = ""

    @property
    def pin(self) -> Pin:
        return Pin(self.version, self.digest)

    def text(self) -> str:
        """The file as it is written: the same pin gives the same bytes."""
        fields = {key: value for key, value in asdict(self).items() if value}
        return json.dumps({"note": _NOTE, **fields}, indent=2, ensure_ascii=False) + "\n"


def of(whole: Bundle, source: str, commit: str = "") -> Pinned:
    """The pin of a contract, as it was read and before overlays."""
    return Pinned(source, version_of(whole), digest_of(whole), commit)


def version_of(whole: Bundle) -> str:
    """A contract's `info.version` on one line, without control characters; empty where it says none."""
    info = whole.value.get("info")
    return line(str(info.get("version", ""))) if isinstance(info, dict) else ""


def line(text: str) -> str:
    """A text of a contract on one line, without what would move a terminal's cursor."""
    return printable(text.replace("\n", " "))


def digest_of(whole: Bundle) -> str:
    """SHA-256 of a contract as one document, in the order that it was written in: that order decides what is generated."""
    text = json.dumps(whole.value, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def check(whole: Bundle, pin: Pin | None, report: Report) -> None:
    """Report a contract that is not what is pinned."""
    if pin is None or digest_of(whole) == pin.digest:
        return
    version = version_of(whole)
    same = "; its text differs, though its version does not" if version == pin.version else ""
    message = f"the contract is version {version or 'unknown'}, and {pin.version or 'another'} is pinned{same}"
    hint = "tillspec upgrade shows what has changed and moves the pin; tillspec upgrade --dry-run shows it alone"
    report.error("pin-differs", message, Span(whole.span("").source, "/info/version"), hint)


def file(pin: Pinned, path: Path = Path(NAME)) -> File:
    """The pin's file: what is there, and what belongs there."""
    return File(str(path), path.read_bytes() if path.is_file() else None, pin.text().encode())


def check_source(found: Pinned | None, source: str) -> None:
    """Hold a pin to what the settings name.

    Raises:
        Refused: there is none, or it is of another source.
    """
    report = Report()
    if found is None:
        report.error(
            "pin-broken", f"{NAME} is not there: the contract is not pinned", hint="run: tillspec upgrade, which makes it"
        )
    elif found.source != source:
        message = f"{NAME} pins the contract of {found.source!r}, and tillspec.toml names {source!r}"
        report.error("pin-differs", message, hint="run: tillspec upgrade, which moves the pin")
    report.stop_on_error()


def read(path: Path = Path(NAME)) -> Pinned | None:
    """The pin in a file; None where there is none.

    Raises:
        Refused: it cannot be read, or is no pin.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        report = Report()
        message = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        report.error("pin-broken", message, hint=_HINT)
        raise Refused(report.items) from None
    return parse(text, str(path))


_HINT = "restore it from version control; tillspec upgrade makes it anew where it is removed"


def parse(text: str, name: str = NAME) -> Pinned:
    """The pin in a text; `name` is how its file is shown.

    Raises:
        Refused: it is no pin.
    """
    source = Source(name, name, text, is_json=True)
    report = Report()
    try:
        value: Any = json.loads(text)
    except ValueError as error:
        conflict = text.find("<<<<<<<")
        at = source.at(conflict) if conflict >= 0 else Position(*_place(error))
        message = "it holds a merge conflict" if conflict >= 0 else f"it is no JSON: {getattr(error, 'msg', error)}"
        hint = "take one side, then run: tillspec upgrade" if conflict >= 0 else _HINT
        report.error("pin-broken", message, Mark(source, at), hint)
        raise Refused(report.items) from None
    _check(value, source, report)
    report.stop_on_error()
    return Pinned(value["source"], value["version"], value["digest"], value.get("commit", ""))


def _place(error: ValueError) -> tuple[int, int]:
    return getattr(error, "lineno", 1), getattr(error, "colno", 1)


def _check(value: Any, source: Source, report: Report) -> None:
    """Report what a pin must have and has not, or has and must not."""
    if not isinstance(value, dict):
        report.error("pin-broken", "it is no object", Mark(source, Position(1, 1)), _HINT)
        return
    for key in value:
        if key not in ("note", *Pinned.__slots__):
            report.error("pin-broken", f"{key!r} is not known", Span(source, f"/{key}", key=True), _HINT)
    for key in Pinned.__slots__:
        found = value.get(key, "" if key == "commit" else None)
        place: Place = Span(source, f"/{key}") if key in value else Mark(source, Position(1, 1))
        if not isinstance(found, str) or not found.isprintable():
            report.error("pin-broken", f"{key} is missing, or no text", place, _HINT)
        elif key in ("digest", "commit") and (found.strip("0123456789abcdef") or (key == "digest" and len(found) != 64)):
            report.error("pin-broken", f"{key} is no digest", place, _HINT)
