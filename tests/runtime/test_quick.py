"""The quick way to read a body: what it accepts is what the exact way gives, and what it does not is read the exact way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import core_schema

from tillspec.runtime.behavior import ObjectBehavior, Rule
from tillspec.runtime.intake import BodyReader, Invalid
from tillspec.runtime.model import ContractModel
from tillspec.runtime.operation import Content, RequestBody, Value
from tillspec.runtime.quick import Doubtful, quick_reader
from tillspec.runtime.scalars import PLAIN, JsonInteger

ORDERED = ObjectBehavior(
    rules=(Rule(rule="self.low <= self.high", message="low is at most high"),),
    holds=lambda self: self["low"] <= self["high"],
)


class Span(ContractModel):
    """An object with a rule, and a field that is called as a keyword of pydantic's schemas is."""

    low: JsonInteger
    high: JsonInteger
    metadata: dict[str, JsonInteger] = {}
    __behavior__ = staticmethod(lambda: ORDERED)


class Named(ContractModel):
    """Another object, for a union."""

    name: str


SPANS = TypeAdapter(list[Span | Named])
NUMBERS = st.one_of(st.integers(0, 3), st.sampled_from([1.0, 1.5, "1", None, True]))
ITEMS = st.one_of(
    st.fixed_dictionaries({"low": NUMBERS, "high": NUMBERS}, optional={"metadata": st.just({"n": 1}), "name": st.just("x")}),
    st.fixed_dictionaries({"name": st.one_of(st.just("x"), st.just(1))}, optional={"low": NUMBERS}),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(ITEMS, max_size=3))
def test_what_it_accepts_is_what_the_exact_way_gives(value: list[dict[str, Any]]) -> None:
    quick = quick_reader(SPANS.core_schema)
    assert quick is not None
    try:
        found = quick(value)
    except Exception:
        return
    assert found == SPANS.validate_python(value, context=PLAIN)


def test_it_accepts_what_is_in_order_and_no_rule_broken() -> None:
    quick = quick_reader(SPANS.core_schema)
    assert quick is not None
    assert quick([{"low": 1, "high": 2, "metadata": {"n": 3}}]) == [Span(low=1, high=2, metadata={"n": 3})]
    with pytest.raises(Doubtful):
        quick([{"low": 2, "high": 1}])
    with pytest.raises(ValidationError):
        SPANS.validate_python([{"low": 2, "high": 1}], context=PLAIN)


def test_a_body_is_read_the_quick_way_first() -> None:
    asked: list[Any] = []

    def holds(value: Any) -> bool:
        asked.append(value)
        return len(asked) > 2

    class Ruled(ContractModel):
        n: JsonInteger
        __behavior__ = staticmethod(lambda: ObjectBehavior(rules=(Rule(rule="self.n == 1", message="n is 1"),), holds=holds))

    body = RequestBody(contents={"application/json": Content(carrier="json", value=Value(Ruled))}, required=True)
    _, read = BodyReader(body).choose("application/json")
    assert read(b'{"n": 1}').n == 1
    assert asked == [{"n": 1}] * 2, "the quick way, then the exact one, and at last the rule itself"
    assert read(b'{"n": 1}').n == 1
    assert asked == [{"n": 1}] * 3, "the quick way alone"
    # No rule is asked of a value of another type, which may be larger than any that is right.
    with pytest.raises(Invalid) as refused:
        read(b'{"n": "1"}')
    assert [violation.pointer for violation in refused.value.found] == ["/n"]
    assert len(asked) == 3


def test_where_no_object_has_rules_there_is_no_other_way() -> None:
    assert quick_reader(TypeAdapter(Named).core_schema) is None


def test_a_schema_too_deep_to_walk_is_read_exactly() -> None:
    deep: core_schema.CoreSchema = core_schema.any_schema()
    for _ in range(5_000):
        deep = core_schema.list_schema(deep)
    assert quick_reader(deep) is None
