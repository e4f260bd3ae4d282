"""A description as one document: loaded, and its references resolved, or all that keeps it from that."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tillspec.diagnostics import Report
from tillspec.document.bundle import Bundle, bundle
from tillspec.document.load import DISK, Files, load


def read_whole(path: Path, allowed: Iterable[str], report: Report, files: Files = DISK) -> Bundle:
    """The document that begins in a file, whole.

    Args:
        path: the root document.
        allowed: folders, files and URLs outside its folder that references may lead to.
        report: takes what is noted on the way.
        files: where files are read from.

    Raises:
        Refused: it cannot be read or resolved; all reasons are told.
    """
    document = load(path, allowed, report, files)
    report.stop_on_error()
    assert document
    made = bundle(document, report)
    report.stop_on_error()
    assert made
    return made
