"""How many schemas a schema unfolds to, where its parts are the same by reference again and again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tillspec.document.grammar import Child
from tillspec.pointer import Pointer
from tillspec.rules.reading.nodes import Node, follow

MOST = 100_000
_BESIDE = ("allOf", "anyOf", "oneOf", "if", "then", "else", "not")


def exploding(document: dict[str, Any], objects: Iterable[Child]) -> Pointer | None:
    """The first schema that a validator would have to look at in more than `MOST` ways for a single value."""
    sizes: dict[Pointer, int] = {}
    for child in objects:
        if child.kind != "schema":
            continue
        waiting = [Node(child.pointer, child.value)]
        while waiting:
            node = waiting[-1]
            beside = [one for one in _beside(document, node) if one.pointer not in sizes]
            if beside and node.pointer not in sizes:
                sizes[node.pointer] = 1  # for one that leads back to itself, and until its parts are known
                waiting += beside
                continue
            waiting.pop()
            sizes[node.pointer] = 1 + sum(sizes.get(one.pointer, 1) for one in _beside(document, node))
            if sizes[node.pointer] > MOST:
                return node.pointer
    return None


def _beside(document: dict[str, Any], node: Node) -> Iterator[Node]:
    """The schemas that are held against the same value."""
    if not isinstance(node.value, dict):
        return
    if "$ref" in node.value:
        yield follow(document, node)
    for word in _BESIDE:
        if word in node.value:
            part = node.get(word)
            yield from part.list() if isinstance(part.value, list) else [part]
