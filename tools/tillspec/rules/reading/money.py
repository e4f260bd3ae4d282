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
_SPOKEN = re.compile(r"\bISO.?4217\b|\bcurrency\b", re.IGNORECASE)
_NAMED = re.compile(r"[$€£¥]|\b(USD|EUR|GBP|JPY|CHF|SEK|NOK|DKK|CAD|AUD|dollars?|euros?|pounds?|yen)\b")
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
    """Whether an object has a field for a currency: so named, or so described."""
    return any(
        "currency" in name.lower() or any(_SPOKEN.search(str(said)) for one in declared for said in _said(context, one))
        for name, declared in context.schemas.properties(owner).items()
    )


def is_told(context: Context, amount: Amount) -> bool:
    """Whether the description of an amount names the currency that it always has."""
    return any(_NAMED.search(str(said)) for said in context.schemas.says(amount.schema, "description"))


def _said(context: Context, schema: Node) -> list[object]:
    if "string" not in context.schemas.types(schema):
        return []
    return [*context.schemas.says(schema, "format"), *context.schemas.says(schema, "description")]
