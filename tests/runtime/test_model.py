"""What a model says beside its types holds wherever the model is used, and is asked once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import Field, StrictBool, TypeAdapter, ValidationError

from tillspec.runtime import rules
from tillspec.runtime.behavior import ObjectBehavior, Rule, Term, Total
from tillspec.runtime.model import ContractModel
from tillspec.runtime.scalars import JsonInteger

ORDERED = ObjectBehavior(
    rules=(Rule(rule="self.min <= self.max", message="min is at most max", at="/min", status=400),),
    totals=(Total(total="/sum", terms=(Term(amount="/parts/*/sum"),), status=400),),
)
GOOD, BAD = {"min": 1, "max": 2}, {"min": 2, "max": 1}


class Span(ContractModel):
    """An object with a rule, that may hold others of its kind."""

    __behavior__ = staticmethod(lambda: ORDERED)

    min: int
    max: int
    parts: list[Span] = []


class Trip(ContractModel):
    """An object that has spans in several places."""

    out: Span
    back: Span | None = None
    stops: list[Span] = []
    named: dict[str, list[Span]] = {}


class Journey(ContractModel):
    """An object of which parts were in use before."""

    trips: list[Trip] = []
    whole: Span | None = None


PLACES: list[tuple[Any, Any]] = [
    (Span, lambda span: {**GOOD, "parts": [span]}),
    (Span, lambda span: {**GOOD, "parts": [GOOD, {**GOOD, "parts": [span]}]}),
    (Trip, lambda span: {"out": span}),
    (Trip, lambda span: {"out": GOOD, "back": span}),
    (Trip, lambda span: {"out": GOOD, "stops": [GOOD, span]}),
    (Trip, lambda span: {"out": GOOD, "named": {"x": [span]}}),
    (Journey, lambda span: {"whole": span}),
    (Journey, lambda span: {"trips": [{"out": GOOD, "back": {**GOOD, "parts": [span]}}]}),
    (list[Journey], lambda span: [{"trips": [{"out": GOOD}, {"out": span}]}]),
    (dict[str, Span], lambda span: {"a": GOOD, "b": span}),
]


@pytest.mark.parametrize(("kind", "place"), PLACES)
def test_a_rule_holds_wherever_its_model_is_used(kind: Any, place: Any) -> None:
    adapter = TypeAdapter[Any](kind)
    adapter.rebuild()
    assert json.loads(adapter.dump_json(adapter.validate_json(json.dumps(place(GOOD))), exclude_unset=True)) == place(GOOD)
    for validate in (lambda value: adapter.validate_json(json.dumps(value)), adapter.validate_python):
        with pytest.raises(ValidationError) as refused:
            validate(place(BAD))
        assert [error["type"] for error in refused.value.errors()] == ["rule"]


@pytest.mark.parametrize(("kind", "place"), PLACES)
def test_a_rule_is_asked_once_for_each_object(kind: Any, place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = TypeAdapter[Any](kind)
    adapter.rebuild()
    asked: list[Any] = []
    monkeypatch.setattr(rules, "adds_up", lambda total, value: asked.append(value) or True)
    text = json.dumps(place(GOOD))
    adapter.validate_json(text)
    assert len(asked) == text.count('"min"')


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
