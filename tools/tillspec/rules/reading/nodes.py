"""A value of the bundle with its pointer, and where its references lead."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from tillspec.document.grammar import Child
from tillspec.pointer import Pointer, join, look_up

_LONGEST_CHAIN = 200


class Node(NamedTuple):
    """A value of the bundle, and where it stands."""

    pointer: Pointer
    value: Any

    def get(self, *keys: str | int) -> Node:
        """What stands below; the value is None where nothing does."""
        value = self.value
        for key in keys:
            if isinstance(value, dict):
                value = value.get(key)
            elif isinstance(value, list) and isinstance(key, int) and key < len(value):
                value = value[key]
            else:
                value = None
        return Node(join(self.pointer, *keys), value)

    def entries(self) -> list[tuple[str, Node]]:
        """What stands under each key of an object; none of anything else."""
        value = self.value if isinstance(self.value, dict) else {}
        return [(name, Node(join(self.pointer, name), item)) for name, item in value.items()]

    def items(self) -> list[tuple[str, Node]]:
        """The entries that are no extensions."""
        return [entry for entry in self.entries() if not entry[0].startswith("x-")]

    def list(self) -> list[Node]:
        """The entries of a list; none of anything else."""
        value = self.value if isinstance(self.value, list) else []
        return [Node(join(self.pointer, index), item) for index, item in enumerate(value)]

    def text(self, key: str) -> str:
        """A text that stands below; empty where there is none."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return value if isinstance(value, str) else ""


class Direction(StrEnum):
    """Whether the API receives a message or sends it. A webhook is sent by the API: its request is a response here."""

    REQUEST = "request"
    RESPONSE = "response"

    @property
    def opposite(self) -> Direction:
        return Direction.RESPONSE if self is Direction.REQUEST else Direction.REQUEST


def target(value: Any) -> Pointer | None:
    """Where the reference of a value leads within the bundle, if it has one."""
    reference = value.get("$ref") if isinstance(value, dict) else None
    return reference[1:] if isinstance(reference, str) and reference.startswith("#") else None


def follow(document: dict[str, Any], node: Node) -> Node:
    """The node that a chain of references ends at; an empty object where it has no end."""
    seen: set[Pointer] = set()
    while (pointer := target(node.value)) is not None:
        if pointer in seen or len(seen) == _LONGEST_CHAIN:
            return Node(pointer, {})
        seen.add(pointer)
        node = at(document, pointer)
    return node


def at(document: dict[str, Any], pointer: Pointer) -> Node:
    """What stands at a pointer; an empty object where nothing does."""
    try:
        return Node(pointer, look_up(document, pointer))
    except (LookupError, ValueError):
        return Node(pointer, {})


def parent(child: Child) -> Pointer:
    """Where the object stands that a child was found in."""
    return child.pointer.rsplit("/", len(child.keys))[0]
