"""The judge: python-jsonschema, made exact where the standard says more than the library does.

Each keyword that is answered here anew also asks the library; where the two differ, the case is kept with the clause that decides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from tillspec.prove import formats
from tillspec.prove.dialects import Schema, Schemas
from tillspec.prove.equality import key
from tillspec.prove.patterns import NoPattern, matches
from tillspec.pointer import Pointer, join

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]

_MOST_DISAGREEMENTS = 200
_CLAUSES = {
    "pattern": "JSON Schema core, section 6.4: regular expressions are those of ECMA-262",
    "multipleOf": "JSON Schema validation, section 6.2.1, of numbers as they are written in decimal",
    "const": "JSON Schema core, section 4.2.2",
    "enum": "JSON Schema core, section 4.2.2",
    "uniqueItems": "JSON Schema core, section 4.2.2",
    "format": "JSON Schema validation, section 7.3",
}
_FORMATS = Draft202012Validator.FORMAT_CHECKER


@lru_cache(maxsize=65536)
def _python_matches(pattern: str, text: str) -> bool | None:
    """The library's own answer, by Python's expressions; None where they have no such pattern."""
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A case in which python-jsonschema's own answer is another one, and the clause that decides."""

    pointer: Pointer
    keyword: str
    keyword_value: Any
    instance: Any
    valid: bool
    clause: str


