"""Frozen records as Python source: what a contract declares becomes typed constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import timedelta

from tillspec.emit.docstring import literal


def record(value: object) -> str:
    """The source of a record, a mapping or tuple of them, a duration, or a literal; fields at their default are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        given = [(field, getattr(value, field.name)) for field in fields(value)]
        shown = [
            f"{field.name}={record(item)}"
            for field, item in given
            if item != field.default and not (field.default_factory is not MISSING and item == field.default_factory())
        ]
        return f"{type(value).__name__}({', '.join(shown)})"
    match value:
        case timedelta():
            return f"timedelta({_parts(value)})"
        case tuple():
            return f"({', '.join(map(record, value))}{',' if len(value) == 1 else ''})"
        case Mapping():
            return "{" + ", ".join(f"{literal(key)}: {record(item)}" for key, item in value.items()) + "}"
        case _:
            return literal(value)


def _parts(value: timedelta) -> str:
    """A duration in its largest whole unit."""
    seconds = int(value.total_seconds())
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds and seconds % length == 0:
            return f"{unit}={seconds // length}"
    return f"seconds={seconds}"
