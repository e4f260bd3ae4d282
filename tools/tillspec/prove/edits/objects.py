"""Edits of objects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from tillspec.prove import expressions
from tillspec.prove.dialects import Schema
from tillspec.prove.edits.made import ARABIC, WRONG, Made
from tillspec.prove.shapes import Shape
from tillspec.prove.synthesise import Impossible, Synthesiser


def required(maker: Synthesiser, schema: dict[str, Any], said: list[str], value: Any) -> Iterator[Made]:
    if isinstance(value, dict):
        for name in said:
            if name in value:
                yield "required: missing", _without(value, name), (name,)


def properties(maker: Synthesiser, schema: dict[str, Any], said: dict[str, Schema], value: Any) -> Iterator[Made]:
    if not isinstance(value, dict):
        return
    for name, inner in said.items():
        if name in value:
            yield "properties: absent", _without(value, name), (name,)
        elif inner is not False:
            try:
                yield "properties: present", {**value, name: maker.make([inner], depth=2)}, (name,)
            except Impossible:
                continue
        else:
            yield "properties: forbidden", {**value, name: 1}, (name,)
    yield "properties: none", {}, ()


def additional(maker: Synthesiser, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
    yield from _open(maker, schema, value) if isinstance(value, dict) else ()


def _open(maker: Synthesiser, schema: dict[str, Any], value: dict[str, Any]) -> Iterator[Made]:
    """Properties that are not declared, of every type; names that look like Python's own, or like declared ones."""
    said = schema.get("additionalProperties")
    if isinstance(said, dict):
        with suppress(Impossible):
            yield "additionalProperties: as it says", {**value, "undeclared": maker.make([said], depth=2)}, ("undeclared",)
    for name, wrong in (
        ("null", None), ("true", True), ("7", 7), ("7.0", 7.0), ("7.5", 7.5), ("text", "a"),
        ("date-time", "2026-03-04T05:06:07+00:00"), ("list", [1, [2.0], {"a": None}]), ("object", {"a": {"b": 1.0}, "c": [None]}),
    ):  # fmt: skip
        yield f"additionalProperties: {name}", {**value, "undeclared": wrong}, ("undeclared",)
    declared = next(iter(schema.get("properties", {})), "name")
    for name in (declared.upper() + "_", f"{declared} ", "", "model_config", "self", "é", "__class__", "a.b/c~d"):
        if name not in value:
            yield "additionalProperties: odd name", {**value, name: "a"}, (name,)


def min_properties(maker: Synthesiser, schema: dict[str, Any], said: int, value: Any) -> Iterator[Made]:
    if isinstance(value, dict):
        required = {name for name in schema.get("required", ()) if name in value}
        spare = [name for name in value if name not in required]
        for wanted, kind in ((said - 1, "minProperties: 1 less"), (said, "minProperties: on it")):
            kept = required | set(spare[: max(0, wanted - len(required))])
            yield kind, {name: item for name, item in value.items() if name in kept}, ()
        yield "minProperties: none", {}, ()


def max_properties(maker: Synthesiser, schema: dict[str, Any], said: int, value: Any) -> Iterator[Made]:
    if isinstance(value, dict) and said <= 1000:
        shape = Shape([schema])
        for wanted, kind in ((said, "maxProperties: on it"), (said + 1, "maxProperties: 1 more")):
            made = dict(value)
            for name in _names(maker, schema, shape, made):
                if len(made) >= wanted:
                    break
                made[name] = _value_of(maker, shape, name)
            yield kind, dict(islice(made.items(), wanted)), ()


def _names(maker: Synthesiser, schema: dict[str, Any], shape: Shape, value: dict[str, Any]) -> Iterator[str]:
    yield from (name for name in schema.get("properties", {}) if name not in value)
    yield from (name for name in maker.new_names(shape) if name not in value)
    yield from (f"further_{index}" for index in range(1002))


def _value_of(maker: Synthesiser, shape: Shape, name: str) -> Any:
    try:
        return maker.make(shape.of_property(name, maker.judge.matches), depth=2)
    except Impossible:
        return "a"


def property_names(maker: Synthesiser, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
    if not isinstance(value, dict):
        return
    shape = Shape([schema])
    for name in ("", "Not A Name!", "1", "x" * 300, "UPPER", "é", "a\n"):
        if name not in value:
            yield "propertyNames: another name", {**value, name: _value_of(maker, shape, name)}, (name,)
    try:
        name = maker.make([{"type": "string"}, said], pick=1)
        yield "propertyNames: as it says", {**value, name: _value_of(maker, shape, name)}, (name,)
    except Impossible:
        pass


def pattern_properties(maker: Synthesiser, schema: dict[str, Any], said: dict[str, Schema], value: Any) -> Iterator[Made]:
    if not isinstance(value, dict):
        return
    for pattern in said:
        for name in islice(expressions.texts(pattern, 1, pick=2), 1):
            for kind, wrong in WRONG:
                yield f"patternProperties: {kind}", {**value, name: wrong}, (name,)
            for other in (name + "\n", name.swapcase(), name.translate(ARABIC)):
                yield "patternProperties: nearly the name", {**value, other: {"unlike": []}}, (other,)


def dependent_required(maker: Synthesiser, schema: dict[str, Any], said: dict[str, list[str]], value: Any) -> Iterator[Made]:
    if isinstance(value, dict):
        for name, needed in said.items():
            whole = value if name in value else {**value, name: _value_of(maker, Shape([schema]), name)}
            for other in needed:
                yield "dependentRequired: missing", _without(whole, other), (other,)
            yield "dependentRequired: not asked for", _without(value, name), (name,)


def dependent_schemas(maker: Synthesiser, schema: dict[str, Any], said: dict[str, Schema], value: Any) -> Iterator[Made]:
    if isinstance(value, dict):
        for name in said:
            yield "dependentSchemas: not asked for", _without(value, name), (name,)
            yield "dependentSchemas: alone", {name: value[name]} if name in value else {name: "a"}, ()


def unevaluated_properties(maker: Synthesiser, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
    if isinstance(value, dict):
        for name, wrong in (("text", "a"), ("null", None), ("7", 7), ("true", True), ("object", {})):
            yield f"unevaluatedProperties: {name}", {**value, "undeclared": wrong}, ("undeclared",)


def _without(value: dict[str, Any], name: str) -> dict[str, Any]:
    return {other: item for other, item in value.items() if other != name}
