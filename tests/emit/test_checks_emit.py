"""Rules as Python functions: what such a function says of any value is what the rules themselves say, or it says nothing."""

from __future__ import annotations

import ast
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.test_conditions import FIELDS, LITERALS, VALUE, joined

from tillspec.emit.checks import checked
from tillspec.runtime import cel_values
from tillspec.runtime.behavior import ObjectBehavior, Rule, Term, Total
from tillspec.runtime.conditions import condition
from tillspec.runtime.rules import breaches, keeper

NOTHING: Final = "it says nothing"


def _said(behavior: ObjectBehavior, value: Any) -> Any:
    """What the function of an object says of a value."""
    check = checked(behavior)
    assert check is not None
    made = ast.fix_missing_locations(ast.Expression(ast.parse(ast.unparse(check), mode="eval").body))
    try:
        return eval(compile(made, "a check", "eval"), {**vars(cel_values), "self": value})
    except (ArithmeticError, AttributeError, LookupError, TypeError, cel_values.Fault):
        return NOTHING


def _ruled(*expressions: str) -> ObjectBehavior:
    return ObjectBehavior(rules=tuple(Rule(rule=text, message="broken") for text in expressions))


@pytest.mark.parametrize(
    ("expression", "source"),
    [
        ("!has(self.max) || self.max >= self.min", "'max' not in self or at_least(self['max'], self['min'])"),
        ('self.kind != "a" || self.on == true', "self['kind'] != 'a' or self['on'] is True"),
        ('self.kind in ["a", "b"]', "self['kind'] in ('a', 'b')"),
        ("size(self.lines) > 0", "size(self['lines']) > 0"),
        ("self.lines.all(one, self.lines.exists_one(other, other.id == one.id))", "distinct(self['lines'], 'id')"),
        (
            "self.a.all(one, self.a.exists_one(other, other.id == one.key))",
            "all(([same(other['id'], one['key']) for other in each(self['a'])].count(True) == 1 for one in each(self['a'])))",
        ),
        ("self.lines.exists(class, class.n == 1)", "any((same(item1['n'], 1) for item1 in each(self['lines'])))"),
        ("self.lines.exists(size, size.n == 1)", "any((same(item1['n'], 1) for item1 in each(self['lines'])))"),
        ("self.note == '\"); import os  #'", "self['note'] == '\"); import os  #'"),
        ("self.on", "truth(self['on'])"),
        ("self.rate < 2.5", "less(self['rate'], 2.5)"),
        ("self.note == 'it\\'s'", "self['note'] == \"it's\""),
        ("1 == null", "same(1, None)"),
    ],
)
def test_an_expression(expression: str, source: str) -> None:
    check = checked(_ruled(expression))
    assert isinstance(check, ast.BoolOp)
    assert ast.unparse(check.values[1]) == source


@pytest.mark.parametrize(
    "expression",
    [
        "self.text.matches('^a')",
        "self.n / 2 == 2",
        "timestamp(self.a) < timestamp(self.b)",
        "other.n == 1",
        "'abc'.x == 1",
        "[1].x == 1",
    ],
)
def test_what_python_is_not_made_of(expression: str) -> None:
    assert checked(_ruled("self.n == 1", expression)) is None


@settings(max_examples=600, deadline=None)
@given(st.recursive(st.one_of(FIELDS, LITERALS), joined, max_leaves=8), st.booleans())
def test_it_says_what_the_rule_says(expression: str, negated: bool) -> None:
    whole = f"!({expression})" if negated else f"({expression}) == true"
    known = condition(whole)
    assert known is not None
    if checked(_ruled(whole)) is not None and (said := _said(_ruled(whole), VALUE)) is not NOTHING:
        assert said is known(VALUE)


NUMBERS = st.one_of(st.none(), st.integers(-5, 5), st.sampled_from([0.5, 2.0]))
LINES = st.lists(
    st.fixed_dictionaries({"id": st.sampled_from(["a", "b", 1, True, None])}, optional={"price": NUMBERS, "quantity": NUMBERS}),
    max_size=3,
)
CARTS = st.fixed_dictionaries(
    {}, optional={"amount": NUMBERS, "fee": NUMBERS, "lines": LINES, "of": st.fixed_dictionaries({}, optional={"fee": NUMBERS})}
)
CART = ObjectBehavior(
    totals=(
        Total(
            total="/amount",
            terms=(
                Term(amount="/lines/*/price", times="/lines/*/quantity"),
                Term(amount="/of/fee"),
                Term(amount="/fee", sign="-"),
            ),
            when="has(self.lines)",
        ),
    ),
    rules=_ruled("!has(self.lines) || self.lines.all(one, self.lines.exists_one(other, one.id == other.id))").rules,
)


@settings(max_examples=600, deadline=None)
@given(CARTS)
def test_a_total_and_items_told_apart(cart: dict[str, Any]) -> None:
    said, broken = _said(CART, cart), list(breaches(CART, cart))
    assert said is NOTHING or bool(said) is not bool(broken)


def test_where_a_check_says_nothing_the_rules_are_asked() -> None:
    def fails(value: Any) -> bool:
        return bool(value["not there"])

    behavior = ObjectBehavior(rules=_ruled("self.n == 1").rules, holds=fails)
    assert keeper(behavior)({"n": 1}) == []
    assert [breach.message for breach in keeper(behavior)({"n": 2})] == ["broken"]