@dataclass(slots=True)
class Judge:
    """Says whether JSON values are valid by the translated schemas of one document."""

    schemas: Schemas
    disagreements: dict[str, Disagreement] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    _validators: dict[int, Any] = field(default_factory=dict)
    _class: Any = None

    def __post_init__(self) -> None:
        compared = {
            "multipleOf": self._multiple_of, "const": self._const, "enum": self._enum, "uniqueItems": self._unique,
        }  # fmt: skip
        exact: dict[str, Keyword] = {
            **{word: self._beside(word, check) for word, check in compared.items()},
            "$ref": self._ref,
            "pattern": self._pattern,
            "format": self._format,
            "patternProperties": self._pattern_properties,
            "additionalProperties": self._additional,
            "unevaluatedProperties": self._unevaluated_properties,
            "unevaluatedItems": self._unevaluated_items,
        }
        self._class = extend(Draft202012Validator, exact)

    def is_valid(self, schema: Schema, value: Any) -> bool:
        """Whether a value is valid."""
        if isinstance(schema, bool):
            return schema
        validator = self._validators.get(id(schema))
        if validator is None:
            validator = self._validators[id(schema)] = self._class(schema)
        return next(validator.iter_errors(value), None) is None

    def broken(self, schema: Schema, value: Any) -> set[tuple[str, Pointer]]:
        """The keywords that a value breaks, each with the place in the value; those of branches beside their `anyOf` or `oneOf`."""
        if isinstance(schema, bool):
            return set() if schema else {("false", "")}
        found: set[tuple[str, Pointer]] = set()
        waiting = list(self._class(schema).iter_errors(value))
        while waiting:
            error = waiting.pop()
            if error.context:
                waiting += error.context
            else:
                found.add((str(error.validator), join("", *error.absolute_path)))
        return found

    # -- keywords ----------------------------------------------------------------------------------------------------------

    def _beside(self, word: str, check: Keyword) -> Keyword:
        """A keyword of ours that also asks the library, and keeps what the two see otherwise."""
        theirs = Draft202012Validator.VALIDATORS[word]

        def exact(validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
            ours = list(check(validator, said, instance, schema) or ())
            other = next(iter(theirs(validator, said, instance, schema) or ()), None) is None
            if other == bool(ours):
                self._note(word, said, instance, schema, not ours)
            return iter(ours)

        return exact

    def _note(self, word: str, said: Any, instance: Any, schema: Any, valid: bool) -> None:
        case = json.dumps([word, said, instance], default=str)[:2000]
        if case not in self.disagreements and len(self.disagreements) < _MOST_DISAGREEMENTS:
            pointer = self.schemas.pointer(schema)
            self.disagreements[case] = Disagreement(pointer, word, said, instance, valid, _CLAUSES[word])

    def _ref(self, validator: Any, reference: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        yield from validator.descend(instance, self.schemas.target(reference))

    def matches(self, pattern: str, text: str, schema: Schema = True) -> bool:
        """Whether a text contains a match; one by a pattern that is none is told in `unreadable`."""
        try:
            ours = matches(pattern, text)
        except NoPattern as error:
            self.unreadable[pattern] = str(error)
            return True
        if _python_matches(pattern, text) not in (ours, None):
            self._note("pattern", pattern, text, schema, ours)
        return ours

    def _pattern(self, validator: Any, pattern: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, str) and not self.matches(pattern, instance, schema):
            yield ValidationError("no match")

    def _multiple_of(self, validator: Any, unit: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, int | float) and not isinstance(instance, bool) and not is_multiple(instance, unit):
            yield ValidationError("no multiple")

    def _const(self, validator: Any, const: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if key(const) != key(instance):
            yield ValidationError("another value")

    def _enum(self, validator: Any, values: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        wanted = key(instance)
        if all(key(value) != wanted for value in values):
            yield ValidationError("not listed")

    def _unique(self, validator: Any, unique: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if unique and isinstance(instance, list) and len(set(map(key, instance))) != len(instance):
            yield ValidationError("twice")

    def _format(self, validator: Any, name: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        holds = formats.holds(name, instance)
        if isinstance(instance, str) and name in formats.TEXTS and _FORMATS.conforms(instance, name) != holds:
            self._note("format", name, instance, schema, holds)
        if not holds:
            yield ValidationError(f"no {name}")

    def _pattern_properties(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        for pattern, inner in said.items() if isinstance(instance, dict) else ():
            for name, value in instance.items():
                if self.matches(pattern, name, schema):
                    yield from validator.descend(value, inner, path=name, schema_path=pattern)

    def _additional(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, dict):
            for name in self.extras(schema, instance):
                yield from validator.descend(instance[name], said, path=name)

    def extras(self, schema: dict[str, Any], instance: dict[str, Any]) -> list[str]:
        """The properties that neither `properties` nor `patternProperties` of a schema names."""
        named, by_pattern = schema.get("properties", {}), schema.get("patternProperties", {})
        return [
            name for name in instance if name not in named and not any(self.matches(pattern, name, schema) for pattern in by_pattern)
        ]

    # -- unevaluated -------------------------------------------------------------------------------------------------------

    def _unevaluated_properties(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, dict):
            seen = self._evaluated(schema, instance, frozenset({"unevaluatedProperties"}))
            for name in instance:
                if name not in seen:
                    yield from validator.descend(instance[name], said, path=name)

    def _unevaluated_items(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, list):
            seen = self._evaluated(schema, instance, frozenset({"unevaluatedItems"}))
            for index, item in enumerate(instance):
                if index not in seen:
                    yield from validator.descend(item, said, path=index)

    def _evaluated(self, schema: Schema, instance: Any, without: frozenset[str] = frozenset()) -> set[str | int]:
        """What a schema that the instance is valid by evaluates of it: names of properties, or indexes of items.

        `without` is the keyword that asks, which does not look at itself.
        """
        if isinstance(schema, bool):
            return set()
        seen: set[str | int] = set()
        if isinstance(instance, dict):
            seen |= schema.get("properties", {}).keys() & instance.keys()
            for pattern in schema.get("patternProperties", ()):
                seen |= {name for name in instance if self.matches(pattern, name, schema)}
            if "additionalProperties" in schema:
                seen |= set(self.extras(schema, instance))
            if "unevaluatedProperties" in schema and "unevaluatedProperties" not in without:
                seen |= instance.keys()
        else:
            seen |= set(range(min(len(schema.get("prefixItems", ())), len(instance))))
            if "items" in schema or ("unevaluatedItems" in schema and "unevaluatedItems" not in without):
                seen |= set(range(len(instance)))
            if "contains" in schema:
                seen |= {index for index, item in enumerate(instance) if self.is_valid(schema["contains"], item)}
        for part in self.holding(schema, instance):
            seen |= self._evaluated(part, instance)
        return seen

    def holding(self, schema: dict[str, Any], instance: Any) -> Iterator[Schema]:
        """The schemas of the same instance that a valid one is valid by: `$ref`, `allOf`, and the branches that hold."""
        if "$ref" in schema:
            yield self.schemas.target(schema["$ref"])
        yield from schema.get("allOf", ())
        for word in ("anyOf", "oneOf"):
            yield from (branch for branch in schema.get(word, ()) if self.is_valid(branch, instance))
        if "if" in schema:
            if self.is_valid(schema["if"], instance):
                yield schema["if"]
                yield schema.get("then", True)
            else:
                yield schema.get("else", True)
        if isinstance(instance, dict):
            yield from (inner for name, inner in schema.get("dependentSchemas", {}).items() if name in instance)


def is_multiple(value: float, unit: float) -> bool:
    """Whether a number, as it is written in decimal, is a whole multiple of another."""
    numerator, denominator = Decimal(repr(value)).as_integer_ratio()
    above, below = Decimal(repr(unit)).as_integer_ratio()
    return numerator * below % (denominator * above) == 0
