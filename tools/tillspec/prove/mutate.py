"""One edit of every keyword at every place of a valid instance. Which of them are mutants, and which still valid, the judge says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.prove import expressions, formats, samples
from tillspec.prove.dialects import Schema
from tillspec.prove.places import Path, Place
from tillspec.prove.shapes import Shape
from tillspec.prove.synthesise import Impossible, Synthesiser, of_type


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


WRONG: tuple[tuple[str, Any], ...] = (
    ("null", None), ("true", True), ("false", False), ("0", 0), ("1", 1), ("5.0", 5.0), ("5.5", 5.5), ('"5"', "5"), ('"yes"', "yes"),
    ('"true"', "true"), ('""', ""), ("[]", []), ("{}", {}), ("-7", -7), ("1e3", 1000.0),
)  # fmt: skip
_KINDS_OF = ("object", "array", "string", "integer", "number", "boolean", "null")
_LONGEST = 20_000
_MOST_MADE = 8

Made = tuple[str, Any, Path]
"""A kind, the new value at the place, and the keys from there to what changed."""


@dataclass(slots=True)
class Mutator:
    """Makes edits. It takes a synthesiser for values that a keyword asks for."""

    synthesiser: Synthesiser

    def streams(self, place: Place, value: Any) -> Iterator[Iterator[Edit]]:
        """The edits of a place whose value is given, for each of its keywords."""
        for keyword, said in place.schema.items():
            if keyword in _MAKERS:
                yield self._edits(place, keyword, _MAKERS[keyword](self, place.schema, said, value))
        if isinstance(value, dict) and "additionalProperties" not in place.schema and _speaks_of_objects(place.schema):
            yield self._edits(place, "additionalProperties", self._open(place.schema, value))
        if not place.schema:
            yield self._edits(place, "type", ((f"anything: {kind}", other, ()) for kind, other in WRONG))

    def _edits(self, place: Place, keyword: str, made: Iterator[Made]) -> Iterator[Edit]:
        pointer = self.synthesiser.judge.schemas.pointer(place.schema)
        pointer = join(pointer, keyword) if keyword in place.schema else pointer
        for kind, value, keys in made:
            yield Edit(keyword, kind, pointer, place.path, (*place.path, *keys), value)

    # -- any type ----------------------------------------------------------------------------------------------------------

    def type(self, schema: dict[str, Any], said: Any, value: Any) -> Iterator[Made]:
        kinds = [said] if isinstance(said, str) else said
        for name, wrong in WRONG:
            yield f"type: {name}", wrong, ()
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield "type: number as text", repr(value), ()
            yield "type: number with .0", float(value), ()
            yield "type: fraction", value + 0.5, ()
        elif isinstance(value, str):
            yield "type: text in a list", [value], ()
        elif isinstance(value, list):
            yield "type: items by index", {str(index): item for index, item in enumerate(value)}, ()
            if len(value) == 1:
                yield "type: item without its list", value[0], ()
        elif isinstance(value, dict):
            yield "type: object in a list", [value], ()
        elif isinstance(value, bool):
            yield "type: boolean as text", str(value).lower(), ()
        for kind in kinds if len(kinds) > 1 else ():
            try:
                yield f"type: another {kind}", self.synthesiser.make([schema, {"type": kind}], depth=2), ()
            except Impossible:
                continue

    def enum(self, schema: dict[str, Any], said: list[Any], value: Any) -> Iterator[Made]:
        for listed in said:
            yield "enum: listed", listed, ()
            if isinstance(listed, str):
                yield "enum: other case", listed.swapcase(), ()
            elif isinstance(listed, bool):
                yield "enum: number for a boolean", int(listed), ()
            elif isinstance(listed, int):
                yield "enum: with .0", float(listed), ()
                yield "enum: as text", str(listed), ()
        texts = [listed for listed in said if isinstance(listed, str)]
        yield "enum: unknown", (texts[0] + "x") if texts else "unknown", ()
        yield "enum: empty", "", ()
        yield "enum: null", None, ()
        yield "enum: unknown number", 987654, ()

    def const(self, schema: dict[str, Any], said: Any, value: Any) -> Iterator[Made]:
        yield "const: the value", said, ()
        for wrong in (None, "unknown", 987654, [], {}, *((said + "x", said.swapcase()) if isinstance(said, str) else ())):
            yield "const: another", wrong, ()
        if isinstance(said, bool):
            yield "const: number for a boolean", int(said), ()
        elif isinstance(said, int):
            yield "const: with .0", float(said), ()
            yield "const: boolean for a number", bool(said), ()
        elif isinstance(said, dict):
            yield "const: with a further property", {**said, "unknown": 1}, ()
        elif isinstance(said, list):
            yield "const: with a further item", [*said, 1], ()

    def not_(self, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
        rest = {word: other for word, other in schema.items() if word != "not"}
        for wanted in ([rest, said], [said]):
            try:
                made = self.synthesiser.make(wanted, depth=2)
            except Impossible:
                continue
            yield "not", made, ()
            if isinstance(made, dict) and isinstance(value, dict):
                yield "not: added", {**value, **made}, ()

    def branches(self, schema: dict[str, Any], said: list[Schema], value: Any) -> Iterator[Made]:
        """Nothing that any branch has, and for `oneOf` what two have at once."""
        for name, wrong in WRONG:
            yield f"no branch: {name}", wrong, ()
        word = "oneOf" if schema.get("oneOf") is said else "anyOf"
        rest = {key: other for key, other in schema.items() if key != word}
        for index, branch in enumerate(said[:12]):
            if isinstance(value, dict):
                try:
                    made = self.synthesiser.make([branch], depth=2)
                except Impossible:
                    continue
                if isinstance(made, dict):
                    yield f"{word}: with what branch {index} has", {**made, **value}, ()
            for other in said[index + 1 : 12] if word == "oneOf" else ():
                try:
                    yield "oneOf: two branches", self.synthesiser.make([rest, branch, other], depth=2), ()
                except Impossible:
                    continue

    def condition(self, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
        """Values that the condition holds for, with what either side asks for."""
        rest = {word: other for word, other in schema.items() if word not in ("if", "then", "else")}
        for kind, wanted in (
            ("if: holds", [rest, said]),
            ("if: holds, as the other side", [rest, said, schema.get("else", True)]),
            ("if: does not hold, as the other side", [rest, {"not": said}, schema.get("then", True)]),
        ):
            try:
                made = self.synthesiser.make(wanted, wide=False, depth=2)
            except Impossible:
                continue
            yield kind, made, ()
            if isinstance(made, dict) and isinstance(value, dict):
                yield kind, {**value, **made}, ()

    # -- numbers -----------------------------------------------------------------------------------------------------------

    def bound(self, schema: dict[str, Any], said: float, value: Any) -> Iterator[Made]:
        for kind, number in (
            ("bound: on it", said), ("bound: 1 below", said - 1), ("bound: 1 above", said + 1),
            ("bound: a little below", said - 0.001), ("bound: a little above", said + 0.001),
            ("bound: far below", said - 10**6), ("bound: far above", said + 10**6),
        ):  # fmt: skip
            yield kind, _plainer(number, value), ()

    def multiple(self, schema: dict[str, Any], said: float, value: Any) -> Iterator[Made]:
        if not of_type(value, ["number"]):
            return
        yield "multipleOf: once", said, ()
        yield "multipleOf: three times", _plainer(round(said * 3, 12), said), ()
        yield "multipleOf: half", said / 2, ()
        yield "multipleOf: one and a half", _plainer(value + said / 2, said / 2), ()
        if isinstance(said, int):
            yield "multipleOf: next", value + 1, ()

    # -- texts -------------------------------------------------------------------------------------------------------------

    def min_length(self, schema: dict[str, Any], said: int, value: Any) -> Iterator[Made]:
        if isinstance(value, str):
            for length, kind in ((said - 1, "minLength: 1 shorter"), (said, "minLength: on it"), (0, "minLength: empty")):
                for text in self._of_length(schema, value, length):
                    yield kind, text, ()

    def max_length(self, schema: dict[str, Any], said: int, value: Any) -> Iterator[Made]:
        if isinstance(value, str) and said <= _LONGEST:
            for length, kind in ((said + 1, "maxLength: 1 longer"), (said, "maxLength: on it")):
                for text in self._of_length(schema, value, length):
                    yield kind, text, ()
            yield "maxLength: in characters, not in UTF-16", "\U0001f600" * said, ()
            yield "maxLength: 1 longer, with spaces", value[:said].ljust(said + 1), ()

    def _of_length(self, schema: dict[str, Any], value: str, length: int) -> Iterator[str]:
        """Texts of a length that are as the others are: by the pattern, and by stretching what is there."""
        if length < 0:
            return
        if "pattern" in schema:
            yield from islice(expressions.texts(schema["pattern"], length, length), 1)
        yield value[:length] + (value[-1:] or "a") * (length - len(value))

    def pattern(self, schema: dict[str, Any], said: str, value: Any) -> Iterator[Made]:
        if not isinstance(value, str):
            return
        for kind, text in (
            ("pattern: line break after", value + "\n"), ("pattern: line break before", "\n" + value),
            ("pattern: space before", " " + value), ("pattern: more after", value + "!"), ("pattern: more before", "!" + value),
            ("pattern: empty", ""), ("pattern: other case", value.swapcase()), ("pattern: last one off", value[:-1]),
            ("pattern: first one off", value[1:]), ("pattern: digits of another script", value.translate(_ARABIC)),
            ("pattern: letter with an accent", value[:-1] + "é"), ("pattern: another text", "?§ ~"), ("pattern: twice", value + value),
            ("pattern: no-break space", value[:-1] + "\u00a0"),
        ):  # fmt: skip
            yield kind, text, ()
        for pick in range(3):
            for text in islice(expressions.texts(said, schema.get("minLength", 0), schema.get("maxLength", 2000), pick), 0, 9, 4):
                yield "pattern: another that matches", text, ()

    def format(self, schema: dict[str, Any], said: str, value: Any) -> Iterator[Made]:
        if said in formats.RANGES and of_type(value, ["number"]):
            low, high = formats.RANGES[said]
            for kind, number in (
                ("on it", low),
                ("below", low - 1),
                ("on it", high),
                ("above", high + 1),
                ("far above", high * 1000),
            ):
                yield f"format {said}: {kind}", number, ()
        elif isinstance(value, str) and said in formats.TEXTS:
            for wrong, right in zip_longest(samples.INVALID.get(said, ()), samples.VALID.get(said, ())):
                if wrong is not None:
                    yield f"format {said}: nearly", wrong, ()
                if right is not None:
                    yield f"format {said}: of it", right, ()
        elif isinstance(value, str):
            yield f"format {said}: says nothing", value + "~", ()

    # -- arrays ------------------------------------------------------------------------------------------------------------

    def min_items(self, schema: dict[str, Any], said: int, value: Any) -> Iterator[Made]:
        if isinstance(value, list):
            if said > 0:
                yield "minItems: 1 less", self._long(schema, value, said - 1), (said - 1,)
            yield "minItems: on it", self._long(schema, value, said), ()
            yield "minItems: none", [], ()

    def max_items(self, schema: dict[str, Any], said: int, value: Any) -> Iterator[Made]:
        if isinstance(value, list) and said <= 200:
            yield "maxItems: 1 more", self._long(schema, value, said + 1), (said,)
            yield "maxItems: on it", self._long(schema, value, said), ()

    def _long(self, schema: dict[str, Any], value: list[Any], length: int) -> list[Any]:
        """A list of a length, its further items made as its others are, or like the last one."""
        made = list(value[:length])
        shape = Shape([schema])
        while len(made) < length and (len(made) < _MOST_MADE or schema.get("uniqueItems")):
            try:
                made.append(self.synthesiser.make(shape.of_item(len(made)), depth=2, pick=len(made)))
            except Impossible:
                break
        while len(made) < length:
            made.append(made[-1] if made else None)
        return made

    def items(self, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
        """None, two, and one that no schema of items allows."""
        if not isinstance(value, list):
            return
        prefix = len(schema.get("prefixItems", ()))
        yield "items: none", [], ()
        yield "items: the first one alone", value[:1], ()
        yield "items: three", self._long(schema, value, prefix + 3), ()
        for name, wrong in (("null", None), ("{}", {}), ("[]", []), ('"x"', "x"), ("7", 7)):
            yield (
                f"items: {name} further",
                [*self._long(schema, value, max(prefix, len(value))), wrong],
                (max(prefix, len(value)),),
            )

    def unique(self, schema: dict[str, Any], said: bool, value: Any) -> Iterator[Made]:
        if isinstance(value, list) and value:
            yield "uniqueItems: one twice", [*value, value[0]], (len(value),)
            first = value[0]
            if isinstance(first, dict) and len(first) > 1:
                yield "uniqueItems: one twice, in another order", [*value, dict(reversed(first.items()))], (len(value),)
            elif isinstance(first, int) and not isinstance(first, bool):
                yield "uniqueItems: one twice, with .0", [*value, float(first)], (len(value),)
            yield "uniqueItems: two", self._long(schema, value, len(value) + 1), (len(value),)

    def contains(self, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
        if not isinstance(value, list):
            return
        is_valid = self.synthesiser.judge.is_valid
        inside = [item for item in value if is_valid(said, item)]
        outside = [item for item in value if not is_valid(said, item)]
        yield "contains: none", outside, ()
        yield "contains: one less", [*outside, *inside[1:]], ()
        for more in range(1, max(schema.get("maxContains", 0), 1) + 2):
            yield f"contains: {more} more", [*value, *inside[:1] * more], ()
        yield "contains: another beside", [*value, {"unlike": []}], ()

    # -- objects -----------------------------------------------------------------------------------------------------------

    def required(self, schema: dict[str, Any], said: list[str], value: Any) -> Iterator[Made]:
        if isinstance(value, dict):
            for name in said:
                if name in value:
                    yield "required: missing", _without(value, name), (name,)

    def properties(self, schema: dict[str, Any], said: dict[str, Schema], value: Any) -> Iterator[Made]:
        if not isinstance(value, dict):
            return
        for name, inner in said.items():
            if name in value:
                yield "properties: absent", _without(value, name), (name,)
            elif inner is not False:
                try:
                    yield "properties: present", {**value, name: self.synthesiser.make([inner], depth=2)}, (name,)
                except Impossible:
                    continue
            else:
                yield "properties: forbidden", {**value, name: 1}, (name,)
        yield "properties: none", {}, ()

    def additional(self, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
        yield from self._open(schema, value) if isinstance(value, dict) else ()

    def _open(self, schema: dict[str, Any], value: dict[str, Any]) -> Iterator[Made]:
        """Properties that are not declared, of every type; names that look like Python's own, or like declared ones."""
        said = schema.get("additionalProperties")
        if isinstance(said, dict):
            try:
                yield (
                    "additionalProperties: as it says",
                    {**value, "undeclared": self.synthesiser.make([said], depth=2)},
                    ("undeclared",),
                )
            except Impossible:
                pass
        for name, wrong in (
            ("null", None), ("true", True), ("7", 7), ("7.0", 7.0), ("7.5", 7.5), ("text", "a"), ("date-time", "2026-03-04T05:06:07+00:00"),
            ("list", [1, [2.0], {"a": None}]), ("object", {"a": {"b": 1.0}, "c": [None]}),
        ):  # fmt: skip
            yield f"additionalProperties: {name}", {**value, "undeclared": wrong}, ("undeclared",)
        declared = next(iter(schema.get("properties", {})), "name")
        for name in (declared.upper() + "_", f"{declared} ", "", "model_config", "self", "é", "__class__", "a.b/c~d"):
            if name not in value:
                yield "additionalProperties: odd name", {**value, name: "a"}, (name,)

    def min_properties(self, schema: dict[str, Any], said: int, value: Any) -> Iterator[Made]:
        if isinstance(value, dict):
            required = {name for name in schema.get("required", ()) if name in value}
            spare = [name for name in value if name not in required]
            for wanted, kind in ((said - 1, "minProperties: 1 less"), (said, "minProperties: on it")):
                kept = required | set(spare[: max(0, wanted - len(required))])
                yield kind, {name: item for name, item in value.items() if name in kept}, ()
            yield "minProperties: none", {}, ()

    def max_properties(self, schema: dict[str, Any], said: int, value: Any) -> Iterator[Made]:
        if isinstance(value, dict) and said <= 1000:
            shape = Shape([schema])
            for wanted, kind in ((said, "maxProperties: on it"), (said + 1, "maxProperties: 1 more")):
                made = dict(value)
                for name in self._names(schema, shape, made):
                    if len(made) >= wanted:
                        break
                    made[name] = self._value_of(shape, name)
                yield kind, dict(islice(made.items(), wanted)), ()

    def _names(self, schema: dict[str, Any], shape: Shape, value: dict[str, Any]) -> Iterator[str]:
        yield from (name for name in schema.get("properties", {}) if name not in value)
        yield from (name for name in self.synthesiser.new_names(shape) if name not in value)
        yield from (f"further_{index}" for index in range(1002))

    def _value_of(self, shape: Shape, name: str) -> Any:
        try:
            return self.synthesiser.make(shape.of_property(name, self.synthesiser.judge.matches), depth=2)
        except Impossible:
            return "a"

    def property_names(self, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
        if not isinstance(value, dict):
            return
        shape = Shape([schema])
        for name in ("", "Not A Name!", "1", "x" * 300, "UPPER", "é", "a\n"):
            if name not in value:
                yield "propertyNames: another name", {**value, name: self._value_of(shape, name)}, (name,)
        try:
            name = self.synthesiser.make([{"type": "string"}, said], pick=1)
            yield "propertyNames: as it says", {**value, name: self._value_of(shape, name)}, (name,)
        except Impossible:
            pass

    def pattern_properties(self, schema: dict[str, Any], said: dict[str, Schema], value: Any) -> Iterator[Made]:
        if not isinstance(value, dict):
            return
        for pattern in said:
            for name in islice(expressions.texts(pattern, 1, pick=2), 1):
                for kind, wrong in WRONG:
                    yield f"patternProperties: {kind}", {**value, name: wrong}, (name,)
                for other in (name + "\n", name.swapcase(), name.translate(_ARABIC)):
                    yield "patternProperties: nearly the name", {**value, other: {"unlike": []}}, (other,)

    def dependent_required(self, schema: dict[str, Any], said: dict[str, list[str]], value: Any) -> Iterator[Made]:
        if isinstance(value, dict):
            for name, needed in said.items():
                whole = value if name in value else {**value, name: self._value_of(Shape([schema]), name)}
                for other in needed:
                    yield "dependentRequired: missing", _without(whole, other), (other,)
                yield "dependentRequired: not asked for", _without(value, name), (name,)

    def dependent_schemas(self, schema: dict[str, Any], said: dict[str, Schema], value: Any) -> Iterator[Made]:
        if isinstance(value, dict):
            for name in said:
                yield "dependentSchemas: not asked for", _without(value, name), (name,)
                yield "dependentSchemas: alone", {name: value[name]} if name in value else {name: "a"}, ()

    def unevaluated_properties(self, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
        if isinstance(value, dict):
            for name, wrong in (("text", "a"), ("null", None), ("7", 7), ("object", {})):
                yield f"unevaluatedProperties: {name}", {**value, "undeclared": wrong}, ("undeclared",)

    def unevaluated_items(self, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
        if isinstance(value, list):
            for name, wrong in (("text", "a"), ("null", None), ("7", 7), ("object", {})):
                yield f"unevaluatedItems: {name}", [*value, wrong], (len(value),)

    def prefix(self, schema: dict[str, Any], said: list[Schema], value: Any) -> Iterator[Made]:
        if isinstance(value, list):
            yield "prefixItems: shorter", value[: len(said) - 1], ()
            yield "prefixItems: none", [], ()
            yield "prefixItems: other order", [*reversed(value)], ()
            for name, wrong in (("text", "a"), ("null", None), ("7", 7), ("object", {})):
                yield f"prefixItems: {name} further", [*value, wrong], (len(value),)


_ARABIC = {ord("0") + digit: 0x660 + digit for digit in range(10)}
_MAKERS: dict[str, Callable[[Mutator, dict[str, Any], Any, Any], Iterator[Made]]] = {
    "type": Mutator.type, "enum": Mutator.enum, "const": Mutator.const, "not": Mutator.not_,
    "anyOf": Mutator.branches, "oneOf": Mutator.branches, "if": Mutator.condition,
    "minimum": Mutator.bound, "maximum": Mutator.bound, "exclusiveMinimum": Mutator.bound, "exclusiveMaximum": Mutator.bound,
    "multipleOf": Mutator.multiple, "minLength": Mutator.min_length, "maxLength": Mutator.max_length, "pattern": Mutator.pattern,
    "format": Mutator.format, "minItems": Mutator.min_items, "maxItems": Mutator.max_items, "items": Mutator.items,
    "uniqueItems": Mutator.unique, "contains": Mutator.contains, "prefixItems": Mutator.prefix,
    "required": Mutator.required, "properties": Mutator.properties, "additionalProperties": Mutator.additional,
    "minProperties": Mutator.min_properties, "maxProperties": Mutator.max_properties, "propertyNames": Mutator.property_names,
    "patternProperties": Mutator.pattern_properties, "dependentRequired": Mutator.dependent_required,
    "dependentSchemas": Mutator.dependent_schemas, "unevaluatedProperties": Mutator.unevaluated_properties,
    "unevaluatedItems": Mutator.unevaluated_items,
}  # fmt: skip


def _speaks_of_objects(schema: dict[str, Any]) -> bool:
    return "properties" in schema or schema.get("type") == "object"


def _without(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {other: item for other, item in value.items() if other != name}


def _plainer(number: float, like: Any) -> float:
    """An integer where it is a whole number and so is what it is like."""
    return int(number) if isinstance(number, float) and number.is_integer() and not isinstance(like, float) else number
