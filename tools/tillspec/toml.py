"""TOML as people write it for us: read with the place of a mistake, and written."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

FILL_ME = "FILL_ME"
"""What stands where a person is to write something."""

_HINT = "a text stands in quotes, and a name before =; see https://toml.io"


class Mistake(ValueError):
    """A file that cannot be used. `line` and `column` are where, counted from 1, where that is known."""

    def __init__(self, message: str, hint: str = "", line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.hint, self.line, self.column = hint, line, column


def read(text: str) -> dict[str, Any]:
    """The tables of a text.

    Raises:
        Mistake: it is no TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        why, _, told = str(error).partition(" (at ")
        found = re.findall(r"\d+", told)
        line, column = map(int, found) if found else spot(text, len(text.rstrip()))
        raise Mistake(f"this is no TOML: {why}", _HINT, line, column) from None


def spot(text: str, offset: int) -> tuple[int, int]:
    """The line and the column of an offset."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def place(text: str, key: str, begin: int = 0) -> tuple[int, int]:
    """The line and the column of a key, or of a table's header, behind an offset; of the offset itself, where it is not found."""
    found = re.compile(rf'(?m)^[ \t]*(?:\[\[?[ \t]*)?["\']?({re.escape(key)})["\']?').search(text, begin)
    return spot(text, found.start(1) if found else begin)


def written(value: str | Path | list[str]) -> str:
    """A text, or a list of texts, as TOML has it: a basic string is escaped as in JSON, but for DEL, which JSON leaves."""
    plain = value if isinstance(value, list) else str(value)
    text = json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace").decode()
    return text.replace("\x7f", "\\u007f")
