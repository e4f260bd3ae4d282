"""Values beside their schemas: each part of an example with the schemas that hold for it, and values made from a schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tillspec.pointer import Pointer, join
from tillspec.rules.reading.nodes import Direction, Node, follow
from tillspec.rules.reading.schemas import Schemas
from tillspec.rules.reading.validators import Validators

_MOST_DEEP = 8
_MOST_VALUES = 2000
_SAMPLES = {
    "date-time": "2026-03-04T10:00:00Z", "date": "2026-03-04", "time": "10:00:00Z", "duration": "PT1H", "email": "a@example.com",
    "uri": "https://example.com/", "uuid": "3f0b6c1e-9d53-4a8e-8f3a-6a1d2c7e5b90", "hostname": "example.com", "ipv4": "192.0.2.1",
}  # fmt: skip


class Part(NamedTuple):
    """A part of an instance, where it stands in the instance, and one of the schemas that hold for it."""

    pointer: Pointer
    value: Any
    schema: Node


class Instances:
    """Reads and makes instances of a document's schemas."""

    def __init__(self, schemas: Schemas, validators: Validators) -> None:
        self.schemas = schemas
        self.validators = validators

    def parts(self, schema: Node, direction: Direction | None, value: Any) -> Iterator[Part]:
        """A value and everything in it, once for each schema that holds for it."""
        yield from self._visit("", value, [schema], direction)

    def _visit(self, pointer: Pointer, value: Any, schemas: list[Node], direction: Direction | None) -> Iterator[Part]:
        waiting, holding = schemas, dict[Pointer, Node]()
        while waiting:
            schema = waiting.pop()
            if isinstance(schema.value, dict) and schema.pointer not in holding:
                holding[schema.pointer] = schema
                yield Part(pointer, value, schema)
                waiting += self._beside(schema, direction, value)
        if isinstance(value, dict):
            for name, item in value.items():
                below = [one for schema in holding.values() for one in self._of_field(schema, str(name))]
                yield from self._visit(join(pointer, str(name)), item, below, direction)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                below = [self._of_item(schema, index) for schema in holding.values()]
                yield from self._visit(join(pointer, index), item, below, direction)

    def _beside(self, schema: Node, direction: Direction | None, value: Any) -> Iterator[Node]:
        """The schemas that hold for the same value: what is referred to, all of allOf, of a choice those that it fits."""
        if "$ref" in schema.value:
            yield follow(self.schemas.document, schema)
        yield from schema.get("allOf").list()
        for word in ("anyOf", "oneOf"):
            for branch in schema.get(word).list():
                if self.validators.is_valid(branch, direction, value):
                    yield branch

    def _of_field(self, schema: Node, name: str) -> list[Node]:
        properties = schema.value.get("properties")
        if isinstance(properties, dict) and name in properties:
            return [schema.get("properties", name)]
        rest = schema.get("additionalProperties")
        return [rest] if isinstance(rest.value, dict) else []

    def _of_item(self, schema: Node, index: int) -> Node:
        prefix = schema.get("prefixItems").list() if "prefixItems" in schema.value else []
        return prefix[index] if index < len(prefix) else schema.get("items")

    def maximal(self, schema: Node) -> Any:
        """A value with every field that a schema declares, of the right types; not necessarily a valid one."""
        return self._made(schema, 0, iter(range(_MOST_VALUES)))

    def _made(self, schema: Node, deep: int, left: Iterator[int]) -> Any:
        """A value. Where it gets too deep, or `left` says that no more values are to be made, it has nothing in it."""
        goes_on = deep < _MOST_DEEP and next(left, None) is not None
        for word in ("const", "default"):
            for said in self.schemas.says(schema, word):
                return said
        types = self.schemas.types(schema)
        fields = self.schemas.properties(schema)
        if fields or types == {"object"}:
            return {name: self._made(nodes[0], deep + 1, left) for name, nodes in fields.items()} if goes_on else {}
        for options in self.schemas.says(schema, "enum"):
            if isinstance(options, list) and options:
                return options[0]
        if "array" in types and len(types) <= 2:
            items = self.schemas.find(schema, ["*"])
            return [self._made(items[0], deep + 1, left)] * 2 if items and goes_on else []
        return self._scalar(schema, types)

    def _scalar(self, schema: Node, types: frozenset[str]) -> Any:
        shown = self.schemas.says(schema, "example")
        shown += [one for many in self.schemas.says(schema, "examples") if isinstance(many, list) for one in many]
        if shown:
            return shown[0]
        for branch in (part for word in ("anyOf", "oneOf") for part in schema.get(word).list()):
            made = self._made(branch, _MOST_DEEP, iter(()))
            if made is not None:
                return made
        if "string" in types:
            return next((_SAMPLES[said] for said in self.schemas.says(schema, "format") if said in _SAMPLES), "x")
        if "integer" in types:
            number = max([1, *(said for said in self.schemas.says(schema, "minimum") if isinstance(said, int | float))])
            return float(number) if "number" in types else number
        return True if "boolean" in types else None
