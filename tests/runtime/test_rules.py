"""Rules across the fields of an object, and totals that add up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tillspec.runtime.behavior import Lifecycle, ObjectBehavior, Rule, Term, Total
from tillspec.runtime.model import ContractModel
from tillspec.runtime.rules import adds_up, at, breaches, holds
from tillspec.runtime.scalars import LENIENT
from tillspec.runtime.violations import violations

CART = Total(
    total="/amount", terms=(Term(amount="/lines/*/price", times="/lines/*/quantity"),), when="has(self.lines)", status=400
)
ORDERED = Rule(
    rule="!has(self.min) || !has(self.max) || self.min <= self.max", message="min is at most max", at="/min", status=422
)
LINES = st.lists(st.fixed_dictionaries({"price": st.integers(0, 10**8), "quantity": st.integers(1, 9999)}), max_size=5)


BEHAVIOR = ObjectBehavior(totals=(CART,), rules=(ORDERED,))


class Cart(ContractModel):
    """A cart with a rule and a total."""

    amount: int
    min: int = 0
    max: int = 0
    lines: list[dict[str, int]] = []
    __behavior__ = staticmethod(lambda: BEHAVIOR)


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", [{"a": {"b": [{"c": 1}, {"d": 2}]}, "x/y": 3, "~": 4}]),
        ("/a/b/*/c", [1]),
        ("/a/b/1/d", [2]),
        ("/a/b/7", []),
        ("/a/*", []),
        ("/x~1y", [3]),
        ("/~0", [4]),
    ],
)
def test_pointers(pointer: str, found: list[Any]) -> None:
    assert list(at({"a": {"b": [{"c": 1}, {"d": 2}]}, "x/y": 3, "~": 4}, pointer)) == found


@given(LINES, st.integers(-3, 3))
def test_a_total_is_the_sum_of_its_terms_and_nothing_else(lines: list[dict[str, int]], off: int) -> None:
    amount = sum(line["price"] * line["quantity"] for line in lines)
    assert adds_up(CART, {"amount": amount + off, "lines": lines}) is (off == 0)
    assert adds_up(CART, {"amount": amount + off}), "without lines nothing is asked for"
    assert adds_up(CART, {"lines": lines}), "a total that is absent is not checked"


def test_terms_have_signs_and_may_be_absent_or_null() -> None:
    total = Total(total="/due", terms=(Term(amount="/sum"), Term(amount="/discount", sign="-"), Term(amount="/tip/amount")))
    assert adds_up(total, {"due": 7, "sum": 10, "discount": 3})
    assert adds_up(total, {"due": 12, "sum": 10, "discount": None, "tip": {"amount": 2}})
    assert not adds_up(total, {"due": 10, "sum": 10, "discount": 3})


@pytest.mark.parametrize(
    ("rule", "value", "outcome"),
    [
        ("self.a == 1", {"a": 1}, True),
        ("self.a == 1", {"a": 2}, False),
        ("self.a == 1", {}, False),
        ("self.a + 'x' == 'yx'", {"a": 1}, False),
        ("sum(self.list) == 6", {"list": [1, 2, 3]}, True),
        ("self.list.all(item, item > 0)", {"list": []}, True),
        ("self.a", {"a": 1}, False),
        ("self.a / 0 == 1", {"a": 1}, False),
    ],
)
def test_a_rule_that_cannot_be_evaluated_is_broken(rule: str, value: dict[str, Any], outcome: bool) -> None:
    assert holds(Rule(rule=rule, message=""), value) is outcome


def test_a_model_keeps_its_rules_and_tells_all_that_are_broken() -> None:
    assert Cart(amount=10, min=1, max=2, lines=[{"price": 5, "quantity": 2}]).amount == 10
    body = b'{"amount": 1, "min": 3, "max": 2, "lines": [{"price": 5, "quantity": 2}]}'
    with pytest.raises(ValidationError) as caught:
        Cart.model_validate_json(body)
    told = [(one.pointer, one.type, one.status, one.message) for one in violations(caught.value, "body", json.loads(body), "")]
    assert told == [
        ("/min", "rule", 422, "min is at most max"),
        ("/amount", "rule", 400, "/amount must be the sum /lines/*/price × /lines/*/quantity"),
    ]
    assert Cart.model_validate_json(body, context=LENIENT).amount == 1, "what a server answers is taken as it is"


def test_every_breach_has_its_place() -> None:
    found = list(breaches(BEHAVIOR, {"amount": 1, "lines": []}))
    assert [(one.at, one.status) for one in found] == [("/amount", 400)]


def test_a_lifecycle_answers() -> None:
    life = Lifecycle(field="/status", initial="open", moves={"open": ("paid", "expired"), "paid": ("refunded",)})
    assert life.states == ("open", "paid", "expired", "refunded")
    assert life.allows("open", "paid") and not life.allows("paid", "open") and not life.allows("expired", "open")
    assert life.is_terminal("refunded") and not life.is_terminal("paid")
