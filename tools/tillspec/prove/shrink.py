"""The smallest instance that shows a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tillspec.prove.places import Path, at, replaced

_MOST = 400


def shrunk(value: Any, shows: Callable[[Any], bool]) -> Any:
    """A value made smaller property by property and item by item, as long as it still shows what it is to show."""
    left = _MOST
    found = True
    while found:
        found = False
        for candidate in smaller(value):
            if left == 0:
                return value
            left -= 1
            if shows(candidate):
                value, found = candidate, True
                break
    return value


def mended(value: Any, stands: Callable[[Any], bool]) -> Any | None:
    """A value without as few of its properties and items as make it stand; None where none was found."""
    left = _MOST
    waiting = [value]
    while waiting:
        for candidate in smaller(waiting.pop(0)):
            if left == 0:
                return None
            left -= 1
            if stands(candidate):
                return candidate
            waiting.append(candidate)
    return None


def smaller(value: Any) -> Iterator[Any]:
    """The value without one of its properties or items, the outer ones first."""
    waiting: list[Path] = [()]
    while waiting:
        path = waiting.pop(0)
        inner = at(value, path)
        if isinstance(inner, dict):
            for name in inner:
                yield replaced(value, path, {other: item for other, item in inner.items() if other != name})
            waiting += [(*path, name) for name in inner]
        elif isinstance(inner, list):
            for index in range(len(inner)):
                yield replaced(value, path, inner[:index] + inner[index + 1 :])
            waiting += [(*path, index) for index in range(len(inner))]
