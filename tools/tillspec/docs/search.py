"""The index of the search: a script that sets one value, so that it can be loaded from a disk as well."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from tillspec.docs.text import clean

MOST_FIELDS = 40_000
"""How many fields of operations and schemas can be found by their name; beyond that those deepest down cannot."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something to be found: its title, what it is (a route, a kind), where, words that lead to it, and anchors of its fields."""

    title: str
    kind: str
    path: str
    words: str = ""
    fields: list[str] = field(default_factory=list)


def index(found: Sequence[Found]) -> str:
    """The script."""
    deepest = _deepest(found)
    rows = [
        [one.title, one.kind, one.path, one.words, " ".join(name for name in one.fields if name.count(".") <= deepest)]
        for one in found
    ]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f"window.tillspecIndex={clean(text)};\n"


def _deepest(found: Sequence[Found]) -> int:
    """How many levels of fields are indexed."""
    for deepest in range(12, 1, -1):
        if sum(name.count(".") <= deepest for one in found for name in one.fields) <= MOST_FIELDS:
            return deepest
    return 1
