"""The judge on its own: what the standard says of a value, case by case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from prove.conftest import component, judge_of

CASES: list[tuple[str, Any, list[Any], list[Any]]] = [
    # the clause, the schema, what is valid by it, and what is not
    ("core 4.2.3: an integer is a number without a fraction",
     {"type": "integer"},
     [5, 5.0, -0.0, 1e3, 10**30], [5.5, "5", True, None]),
    ("core 4.2.1: a boolean is no number", {"type": "number"}, [1, 1.5], [True, "1"]),
    ("core 4.2.2: 1 is 1.0", {"const": 1}, [1, 1.0], [True, "1", [1]]),
    ("core 4.2.2: true is not 1", {"const": True}, [True], [1, 1.0, "true"]),
    ("core 4.2.2: objects by their properties",
     {"const": {"a": 1, "b": [1.0]}},
     [{"b": [1], "a": 1.0}], [{"a": 1}, {"a": True, "b": [1]}]),
    ("core 4.2.2: arrays in their order", {"enum": [[1, 2], None]}, [[1.0, 2], None], [[2, 1], [True, 2], False]),
    ("validation 6.4.3: unique as values are equal",
     {"uniqueItems": True},
     [[1, True, "1"], [[], {}], [0, False]], [[1, 1.0], [{"a": 1, "b": 2}, {"b": 2, "a": 1}]]),
    ("validation 6.2.1: of decimals", {"multipleOf": 0.1}, [0.3, 1.1, 2, 1e300, 0.7], [0.35, 0.01]),
    ("validation 6.2.1: small units", {"multipleOf": 0.01}, [19.99, 4.35, 1.1], [19.999]),
    ("validation 6.2.1: of integers", {"multipleOf": 5}, [10, 10.0, 0], [12, 7.5]),
    ("core 6.4: \\d is an ASCII digit", {"pattern": "^\\d+$"}, ["123"], ["١٢٣", "12a", ""]),
    ("core 6.4: \\w is an ASCII word character", {"pattern": "^\\w$"}, ["a", "_"], ["é"]),
    ("core 6.4: $ is the very end", {"pattern": "^a$"}, ["a"], ["a\n"]),
    ("core 6.4: a pattern is not anchored", {"pattern": "b"}, ["abc", 7], ["ac"]),
    ("core 6.4: characters, not UTF-16 units", {"pattern": "^.$"}, ["😀", "é"], ["ab", "\n", "\u2028"]),
    ("ECMA-262: named groups and back-references", {"pattern": "^(?<one>[ab])\\k<one>$"}, ["aa"], ["ab"]),
    ("ECMA-262: Unicode properties", {"pattern": "^\\p{Lu}$"}, ["A", "É"], ["a", "1"]),
    ("ECMA-262, annex B: escapes that mean nothing", {"pattern": "^a\\-b$"}, ["a-b"], ["ab"]),
    ("ECMA-262: \\s has the no-break space", {"pattern": "^\\s$"}, [" ", "\u00a0", "\ufeff"], ["\x85"]),
    ("validation 6.3.1: characters (RFC 8259)", {"maxLength": 2}, ["😀😀", "ab"], ["😀😀😀"]),
    ("core 10.3.2.2: by patterns of ECMA-262", {"patternProperties": {"^\\d$": False}}, [{"١": 1}, {"a": 1}], [{"1": 1}]),
    ("core 10.3.2.3: what no pattern has",
     {"patternProperties": {"^a$": True}, "additionalProperties": False},
     [{"a": 1}], [{"a\n": 1}, {"b": 1}]),
    ("core 10.3.1.2: items after prefixItems",
     {"prefixItems": [{"type": "string"}], "items": False},
     [[], ["a"], {}], [["a", 1], [1]]),
    ("core 10.3.1.3: contains, with bounds",
     {"contains": {"type": "integer"}, "minContains": 2, "maxContains": 3},
     [[1, 2], [1, 2, 3, "a"]], [[], [1], [1, 2, 3, 4]]),
    ("core 10.3.1.3: minContains 0", {"contains": {"type": "integer"}, "minContains": 0}, [[], ["a"]], []),
    ("core 11.3: across allOf",
     {"allOf": [{"properties": {"a": True}}], "unevaluatedProperties": False},
     [{"a": 1}], [{"a": 1, "b": 1}]),
    ("core 11.3: branches that hold alone",
     {"anyOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"b": True}, "required": ["b"]}],
      "unevaluatedProperties": False},
     [{"a": 1}, {"a": 1, "b": 1}], [{"a": "x", "b": 1}]),
    ("core 11.3: a schema for the rest",
     {"properties": {"a": True}, "unevaluatedProperties": {"type": "integer"}},
     [{"a": "x", "b": 1}], [{"b": "x"}]),
    ("core 11.3: not what `not` looks at",
     {"not": {"not": {"properties": {"a": True}}}, "unevaluatedProperties": False},
     [{}], [{"a": 1}]),
    ("core 11.3: `if` and `then`",
     {"if": {"properties": {"a": {"const": 1}}, "required": ["a"]}, "then": {"properties": {"b": True}},
      "unevaluatedProperties": False},
     [{"a": 1, "b": 1}, {}], [{"b": 1}, {"a": 2}]),
    ("core 11.3: dependentSchemas",
     {"properties": {"a": True}, "dependentSchemas": {"a": {"properties": {"b": True}}}, "unevaluatedProperties": False},
     [{"a": 1, "b": 1}], [{"b": 1}]),
    ("core 11.2: after prefixItems of another branch",
     {"allOf": [{"prefixItems": [True]}], "unevaluatedItems": False},
     [["a"]], [["a", "b"]]),
    ("core 11.2: what contains has seen",
     {"contains": {"type": "integer"}, "unevaluatedItems": {"type": "string"}},
     [[1, "a"]], [[1, None]]),
    ("core 10.2.1.3: exactly one", {"oneOf": [{"multipleOf": 3}, {"multipleOf": 5}]}, [3, 5], [15, 7]),
    ("core 10.2.1.4", {"not": {"type": "string"}}, [1, None], ["a"]),
    ("core 10.2.2", {"if": {"const": 1}, "then": {"type": "string"}, "else": {"type": "integer"}}, [2], [1, "a"]),
    ("validation 6.5.4", {"dependentRequired": {"a": ["b"]}}, [{"b": 1}, {"a": 1, "b": 1}], [{"a": 1}]),
    ("core 10.3.2.4", {"propertyNames": {"maxLength": 2}}, [{"ab": 1}, 7], [{"abc": 1}]),
    ("OpenAPI 3.1, 4.4: int32", {"format": "int32"}, [2**31 - 1, -(2**31), "x"], [2**31, -(2**31) - 1]),
    ("OpenAPI 3.1, 4.4: int64", {"type": "integer", "format": "int64"}, [2**63 - 1], [2**63]),
    ("formats that assert nothing", {"format": "password"}, ["x", 7], []),
    ("validation 7.2.1: a format speaks of its own type", {"format": "date-time"}, [7, None, {}], ["x"]),
    ("core 4.3.2: false", {"properties": {"a": False}}, [{}], [{"a": 1}]),
]  # fmt: skip


@pytest.mark.parametrize(("clause", "schema", "valid", "invalid"), CASES, ids=[case[0] for case in CASES])
def test_the_standard_decides(clause: str, schema: Any, valid: list[Any], invalid: list[Any]) -> None:
    judge = judge_of({"A": schema})
    assert [value for value in valid if not judge.is_valid(component(judge), value)] == []
    assert [value for value in invalid if judge.is_valid(component(judge), value)] == []
    assert [value for value in invalid if not judge.broken(component(judge), value)] == []


NULLABLE = {"allOf": [{"$ref": "#/components/schemas/B"}], "nullable": True}
CASES_3_0: list[tuple[str, Any, list[Any], list[Any]]] = [
    ("nullable adds null to the type", {"type": "string", "nullable": True}, ["a", None], [1]),
    ("nullable does not change an enum", {"type": "string", "enum": ["a"], "nullable": True}, ["a"], [None, "b"]),
    ("nullable without a type says nothing", {"nullable": True, "minLength": 2}, [None, "ab"], ["a"]),
    ("nullable beside branches is read as it is used", NULLABLE, [{"b": 1}, None], [{"b": "x"}, 1]),
    ("exclusiveMinimum is a boolean", {"type": "integer", "minimum": 1, "exclusiveMinimum": True}, [2], [1]),
    ("exclusiveMaximum: false", {"type": "integer", "maximum": 1, "exclusiveMaximum": False}, [1], [2]),
    ("what stands beside $ref is ignored", {"$ref": "#/components/schemas/B", "nullable": True, "required": ["x"]}, [{}], [None]),
    ("keywords of later drafts are none", {"type": "object", "const": 1, "patternProperties": {"": False}}, [{"a": 1}], [1]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "schema", "valid", "invalid"), CASES_3_0, ids=[case[0] for case in CASES_3_0])
def test_schemas_of_3_0_have_rules_of_their_own(rule: str, schema: Any, valid: list[Any], invalid: list[Any]) -> None:
    judge = judge_of({"A": schema, "B": {"type": "object", "properties": {"b": {"type": "integer"}}}}, "3.0")
    assert [value for value in valid if not judge.is_valid(component(judge), value)] == []
    assert [value for value in invalid if judge.is_valid(component(judge), value)] == []


def test_a_direction_asks_for_what_is_meant_for_it() -> None:
    whole = {
        "A": {
            "allOf": [{"$ref": "#/components/schemas/B"}, {"required": ["id", "secret", "note"]}],
            "properties": {"note": {"type": "string"}},
        },
        "B": {
            "type": "object",
            "properties": {"id": {"$ref": "#/components/schemas/Id"}, "secret": {"type": "string", "writeOnly": True}},
        },
        "Id": {"type": "integer", "readOnly": True},
    }  # fmt: skip
    judge = judge_of(whole)
    request, response = component(judge, "A", "request"), component(judge, "A", "response")
    assert judge.is_valid(request, {"secret": "s", "note": "n"})
    assert not judge.is_valid(request, {"id": 1, "note": "n"})
    assert judge.is_valid(response, {"id": 1, "note": "n"})
    assert not judge.is_valid(response, {"secret": "s", "note": "n"})
    assert not judge.is_valid(request, {"secret": "s", "note": "n", "id": "sent all the same"})
    assert not judge.is_valid(component(judge), {"id": 1, "note": "n"})


def test_a_pattern_that_is_none_is_told() -> None:
    judge = judge_of({"A": {"pattern": "(a"}})
    assert judge.is_valid(component(judge), "x")
    assert list(judge.unreadable) == ["(a"]


def test_where_the_library_sees_it_otherwise_the_clause_is_kept() -> None:
    judge = judge_of({"A": {"pattern": "^\\d$"}, "B": {"multipleOf": 0.1}, "C": {"format": "email"}})
    assert not judge.is_valid(component(judge), "1\n")
    assert judge.is_valid(component(judge, "B"), 0.3)
    assert not judge.is_valid(component(judge, "C"), "a@")
    found = {(case.keyword, case.instance): case for case in judge.disagreements.values()}
    assert found.keys() == {("pattern", "1\n"), ("multipleOf", 0.3), ("format", "a@")}
    assert found["pattern", "1\n"].pointer == "/components/schemas/A"
    assert not found["pattern", "1\n"].valid
    assert "ECMA-262" in found["pattern", "1\n"].clause


def test_what_is_broken_is_named_with_its_place() -> None:
    judge = judge_of(
        {
            "A": {
                "type": "object",
                "required": ["a"],
                "properties": {
                    "b": {"items": {"$ref": "#/components/schemas/B"}},
                    "c": {"anyOf": [{"type": "string"}, {"minimum": 5}]},
                },
            },
            "B": {"type": "integer", "maximum": 3},
        }
    )  # fmt: skip
    assert judge.broken(component(judge), {"b": [1, 7], "c": 4}) == {
        ("required", ""), ("maximum", "/b/1"), ("type", "/c"), ("minimum", "/c"),
    }  # fmt: skip


# -- beside the library ----------------------------------------------------------------------------------------------------

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-20, 20)
    | st.floats(-5, 5, allow_nan=False).map(lambda number: round(number, 1))
    | st.text("ab1", max_size=4)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8
)  # fmt: skip


def _schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
            "additionalProperties": inner,
            "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "contains": inner,
            "unevaluatedProperties": inner,
            "unevaluatedItems": inner,
            "dependentSchemas": st.dictionaries(st.sampled_from("ab"), inner, max_size=1),
        },
    )


LEAVES = st.booleans() | st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "integer", "number", "object", "array", "null", "boolean"]),
        "minimum": st.integers(-3, 3),
        "maxLength": st.integers(0, 3),
        "minItems": st.integers(0, 2),
        "maxProperties": st.integers(0, 2),
        "enum": st.lists(SCALARS, min_size=1, max_size=3),
    },
)


@settings(max_examples=300, deadline=None)
@given(st.recursive(LEAVES, _schemas, max_leaves=6), st.lists(VALUES, min_size=1, max_size=4))
def test_the_judge_says_what_the_library_says_where_the_library_is_exact(schema: Any, values: list[Any]) -> None:
    """None of these keywords is one on which the two may differ; references, memory and short cuts change no verdict."""
    judge = judge_of({"A": {"$ref": "#/components/schemas/B"}, "B": schema})
    plain = Draft202012Validator(schema)
    for value in values:
        assert judge.is_valid(component(judge), value) == plain.is_valid(value)


@settings(max_examples=100, deadline=None)
@given(st.recursive(LEAVES, _schemas, max_leaves=6), VALUES)
def test_nothing_is_broken_of_what_is_valid(schema: Any, value: Any) -> None:
    judge = judge_of({"A": schema})
    assert bool(judge.broken(component(judge), value)) != judge.is_valid(component(judge), value)


def test_the_judge_shares_nothing_with_what_it_judges() -> None:
    """Neither jsonschema-rs, on which generated models lean, nor a module of the emitters."""
    import tillspec.prove

    folder = Path(str(tillspec.prove.__file__)).parent
    sources = {path.name: path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}
    assert [name for name, text in sources.items() if "import jsonschema_rs" in text or "from jsonschema_rs" in text] == []
    assert json.dumps(sorted(sources)).count(".py") > 10
