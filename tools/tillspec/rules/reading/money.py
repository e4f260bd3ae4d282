"""Which fields of a document are amounts of money: those that are declared so, and those whose names leave no doubt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from tillspec.rules.reading.behavior import KEY
from tillspec.rules.reading.nodes import Node

if TYPE_CHECKING:
    from tillspec.rules.context import Context

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_CERTAIN = ("amount", "price", "subtotal")
_LIKELY = (*_CERTAIN, "total", "fee", "tax", "cost", "discount", "balance", "value")
_COUNTED = (
    "count",
    "pages",
    "items",
    "percent",
    "percentage",
    "rate",
    "ratio",
    "id",
    "index",
    "number",
    "quantity",
    "points",
    "size",
)


class Amount(NamedTuple):
    """A field that is an amount of money.

    `owner` is the schema of the object that has it. It is `declared` by `x-behavior`, or its name is `is_certain` or likely.
    """

    name: str
    schema: Node
    owner: Node
    declared: bool
    is_certain: bool


def amounts(context: Context) -> Iterator[Amount]:
    """Each amount of a document."""
    for owner in context.of("schema"):
        for name, schema in owner.get("properties").entries():
            words = [word.lower() for word in _WORD.findall(name)]
            said = next((said for said in context.schemas.says(schema, KEY) if isinstance(said, dict)), {})
            declared = "money" in said
            likely = bool(words) and words[-1] in _LIKELY and not set(words) & set(_COUNTED)
            if isinstance(schema.value, dict) and (declared or (likely and "percent" not in said)):
                yield Amount(name, schema, owner, declared, words[-1] in _CERTAIN if words else False)


def has_currency(context: Context, owner: Node) -> bool:
    """Whether an object has a field for a currency."""
    return any("currency" in name.lower() for name in context.schemas.properties(owner))
