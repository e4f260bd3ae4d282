"""The page's style and script, which are files of the package."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent / "static"
_TYPES: Final[Mapping[str, str]] = {"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Static:
    """A file as it is served. `version` goes with its content."""

    content: bytes
    media_type: str
    version: str


@cache
def static(name: str) -> Static | None:
    """The file of a name, if it is one of the page's."""
    media_type = _TYPES.get(name)
    if media_type is None:
        return None
    content = (FOLDER / name).read_bytes()
    return Static(content, media_type, hashlib.sha256(content).hexdigest()[:16])
