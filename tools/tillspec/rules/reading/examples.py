"""Every example of a document: of media types, parameters, headers and schemas, each with its schema and direction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tillspec.document.grammar import Child
from tillspec.pointer import split
from tillspec.rules.reading.nodes import Direction, Node, follow
from tillspec.rules.reading.reach import Reached

_OBJECTS_WITH_EXAMPLES = ("media-type", "parameter", "header", "schema")


@dataclass(frozen=True, slots=True)
class Example:
    """One example.

    Attributes:
        node: the value, where it was written; several media types may share it.
        schema: what it is an example of.
        direction: None where it is of neither direction alone.
        of: the kind of object that has it.
    """

    node: Node
    schema: Node
    direction: Direction | None
    of: str


def examples(document: dict[str, Any], objects: Iterable[Child], reached: Reached) -> Iterator[Example]:
    """All of a document that stand beside a schema and that can be held against it: JSON, and plain values."""
    for child in objects:
        if child.kind not in _OBJECTS_WITH_EXAMPLES or not isinstance(child.value, dict):
            continue
        node = Node(child.pointer, child.value)
        schema = node if child.kind == "schema" else node.get("schema")
        if not isinstance(schema.value, dict | bool):
            continue
        directions = reached.get(child.pointer, set())
        direction = next(iter(directions)) if len(directions) == 1 else None
        for value in _values(document, node, child.kind):
            if child.kind != "media-type" or _is_readable(split(child.pointer)[-1], value.value):
                yield Example(value, schema, direction, child.kind)


def _values(document: dict[str, Any], node: Node, kind: str) -> Iterator[Node]:
    if "example" in node.value:
        yield node.get("example")
    if kind == "schema":
        yield from node.get("examples").list()
        return
    for _, one in node.get("examples").entries():
        example = follow(document, one)
        for word in ("value", "dataValue"):
            if isinstance(example.value, dict) and word in example.value:
                yield example.get(word)


def _is_readable(media_type: str, value: Any) -> bool:
    """Whether an example is written as a JSON value, and not in a form of the media type's own."""
    name = media_type.partition(";")[0].strip().lower()
    if name == "application/json" or name.endswith("+json"):
        return True
    return isinstance(value, dict) and (name.startswith("multipart/") or name == "application/x-www-form-urlencoded")
