"""A schema with its references followed and its `allOf` merged, so that one look tells what a value is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tillspec.api.model import NamedType

_PREFIX = "#/components/schemas/"
_UNIONS = ("oneOf", "anyOf")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")

Types = Mapping[str, NamedType]


@dataclass(slots=True)
class Flat:
    """What a schema says of its own value.

    Attributes:
        schema: the merged keywords; `patterns` holds all of `pattern`.
        names: the named types that the value is of, the nearest first.
        unions: each `oneOf` and `anyOf`, with its branches, null left out.
        nullable: whether null is a value.
    """

    schema: dict[str, Any] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    unions: list[tuple[str, list[Any]]] = field(default_factory=list)
    nullable: bool = False

    @property
    def kinds(self) -> list[str]:
        """The JSON types of the value, null left out; what is not said is taken from the other keywords."""
        declared = self.schema.get("type")
        kinds = [declared] if isinstance(declared, str) else list(declared) if isinstance(declared, list) else []
        if not kinds and ("properties" in self.schema or isinstance(self.schema.get("additionalProperties"), dict)):
            kinds = ["object"]
        if not kinds and "items" in self.schema:
            kinds = ["array"]
        return [kind for kind in kinds if kind != "null"]


def flat(schema: Any, types: Types) -> Flat:
    """A schema flattened; what is declared nearer goes before what it refers to."""
    made = Flat()
    _collect(schema, made, types, frozenset(), is_name=True)
    declared = made.schema.get("type")
    made.nullable |= isinstance(declared, list) and "null" in declared
    return made


def referred(schema: Any) -> str | None:
    """The type that a schema refers to."""
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    return reference.removeprefix(_PREFIX) if isinstance(reference, str) else None


def _collect(schema: Any, made: Flat, types: Types, seen: frozenset[str], *, is_name: bool) -> None:
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        if key in _UNIONS and isinstance(value, list):
            _union(key, value, made, types, seen)
        elif key not in ("$ref", "allOf"):
            _merge(made.schema, key, value)
    held = schema.get("allOf")
    parts: list[Any] = held if isinstance(held, list) else []
    identifier = referred(schema)
    if identifier is not None and identifier not in seen and identifier in types:
        if is_name:
            made.names.append(identifier)
        _collect(types[identifier].schema, made, types, seen | {identifier}, is_name=is_name)
    alone = is_name and identifier is None and len(parts) == 1 and "properties" not in schema
    for part in parts:
        _collect(part, made, types, seen, is_name=alone)


def _union(key: str, branches: list[Any], made: Flat, types: Types, seen: frozenset[str]) -> None:
    others = [branch for branch in branches if not _is_null(branch)]
    made.nullable |= len(others) < len(branches)
    if len(others) == 1:
        _collect(others[0], made, types, seen, is_name=True)
    elif others:
        made.unions.append((key, others))


def _is_null(schema: Any) -> bool:
    return isinstance(schema, dict) and (schema.get("type") == "null" or ("const" in schema and schema["const"] is None))


def _merge(into: dict[str, Any], key: str, value: Any) -> None:
    known = into.get(key)
    if key == "pattern":
        patterns = into.setdefault("patterns", [])
        if value not in patterns:
            patterns.append(value)
    elif key not in into:
        into[key] = dict(value) if key in ("properties", "x-behavior") and isinstance(value, dict) else value
    elif key == "properties" and isinstance(known, dict) and isinstance(value, dict):
        for name, schema in value.items():
            known[name] = {"allOf": [known[name], schema]} if name in known and known[name] != schema else schema
    elif key == "required" and isinstance(known, list) and isinstance(value, list):
        into[key] = list(dict.fromkeys((*known, *value)))
    elif key == "x-behavior" and isinstance(known, dict) and isinstance(value, dict):
        into[key] = {**value, **known}
    else:
        into[key] = _narrower(key, known, value)


def _narrower(key: str, known: Any, value: Any) -> Any:
    """Of two values of a keyword the one that allows less, where that can be said; else the nearer one."""
    if key in _LOWER and _comparable(known, value):
        return max(known, value)
    if key in _UPPER and _comparable(known, value):
        return min(known, value)
    if key in ("enum", "type") and isinstance(known, list) and isinstance(value, list):
        return [one for one in known if one in value] or known
    if key in ("readOnly", "writeOnly", "deprecated", "uniqueItems"):
        return known is True or value is True
    return known


def _comparable(one: Any, other: Any) -> bool:
    return all(isinstance(each, int | float) for each in (one, other))
