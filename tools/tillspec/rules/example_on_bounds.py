"""Examples show values that occur, and not the limits of their schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.examples import Example

_FEWEST = 3


def example_on_bounds(context: Context) -> Iterator[Diagnostic]:
    """Each example of an object in which every value that has a bound sits on it, and at least three do."""
    for example in context.examples:
        if not isinstance(example.node.value, dict | list):
            continue
        sitting = _sitting(context, example)
        if len(sitting) >= _FEWEST and all(sitting.values()):
            message = f"all {len(sitting)} values that have a bound sit exactly on it"
            hint = "show values that occur: an ordinary amount, a name of ordinary length"
            yield context.found("example-on-bounds", message, example.node.pointer, hint)


def _sitting(context: Context, example: Example) -> dict[str, bool]:
    """By the place of each value that has a bound, whether it sits on it."""
    found: dict[str, bool] = {}
    for part in context.instances.parts(example.schema, example.direction, example.node.value):
        sits = _sits(part.value, part.schema.value)
        if sits is not None:
            found[part.pointer] = found.get(part.pointer, False) or sits
    return found


def _sits(value: Any, schema: dict[str, Any]) -> bool | None:
    """None where there is no bound that says anything: nought, one, and a fixed length do not."""
    if "enum" in schema or "const" in schema:
        return None
    match value:
        case bool():
            return None
        case int() | float():
            bounds = [schema.get("minimum"), schema.get("maximum")]
            telling = [bound for bound in bounds if isinstance(bound, int | float) and bound not in (0, 1)]
            return value in telling if telling else None
        case str():
            most = schema.get("maxLength")
            return len(value) == most if isinstance(most, int) and most != schema.get("minLength") else None
        case _:
            return None
