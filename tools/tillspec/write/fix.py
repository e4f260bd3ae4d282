"""Edits to the files that a person wrote: by position, so that everything else stays byte for byte."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tillspec.diagnostics import Edit
from tillspec.source import Source

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


def fix(edits: Iterable[Edit]) -> list[Path]:
    """Carry edits out; edits that overlap, and files of the network, are left. The files that were written.

    Raises:
        OSError: a file cannot be written.
    """
    by_source: dict[Source, set[tuple[int, int, str]]] = defaultdict(set)
    for edit in edits:
        if "://" not in edit.source.uri:
            by_source[edit.source].add((edit.begin, edit.end, edit.text))
    written = []
    for source, changes in by_source.items():
        path = Path(source.uri)
        path.write_bytes(fixed(source, sorted(changes)).encode("utf-8"))
        written.append(path)
    return written


def fixed(source: Source, changes: list[tuple[int, int, str]]) -> str:
    """The text of the file with the changes, given by their offsets in the source, the last one first."""
    text = source.data.decode("utf-8")
    begins = [match.start() for match in _LINE.finditer(text)]
    begins[0] += text.startswith("\ufeff")
    end = len(source.text) + 1
    for begin, stop, new in reversed(changes):
        if stop > end:
            continue
        end = begin
        first, last = (_offset(source, begins, offset) for offset in (begin, stop))
        text = text[:first] + new + text[last:]
    return text


def _offset(source: Source, begins: list[int], offset: int) -> int:
    """Where a character of a source stands in its file, which may have a mark at its begin and other ends of lines."""
    line, column = source.at(offset)
    return begins[line - 1] + column - 1
