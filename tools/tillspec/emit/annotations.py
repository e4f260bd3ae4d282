"""Types of the model as Python source: annotations for signatures, annotations that validate, and shapes of texts.

Everything printed here is made of names from a closed list (see `imports`), type ids, and literals.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from tillspec.api import model
from tillspec.api.model import NamedType, Scalar, Type
from tillspec.emit.docstring import literal
from tillspec.emit.names import class_name
from tillspec.emit.patterns import engine
from tillspec.runtime.operation import Kind

Types = Mapping[model.type_id, NamedType]

_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
CHECKS = (
    "Annotated", "Any", "Blob", "Carries", "Distinct", "Document", "Field", "Format", "Integer", "JsonInteger", "JsonNumber",
    "Literal", "Matches", "Number", "OneOf", "OpenEnum", "Rfc3339Date", "Rfc3339DateTime", "Rfc3339Duration",
    "Rfc9562Uuid", "StrictBool", "UnknownValue",
)  # fmt: skip
"""The names that annotations which validate are written with."""
_FORMATS = {
    "date-time": ("datetime.datetime", "Rfc3339DateTime"),
    "date": ("datetime.date", "Rfc3339Date"),
    "duration": ("datetime.timedelta", "Rfc3339Duration"),
    "uuid": ("uuid.UUID", "Rfc9562Uuid"),
}
_TEXT_FORMATS = frozenset(
    (
        "email", "hostname", "idn-email", "idn-hostname", "ipv4", "ipv6", "iri", "iri-reference", "json-pointer",
        "regex", "relative-json-pointer", "time", "uri", "uri-reference", "uri-template",
    )
)  # fmt: skip
"""The formats of JSON Schema validation, section 7.3, that stay texts."""
RANGES: Mapping[str, tuple[int | None, int | None]] = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_KINDS: tuple[Kind, ...] = ("null", "boolean", "integer", "number", "string")
_DEEP = 4
_IN_A_ROW = 100
_LONGEST = 2**63 - 1
_MOST_NAMES = 5_000


def signature(type_: Type) -> str:
    """The annotation that a person would write: no bounds, `datetime.datetime` for a date-time, `models.<Id>` for a Ref."""
    return _SIGNATURE.annotation(type_)


def validating(type_: Type) -> str:
    """The annotation that pydantic checks: with bounds, patterns and formats."""
    return _VALIDATING.annotation(type_)


def shape(type_: Type, types: Types) -> str:
    """The source of the `Shape` that reads a text of this type (see `runtime.operation`).

    Objects in objects are read as deep as that takes no more than so many names.
    """
    known: dict[tuple[int, int], int] = {}
    return _shape(type_, types, next(depth for depth in range(_DEEP + 1) if _names(type_, types, depth, known) <= _MOST_NAMES))


def _shape(type_: Type, types: Types, depth: int) -> str:
    if depth < _DEEP:
        if array := array_of(type_, types):
            return f"Items({text_shape(array.items, types)}{_alone(type_, types)})"
        fields, others = properties_of(type_, types)
        if fields or others is not None:
            inner = {name: _shape(of, types, depth + 1) for name, of in fields.items()}
            more = f", {_shape(others, types, depth + 1)}" if others is not None else ""
            free = ", free=True" if others is not None and fields else ""
            listed = ", ".join(f"{literal(name)}: {source}" for name, source in inner.items())
            return f"Properties({{{listed}}}{more}{free}{_alone(type_, types)})"
    return text_shape(type_, types)


def _alone(type_: Type, types: Types) -> str:
    """How a single text is read where an array or an object may be a scalar as well."""
    target = resolve(type_, types)
    scalars = [option for option in target.options if is_scalar(option, types)] if isinstance(target, model.Union) else []
    return f", alone={text_shape(model.Union(tuple(scalars)), types)}" if scalars else ""


def _names(type_: Type, types: Types, depth: int, known: dict[tuple[int, int], int]) -> int:
    """How many names of properties a shape has, from a depth on."""
    target = resolve(type_, types)
    if depth >= _DEEP:
        return 0
    if (id(target), depth) not in known:
        known[id(target), depth] = 0  # where it leads back to itself without a property between
        fields, others = properties_of(target, types)
        inner = [*fields.values(), *([others] if others is not None else [])]
        count = len(fields) + sum(_names(of, types, depth + 1, known) for of in inner)
        known[id(target), depth] = count
    return known[id(target), depth]


def text_shape(type_: Type, types: Types) -> str:
    """The source of the `Text` that reads one scalar of this type: specific kinds first, but for what may be anything."""
    if isinstance(resolve(type_, types), model.Any):
        return f"Text({literal(('string', *_KINDS[:-1]))})"
    kinds = _kinds(type_, types, 0)
    chosen = tuple(kind for kind in _KINDS if kind in kinds) or ("string",)
    return "Text()" if chosen == ("string",) else f"Text({literal(chosen)})"


def default(text: str | None) -> str:
    """The source of the JSON text of a default, `None` where there is none."""
    return literal(text)


def resolve(type_: Type, types: Types) -> Type:
    """What a reference means in the end; `Any` where it means itself."""
    seen: set[str] = set()
    while isinstance(type_, model.Ref):
        if type_.id in seen or type_.id not in types:
            return model.Any()
        seen.add(type_.id)
        type_ = types[type_.id].type
    return type_


def array_of(type_: Type, types: Types) -> model.Array | None:
    """The array that a type is, perhaps beside null or beside a scalar."""
    target = resolve(type_, types)
    if isinstance(target, model.Union):
        found = (array_of(option, types) for option in target.options if not isinstance(option, model.Union))
        return next((array for array in found if array is not None), None)
    return target if isinstance(target, model.Array) else None


def is_object(type_: Type, types: Types) -> bool:
    """Whether a type has named properties, whatever it is made of."""
    target = resolve(type_, types)
    if isinstance(target, model.Union):
        return all(is_object(option, types) for option in target.options if not isinstance(option, model.Union))
    return isinstance(target, model.Object | model.Map)


def is_scalar(type_: Type, types: Types, depth: int = 0) -> bool:
    """Whether a type is a scalar, or whatever a text may be."""
    target = resolve(type_, types)
    if isinstance(target, model.Union):
        return depth < _DEEP and all(is_scalar(option, types, depth + 1) for option in target.options)
    return isinstance(target, model.Scalar | model.Enum | model.Any)


def properties_of(type_: Type, types: Types) -> tuple[dict[str, Type], Type | None]:
    """The properties of an object, of all that it is made of, and of all that it may be; and what undeclared ones are."""
    found: dict[str, list[Type]] = {}
    others: list[Type] = []
    for name, of in _properties_of(type_, types, 0):
        (others if name is None else found.setdefault(name, [])).append(of)
    return {name: _either(options) for name, options in found.items()}, _either(others) if others else None


def _properties_of(type_: Type, types: Types, depth: int) -> Iterator[tuple[str | None, Type]]:
    if depth > _DEEP:
        return
    match resolve(type_, types):
        case model.Map(values=values):
            yield None, values
        case model.Object() as target:
            for base in target.bases:
                yield from _properties_of(base, types, depth + 1)
            yield from ((field.name, field.type) for field in target.fields)
            if target.additional is not None:
                yield None, target.additional
        case model.Union(options=options):
            for option in options:
                yield from _properties_of(option, types, depth + 1)
        case _:
            pass


def _either(options: list[Type]) -> Type:
    apart = tuple(dict.fromkeys(options))
    return apart[0] if len(apart) == 1 else model.Union(apart)


def union(options: Sequence[str]) -> str:
    """Options as a union. Many of them go in two halves: a row of thousands is nested as deep, which no formatter survives."""
    if len(options) <= _IN_A_ROW:
        return " | ".join(options)
    half = len(options) // 2
    return f"({union(options[:half])}) | ({union(options[half:])})"


@dataclass(frozen=True, slots=True)
class Notation:
    """How annotations are written: with or without bounds, and what stands before the name of a named type.

    `tags` gives the Python name of a discriminator's property for a union that pydantic can tell apart by it; `may_grow` says
    which enums may get further values.
    """

    validating: bool
    scope: str = "models."
    tags: Callable[[model.Union], str | None] = lambda _: None
    may_grow: Callable[[model.Enum], bool] = lambda _: False

    def annotation(self, type_: Type) -> str:
        """The annotation of a type."""
        options = dict.fromkeys(self._options(type_))
        if "Any" in options:
            return "Any"
        return union([option for option in options if option != "None"] + ["None"] * ("None" in options))

    def _options(self, type_: Type) -> list[str]:
        """The members of the union that an annotation is; `None` is one of them, more than once perhaps."""
        match type_:
            case model.Scalar():
                options = [_bounded(type_) if self.validating else _scalar(type_, validating=False)]
            case model.Enum():
                options = _enum(type_, validating=self.validating, grows=self.may_grow(type_))
            case model.Array():
                options = [self._array(type_)]
            case model.Map():
                options = [f"dict[str, {self.annotation(type_.values)}]"]
            case model.Object():
                options = ["dict[str, Any]"]
            case model.Union():
                options = self._union(type_)
            case model.Ref():
                options = [f"{self.scope}{class_name(type_.id)}"]
            case model.File():
                options = [self._file(type_)]
            case model.Any():
                options = ["Any"]
            case _:
                assert_never(type_)
        return [*options, "None"] if type_.nullable else options

    def _union(self, type_: model.Union) -> list[str]:
        options = [source for option in type_.options for source in self._options(option)] or ["Any"]
        tag = self.tags(type_)
        return [f"Annotated[{union(options)}, Field(discriminator={literal(tag)})]"] if tag else options

    def _file(self, type_: model.File) -> str:
        name = "FilePart" if self.scope == "" else f"{self.scope}FilePart"
        facts = {"media_types": type_.media_types or None, "min_length": type_.min_length, "max_length": type_.max_length}
        checks = _call("Carries", facts)
        return f"Annotated[{name}, {checks}]" if self.validating and checks != "Carries()" else name

    def _array(self, type_: model.Array) -> str:
        source = f"list[{self.annotation(type_.items)}]"
        if not self.validating:
            return source
        bounds = _lengths(type_.min_items, type_.max_items)
        return _annotated(source, bounds, ["Distinct()"] if type_.unique else [])


_SIGNATURE, _VALIDATING = Notation(validating=False), Notation(validating=True)


def _scalar(type_: Scalar, validating: bool) -> str:
    if type_.kind == "string" and type_.format in _FORMATS:
        return _FORMATS[type_.format][validating]
    return _PLAIN[type_.kind]


def _bounded(type_: Scalar) -> str:
    match type_.kind:
        case "integer":
            checks = _call("Integer", _whole_bounds(type_))
            return "JsonInteger" if checks == "Integer()" else f"Annotated[int, {checks}]"
        case "number":
            bounds = {"ge": type_.minimum, "gt": type_.exclusive_minimum, "le": type_.maximum, "lt": type_.exclusive_maximum}
            checks = _call("Number", {**bounds, "multiple_of": _decimal(type_.multiple_of)})
            return "JsonNumber" if checks == "Number()" else f"Annotated[float, {checks}]"
        case "boolean":
            return "StrictBool"
        case "null":
            return "None"
        case "string" if type_.format in _FORMATS:
            return _bounded_text(_FORMATS[type_.format][True], replace(type_, format=None))
        case "string":
            return _bounded_text("str", type_)
        case _:
            assert_never(type_.kind)


def _whole_bounds(type_: Scalar) -> dict[str, object]:
    """The bounds of an integer, both included: whole numbers, and no wider than its format (OpenAPI's format registry)."""
    lowest, highest = RANGES.get(type_.format or "", (None, None))
    low = [lowest, _up(type_.minimum, past=False), _up(type_.exclusive_minimum, past=True)]
    high = [highest, _down(type_.maximum, past=False), _down(type_.exclusive_maximum, past=True)]
    return {
        "ge": max((bound for bound in low if bound is not None), default=None),
        "le": min((bound for bound in high if bound is not None), default=None),
        "multiple_of": _decimal(type_.multiple_of) if type_.multiple_of != 1 else None,
    }


def _up(bound: float | None, *, past: bool) -> int | None:
    """The least integer from a bound on, or past it."""
    return None if bound is None else math.floor(bound) + 1 if past else math.ceil(bound)


def _down(bound: float | None, *, past: bool) -> int | None:
    return None if bound is None else math.ceil(bound) - 1 if past else math.floor(bound)


def _decimal(value: float | None) -> str | None:
    return None if value is None else repr(value)


def _bounded_text(source: str, type_: Scalar) -> str:
    bounds: dict[str, object] = {}
    extra = []
    if source == "str":
        bounds |= _lengths(type_.min_length, type_.max_length)
        match engine(type_.pattern) if type_.pattern is not None else None:
            case ("linear", pattern):
                bounds["pattern"] = pattern
            case ("bounded", pattern):
                extra.append(f"Matches({literal(pattern)})")
        if type_.format in _TEXT_FORMATS:
            extra.append(f"Format({literal(type_.format)})")
    return _annotated(source, bounds, extra)


def _lengths(least: float | None, most: float | None) -> dict[str, object]:
    """The bounds of a length: whole numbers, which JSON may write as 5.0, and none beyond what can be in memory."""
    return {
        "min_length": None if least is None else min(int(least), _LONGEST),
        "max_length": None if most is None or most > _LONGEST else int(most),
    }


def _call(name: str, arguments: Mapping[str, object]) -> str:
    return f"{name}({', '.join(f'{key}={literal(value)}' for key, value in arguments.items() if value is not None)})"


def _annotated(source: str, bounds: Mapping[str, object], extra: list[str]) -> str:
    given = [f"{name}={literal(value)}" for name, value in bounds.items() if value is not None]
    parts = [*([f"Field({', '.join(given)})"] if given else []), *extra]
    return f"Annotated[{source}, {', '.join(parts)}]" if parts else source


def _enum(type_: model.Enum, *, validating: bool, grows: bool) -> list[str]:
    values = [json.loads(text) for text in type_.values]
    if not values or any(isinstance(value, list | dict) for value in values):
        options = ["Any"]
    else:
        named = [value for value in values if isinstance(value, str | bool | int)]
        # A `Literal` cannot hold a number with a fraction (PEP 586).
        options = ([f"Literal[{', '.join(map(literal, named))}]"] if named else []) + ["float"] * (len(named) < len(values))
    if not validating:
        return options
    if all(isinstance(value, str) for value in values):
        return [f"Annotated[{options[0]} | UnknownValue, OpenEnum()]"] if grows else options
    return [f"Annotated[{' | '.join(options)}, OneOf({literal('[' + ', '.join(type_.values) + ']')})]"]


def _kinds(type_: Type, types: Types, depth: int) -> set[Kind]:
    target = resolve(type_, types)
    kinds: set[Kind] = {"null"} if target.nullable and not isinstance(target, model.Any) else set()
    match target:
        case model.Scalar():
            kinds.add(target.kind)
        case model.Enum():
            kinds |= {_kind(json.loads(text)) for text in target.values}
        case model.Union() if depth < _DEEP:
            for option in target.options:
                kinds |= _kinds(option, types, depth + 1)
        case _:
            kinds.add("string")
    return kinds | ({"null"} if isinstance(type_, model.Ref) and type_.nullable else set())


def _kind(value: object) -> Kind:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case None:
            return "null"
        case _:
            return "string"
