"""Edits of arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tillspec.prove.dialects import Schema
from tillspec.prove.edits.made import Made
from tillspec.prove.shapes import Shape
from tillspec.prove.synthesise import Impossible, Synthesiser

_MOST_MADE = 8


def min_items(maker: Synthesiser, schema: dict[str, Any], said: int, value: Any) -> Iterator[Made]:
    if isinstance(value, list):
        if said > 0:
            yield "minItems: 1 less", _long(maker, schema, value, said - 1), (said - 1,)
        yield "minItems: on it", _long(maker, schema, value, said), ()
        yield "minItems: none", [], ()


def max_items(maker: Synthesiser, schema: dict[str, Any], said: int, value: Any) -> Iterator[Made]:
    if isinstance(value, list) and said <= 200:
        yield "maxItems: 1 more", _long(maker, schema, value, said + 1), (said,)
        yield "maxItems: on it", _long(maker, schema, value, said), ()


def _long(maker: Synthesiser, schema: dict[str, Any], value: list[Any], length: int) -> list[Any]:
    """A list of a length, its further items made as its others are, or like the last one."""
    made = list(value[:length])
    shape = Shape([schema])
    while len(made) < length and (len(made) < _MOST_MADE or schema.get("uniqueItems")):
        try:
            made.append(maker.make(shape.of_item(len(made)), depth=2, pick=len(made)))
        except Impossible:
            break
    while len(made) < length:
        made.append(made[-1] if made else None)
    return made


def items(maker: Synthesiser, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
    """None, two, and one that no schema of items allows."""
    if not isinstance(value, list):
        return
    prefix = len(schema.get("prefixItems", ()))
    yield "items: none", [], ()
    yield "items: the first one alone", value[:1], ()
    yield "items: three", _long(maker, schema, value, prefix + 3), ()
    for name, wrong in (("null", None), ("{}", {}), ("[]", []), ('"x"', "x"), ("7", 7)):
        yield (
            f"items: {name} further",
            [*_long(maker, schema, value, max(prefix, len(value))), wrong],
            (max(prefix, len(value)),),
        )


def unique(maker: Synthesiser, schema: dict[str, Any], said: bool, value: Any) -> Iterator[Made]:
    if isinstance(value, list) and value:
        yield "uniqueItems: one twice", [*value, value[0]], (len(value),)
        first = value[0]
        if isinstance(first, dict) and len(first) > 1:
            yield "uniqueItems: one twice, in another order", [*value, dict(reversed(first.items()))], (len(value),)
        elif isinstance(first, int) and not isinstance(first, bool):
            yield "uniqueItems: one twice, with .0", [*value, float(first)], (len(value),)
        yield "uniqueItems: two", _long(maker, schema, value, len(value) + 1), (len(value),)


def contains(maker: Synthesiser, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
    if not isinstance(value, list):
        return
    is_valid = maker.judge.is_valid
    inside = [item for item in value if is_valid(said, item)]
    outside = [item for item in value if not is_valid(said, item)]
    yield "contains: none", outside, ()
    yield "contains: one less", [*outside, *inside[1:]], ()
    for more in range(1, max(schema.get("maxContains", 0), 1) + 2):
        yield f"contains: {more} more", [*value, *inside[:1] * more], ()
    yield "contains: another beside", [*value, {"unlike": []}], ()


def unevaluated_items(maker: Synthesiser, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
    if isinstance(value, list):
        for name, wrong in (("text", "a"), ("null", None), ("7", 7), ("true", True), ("object", {})):
            yield f"unevaluatedItems: {name}", [*value, wrong], (len(value),)


def prefix(maker: Synthesiser, schema: dict[str, Any], said: list[Schema], value: Any) -> Iterator[Made]:
    if isinstance(value, list):
        yield "prefixItems: shorter", value[: len(said) - 1], ()
        yield "prefixItems: none", [], ()
        yield "prefixItems: other order", [*reversed(value)], ()
        for name, wrong in (("text", "a"), ("null", None), ("7", 7), ("object", {})):
            yield f"prefixItems: {name} further", [*value, wrong], (len(value),)
