"""What a model says beside its fields holds wherever the model stands: a second time, and inside itself."""

from __future__ import annotations

from typing import ClassVar

import pytest
from pydantic import MISSING, TypeAdapter, ValidationError

from tillspec.runtime.behavior import ObjectBehavior, Rule
from tillspec.runtime.model import ContractModel


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
