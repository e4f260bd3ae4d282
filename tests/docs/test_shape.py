"""Bodies as rows: every constraint in words, branches, maps, recursion that ends, and tables that have an end."""

from __future__ import annotations

from typing import Any

import pytest

from tillspec.api.model import Any as AnyType
from tillspec.api.model import NamedType
from tillspec.docs import words
from tillspec.docs.shape import Row, Shapes
from tillspec.source import Span


def shapes(**types: Any) -> Shapes:
    span: Span = None  # type: ignore[assignment]  # nothing here looks at it
    return Shapes({name: NamedType(name, AnyType(), schema, component=name, span=span) for name, schema in types.items()})


def table(schema: Any, **types: Any) -> Row:
    return shapes(**types).table(schema, "body")


@pytest.mark.parametrize(
    ("schema", "kind", "limits"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 255}, "string", ["1 to 255 characters"]),
        ({"type": "string", "minLength": 3, "maxLength": 3, "pattern": "^[A-Z]+$"}, "string",
         ["exactly 3 characters", "matches `^[A-Z]+$`"]),
        ({"type": "integer", "format": "int32", "minimum": 1, "exclusiveMaximum": 9}, "integer (32 bits)",
         ["at least `1`", "less than `9`"]),
        ({"type": "number", "multipleOf": 0.5}, "number", ["a multiple of `0.5`"]),
        ({"enum": ["a", "b"]}, "string", ["one of `a`, `b`"]),
        ({"const": 7}, "integer", ["always `7`"]),
        ({"type": "array", "items": {"type": "string", "maxLength": 3}, "minItems": 1, "uniqueItems": True},
         "list of strings",
         ["at least 1 item", "no item twice", "each: at most 3 characters"]),
        ({"type": "object", "additionalProperties": False, "minProperties": 1}, "object",
         ["at least 1 property", "no other properties"]),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "map of integers", []),
        ({"type": ["string", "integer"]}, "string or integer", []),
        ({}, "any value", []),
        (True, "any value", []),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "string or integer", []),
        ({"type": "object", "dependentRequired": {"a": ["b"]}}, "object", ["with `a`, `b` must be there too"]),
        ({"type": "array", "contains": {"const": 1}}, "array", None),
    ],
)  # fmt: skip
def test_a_value_in_words(schema: Any, kind: str, limits: list[str] | None) -> None:
    facts = table(schema).facts
    if limits is not None:
        assert (facts.kind, list(facts.limits)) == (kind, limits)
    else:
        assert "at least 1 item of a certain form" in facts.limits


def test_flags_defaults_and_examples() -> None:
    row = table({"type": "object", "required": ["a"], "properties": {
        "a": {"type": ["string", "null"], "readOnly": True, "deprecated": True, "default": "x", "examples": ["y"]},
        "b": {"anyOf": [{"type": "integer"}, {"type": "null"}], "writeOnly": True},
    }})  # fmt: skip
    first, second = row.rows
    assert (first.name, first.anchor, first.required) == ("a", "body.a", True)
    assert first.facts.flags == ("nullable", "read only", "deprecated")
    assert (first.facts.default, first.facts.example) == ("`x`", "`y`")
    assert (second.required, second.facts.flags, second.facts.kind) == (False, ("nullable", "write only"), "integer")


def test_all_of_is_taken_together_and_the_stricter_bound_holds() -> None:
    row = table(
        {"allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["n"], "properties": {"m": {"type": "string"}}}]},
        Base={
            "type": "object",
            "properties": {"n": {"allOf": [{"type": "integer", "minimum": 1}, {"minimum": 5, "maximum": 9}]}},
        },
    )
    assert [one.name for one in row.rows] == ["n", "m"]
    assert row.rows[0].required
    assert row.rows[0].facts.limits == ("at least `5`", "at most `9`")


def test_branches_are_rows_with_their_fields() -> None:
    row = table(
        {
            "oneOf": [
                {"$ref": "#/components/schemas/Card"},
                {"title": "Cash", "type": "object", "properties": {"coins": {"type": "integer"}}},
            ]
        },
        Card={"type": "object", "properties": {"number": {"type": "string"}}},
    )
    assert row.facts.kind == "one of 2"
    assert [(one.name, one.is_branch) for one in row.rows] == [("Card", True), ("Cash", True)]
    assert {one.anchor for one in row.walk()} == {"body", "body.(Card)", "body.(Card).number", "body.(Cash)", "body.(Cash).coins"}


def test_recursion_ends_where_it_began() -> None:
    node = {
        "type": "object",
        "properties": {
            "value": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        },
    }
    row = table({"$ref": "#/components/schemas/Node"}, Node=node)
    children = row.rows[1]
    assert children.facts.kind == "list of objects"
    assert (children.back, children.rows) == ("body", [])


def test_mutual_recursion_ends_too() -> None:
    row = table(
        {"$ref": "#/components/schemas/A"},
        A={"type": "object", "properties": {"b": {"$ref": "#/components/schemas/B"}}},
        B={"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}}},
    )
    assert [one.name for one in row.walk()] == ["", "b", "a"]
    assert row.rows[0].rows[0].back == "body"


def test_a_table_has_an_end_and_names_where_the_rest_is() -> None:
    wide = {"type": "object", "properties": {f"f{number}": {"$ref": "#/components/schemas/Inner"} for number in range(30)}}
    inner = {"type": "object", "properties": {f"g{number}": {"type": "string"} for number in range(30)}}
    row = shapes(Inner=inner).table(wide, "body", most=80)
    assert sum(1 for _ in row.walk()) <= 82
    assert {one.elsewhere for one in row.rows} == {None, "Inner"}
    assert len(row.rows[0].rows) == 30


def test_maps_and_tuples() -> None:
    row = table({"type": "object", "patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": {"type": "integer"}})
    assert row.rows[0].name == "(any name that matches ^x-)"
    assert row.rows[1].facts.kind == "integer"
    row = table({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]})
    assert [one.name for one in row.rows] == ["[0]", "[1]"]


def test_numbers_and_times_in_words() -> None:
    from datetime import timedelta

    assert words.count(1, "property") == "1 property"
    assert words.count(2, "property") == "2 properties"
    assert words.count(2, "day") == "2 days"
    assert words.duration(timedelta(hours=25, seconds=1)) == "1 day 1 hour 1 second"
    assert words.listed(["a", "b", "c"], "or") == "a, b or c"
    assert words.value("") == '`""`'
    assert words.value("a`b") == "``a`b``"
