"""Bounds of a schema: the tightest of each, where it means something; and which of two is stricter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Bounds = dict[str, Any]
"""By facet: a number; `(number, exclusive)` of `minimum` and `maximum`; True of `unique-items`."""

_PLAIN = {
    "min-length": ("minLength", "string", max),
    "max-length": ("maxLength", "string", min),
    "min-items": ("minItems", "array", max),
    "max-items": ("maxItems", "array", min),
    "min-properties": ("minProperties", "object", max),
    "max-properties": ("maxProperties", "object", min),
}
KEYWORDS = {
    **{facet: keyword for facet, (keyword, _, _) in _PLAIN.items()},
    "minimum": "minimum", "maximum": "maximum", "multiple-of": "multipleOf", "unique-items": "uniqueItems",
}  # fmt: skip
"""The facets, and the keyword of each."""


def bounds_of(parts: Iterable[dict[str, Any]], types: frozenset[str] | None) -> Bounds:
    """The tightest bounds that parts set together; those that concern no allowed type, or forbid nothing, are left out."""
    parts, found = list(parts), Bounds()
    for facet, (keyword, kind, tightest) in _PLAIN.items():
        values = [part[keyword] for part in parts if _is_number(part.get(keyword))]
        if values and (types is None or kind in types):
            value = tightest(values)
            if value > 0 or facet.startswith("max"):
                found[facet] = value
    if types is None or types & {"integer", "number"}:
        _numbers(found, parts, whole=types == frozenset({"integer"}))
    if any(part.get("uniqueItems") is True for part in parts) and (types is None or "array" in types):
        found["unique-items"] = True
    return found


def _numbers(found: Bounds, parts: list[dict[str, Any]], *, whole: bool) -> None:
    for facet, exclusive, sign in (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)):
        ends = []
        for part in parts:
            if _is_number(part.get(facet)):
                ends.append((part[facet] * sign, part.get(exclusive) is True))
            if _is_number(part.get(exclusive)):
                ends.append((part[exclusive] * sign, True))
        if ends:
            value, is_exclusive = max(ends)
            if whole and is_exclusive and float(value).is_integer():
                value, is_exclusive = value + 1, False
            found[facet] = (value * sign, is_exclusive)
    multiples = [part["multipleOf"] for part in parts if _is_number(part.get("multipleOf")) and part["multipleOf"] > 0]
    if multiples and not (whole and set(multiples) == {1}):
        found["multiple-of"] = max(multiples)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_tighter(facet: str, old: Any, new: Any) -> bool | None:
    """Whether a bound became stricter; None where it is neither stricter nor looser. Either may be None for no bound."""
    if old is None or new is None:
        return old is None
    if facet in ("minimum", "maximum"):
        sign = 1 if facet == "minimum" else -1
        return bool((new[0] * sign, new[1]) > (old[0] * sign, old[1]))
    if facet == "multiple-of":
        return True if _divides(old, new) else False if _divides(new, old) else None
    return bool(new > old) if facet.startswith("min") else bool(new < old)


def _divides(one: float, other: float) -> bool:
    quotient = other / one
    return abs(quotient - round(quotient)) < 1e-9


def told(facet: str, value: Any) -> str:
    """A bound in words."""
    if value is None:
        return "none"
    if facet in ("minimum", "maximum"):
        number, exclusive = value
        return f"{number} (exclusive)" if exclusive else str(number)
    return "yes" if value is True else str(value)
