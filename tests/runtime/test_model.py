"""What a model says beside its fields holds wherever the model stands: a second time, and inside itself."""

from __future__ import annotations

from typing import ClassVar

import pytest
from pydantic import MISSING, Field, StrictBool, TypeAdapter, ValidationError

from tillspec.runtime.behavior import ObjectBehavior, Rule
from tillspec.runtime.model import ContractModel
from tillspec.runtime.scalars import JsonInteger


class Span(ContractModel):
    low: int
    high: int
    inner: Span | MISSING = MISSING

    _behavior: ClassVar[ObjectBehavior | None] = ObjectBehavior(
        rules=(Rule(rule="self.low <= self.high", message="low before high"),)
    )


class Pair(ContractModel):
    first: Span
    second: Span


@pytest.mark.parametrize("made_before", [False, True])
def test_rules_hold_wherever_a_model_stands(made_before: bool) -> None:
    if made_before:
        Span(low=1, high=2)
    adapter = TypeAdapter(Pair)
    adapter.rebuild()
    good = '{"low": 1, "high": 2}'
    bad = '{"low": 2, "high": 1}'
    adapter.validate_json(f'{{"first": {good}, "second": {{"low": 1, "high": 2, "inner": {good}}}}}')
    for first, second in ((bad, good), (good, bad), (f'{{"low": 1, "high": 2, "inner": {bad}}}', good)):
        with pytest.raises(ValidationError, match="low before high"):
            adapter.validate_json(f'{{"first": {first}, "second": {second}}}')


class Labelled(ContractModel):
    value: JsonInteger | StrictBool
    __pydantic_extra__: dict[str, str] = Field(init=False)


def test_undeclared_fields_stay_apart_from_declared_ones() -> None:
    adapter = TypeAdapter(Labelled | str)
    adapter.rebuild()
    made = adapter.validate_json('{"value": true, "note": "x"}')
    assert isinstance(made, Labelled)
    assert (vars(made), made.__pydantic_extra__) == ({"value": True}, {"note": "x"})
    assert adapter.dump_json(made) == b'{"value":true,"note":"x"}'
