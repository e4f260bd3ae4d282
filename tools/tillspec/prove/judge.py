"""The judge: python-jsonschema, made exact where the standard says more than the library does.

Keywords that are answered here anew are asked of the library as well; where the two differ, the case is kept with the clause
that decides. What was found valid once is remembered by identity, so that an instance with one edit costs little more than the
edit.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from tillspec.pointer import Pointer, join
from tillspec.prove import formats
from tillspec.prove.dialects import Schema, Schemas
from tillspec.prove.equality import key
from tillspec.prove.patterns import NoPattern, matches

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError]]

_MOST_DISAGREEMENTS = 500
_CLAUSES = {
    "pattern": "JSON Schema core, section 6.4: regular expressions are those of ECMA-262",
    "multipleOf": "JSON Schema validation, section 6.2.1, of numbers as they are written in decimal",
    "const": "JSON Schema core, section 4.2.2",
    "enum": "JSON Schema core, section 4.2.2",
    "uniqueItems": "JSON Schema core, section 4.2.2",
    "format": "JSON Schema validation, section 7.3",
}
_FORMATS = Draft202012Validator.FORMAT_CHECKER
_COMPARED_FORMATS = ("date", "email", "idn-email", "ipv4", "ipv6", "regex", "uuid")
"""What the library checks without others that may or may not be installed."""
_BROKEN = ValidationError("not valid")
_COMPANIONS = {
    "additionalProperties": ("properties", "patternProperties"),
    "items": ("prefixItems",),
    "if": ("then", "else"),
    "contains": ("minContains", "maxContains"),
}


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
    _known: dict[tuple[int, int], Any] = field(default_factory=dict)
    _class: Any = None

    def __post_init__(self) -> None:
        compared: dict[str, Callable[[Any, Any], bool]] = {
            "multipleOf": self._multiple_of, "const": self._const, "enum": self._enum, "uniqueItems": self._unique,
        }  # fmt: skip
        exact: dict[str, Keyword] = {
            **{word: self._beside(word, check) for word, check in compared.items()},
            "pattern": self._pattern, "format": self._format,
            "$ref": self._ref, "allOf": self._all_of, "anyOf": self._any_of, "oneOf": self._one_of, "not": self._not,
            "if": self._if, "properties": self._properties, "patternProperties": self._pattern_properties,
            "additionalProperties": self._additional, "items": self._items, "prefixItems": self._prefix_items,
            "unevaluatedProperties": self._unevaluated_properties, "unevaluatedItems": self._unevaluated_items,
        }  # fmt: skip
        self._class = extend(Draft202012Validator, exact)  # type: ignore[no-untyped-call]

    def is_valid(self, schema: Schema, value: Any) -> bool:
        """Whether a value is valid."""
        if isinstance(schema, bool):
            return schema
        if (id(schema), id(value)) in self._known:
            return True
        validator = self._validators.get(id(schema))
        if validator is None:
            validator = self._validators[id(schema)] = self._class(schema)  # which keeps the schema, and so its identity
        return next(validator.iter_errors(value), None) is None

    def remember(self, schema: Schema, value: Any) -> None:
        """Take a value for valid from now on, until `forget`: it was judged so. It must not be changed."""
        self._known[id(schema), id(value)] = value

    def forget(self) -> None:
        """Forget what was remembered."""
        self._known.clear()

    def broken(self, schema: Schema, value: Any, at: Pointer = "") -> set[tuple[str, Pointer]]:
        """The keywords that a value breaks, each with the place in the value; where no branch holds, those of every branch."""
        if isinstance(schema, bool):
            return set() if schema else {("false", at)}
        found: set[tuple[str, Pointer]] = set()
        for word in sorted(schema, key=lambda word: word.startswith("unevaluated")):
            if self.breaks(word, schema, value, found):
                inner = self.inside(word, schema, value)
                below = set().union(*(self.broken(part, child, join(at, *keys)) for part, child, keys in inner))
                found |= below or {(word, at)}
        return found

    def breaks(self, word: str, schema: dict[str, Any], value: Any, others: Collection[object]) -> bool:
        """Whether a value breaks a keyword of a schema; what is unevaluated counts only where no other keyword is broken."""
        if word.startswith("unevaluated"):
            return not others and not self.is_valid(schema, value)
        return not self._class(_alone(word, schema)).is_valid(value)

    def inside(self, word: str, whole: dict[str, Any], value: Any) -> Iterator[tuple[Schema, Any, tuple[str | int, ...]]]:
        """The schemas that a keyword applies, each with the value and where that is."""
        schema = _alone(word, whole)
        if word == "$ref":
            yield self.schemas.target(schema["$ref"]), value, ()
        elif word in ("allOf", "anyOf", "oneOf"):
            yield from ((part, value, ()) for part in schema[word])
        elif word == "if":
            yield schema.get("then" if self.is_valid(schema["if"], value) else "else", True), value, ()
        elif isinstance(value, dict):
            yield from ((inner, value[name], (name,)) for name, inner in self.of_properties(word, schema, value))
        elif isinstance(value, list):
            yield from ((inner, value[index], (index,)) for index, inner in of_items(word, schema, value))

    # -- keywords ----------------------------------------------------------------------------------------------------------

    def _beside(self, word: str, check: Callable[[Any, Any], bool]) -> Keyword:
        """A keyword of ours that also asks the library, and keeps what the two see otherwise."""
        theirs = Draft202012Validator.VALIDATORS[word]

        def exact(validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
            ours = check(said, instance)
            other = next(iter(theirs(validator, said, instance, schema) or ()), None) is None
            if other != ours:
                self._note(word, said, instance, schema, ours)
            if not ours:
                yield _BROKEN

        return exact

    def _note(self, word: str, said: Any, instance: Any, schema: Any, valid: bool) -> None:
        case = json.dumps([word, said, instance], default=str)[:2000]
        if case not in self.disagreements and len(self.disagreements) < _MOST_DISAGREEMENTS:
            pointer = self.schemas.pointer(schema)
            self.disagreements[case] = Disagreement(pointer, word, said, instance, valid, _CLAUSES[word])

    def _multiple_of(self, unit: float, instance: Any) -> bool:
        return isinstance(instance, bool) or not isinstance(instance, int | float) or is_multiple(instance, unit)

    def _const(self, const: Any, instance: Any) -> bool:
        return key(const) == key(instance)

    def _enum(self, values: list[Any], instance: Any) -> bool:
        wanted = key(instance)
        return any(key(value) == wanted for value in values)

    def _unique(self, unique: bool, instance: Any) -> bool:
        return not unique or not isinstance(instance, list) or len(set(map(key, instance))) == len(instance)

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
            yield _BROKEN

    def _format(self, validator: Any, name: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        holds = formats.holds(name, instance)
        if isinstance(instance, str) and name in _COMPARED_FORMATS and _conforms(instance, name) != holds:
            self._note("format", name, instance, schema, holds)
        if not holds:
            yield _BROKEN

    # -- schemas in schemas ------------------------------------------------------------------------------------------------

    def _all(self, pairs: Iterator[tuple[Schema, Any]]) -> Iterator[ValidationError]:
        if not all(self.is_valid(schema, value) for schema, value in pairs):
            yield _BROKEN

    def _ref(self, validator: Any, reference: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        return self._all(iter([(self.schemas.target(reference), instance)]))

    def _all_of(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        return self._all((part, instance) for part in said)

    def _any_of(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if not any(self.is_valid(branch, instance) for branch in said):
            yield _BROKEN

    def _one_of(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if sum(self.is_valid(branch, instance) for branch in said) != 1:
            yield _BROKEN

    def _not(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if self.is_valid(said, instance):
            yield _BROKEN

    def _if(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        return self._all(iter([(schema.get("then" if self.is_valid(said, instance) else "else", True), instance)]))

    def _properties(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        return self._each("properties", schema, instance)

    def _pattern_properties(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        return self._each("patternProperties", schema, instance)

    def _additional(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        return self._each("additionalProperties", schema, instance)

    def _each(self, word: str, schema: dict[str, Any], instance: Any) -> Iterator[ValidationError]:
        if isinstance(instance, dict):
            yield from self._all((inner, instance[name]) for name, inner in self.of_properties(word, schema, instance))

    def of_properties(self, word: str, schema: dict[str, Any], instance: dict[str, Any]) -> Iterator[tuple[str, Schema]]:
        """The properties that one of the three keywords applies a schema to."""
        if word == "properties":
            yield from ((name, inner) for name, inner in schema[word].items() if name in instance)
        elif word == "patternProperties":
            for pattern, inner in schema[word].items():
                yield from ((name, inner) for name in instance if self.matches(pattern, name, schema))
        elif word == "additionalProperties":
            yield from ((name, schema[word]) for name in self.extras(schema, instance))

    def extras(self, schema: dict[str, Any], instance: dict[str, Any]) -> list[str]:
        """The properties that neither `properties` nor `patternProperties` of a schema names."""
        named, by_pattern = schema.get("properties", {}), schema.get("patternProperties", {})
        return [
            name
            for name in instance
            if name not in named and not any(self.matches(pattern, name, schema) for pattern in by_pattern)
        ]

    def _items(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        return self._all((inner, instance[index]) for index, inner in of_items("items", schema, instance))

    def _prefix_items(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        return self._all((inner, instance[index]) for index, inner in of_items("prefixItems", schema, instance))

    # -- unevaluated -------------------------------------------------------------------------------------------------------

    def _unevaluated_properties(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, dict):
            seen = self.evaluated(schema, instance, "unevaluatedProperties")
            yield from self._all((said, item) for name, item in instance.items() if name not in seen)

    def _unevaluated_items(self, validator: Any, said: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, list):
            seen = self.evaluated(schema, instance, "unevaluatedItems")
            yield from self._all((said, item) for index, item in enumerate(instance) if index not in seen)

    def evaluated(self, schema: Schema, instance: Any, asking: str = "") -> set[str | int]:
        """What a schema that the instance is valid by evaluates of it: names of properties, or indexes of items.

        `asking` is the keyword of the schema that wants to know, and does not count itself.
        """
        if isinstance(schema, bool):
            return set()
        seen: set[str | int] = set()
        if isinstance(instance, dict):
            for word in ("properties", "patternProperties", "additionalProperties"):
                if word in schema:
                    seen |= {name for name, _ in self.of_properties(word, schema, instance)}
            if "unevaluatedProperties" in schema and asking != "unevaluatedProperties":
                seen |= instance.keys()
        else:
            seen |= set(range(min(len(schema.get("prefixItems", ())), len(instance))))
            if "items" in schema or ("unevaluatedItems" in schema and asking != "unevaluatedItems"):
                seen |= set(range(len(instance)))
            if "contains" in schema:
                seen |= {index for index, item in enumerate(instance) if self.is_valid(schema["contains"], item)}
        for part in self._holding(schema, instance):
            seen |= self.evaluated(part, instance)
        return seen

    def _holding(self, schema: dict[str, Any], instance: Any) -> Iterator[Schema]:
        """The schemas of the same instance that a valid one is valid by: `$ref`, `allOf`, and the branches that hold."""
        if "$ref" in schema:
            yield self.schemas.target(schema["$ref"])
        yield from schema.get("allOf", ())
        for word in ("anyOf", "oneOf"):
            yield from (branch for branch in schema.get(word, ()) if self.is_valid(branch, instance))
        if "if" in schema:
            holds = self.is_valid(schema["if"], instance)
            yield from (schema["if"], schema.get("then", True)) if holds else (schema.get("else", True),)
        if isinstance(instance, dict):
            yield from (inner for name, inner in schema.get("dependentSchemas", {}).items() if name in instance)


def _alone(word: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A keyword of a schema, with those that it cannot be read without; what these ask for themselves is left out."""
    made = {other: schema[other] for other in (word, *_COMPANIONS.get(word, ())) if other in schema}
    for other in ("properties", "patternProperties"):
        if word == "additionalProperties" and other in made:
            made[other] = dict.fromkeys(made[other], True)
    if word == "items" and "prefixItems" in made:
        made["prefixItems"] = [True] * len(made["prefixItems"])
    return made


def of_items(word: str, schema: dict[str, Any], instance: Any) -> Iterator[tuple[int, Schema]]:
    """The items that `items` or `prefixItems` applies a schema to."""
    if isinstance(instance, list) and word in ("items", "prefixItems"):
        prefix = schema.get("prefixItems", ())
        if word == "prefixItems":
            yield from enumerate(prefix[: len(instance)])
        else:
            yield from ((index, schema["items"]) for index in range(len(prefix), len(instance)))


@lru_cache(maxsize=65536)
def _python_matches(pattern: str, text: str) -> bool | None:
    """The library's own answer, by Python's expressions; None where they have no such pattern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.search(pattern, text) is not None
        except re.error:
            return None


def _conforms(text: str, name: str) -> bool:
    """The library's own answer to a format."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(_FORMATS.conforms(text, name))


def is_multiple(value: float, unit: float) -> bool:
    """Whether a number, as it is written in decimal, is a whole multiple of another."""
    numerator, denominator = Decimal(repr(value)).as_integer_ratio()
    above, below = Decimal(repr(unit)).as_integer_ratio()
    return numerator * below % (denominator * above) == 0
