"""Keywords of which a machine only tells whether they are there, and whether they are the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tillspec.compat.change import Finding, canonical, quoted
from tillspec.compat.flatten import target_of
from tillspec.compat.side import Side
from tillspec.compat.view import ANNOTATIONS, OTHER_WORDS, View
from tillspec.pointer import Pointer

_DEEPEST = 12
_MOST = 5_000


def others(old: Side, new: Side, before: View, after: View, word: str) -> Iterator[Finding]:
    """What is found of conditions such as `not`, `if`, `contains` and `dependentRequired`."""
    yield from _patterns(before, after, word)
    for keyword in OTHER_WORDS:
        one, other = (view.at(keyword) if keyword in view.where else None for view in (before, after))
        if one is None and other is None:
            continue
        said = [canonical(_said(side, keyword, at)) if at else "" for side, at in ((old, one), (new, other))]
        if said[0] == said[1]:
            continue
        event = "tightened" if one is None else "loosened" if other is None else "changed"
        words = f"`{keyword}` is {'new' if one is None else 'gone' if other is None else 'another'}"
        where = one or before.spot, other or after.spot
        yield Finding(f"{word}-constraint-{event}", words, f"{keyword} {said[0]} {said[1]}", *where)


def _patterns(before: View, after: View, word: str) -> Iterator[Finding]:
    """Patterns of properties that one side has: they restrict an open object, and let more into a closed one."""
    for pattern in sorted(before.by_pattern.keys() ^ after.by_pattern.keys()):
        is_new = pattern in after.by_pattern
        closed = before.closed if is_new else after.closed
        event = "tightened" if is_new != closed else "loosened"
        words = f"the pattern of properties {quoted(pattern)} is {'new' if is_new else 'gone'}"
        where = before.at("patternProperties"), after.at("patternProperties")
        yield Finding(f"{word}-constraint-{event}", words, f"patternProperties {pattern} {is_new}", *where)


def _said(side: Side, keyword: str, at: Pointer) -> Any:
    """What a keyword says; `if` together with `then` and `else`, which mean nothing without it."""
    words = (keyword,) if keyword != "if" else ("if", "then", "else")
    unfolding = _Unfolding(side)
    return [unfolding.plain(side.at(f"{at.rpartition('/')[0]}/{word}")) for word in words]


class _Unfolding:
    """Makes schemas values by themselves: references unfolded as far as a person would, without what constrains nothing."""

    def __init__(self, side: Side) -> None:
        self.side, self.left = side, _MOST

    def plain(self, value: Any, deep: int = 0) -> Any:
        self.left -= 1
        if deep > _DEEPEST or self.left < 0:
            return "…"
        if isinstance(value, dict):
            target = target_of(value)
            if target is not None:
                return self.plain(self.side.at(self.side.follow(target)), deep + 1)
            kept = {key: item for key, item in value.items() if key not in ANNOTATIONS and not key.startswith("x-")}
            plain = {key: self.plain(item, deep + 1) for key, item in kept.items()}
            return {key: _sorted(item) if key in ("required", "enum") else item for key, item in plain.items()}
        return [self.plain(item, deep + 1) for item in value] if isinstance(value, list) else value


def _sorted(values: Any) -> Any:
    return sorted(values, key=canonical) if isinstance(values, list) else values
