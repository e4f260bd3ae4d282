"""Sums as `x-behavior: {totals: ...}` declares them."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from tillspec.pointer import Pointer, split
from tillspec.rules.reading.nodes import Node

_ROUNDINGS = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN, "down": ROUND_DOWN}

Found = list[tuple[tuple[int, ...], Any]]


def values(value: Any, pointer: Pointer) -> Found:
    """The values at a pointer, each with the indexes that its `*` stand for; none of what is absent or null."""
    return _values(value, split(pointer), ()) if pointer.startswith("/") else []


def _values(value: Any, tokens: list[str], at: tuple[int, ...]) -> Found:
    if not tokens:
        return [] if value is None else [(at, value)]
    if tokens[0] == "*":
        items = value if isinstance(value, list) else []
        return [found for index, item in enumerate(items) for found in _values(item, tokens[1:], (*at, index))]
    if isinstance(value, dict) and tokens[0] in value:
        return _values(value[tokens[0]], tokens[1:], at)
    return []


def added(total: Node, value: Any) -> Decimal | int | None:
    """What the terms of a total come to for an object; None where one is no number, or is multiplied by what is absent."""
    result = Decimal(0)
    for term in total.get("terms").list():
        factors: dict[tuple[int, ...], Any] = {(): 1}
        if term.text("times"):
            factors = dict(values(value, term.text("times")))
        for at, amount in values(value, term.text("amount")):
            factor = next((factors[at[:end]] for end in range(len(at), -1, -1) if at[:end] in factors), None)
            if not (_is_number(amount) and _is_number(factor)):
                return None
            product = Decimal(str(amount)) * Decimal(str(factor))
            result += -product if term.text("sign") == "-" else product
    rounding = _ROUNDINGS.get(total.text("rounding"))
    result = result.quantize(Decimal(1), rounding) if rounding else result
    return int(result) if result == result.to_integral_value() else result


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
