"""Making instances and edits: the laws that they keep."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prove.conftest import component, judge_of
from tillspec.document.bundle import Bundle
from tillspec.prove.dialects import Schemas
from tillspec.prove.equality import equal, written_alike
from tillspec.prove.expressions import texts
from tillspec.prove.grounds import Grounds
from tillspec.prove.judge import Judge
from tillspec.prove.mutate import Mutator
from tillspec.prove.patterns import matches
from tillspec.prove.places import at, replaced
from tillspec.prove.reader import subjects
from tillspec.prove.shrink import shrunk
from tillspec.prove.synthesise import Impossible, Synthesiser

PATTERNS = [
    "^[A-Z]{2}$", "^(a|b)+c?$", r"^\d{3}-\d{2,4}$", "^(?=.*[0-9])(?!.*x).{3,6}$", r"^\p{Lu}\p{Ll}*$", r"^(?<one>[ab])\k<one>$",
    r"^a\/b\-c$", r"^[^\s@]+@[^\s@]+$", "", "^$", r"^[\u0041-\u0043]+$", r"\bword\b", r"^(?:x{2}){2}$", r"^\cJ$", "^[a-z]{0,3}?$",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_made_for_a_pattern_matches_it(pattern: str) -> None:
    found = [text for pick in range(3) for text in texts(pattern, 0, 50, pick)]
    assert found
    assert [text for text in found if not matches(pattern, text)] == []


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 5))
def test_texts_keep_their_bounds(least: int, further: int, pick: int) -> None:
    for text in texts("^[a-c]+x?[0-9]*$", least, least + further, pick):
        assert least <= len(text) <= least + further
        assert re.fullmatch("[a-c]+x?[0-9]*", text)


@pytest.fixture(scope="module")
def judged(constructs: Bundle) -> Judge:
    return Judge(Schemas(constructs.value, "3.1"))


def test_an_instance_is_made_of_every_schema_that_has_one(constructs: Bundle, judged: Judge) -> None:
    without = []
    for subject in subjects(constructs):
        schema = judged.schemas.at(subject.pointer, subject.direction)
        try:
            for wide in (True, False):
                assert judged.is_valid(schema, Synthesiser(judged).make([schema], wide=wide))
        except Impossible:
            without.append(subject.name)
    assert without == ["Never"]


def test_a_wide_instance_has_every_property_and_a_narrow_one_what_is_required() -> None:
    properties = {name: {"type": "integer"} for name in "abc"}
    judge = judge_of({"A": {"type": "object", "properties": properties, "required": ["b"]}})
    made = Synthesiser(judge)
    assert made.make([component(judge)], wide=True).keys() == {"a", "b", "c"}
    assert made.make([component(judge)], wide=False).keys() == {"b"}


def test_every_branch_gets_an_instance(constructs: Bundle, judged: Judge) -> None:
    schema = judged.schemas.at("/components/schemas/Any", "both")
    grounds = Grounds(Synthesiser(judged), schema, 50)
    grounds.grow()
    kinds = {type(ground.value) for ground in grounds.found}
    assert kinds == {str, int, list}


@pytest.fixture(scope="module")
def edited(constructs: Bundle, judged: Judge) -> list[tuple[Any, Any, Any]]:
    """Grounds, places and edits of all that the document has."""
    made = []
    for subject in subjects(constructs):
        schema = judged.schemas.at(subject.pointer, subject.direction)
        grounds = Grounds(Synthesiser(judged), schema, 12)
        grounds.grow()
        for ground in grounds.found:
            for place in ground.places:
                for stream in Mutator(grounds.synthesiser).streams(place, at(ground.value, place.path)):
                    made += [(ground, place, edit) for edit in islice(stream, 30)]
    return made


def test_an_edit_changes_nothing_beside_its_place(edited: list[tuple[Any, Any, Any]]) -> None:
    """What differs between an instance and its edit lies at the place of the edit, and so does what is said to have changed."""
    for ground, place, edit in edited:
        assert edit.path == place.path
        assert edit.changed[: len(edit.path)] == edit.path
        assert equal(
            replaced(replaced(ground.value, edit.path, edit.value), edit.path, at(ground.value, edit.path)), ground.value
        )


def test_the_short_way_to_a_verdict_leads_to_the_same(edited: list[tuple[Any, Any, Any]], judged: Judge) -> None:
    """Judging no more than an edit's surroundings, and remembering what was valid, gives what judging all of it gives."""
    fresh = Judge(judged.schemas)
    wrong = []
    for ground, place, edit in edited[::3]:
        whole = replaced(ground.value, edit.path, edit.value)
        if ground.allows(place, edit.path, edit.value) != fresh.is_valid(ground.schema, whole):
            wrong.append((edit.kind, edit.pointer, whole))
    assert wrong == []


def test_there_are_mutants_and_valid_edits_of_every_keyword(edited: list[tuple[Any, Any, Any]]) -> None:
    found: dict[str, set[bool]] = {}
    for ground, place, edit in edited:
        found.setdefault(edit.keyword, set()).add(ground.allows(place, edit.path, edit.value))
    assert {keyword for keyword, verdicts in found.items() if verdicts == {False}} == {"required", "not"}
    assert {keyword for keyword, verdicts in found.items() if verdicts == {True, False}} == {
        "type", "enum", "const", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf", "minLength",
        "maxLength", "pattern", "format", "minItems", "maxItems", "uniqueItems", "items", "prefixItems", "contains",
        "unevaluatedItems", "properties", "additionalProperties", "patternProperties", "propertyNames", "minProperties",
        "maxProperties", "dependentRequired", "dependentSchemas", "unevaluatedProperties", "anyOf", "oneOf", "if",
    }  # fmt: skip


TREES = st.recursive(
    st.integers() | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
)


@settings(deadline=None)
@given(TREES)
def test_what_is_shrunk_still_shows_what_it_showed(value: Any) -> None:
    def shows(candidate: Any) -> bool:
        return repr(candidate).count("1") >= min(2, repr(value).count("1"))

    small = shrunk(value, shows)
    assert shows(small)
    assert len(repr(small)) <= len(repr(value))


def test_what_comes_back_is_compared_as_it_is_written() -> None:
    assert written_alike({"a": [25, 2.5, 5.0]}, {"a": [25, 2.5, 5]})
    assert not written_alike(25, 25.0)
    assert not written_alike({"a": 1}, {"a": 1, "b": None})
    assert not written_alike([True], [1])
