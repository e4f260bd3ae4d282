"""CEL conditions as closures: what the specification says, and the same as a library of CEL says of any expression."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tillspec.runtime.conditions import condition
from tillspec.runtime.rules import _by_library

LINES = [{"p": 2, "q": 3}, {"p": 5}]
VALUE: dict[str, Any] = {"n": 5, "f": 2.5, "s": "abc", "b": True, "no": None, "list": [1, 2, 3], "lines": LINES}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("self.n == 5 && self.f < 3", True),
        ("self.n == 5.0", True),
        ("true == 1", False),
        ("self.s + 'd' == \"abcd\"", True),
        ("'it\\'s\\n' == \"it's\\n\"", True),
        ("has(self.n) && !has(self.missing)", True),
        ("has(self.missing.deeper)", False),
        ("self.missing == 1 || self.n == 5", True),
        ("self.n == 5 || self.missing == 1", True),
        ("!(self.missing == 1 && self.n == 4)", True),
        ("self.missing == 1", False),
        ("!(self.missing == 1)", False),
        ("self.n", False),
        ("self.n < 'a'", False),
        ("self.n + self.f == 7.5", True),
        ("9223372036854775807 + self.n > 0", False),
        ("-self.n == 0 - 5", True),
        ("self.list[0] == 1 && self.list[2] == 3", True),
        ("self.list[3] == 1", False),
        ("2 in self.list && !(4 in self.list) && 's' in self", True),
        ("size(self.list) == 3 && self.s.size() == 3 && size('aé') == 2", True),
        ("self.list.all(x, x > 0) && self.list.exists(x, x == 3) && self.list.exists_one(x, x == 2)", True),
        ("self.lines.all(one, self.lines.exists_one(other, other.p == one.p))", True),
        ("!self.lines.all(x, x.q == 4)", True),
        ("self.lines.exists(x, x.q == 3)", True),
        ("self.lines.exists(x, x.q == 7)", False),
        ("sum(self.lines.map(x, x.p)) == 7", True),
        ("sum(self.lines.map(x, x.q)) == 3", False),
        ("size(self.list.filter(x, x > 1)) == 2", True),
        ("self.s.contains('b') && self.s.startsWith('a') && self.s.endsWith('c')", True),
        ("self.b ? self.n == 5 : self.n == 4", True),
        ("self.n ? true : false", False),
        ("[1, [2.0]] == [1.0, [2]] && {'a': 1} == {'a': 1}", None),
        ("self.s.matches('^a')", None),
        ("timestamp(self.s) < timestamp(self.s)", None),
        ("self.n / 2 == 2", None),
    ],
)
def test_a_condition(expression: str, expected: bool | None) -> None:
    found = condition(expression)
    assert (None if found is None else found(VALUE)) is expected


FIELDS = st.sampled_from(["self.n", "self.f", "self.s", "self.b", "self.no", "self.list", "self.missing", "self"])
LITERALS = st.sampled_from(["0", "1", "5", "2.5", "'abc'", "''", "true", "false", "null", "[1, 2]", "[]"])


def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Larger expressions, of smaller ones."""
    signs = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "&&", "||", "in", "+", "-", "*"])
    return st.one_of(
        st.tuples(inner, signs, inner).map(lambda row: f"({row[0]} {row[1]} {row[2]})"),
        inner.map(lambda one: f"!({one})"),
        inner.map(lambda one: f"size({one})"),
        st.tuples(inner, inner, inner).map(lambda row: f"({row[0]} ? {row[1]} : {row[2]})"),
        st.sampled_from(["n", "s", "x"]).map(lambda name: f"has(self.{name})"),
        inner.map(lambda one: f"self.list.exists(x, x == {one})"),
        inner.map(lambda one: f"self.list.map(x, {one})"),
    )


@settings(max_examples=400, deadline=None)
@given(st.recursive(st.one_of(FIELDS, LITERALS), joined, max_leaves=8))
def test_a_library_of_cel_says_the_same(expression: str) -> None:
    whole = f"({expression}) == true"
    found = condition(whole)
    assert found is not None
    by_library = _by_library(whole, VALUE)
    if found(VALUE) is not by_library:
        # Two things are ours: a sum of an integer and a fraction, and that one true item decides `exists` beside a fault.
        assert not by_library
        assert any(sign in expression for sign in (" + ", " - ", " * ", "exists"))
