"""Defaults of fields, as far as a class can carry them: scalars, and lists and maps of scalars."""

from __future__ import annotations

import json
from typing import Any

from tillspec.api import model
from tillspec.api.model import Field, Presence, Type
from tillspec.emit.annotations import Types, resolve

_KINDS: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,)}
_TYPED_TEXTS = frozenset({"date-time", "date", "duration", "uuid"})
"""Formats whose Python value is no text."""


def is_carried(field: Field, types: Types) -> bool:
    """Whether the default of a field can stand in its class; one that its own type refuses cannot.

    A required field is never given one.
    """
    if field.default is None or field.presence is Presence.REQUIRED:
        return False
    return _fits(json.loads(field.default), field.type, types)


def _fits(value: Any, type_: Type, types: Types) -> bool:
    target = resolve(type_, types)
    if value is None:
        return type_.nullable or target.nullable
    match target:
        case model.Scalar(kind="string", format=form) if form in _TYPED_TEXTS:
            return False
        case model.Scalar(kind=kind):
            return isinstance(value, _KINDS.get(kind, ())) and (kind == "boolean" or not isinstance(value, bool))
        case model.Enum(values=values):
            return json.dumps(value, ensure_ascii=False, sort_keys=True) in values and not isinstance(value, list | dict)
        case model.Array(items=items):
            return isinstance(value, list) and all(_fits(item, items, types) for item in value)
        case model.Map(values=values):
            return isinstance(value, dict) and all(_fits(item, values, types) for item in value.values())
        case model.Union(options=options):
            return any(_fits(value, option, types) for option in options)
        case _:
            return False
