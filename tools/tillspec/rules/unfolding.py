"""Schemas are combined, by reference or in place, no deeper and in no more ways than one can look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tillspec.diagnostics import Diagnostic
from tillspec.document.bundle import Bundle
from tillspec.document.grammar import Child
from tillspec.pointer import Pointer
from tillspec.rules.reading.nodes import Node, at, target

MOST_WAYS = 100_000
"""In so many ways a single value is looked at, counting each part as often as it is used."""
MOST_DEEP = 200
"""Through so many references and combinations one gets from a schema to what it says at last."""

_BESIDE = ("allOf", "anyOf", "oneOf", "if", "then", "else", "not")
_LEADS = frozenset({*_BESIDE, "$ref"})


def unfolding(bundle: Bundle, objects: Iterable[Child]) -> Iterator[Diagnostic]:
    """The first schema that is combined of too many others, or by too many steps."""
    sizes: dict[Pointer, tuple[int, int]] = {}
    for child in objects:
        if child.kind != "schema" or not _leads(child.value):
            continue
        for pointer, ways, depth in _measured(bundle.value, Node(child.pointer, child.value), sizes):
            if depth > MOST_DEEP:
                message = f"this schema leads through more than {MOST_DEEP} references and combinations to what it says"
                hint = "refer to the schema that is meant, and combine in one place"
                yield Diagnostic("too-deep", message, bundle.span(pointer), hint)
                return
            if ways > MOST_WAYS:
                message = f"this schema is combined of more than {MOST_WAYS:,} others, counting each as often as it is used"
                hint = "do not combine what is combined of the same parts already"
                yield Diagnostic("too-large", message, bundle.span(pointer), hint)
                return


def _measured(document: dict[str, Any], start: Node, sizes: dict[Pointer, tuple[int, int]]) -> Iterator[tuple[Pointer, int, int]]:
    """A schema and all that hold of the same value, each after its parts: in how many ways it is looked at, and how deep.

    One that leads back to itself counts once, and no deeper.
    """
    waiting = [start]
    while waiting:
        node = waiting[-1]
        parts = list(_beside(document, node))
        unknown = [part for part in parts if part.pointer not in sizes]
        if unknown and node.pointer not in sizes:
            sizes[node.pointer] = 1, 1
            waiting += unknown
            continue
        waiting.pop()
        known = [sizes.get(part.pointer, (1, 1)) for part in parts]
        ways, depth = 1 + sum(size for size, _ in known), 1 + max((depth for _, depth in known), default=0)
        sizes[node.pointer] = ways, depth
        yield node.pointer, ways, depth


def _leads(value: Any) -> bool:
    return isinstance(value, dict) and not _LEADS.isdisjoint(value)


def _beside(document: dict[str, Any], node: Node) -> Iterator[Node]:
    """The schemas that are held against the same value."""
    if not _leads(node.value):
        return
    pointer = target(node.value)
    if pointer is not None:
        yield at(document, pointer)
    for word in _BESIDE:
        if word in node.value:
            part = node.get(word)
            yield from part.list() if isinstance(part.value, list) else [part]
