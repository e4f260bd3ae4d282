"""Schemas of any OpenAPI 3.x in the words of JSON Schema draft 2020-12, as a request or a response has them.

Written apart from the generator's own reading of the same rules, so that the two can be compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from tillspec.pointer import Pointer, join, look_up

Direction = Literal["both", "request", "response"]
Schema = dict[str, Any] | bool

MAPS = ("properties", "patternProperties", "dependentSchemas")
"""Keywords of which each value is a schema, but for `$defs`, which say nothing by themselves."""
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
SINGLES = (
    "items", "contains", "additionalProperties", "propertyNames", "if", "then", "else", "not",
    "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
SAME_INSTANCE = ("allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas")
"""Keywords whose schemas look at the same instance."""

_KEPT_3_1 = frozenset((
    "type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength",
    "pattern", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains", "maxProperties", "minProperties", "required",
    "dependentRequired", "format", "default", "examples", *MAPS, *LISTS, *SINGLES,
))  # fmt: skip
_KEPT_3_0 = frozenset((
    "type", "enum", "multipleOf", "maximum", "minimum", "maxLength", "minLength", "pattern", "maxItems", "minItems",
    "uniqueItems", "maxProperties", "minProperties",
    "required", "format", "default", "properties", "allOf", "anyOf", "oneOf", "items",
    "additionalProperties", "not",
))  # fmt: skip
"""The fixed fields of the Schema Object of OpenAPI 3.0 (section 4.7.24) that constrain something; it knows no other keywords."""

_MARK = {"request": "readOnly", "response": "writeOnly"}


@dataclass(slots=True)
class Schemas:
    """The schemas of one bundled document, each translated at first use and the same object ever after."""

    document: dict[str, Any]
    version: str
    _made: dict[tuple[Pointer, Direction, frozenset[str]], Schema] = field(default_factory=dict)
    _targets: dict[str, tuple[Pointer, Direction, frozenset[str]]] = field(default_factory=dict)
    _pointers: dict[int, Pointer] = field(default_factory=dict)

    def at(self, pointer: Pointer, direction: Direction, hidden: frozenset[str] = frozenset()) -> Schema:
        """The schema that stands at a pointer of the document; `hidden` are properties that an enclosing schema marks.

        Raises:
            LookupError: nothing stands there.
        """
        key = (pointer, direction, hidden)
        if key not in self._made:
            self._made[key] = self._translated(look_up(self.document, pointer), pointer, direction, hidden)
        return self._made[key]

    def target(self, reference: str) -> Schema:
        """What the `$ref` of a translated schema leads to."""
        return self.at(*self._targets[reference])

    def pointer(self, schema: Schema) -> Pointer:
        """Where in the document a translated schema stands; empty for `false`."""
        return self._pointers.get(id(schema), "")

    def _translated(self, schema: Any, pointer: Pointer, direction: Direction, outer: frozenset[str]) -> Schema:
        if schema is False:
            return False
        if not isinstance(schema, dict):
            schema = {}
        plain = self._of_3_0(schema) if self.version == "3.0" else _of_3_1(schema)
        hidden = outer if direction == "both" else outer | frozenset(self._marked(schema, _MARK[direction], 16))
        made: dict[str, Any] = {}
        self._pointers[id(made)] = pointer
        for key, value in plain.items():
            if key == "$ref":
                made[key] = self._reference(value, direction, hidden)
            elif key == "required":
                made[key] = [name for name in value if name not in hidden]
            elif key in MAPS and isinstance(value, dict):
                below = hidden if key in SAME_INSTANCE else frozenset[str]()
                made[key] = {
                    name: self._translated(inner, join(pointer, key, name), direction, below) for name, inner in value.items()
                }
            elif key in LISTS and isinstance(value, list):
                below = hidden if key in SAME_INSTANCE else frozenset()
                made[key] = [
                    self._translated(inner, join(pointer, key, index), direction, below) for index, inner in enumerate(value)
                ]
            elif key in SINGLES:
                below = hidden if key in SAME_INSTANCE else frozenset()
                made[key] = self._translated(value, join(pointer, key), direction, below)
            else:
                made[key] = value
        return self._or_null(made, pointer) if self.version == "3.0" and _nullable_as_used(schema) else made

    def _or_null(self, made: dict[str, Any], pointer: Pointer) -> Schema:
        """`nullable` beside branches and no type, read as it is used: null, or what the rest says."""
        whole: dict[str, Any] = {"anyOf": [made, {"type": "null"}]}
        self._pointers[id(whole)] = pointer
        self._pointers[id(whole["anyOf"][1])] = join(pointer, "nullable")
        return whole

    def _reference(self, reference: Any, direction: Direction, hidden: frozenset[str]) -> str:
        pointer = str(reference).removeprefix("#")
        key = json.dumps([pointer, direction, sorted(hidden)])
        self._targets[key] = (pointer, direction, hidden)
        return key

    def _of_3_0(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A Schema Object of OpenAPI 3.0: what stands beside `$ref` is ignored (section 4.7.23.1)."""
        if "$ref" in schema:
            return {"$ref": schema["$ref"]}
        made = {key: value for key, value in schema.items() if key in _KEPT_3_0}
        for plain, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if schema.get(exclusive) is True and plain in made:
                made[exclusive] = made.pop(plain)
        if schema.get("nullable") is True and isinstance(made.get("type"), str):
            made["type"] = [made["type"], "null"]
        if "example" in schema:
            made["examples"] = [schema["example"]]
        return made

    def _marked(self, schema: Any, mark: str, depth: int) -> Iterator[str]:
        """The properties that a schema, or another one of the same instance, marks as the other direction's own."""
        for part in self._same_instance(schema, depth, every=True):
            for name, inner in (part.get("properties") or {}).items():
                if any(one.get(mark) is True for one in self._same_instance(inner, depth, every=False)):
                    yield name

    def _same_instance(self, schema: Any, depth: int, *, every: bool) -> Iterator[dict[str, Any]]:
        """A schema and those of the same instance: that hold in any case, or `every` one that may."""
        if not isinstance(schema, dict) or not depth:
            return
        if "$ref" in schema:
            with suppress(LookupError, ValueError):
                yield from self._same_instance(look_up(self.document, str(schema["$ref"])[1:]), depth - 1, every=every)
            if self.version == "3.0":
                return
        yield schema
        for key in SAME_INSTANCE if every else ("allOf",):
            inner = schema.get(key)
            parts = inner if isinstance(inner, list) else inner.values() if key == "dependentSchemas" and inner else [inner]
            for part in parts:
                yield from self._same_instance(part, depth - 1, every=every)


def _of_3_1(schema: dict[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in schema.items() if key in _KEPT_3_1 or key == "$ref"}
    examples = list(made["examples"]) if isinstance(made.get("examples"), list) else []
    if "example" in schema:
        examples.insert(0, schema["example"])
    if examples:
        made["examples"] = examples
    else:
        made.pop("examples", None)
    return made


def _nullable_as_used(schema: dict[str, Any]) -> bool:
    return (
        schema.get("nullable") is True
        and "$ref" not in schema
        and "type" not in schema
        and any(key in schema for key in ("allOf", "anyOf", "oneOf"))
    )
