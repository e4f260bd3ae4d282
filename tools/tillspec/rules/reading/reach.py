"""What the operations of a document reach, and in which direction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from tillspec.document.grammar import Child, children
from tillspec.pointer import Pointer, join
from tillspec.rules.reading.nodes import Direction, Node, at, parent, target
from tillspec.rules.reading.operations import Operation

Reached = dict[Pointer, set[Direction]]
Graph = dict[Pointer, set[Pointer]]


def reach(document: dict[str, Any], operations: Iterable[Operation], objects: Iterable[Child]) -> Reached:
    """By the pointer of each object that an operation reaches, the directions in which it does."""
    found: Reached = defaultdict(set)
    heirs = _heirs(objects)
    waiting: list[tuple[str, Node, Direction]] = []
    for operation in operations:
        waiting += _of_operation(operation)
    while waiting:
        kind, node, direction = waiting.pop()
        if direction in found[node.pointer] or not isinstance(node.value, dict):
            continue
        found[node.pointer].add(direction)
        waiting += ((kind, below, direction) for below in referred(document, node.value))
        if kind == "callback":  # its operations are among those that were given
            continue
        if "discriminator" in node.value:
            waiting += ((kind, at(document, pointer), direction) for pointer in heirs[node.pointer])
        for child in children(kind, node.value, node.pointer):
            waiting.append((child.kind, Node(child.pointer, child.value), direction))
    return dict(found)


def above(document: dict[str, Any], objects: Iterable[Child]) -> Graph:
    """By the pointer of each schema, the pointers of the schemas that contain it or refer to it."""
    found: Graph = defaultdict(set)
    schemas = [child for child in objects if child.kind == "schema"]
    known = {child.pointer for child in schemas}
    for child in schemas:
        if parent(child) in known:
            found[child.pointer].add(parent(child))
        for below in referred(document, child.value):
            found[below.pointer].add(child.pointer)
    return found


def referred(document: dict[str, Any], value: Any) -> Iterator[Node]:
    """What a value refers to: by `$ref`, or by the mapping of a discriminator."""
    pointer = target(value)
    if pointer is not None:
        yield at(document, pointer)
    discriminator = value.get("discriminator") if isinstance(value, dict) else None
    mapping = discriminator.get("mapping") if isinstance(discriminator, dict) else None
    for named in mapping.values() if isinstance(mapping, dict) else ():
        if isinstance(named, str):
            yield at(document, named[1:] if named.startswith("#/") else join("/components/schemas", named))


def _of_operation(operation: Operation) -> Iterator[tuple[str, Node, Direction]]:
    asked = operation.request_direction
    for child in children("operation", operation.node.value, operation.node.pointer):
        direction = asked.opposite if child.kind == "response" else asked
        yield child.kind, Node(child.pointer, child.value), direction
    for node in operation.item.get("parameters").list():
        yield "parameter", node, asked


def _heirs(objects: Iterable[Child]) -> dict[Pointer, list[Pointer]]:
    """By the pointer of a schema, the components that say allOf of it: those that its discriminator may name."""
    found: dict[Pointer, list[Pointer]] = defaultdict(list)
    for child in objects:
        if child.kind == "schema" and parent(child) == "/components" and isinstance(child.value, dict):
            for part in Node(child.pointer, child.value).get("allOf").list():
                pointer = target(part.value)
                if pointer is not None:
                    found[pointer].append(child.pointer)
    return found
