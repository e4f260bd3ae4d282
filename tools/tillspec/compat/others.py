"""Keywords of which a machine only tells whether they are there, and whether they are the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tillspec.compat.change import Finding, canonical
from tillspec.compat.side import Side
from tillspec.compat.view import ANNOTATIONS, OTHER_WORDS, View
from tillspec.pointer import Pointer

_DEEPEST = 12


def others(old: Side, new: Side, before: View, after: View, word: str) -> Iterator[Finding]:
    """What is found of conditions such as `not`, `if`, `contains` and `dependentRequired`."""
    for keyword in OTHER_WORDS:
        one, other = before.where.get(keyword), after.where.get(keyword)
        if one is None and other is None:
            continue
        said = [canonical(plain(side, side.at(at))) if at else "" for side, at in ((old, one), (new, other))]
        if said[0] == said[1]:
            continue
        event = "tightened" if one is None else "loosened" if other is None else "changed"
        words = f"`{keyword}` is {'new' if one is None else 'gone' if other is None else 'another'}"
        where = one or before.spot, other or after.spot
        yield Finding(f"{word}-constraint-{event}", words, f"{keyword} {said[0]} {said[1]}", *where)


def plain(side: Side, value: Any, deep: int = 0) -> Any:
    """A schema as a value by itself: references unfolded as far as a person would, without what constrains nothing."""
    if deep > _DEEPEST:
        return "…"
    if isinstance(value, dict):
        target = _target(value)
        if target is not None:
            return plain(side, side.at(side.follow(target)), deep + 1)
        kept = {key: item for key, item in value.items() if key not in ANNOTATIONS and not key.startswith("x-")}
        return {key: _sorted(plain(side, item, deep + 1)) if key in ("required", "enum") else plain(side, item, deep + 1)
                for key, item in kept.items()}  # fmt: skip
    return [plain(side, item, deep + 1) for item in value] if isinstance(value, list) else value


def _sorted(values: Any) -> Any:
    return sorted(values, key=canonical) if isinstance(values, list) else values


def _target(value: dict[str, Any]) -> Pointer | None:
    reference = value.get("$ref")
    return reference[1:] if isinstance(reference, str) and reference.startswith("#") else None
