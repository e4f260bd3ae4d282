"""Nested values in flat pairs: `filter[status]=open`, `tags[]=a`; OpenAPI's `deepObject`, and the fields of forms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from . import texts
from .operation import Blob, Document, Items, Properties, Shape, Text

_DEEPEST: Final = 16
Tree = dict[str, Any]
"""Children by key; a leaf is the list of the texts that were given for it."""


def path_of(name: str) -> tuple[str, ...]:
    """`a[b][]` is a, b and the empty key; a name with other brackets is a plain name."""
    first, opened, rest = name.partition("[")
    if not opened or not rest.endswith("]"):
        return (name,)
    keys = tuple(rest[:-1].split("]["))
    return (name,) if any("[" in key or "]" in key for key in keys) else (first, *keys)


def plant(pairs: Iterable[tuple[tuple[str, ...], str]]) -> Tree:
    """The tree of pairs of paths and (decoded) texts.

    Raises:
        ValueError: too deep, or a value and an object at one place.
    """
    root: Tree = {}
    for path, text in pairs:
        if len(path) > _DEEPEST:
            raise ValueError("nested too deep")
        node = root
        for key in path[:-1]:
            node = node.setdefault(key, {})
            if not isinstance(node, dict):
                raise ValueError(f"{key!r} is both a value and an object")
        leaf = node.setdefault(path[-1], [])
        if not isinstance(leaf, list):
            raise ValueError(f"{path[-1]!r} is both a value and an object")
        leaf.append(text)
    return root


def harvest(node: Any, shape: Shape) -> Any:
    """The JSON value of a tree, as its shape reads it.

    Raises:
        ValueError: several texts where one belongs, or another shape.
    """
    match shape:
        case Text() | Document() | Blob():
            if not isinstance(node, list):
                raise ValueError("an object where a value belongs")
            if len(node) != 1:
                raise ValueError("given more than once")
            return texts.read(shape, node[0])
        case Items(alone=Text() as alone) if isinstance(node, list) and len(node) == 1:
            return texts.read(alone, node[0])
        case Items():
            if isinstance(node, dict):
                node = [text for key in sorted(node, key=_index) for text in _leaf(node[key])]
            return [texts.read(shape.item, text) for text in node]
        case Properties(alone=Text() as alone) if isinstance(node, list):
            return harvest(node, alone)
        case Properties():
            if not isinstance(node, dict):
                raise ValueError("a value where an object belongs")
            return {key: harvest(child, shape.properties.get(key, shape.other)) for key, child in node.items()}


def flatten(name: str, value: Any) -> list[tuple[str, str]]:
    """The pairs of a JSON value under a name: `name[key]` for an object, `name[]` for each item of an array.

    Raises:
        ValueError: an empty array or object, or one inside an array: nothing on the wire says so.
    """
    match value:
        case dict():
            pairs = [pair for key, child in value.items() for pair in flatten(f"{name}[{_key(key)}]", child)]
        case list():
            pairs = [(f"{name}[]", texts.write(item)) for item in value]
        case _:
            return [(name, texts.write(value))]
    if not pairs:
        raise ValueError(f"{name} is empty, which this style cannot say")
    return pairs


def _key(key: str) -> str:
    if "[" in key or "]" in key or not key:
        raise ValueError(f"the key {key!r} cannot stand in brackets")
    return key


def _leaf(node: Any) -> list[str]:
    if not isinstance(node, list):
        raise ValueError("an object where a value belongs")
    return node


def _index(key: str) -> int:
    if key and not (key.isascii() and key.isdigit() and len(key) < 10):
        raise ValueError(f"{key!r} is no index")
    return int(key or 0)
