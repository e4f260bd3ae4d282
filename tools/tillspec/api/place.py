"""An object of the bundle together with where it stands, and safe ways down from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tillspec.pointer import Pointer, join


@dataclass(frozen=True, slots=True)
class Place:
    """An object of the bundle, and its pointer."""

    value: Any
    pointer: Pointer

    def get(self, *keys: str | int) -> Place:
        value = self.value
        for key in keys:
            if isinstance(value, dict):
                value = value.get(key)
            else:
                value = value[key] if isinstance(value, list) and isinstance(key, int) else None
        return Place(value, join(self.pointer, *keys))

    def items(self) -> Iterator[tuple[str, Place]]:
        """The entries of a map, without extensions."""
        for key in self.value if isinstance(self.value, dict) else ():
            if not key.startswith("x-"):
                yield key, self.get(key)

    def each(self) -> Iterator[Place]:
        """The entries of a list."""
        for index in range(len(self.value) if isinstance(self.value, list) else 0):
            yield self.get(index)

    def text(self, key: str) -> str:
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return value.strip() if isinstance(value, str) else ""

    def flag(self, key: str) -> bool:
        return isinstance(self.value, dict) and self.value.get(key) is True
