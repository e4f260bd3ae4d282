"""Schemas in their finished form (draft 2020-12, inline objects moved out) to the types of an API's model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any as Untyped

from tillspec.api import exactness
from tillspec.api.model import (
    FILE,
    Any,
    Array,
    Discriminator,
    Enum,
    Field,
    File,
    Json,
    Map,
    Object,
    Presence,
    Ref,
    Scalar,
    Type,
    Union,
)
from tillspec.pointer import Pointer, join
from tillspec.source import Span

_PREFIX = "#/components/schemas/"
_MOST_PARTS = 100
"""So many schemas are looked at to see whether they mean an object."""
_KINDS = ("string", "integer", "number", "boolean", "null")


class Types:
    """Gives schemas their types: `look` follows a reference to a component, `span` tells where a pointer stands."""

    def __init__(self, look: Callable[[str], Untyped], span: Callable[[Pointer], Span]) -> None:
        self._look = look
        self._span = span
        self._made: dict[int, tuple[Json, Type]] = {}

    def of(self, schema: Untyped, pointer: Pointer) -> Type:
        """The type that the finished schema at a pointer has, for signatures and pages."""
        if not isinstance(schema, dict):
            return Any()
        if "$ref" in schema:
            return Ref(str(schema["$ref"]).removeprefix(_PREFIX))
        if isinstance(schema.get(FILE), dict):
            facts = schema[FILE]
            return File(tuple(facts.get("mediaTypes", ())), facts.get("minLength"), facts.get("maxLength"))
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else list(kinds)
        nullable = "null" in kinds and len(kinds) > 1
        if nullable:
            kinds.remove("null")
        made = self._choice(schema, pointer) or self._combined(schema, pointer) or self._composite(schema, kinds, pointer)
        made = made or _scalars(schema, kinds)
        listed = isinstance(made, Enum) or made == Scalar("null")  # null is allowed there where it is listed
        return replace(made, nullable=True) if nullable and not made.nullable and not listed else made

    def _choice(self, schema: dict[str, Untyped], pointer: Pointer) -> Type | None:
        if "const" in schema or isinstance(schema.get("enum"), list):
            listed = [schema["const"]] if "const" in schema else schema["enum"]
            values = [value for value in listed if exactness.fits(value, exactness.kinds_of(schema))]
            texts = tuple(json.dumps(value, ensure_ascii=False, sort_keys=True) for value in values if value is not None)
            if not texts:
                return Scalar("null") if values else Any()
            return Enum(texts, nullable=None in values)
        for key in ("oneOf", "anyOf"):
            branches = schema.get(key)
            if not isinstance(branches, list) or schema.get("properties"):
                continue
            real = [(index, branch) for index, branch in enumerate(branches) if branch != {"type": "null"}]
            options = tuple(self.of(branch, join(pointer, key, index)) for index, branch in real)
            nullable = len(real) < len(branches)
            if len(options) == 1:
                return replace(options[0], nullable=nullable or options[0].nullable)
            if options:
                return Union(options, key == "oneOf", _discriminator(schema), nullable)
            if branches:
                return Scalar("null")
        return None

    def _combined(self, schema: dict[str, Untyped], pointer: Pointer) -> Type | None:
        """The type of an `allOf`, made once: alone and merged with others it would be made twice on every level of a deep one."""
        parts = schema.get("allOf")
        if not isinstance(parts, list) or not parts:
            return None
        if id(schema) not in self._made:
            self._made[id(schema)] = schema, self._all_of(schema, parts, pointer)
        return self._made[id(schema)][1]

    def _composite(self, schema: dict[str, Untyped], kinds: list[str], pointer: Pointer) -> Type | None:
        if kinds == ["array"]:
            items = schema.get("items", True)
            inner = self.of(items, join(pointer, "items")) if "prefixItems" not in schema else Any()
            return Array(inner, _count(schema, "minItems"), _count(schema, "maxItems"), schema.get("uniqueItems") is True)
        if schema.get("properties") and kinds in ([], ["object"]):
            return self._object(schema, tuple(self._fields(schema, pointer)), (), pointer)
        if kinds == ["object"]:
            more = schema.get("additionalProperties", True) if "patternProperties" not in schema else True
            return Map(self.of(more, join(pointer, "additionalProperties")))
        return None

    def _all_of(self, schema: dict[str, Untyped], parts: list[Untyped], pointer: Pointer) -> Type:
        types = [self.of(part, join(pointer, "allOf", index)) for index, part in enumerate(parts)]
        bases = [one for one in types if isinstance(one, Ref)]
        objects = [one for one in types if isinstance(one, Object)]
        bases += [base for one in objects for base in one.bases]
        fields = (*(field for one in objects for field in one.fields), *self._fields(schema, pointer))
        closed = self._is_closed(schema)
        if not fields and not self._is_object_like(schema):
            return self._conjunction(schema, bases, pointer)
        required = [name for part in (schema, *parts) if isinstance(part, dict) for name in part.get("required", ())]
        if fields or len(bases) > 1 or (bases and (closed or required)):
            made = self._object(schema, fields, tuple(dict.fromkeys(bases)), pointer)
            own = {field.name for field in fields if field.presence is Presence.REQUIRED}
            return replace(made, required=tuple(dict.fromkeys(name for name in required if name not in own)))
        return self._conjunction(schema, bases, pointer)

    def _is_object_like(self, schema: dict[str, Untyped]) -> bool:
        """Whether a schema means an object, be it only that it names properties."""
        if exactness.is_object(schema, self._look):
            return True
        waiting: list[Untyped] = [schema]
        seen: set[str] = set()
        while waiting and len(seen) < _MOST_PARTS:
            part = waiting.pop()
            if not isinstance(part, dict):
                continue
            if part.get("properties"):
                return True
            reference = part.get("$ref")
            if isinstance(reference, str) and reference not in seen:
                seen.add(reference)
                waiting.append(self._look(reference))
            waiting += part.get("allOf") or ()
        return False

    def _conjunction(self, schema: dict[str, Untyped], bases: list[Ref], pointer: Pointer) -> Type:
        """The type of values that are no objects: one of several that hold at once."""
        if bases:
            return bases[0]
        merged: dict[str, Untyped] = {}
        waiting = [schema]
        while waiting:
            part = waiting.pop()
            merged = {key: value for key, value in part.items() if key != "allOf"} | merged
            waiting += [one for one in part.get("allOf") or () if isinstance(one, dict)]
        return self.of(merged, pointer)

    def _is_closed(self, schema: dict[str, Untyped]) -> bool:
        """Whether an object has no other properties than its type tells."""
        if schema.get("unevaluatedProperties") is False:
            rest = {key: value for key, value in schema.items() if key != "unevaluatedProperties"}
            return exactness.is_plain(rest, self._look)
        return schema.get("additionalProperties") is False and not schema.get("patternProperties")

    def _object(self, schema: dict[str, Untyped], fields: tuple[Field, ...], bases: tuple[Ref, ...], pointer: Pointer) -> Object:
        closed = self._is_closed(schema)
        more = schema.get("additionalProperties") if not schema.get("patternProperties") else None
        additional = self.of(more, join(pointer, "additionalProperties")) if isinstance(more, dict) and more else None
        names = {field.name for field in fields}
        elsewhere = tuple(name for name in schema.get("required", ()) if name not in names)
        return Object(fields, bases, closed, elsewhere, additional)

    def _fields(self, schema: dict[str, Untyped], pointer: Pointer) -> Iterator[Field]:
        required = frozenset(schema.get("required", ()))
        for name, value in (schema.get("properties") or {}).items():
            facts = value if isinstance(value, dict) else {}
            yield Field(
                name,
                self.of(value, join(pointer, "properties", name)),
                Presence.REQUIRED if name in required else Presence.OPTIONAL,
                json.dumps(facts["default"], ensure_ascii=False) if "default" in facts else None,
                str(facts.get("description", "")),
                facts.get("readOnly") is True,
                facts.get("writeOnly") is True,
                facts.get("deprecated") is True,
                span=self._span(join(pointer, "properties", name)),
            )


def _discriminator(schema: dict[str, Untyped]) -> Discriminator | None:
    found = schema.get("discriminator")
    if not isinstance(found, dict) or not isinstance(found.get("propertyName"), str):
        return None
    mapping = found.get("mapping") or {}
    return Discriminator(found["propertyName"], tuple((key, str(value).removeprefix(_PREFIX)) for key, value in mapping.items()))


def _scalars(schema: dict[str, Untyped], kinds: list[str]) -> Type:
    made: dict[str, Type] = {"object": Map(Any()), "array": Array(Any())}
    options: tuple[Type, ...] = tuple(_scalar(schema, kind) for kind in kinds if kind in _KINDS)
    options += tuple(made[kind] for kind in kinds if kind in made)
    if len(options) == 1:
        return options[0]
    return Union(options) if options else Any()


def _scalar(schema: dict[str, Untyped], kind: str) -> Scalar:
    text = kind == "string"
    number = kind in ("integer", "number")
    return Scalar(
        kind,  # type: ignore[arg-type]
        schema.get("format") if isinstance(schema.get("format"), str) else None,
        schema.get("minimum") if number else None,
        schema.get("maximum") if number else None,
        schema.get("exclusiveMinimum") if number else None,
        schema.get("exclusiveMaximum") if number else None,
        schema.get("multipleOf") if number else None,
        _count(schema, "minLength") if text else None,
        _count(schema, "maxLength") if text else None,
        schema.get("pattern") if text else None,
    )


def _count(schema: dict[str, Untyped], key: str) -> int | None:
    """A length, which may be written as 2.0 (JSON Schema validation, section 6.3.1)."""
    return int(schema[key]) if key in schema else None
