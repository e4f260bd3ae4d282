"""Runtime expressions, and places in JSON values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillspec.pointer import join
from tillspec.verify.exchange import NOTHING, Answer, Call, Exchange
from tillspec.verify.expressions import at, evaluate, put

CALL = Call(
    "write", "POST", "/carts/a%2Fb/items?q=1&q=2&empty=&sp=a+b", (("X-Key", "k"), ("x-key", "later")), b"{}",
    path=(("cart", "a/b"), ("odd.name", "dot")), value={"id": 7, "a/b": [{"x~y": None}], "": "empty", "no": False},
)  # fmt: skip
ANSWER = Answer(
    201, (("Location", "/carts/9"), ("Content-Type", "application/json")),
    b'{"id": 1.50, "list": [10, 20], "name": "Ada", "nested": {"id": "x"}}',
)  # fmt: skip
EXCHANGE = Exchange(CALL, ANSWER)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$method", "POST"),
        ("$statusCode", 201),
        ("$request.header.x-KEY", "k"),
        ("$request.header.none", NOTHING),
        ("$request.path.cart", "a/b"),
        ("$request.path.odd.name", "dot"),
        ("$request.path.none", NOTHING),
        ("$request.query.q", "1"),
        ("$request.query.empty", ""),
        ("$request.query.sp", "a b"),
        ("$request.query.none", NOTHING),
        ("$request.body#/id", 7),
        ("$request.body#/a~1b/0/x~0y", None),
        ("$request.body#/", "empty"),
        ("$request.body#/no", False),
        ("$request.body", CALL.value),
        ("$response.header.LOCATION", "/carts/9"),
        ("$response.body#/list/1", 20),
        ("$response.body#/list/01", NOTHING),
        ("$response.body#/list/-", NOTHING),
        ("$response.body#/list/2", NOTHING),
        ("$response.body#/list/²", NOTHING),
        ("$response.body#/name/0", NOTHING),
        ("$response.body#id", NOTHING),
        ("$response.cookie.a", NOTHING),
        ("$nothing", NOTHING),
        ("plain", "plain"),
        ("", ""),
        ("/carts/{$response.body#/nested/id}/{$request.query.q}", "/carts/x/1"),
        ("{$response.body#/id}", "1.5"),
        ("{$request.body#/no}", "false"),
        ("{$response.body#/list}", NOTHING),
        ("{$request.body#/a~1b/0/x~0y}", NOTHING),
        ("{$response.body#/none}!", NOTHING),
        ("{plain}", "{plain}"),
    ],
)
def test_an_expression_leads_to_its_value(expression: str, value: object) -> None:
    found = evaluate(expression, EXCHANGE)
    assert found is value if value is NOTHING else (found == value and type(found) is type(value))


def test_what_is_no_json_has_no_values() -> None:
    for answer in (Answer(), Answer(200, (("Content-Type", "text/plain"),), b'{"id": 1}'), Answer(200, ANSWER.headers, b"{")):
        assert evaluate("$response.body#/id", Exchange(CALL, answer)) is NOTHING


# -- places --------------------------------------------------------------------------------------------------------------

KEYS = st.sampled_from(["a", "b", "/", "~", "~1", "0", "1", "-", "", "é"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
POINTERS = st.lists(KEYS, max_size=4).map(lambda tokens: join("", *tokens))


@given(VALUES, POINTERS, VALUES)
def test_what_is_put_is_there(value: Any, pointer: str, item: Any) -> None:
    before = repr(value)
    assert at(put(value, pointer, item), pointer) == item
    assert repr(value) == before


@given(VALUES, POINTERS, VALUES)
def test_what_stands_there_can_be_put_there(value: Any, pointer: str, item: Any) -> None:
    found = at(value, pointer)
    if found is not NOTHING:
        assert put(value, pointer, found) == value
        assert put(put(value, pointer, item), pointer, found) == value


@given(st.dictionaries(KEYS, VALUES, min_size=2), st.data())
def test_nothing_else_changes(value: dict[str, Any], data: st.DataObject) -> None:
    one, other = data.draw(st.permutations(sorted(value)))[:2]
    assert at(put(value, join("", one), "new"), join("", other)) == value[other]


def test_a_place_is_made_where_there_is_none() -> None:
    assert put(NOTHING, "/a/b", 1) == {"a": {"b": 1}}
    assert put({"a": [1, {"b": 2}]}, "/a/1/b", 3) == {"a": [1, {"b": 3}]}
    assert put([1], "/1", 2) == [1, 2]
    assert put([1], "/a", 2) == {"a": 2}
