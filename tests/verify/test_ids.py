"""Ids that name nothing are as valid as one that does."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING
from tillspec.verify.ids import is_valid, unknown
from tillspec.verify.profile import Profile
from tillspec.verify.run import Options, Run
from tillspec.verify.wire import Origin, Wire

from .served import contract_of

SCHEMAS = {
    "plain": "{type: string}",
    "uuid": "{type: string, format: uuid}",
    "prefixed": "{type: string, pattern: '^cs_(test|live)_[a-z0-9]{6,20}$'}",
    "short": "{type: string, minLength: 1, maxLength: 6}",
    "hex": "{type: string, pattern: '^[0-9a-f]{8}$'}",
    "number": "{type: integer, minimum: 1, maximum: 2147483647}",
    "small": "{type: integer, minimum: 1, maximum: 200000}",
    "flag": "{type: boolean}",
    "one": "{type: string, const: only}",
}
KNOWN: dict[str, st.SearchStrategy[Any]] = {
    "plain": st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=20),
    "uuid": st.uuids(version=4).map(str),
    "prefixed": st.from_regex("cs_(test|live)_[a-z0-9]{6,20}", fullmatch=True),
    "short": st.from_regex("[A-Za-z0-9]{3,6}", fullmatch=True),
    "hex": st.from_regex("[0-9a-f]{8}", fullmatch=True),
    "number": st.integers(1, 2_000_000_000),
    "small": st.integers(1, 100_000),
}


@cache
def run(seed: int = 0) -> Run:
    paths = "".join(
        f"""
  /{name}/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {schema}}}]
    get: {{operationId: {name}, responses: {{'200': {{description: it}}}}}}
    put:
      operationId: {name}InBody
      requestBody:
        content:
          application/json:
            schema: {{type: object, required: [at], properties: {{at: {{type: object, properties: {{id: {schema}}}}}}}}}
      responses: {{'200': {{description: it}}}}"""
        for name, schema in SCHEMAS.items()
    )
    made = contract_of(f"openapi: 3.1.0\ninfo: {{title: Ids, version: '1'}}\npaths:{paths}\n")
    return Run(made, Profile(), Wire(Origin("http", "127.0.0.1", 9)), Options(seed=seed))


def drafts(name: str, known: Any, seed: int = 0) -> list[tuple[Draft, str]]:
    """A request that names an object in its path, and one that does so in its body."""
    targets = run(seed).contract.targets
    return [
        (Draft(targets[name], "first", {("path", "id"): known}), "$request.path.id"),
        (Draft(targets[f"{name}InBody"], "first", {}, {"at": {"id": known}, "other": 1}), "$request.body#/at/id"),
    ]


@pytest.mark.parametrize("name", KNOWN)
@given(data=st.data())
def test_an_unknown_id_is_valid_and_another(name: str, data: st.DataObject) -> None:
    known = data.draw(KNOWN[name])
    for draft, place in drafts(name, known):
        assume(is_valid(run(), draft, place, known))
        found = unknown(run(), draft, place)
        if found is NOTHING:
            assert name == "plain"  # of signs alone nothing else can be made up that is surely of their form
            continue
        assert found != known
        assert type(found) is type(known)
        assert is_valid(run(), draft, place, found)
        assert found == unknown(run(), draft, place)


def test_another_seed_has_other_ids() -> None:
    draft, place = drafts("uuid", "7b7c1bd4-7c1e-4f5a-9d3f-0a1b2c3d4e5f")[0]
    other, _ = drafts("uuid", "7b7c1bd4-7c1e-4f5a-9d3f-0a1b2c3d4e5f", 1)[0]
    assert unknown(run(), draft, place) != unknown(run(1), other, place)


@pytest.mark.parametrize(("name", "known"), [("flag", True), ("one", "only"), ("plain", None), ("plain", NOTHING)])
def test_of_what_has_no_other_there_is_none(name: str, known: Any) -> None:
    draft, place = drafts(name, known)[0]
    assert unknown(run(), draft, place) is NOTHING
