"""Laws of comparing, on schemas that are made up: what is told suffices, and is told of both ways alike."""

from __future__ import annotations

import itertools
from typing import Any

import jsonschema_rs
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from compat_documents import changes, with_value
from tillspec.compat.facets import FACETS
from tillspec.compat.rules import Severity

_SCALARS: tuple[Any, ...] = (None, True, False, -1, 0, 1, 2, 3, 5, 1.5, "", "a", "b", "ab", "abc")
_LISTS: tuple[Any, ...] = ([], [1], ["a"], [1, 1], [1, 2], ["a", "b", "ab"], [None])
_OBJECTS = tuple(
    {name: value for name, value in (("a", one), ("b", other)) if value is not ...}
    for one, other in itertools.product((..., *_SCALARS, *_LISTS[:4], {"a": 1}), (..., 1, "a", None))
)
VALUES: tuple[Any, ...] = (*_SCALARS, *_LISTS, *_OBJECTS)

_SMALL = st.integers(0, 3)


def _bounded(schema: dict[str, Any], **bounds: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=bounds).map(lambda found: {**schema, **found})


_TEXTS = _bounded({"type": "string"}, minLength=_SMALL, maxLength=_SMALL, pattern=st.sampled_from(["^a", "b$"]))
_NUMBERS = st.sampled_from(["integer", "number"]).flatmap(
    lambda kind: _bounded(
        {"type": kind}, minimum=_SMALL, maximum=_SMALL, exclusiveMinimum=_SMALL, multipleOf=st.sampled_from([1, 2, 3])
    )
)
_ENUMS = st.lists(st.sampled_from(["a", "b", 1, 2, None]), min_size=1, max_size=3, unique=True).map(lambda found: {"enum": found})
_LEAVES = st.one_of(_TEXTS, _NUMBERS, _ENUMS, st.just({"type": "boolean"}), st.just({"type": ["string", "null"]}))


def _around(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    items = _bounded({"type": "array"}, items=inner, minItems=_SMALL, maxItems=_SMALL, uniqueItems=st.booleans())
    properties = st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    required = st.lists(st.sampled_from("ab"), max_size=2, unique=True)
    objects = _bounded({"type": "object"}, properties=properties, required=required, additionalProperties=st.booleans() | _LEAVES)
    unions = st.lists(inner, min_size=2, max_size=3).map(lambda forms: {"anyOf": forms})
    exclusive = st.tuples(_TEXTS, items, objects).map(lambda forms: {"oneOf": list(forms)})
    merged = st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"allOf": parts})
    return st.one_of(items, objects, unions, exclusive, merged)


SCHEMAS = st.recursive(_LEAVES, _around, max_leaves=5)


def documented(schema: Any) -> Any:
    """A schema whose objects have the properties alone that it names: what a person would read in it."""
    if not isinstance(schema, dict):
        return schema
    made = {
        key: [documented(one) for one in item] if key in ("anyOf", "oneOf") else documented(item) if key == "items" else item
        for key, item in schema.items()
    }
    if "properties" in schema:
        made["properties"] = {name: documented(one) for name, one in schema["properties"].items()}
    if schema.get("type") == "object" and not isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = False
    return made


def told(old: Any, new: Any, direction: str) -> set[Severity]:
    return {change.severity for change in changes(with_value(old, direction), with_value(new, direction))
            if not change.rule.startswith("version-")}  # fmt: skip


LAWS = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@LAWS
@given(SCHEMAS, SCHEMAS)
def test_a_request_that_is_refused_now_is_told_of(old: Any, new: Any) -> None:
    """If nothing is told that breaks or may, every documented request of the old contract is one of the new."""
    if told(old, new, "request") & {Severity.BREAKING, Severity.WARNING}:
        return
    before, after = jsonschema_rs.validator_for(documented(old)), jsonschema_rs.validator_for(new)
    assert [value for value in VALUES if before.is_valid(value) and not after.is_valid(value)] == []


@LAWS
@given(SCHEMAS, SCHEMAS)
def test_an_answer_that_is_new_is_told_of(old: Any, new: Any) -> None:
    """If nothing is told that breaks or may, every documented answer of the new contract is one of the old."""
    if told(old, new, "response") & {Severity.BREAKING, Severity.WARNING}:
        return
    before, after = jsonschema_rs.validator_for(old), jsonschema_rs.validator_for(documented(new))
    assert [value for value in VALUES if after.is_valid(value) and not before.is_valid(value)] == []


@LAWS
@given(SCHEMAS)
def test_a_schema_is_itself(schema: Any) -> None:
    assert told(schema, schema, "request") == set()
    assert told(schema, {"allOf": [schema]}, "response") == set()


@LAWS
@given(SCHEMAS, SCHEMAS)
def test_what_is_stricter_one_way_is_looser_the_other(old: Any, new: Any) -> None:
    assume("Of" not in str((old, new)).replace("allOf", ""))  # forms that have no names are matched from the old ones to the new
    forth, back = (
        {(change.rule, change.place) for change in changes(with_value(one, "request"), with_value(other, "request"))}
        for one, other in ((old, new), (new, old))
    )
    for facet in FACETS:
        if facet.name == "multiple-of":
            continue  # of two steps neither may be stricter; either way it is then told as the graver
        tight, loose = f"request-{facet.name}-tightened", f"request-{facet.name}-loosened"
        assert {place for rule, place in forth if rule == tight} == {place for rule, place in back if rule == loose}
