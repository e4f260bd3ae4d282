"""Equality of JSON values (JSON Schema core, section 4.2.2), and the stricter one of what is written and read back."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two values begin to differ, and in what words: `integer as number`, `text as nothing`."""

    path: tuple[str | int, ...]
    kind: str


_ABSENT = object()


def difference(sent: Any, back: Any, path: tuple[str | int, ...] = ()) -> Difference | None:
    """How what came back is not what was sent: it is another value, or an integer that is written as one no more.

    5.0 may come back as 5, which is the same number, and an integer still.
    """
    if isinstance(sent, dict) and isinstance(back, dict):
        pairs = [(name, sent.get(name, _ABSENT), back.get(name, _ABSENT)) for name in {**sent, **back}]
    elif isinstance(sent, list) and isinstance(back, list) and len(sent) == len(back):
        pairs = [(index, one, other) for index, (one, other) in enumerate(zip(sent, back, strict=True))]
    elif _is_alike(sent, back):
        return None
    else:
        return Difference(path, f"{_word(sent)} as {_word(back)}")
    return next((found for name, one, other in pairs if (found := difference(one, other, (*path, name)))), None)


def _is_alike(sent: Any, back: Any) -> bool:
    if sent is _ABSENT or back is _ABSENT:
        return False
    if isinstance(sent, int) and not isinstance(sent, bool) and isinstance(back, float):
        return False
    return equal(sent, back)


def _word(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "text"
        case list():
            return "array"
        case dict():
            return "object"
        case None:
            return "null"
        case _:
            return "nothing"


def written_alike(sent: Any, back: Any) -> bool:
    """Whether what came back is what was sent."""
    return difference(sent, back) is None
