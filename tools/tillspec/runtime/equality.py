"""When two JSON values are equal (JSON Schema core, section 4.2.2)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any


def same(value: Any) -> Hashable:
    """A key that two JSON values share exactly when they are equal: 1 and 1.0 do, 1 and true do not, order of members is nothing.

    Raises:
        TypeError: it is no JSON value.
    """
    match value:
        case bool() | None:
            return (value,)
        case str() | int() | float():
            return value
        case list() | tuple():
            return ("array", *map(same, value))
        case Mapping():
            return frozenset((key, same(item)) for key, item in value.items())
        case _:
            raise TypeError(f"{type(value).__name__} is no JSON value")
