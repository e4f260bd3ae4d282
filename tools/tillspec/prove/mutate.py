"""One edit of every keyword at every place of a valid instance. Which are mutants, and which are valid still, the judge says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.prove.edits import arrays, objects, texts, values
from tillspec.prove.edits.made import WRONG, Made
from tillspec.prove.places import Path, Place
from tillspec.prove.synthesise import Synthesiser

_Maker = Callable[[Synthesiser, dict[str, Any], Any, Any], Iterator[Made]]

_MAKERS: dict[str, _Maker] = {
    "type": values.type_, "enum": values.enum, "const": values.const, "not": values.not_,
    "anyOf": values.branches, "oneOf": values.branches, "if": values.condition,
    "minimum": values.bound, "maximum": values.bound, "exclusiveMinimum": values.bound, "exclusiveMaximum": values.bound,
    "multipleOf": values.multiple,
    "minLength": texts.min_length, "maxLength": texts.max_length, "pattern": texts.pattern, "format": texts.format_,
    "minItems": arrays.min_items, "maxItems": arrays.max_items, "items": arrays.items, "uniqueItems": arrays.unique,
    "contains": arrays.contains, "prefixItems": arrays.prefix, "unevaluatedItems": arrays.unevaluated_items,
    "required": objects.required, "properties": objects.properties, "additionalProperties": objects.additional,
    "minProperties": objects.min_properties, "maxProperties": objects.max_properties,
    "propertyNames": objects.property_names, "patternProperties": objects.pattern_properties,
    "dependentRequired": objects.dependent_required, "dependentSchemas": objects.dependent_schemas,
    "unevaluatedProperties": objects.unevaluated_properties,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edit:
    """Another value at a path of an instance, made for the sake of a keyword.

    `changed` is where it differs, which may be one property or item further down; `value` is the whole value at `path`.
    """

    keyword: str
    kind: str
    pointer: Pointer
    path: Path
    changed: Path
    value: Any


@dataclass(frozen=True, slots=True)
class Mutator:
    """Makes edits, with the help of a synthesiser where a keyword asks for further values."""

    synthesiser: Synthesiser

    def streams(self, place: Place, value: Any) -> Iterator[Iterator[Edit]]:
        """The edits of a place whose value is given, for each of its keywords."""
        for keyword, said in place.schema.items():
            if keyword in _MAKERS:
                yield self._edits(place, keyword, _MAKERS[keyword](self.synthesiser, place.schema, said, value))
        if isinstance(value, dict) and "additionalProperties" not in place.schema and _speaks_of_objects(place.schema):
            yield self._edits(place, "additionalProperties", objects.additional(self.synthesiser, place.schema, True, value))
        if not place.schema:
            yield self._edits(place, "type", ((f"anything: {kind}", other, ()) for kind, other in WRONG))

    def _edits(self, place: Place, keyword: str, made: Iterator[Made]) -> Iterator[Edit]:
        pointer = self.synthesiser.judge.schemas.pointer(place.schema)
        pointer = join(pointer, keyword) if keyword in place.schema else pointer
        for kind, value, keys in made:
            yield Edit(keyword, kind, pointer, place.path, (*place.path, *keys), value)


def _speaks_of_objects(schema: dict[str, Any]) -> bool:
    return "properties" in schema or schema.get("type") == "object"
