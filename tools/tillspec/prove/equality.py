"""Equality of JSON values (JSON Schema core, section 4.2.2), and the stricter one of what is written and read back."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any


def key(value: Any) -> Hashable:
    """Equal for equal JSON values alone: 1 is 1.0, and not true; the order of properties means nothing."""
    match value:
        case bool() | None:
            return (value is None, value)
        case int():
            return value
        case float():
            return int(value) if value.is_integer() else value
        case str():
            return value
        case list():
            return ("[", *map(key, value))
        case _:
            return ("{", frozenset((name, key(item)) for name, item in value.items()))


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same."""
    return key(one) == key(other)


def written_alike(sent: Any, back: Any) -> bool:
    """Whether what came back is what was sent: equal, and an integer as an integer (5.0 may come back as 5)."""
    if isinstance(sent, dict):
        return (
            isinstance(back, dict) and sent.keys() == back.keys() and all(written_alike(sent[name], back[name]) for name in sent)
        )
    if isinstance(sent, list):
        return isinstance(back, list) and len(sent) == len(back) and all(map(written_alike, sent, back))
    if isinstance(sent, int) and not isinstance(sent, bool):
        return isinstance(back, int) and not isinstance(back, bool) and sent == back
    return equal(sent, back)
