"""Reading the many bodies that are in order without asking each object's rules around pydantic's own reading of it.

Beside the exact validator of a type stands a quick one: the same types, and in the place of what stands around each object with
rules a note of the object, and of the one function that is true only where all its rules hold (a package's `_checks`). Those are
asked when all types are right: what a rule goes through is then no larger than its schema allows. What the quick way accepts, the
exact one accepts, with the same result. What it does not accept, whyever, has to be read exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pydantic import ValidationInfo
from pydantic_core import CoreSchema, SchemaValidator, core_schema

from .scalars import Reading

Holds = Callable[[Any], Any]

RULES: Final = "__rules__"
"""What the function that stands around an object with rules bears: its `Holds`, if all that it asks is in it."""

_NOT_READ: Final = ("metadata", "serialization")
_NO_SCHEMAS: Final = ("default", "expected", "custom_error_context")
"""What a schema has of plain values, which may look like schemas."""


class Doubtful(Exception):
    """A value has to be read exactly."""


def quick_reader(schema: CoreSchema) -> Callable[[Any], Any] | None:
    """What reads plain JSON values of a schema, or raises any exception; None where the exact validator is as quick."""
    try:
        found, made = _quick(schema)
        if not found:
            return None
        try:
            # Pydantic would take models that it built before, with what stands around their fields.
            validate = SchemaValidator(made, None, False).validate_python
        except TypeError:
            validate = SchemaValidator(made).validate_python
    except RecursionError:
        return None

    def read(value: Any) -> Any:
        noted: list[tuple[Holds, Any]] = []
        made = validate(value, context=Reading(plain=True, noted=noted))
        for holds, part in noted:
            if holds(part) is not True:
                raise Doubtful
        return made

    return read


def _quick(part: Any) -> tuple[bool, Any]:
    """A part of a schema as the quick validator has it, and whether it differs."""
    if isinstance(part, dict):
        is_schema = isinstance(part.get("type"), str)  # else the fields of a model, or the like, by their names
        plain = _NO_SCHEMAS if is_schema else ()
        kept = {key: value for key, value in part.items() if not (is_schema and key in _NOT_READ)}
        pairs = {key: (False, value) if key in plain else _quick(value) for key, value in kept.items()}
        made = {key: value for key, (_, value) in pairs.items()}
        around = part["function"].get("function") if part.get("type") == "function-wrap" else None
        holds: Holds | None = getattr(around, RULES, None)
        if holds is None:
            return any(found for found, _ in pairs.values()), made
        return True, core_schema.with_info_before_validator_function(_note(holds), made["schema"], ref=part.get("ref"))
    if isinstance(part, list):
        items = [_quick(item) for item in part]
        return any(found for found, _ in items), [item for _, item in items]
    return False, part


def _note(holds: Holds) -> core_schema.WithInfoValidatorFunction:
    def note(value: Any, info: ValidationInfo) -> Any:
        context: Any = info.context
        context.noted.append((holds, value))
        return value

    return note
