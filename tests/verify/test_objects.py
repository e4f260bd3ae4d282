"""Objects: a server that keeps them straight passes; each way of mixing, losing or keeping them wrongly is found."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tillspec.verify.contract import Contract
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING
from tillspec.verify.ids import near, unknown
from tillspec.verify.looks.reading import conflicts, differences
from tillspec.verify.probes.among import among
from tillspec.verify.probes.changes import changes
from tillspec.verify.probes.links import links
from tillspec.verify.probes.lists import lists
from tillspec.verify.probes.objects import objects
from tillspec.verify.profile import Profile
from tillspec.verify.run import Run
from tillspec.verify.wire import Origin, Wire

from .shop import PROFILE, VARIANTS, Shop, declared, plain
from .support import Verified, contract, serving, verified

PROBES = (objects, changes, among, links, lists)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return declared(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def deep_shop(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return declared(tmp_path_factory.mktemp("deep"), merge="deep")


@pytest.fixture(scope="module")
def plain_shop(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return plain(tmp_path_factory.mktemp("plain"))


def of(shop: Contract, *faults: str, only: tuple[str, ...] = (), deep: bool = False) -> Verified:
    with serving(Shop(*faults, deep=deep).app) as url:
        return verified(shop, url, PROFILE, probes=PROBES, only=only)


def test_a_shop_that_keeps_its_objects_passes(shop: Contract, deep_shop: Contract) -> None:
    checks = (
        "unknown-refused", "right-object", "read-after-write", "read-after-delete", "merge", "repeat-separate", "link-followed",
        "listed", "refusal-changes-nothing", "among",
    )  # fmt: skip
    for made in (of(shop), of(deep_shop, deep=True)):
        assert made.found() == set(), str(made)
        assert (made.untested, made.incomplete) == ([], [])
        assert [check for check in checks if not made.passed(check)] == []


def test_so_it_does_where_the_contract_declares_nothing(plain_shop: Contract) -> None:
    made = of(plain_shop)
    assert made.found("MUST") == set(), str(made)
    assert made.found("SHOULD") <= {("valid-accepted", "showThing")}, str(made)
    checks = ("unknown-refused", "right-object", "read-after-write", "read-after-delete", "repeat-separate", "listed")
    assert [check for check in checks if not made.passed(check)] == []


@pytest.mark.parametrize(
    ("fault", "operation", "check", "severity", "aspect"),
    [
        ("unknown ids", "getThing", "unknown-refused", "MUST", "an id that names nothing"),
        ("unknown is 400", "getThing", "unknown-refused", "MUST", "an id that names nothing"),
        ("longer ids", "getThing", "unknown-refused", "MUST", "an id with a character more"),
        ("items in any box", "getItem", "right-object", "MUST", "box"),
        ("the last one", "getThing", "right-object", "MUST", "values"),
        ("one id", "createThing", "repeat-separate", "MUST", "id"),
        ("not stored", "createThing", "read-after-write", "MUST", ""),
        ("loses the place", "createThing", "read-after-write", "MUST", "answered /place/city"),
        ("link nowhere", "createThing", "link-followed", "MUST", "getThing"),
        ("deletes nothing", "deleteThing", "read-after-delete", "MUST", "an object that was deleted"),
        ("deletes all", "deleteThing", "right-object", "MUST", "deleted"),
        ("changes all", "changeThing", "right-object", "MUST", "changed"),
        ("changes before it checks", "changeThing", "refusal-changes-nothing", "MUST", ""),
        ("forgets the rest", "changeThing", "merge", "MUST", "left out"),
        ("changes nothing", "changeThing", "merge", "MUST", "given"),
        ("keeps on null", "changeThing", "merge", "MUST", "null"),
        ("shows anything", "showThing", "among", "MUST", "a value that names nothing"),
        ("another code", "showThing", "among", "MUST", "a value that names nothing code"),
        ("lists none", "listThings", "listed", "MUST", ""),
        ("lists twice", "listThings", "listed", "MUST", "twice"),
        ("oldest first", "listThings", "listed", "MUST", "order"),
        ("limit ignored", "listThings", "listed", "SHOULD", "limit"),
        ("deletes nothing", "listThings", "listed", "MUST", "deleted"),
    ],
)
def test_what_is_wrong_with_objects_is_found(
    shop: Contract, fault: str, operation: str, check: str, severity: str, aspect: str
) -> None:
    made = of(shop, fault, only=(operation,))
    assert (severity, aspect) in [(one.severity, one.aspect) for one in made.of(check)], str(made)


@pytest.mark.parametrize(
    ("fault", "operation", "check", "severity"),
    [
        ("unknown ids", "getThing", "unknown-refused", "SHOULD"),
        ("the last one", "getThing", "right-object", "MUST"),
        ("loses the name", "createThing", "read-after-write", "SHOULD"),
        ("changes nothing", "changeThing", "read-after-write", "SHOULD"),
        ("deletes nothing", "deleteThing", "read-after-delete", "SHOULD"),
        ("items in any box", "getItem", "right-object", "SHOULD"),
        ("lists none", "listThings", "listed", "SHOULD"),
    ],
)
def test_what_any_reader_would_expect_is_told(
    plain_shop: Contract, fault: str, operation: str, check: str, severity: str
) -> None:
    made = of(plain_shop, fault, only=(operation,))
    assert severity in {one.severity for one in made.of(check)}, str(made)


@pytest.mark.parametrize("deep", [False, True])
def test_the_other_merge_is_found(shop: Contract, deep_shop: Contract, deep: bool) -> None:
    """A deep update where a shallow one is declared, and the other way round."""
    made = of(shop if deep else deep_shop, only=("changeThing",), deep=deep)
    assert [(one.check, one.aspect) for one in made.findings] == [("merge", "inside")], str(made)


@pytest.mark.parametrize("variant", VARIANTS)
def test_another_way_of_keeping_the_contract_is_no_alarm(shop: Contract, variant: str) -> None:
    made = of(shop, variant)
    assert made.found("MUST", "SHOULD") == set(), str(made)
    assert made.incomplete == []


ALTERNATIVES = """
    openapi: 3.1.0
    info: {title: Alternatives, version: '1'}
    x-behavior: {objects: {Card: {description: A card.}, Account: {description: An account.}}}
    paths:
      /pay:
        post:
          operationId: pay
          x-behavior: {idempotency: none}
          requestBody:
            required: true
            content:
              application/json:
                schema:
                  oneOf:
                    - {type: object, additionalProperties: false, required: [card], properties: {card:
                        {type: string, x-behavior: {among: {object: Card, otherwise: 422}}}}}
                    - {type: object, additionalProperties: false, required: [account], properties: {account:
                        {type: string, x-behavior: {among: {object: Account, otherwise: 422}}}}}
                examples: {card: {value: {card: card-1234}}, account: {value: {account: acct-1234}}}
          responses: {'204': {description: Paid.}, '422': {description: There is none.}}
"""


@pytest.mark.parametrize("unlooked", [set(), {"card"}, {"account"}])
def test_a_value_of_each_alternative_is_tried(tmp_path: Path, unlooked: set[str]) -> None:
    async def pay(request: Request) -> Response:
        [(name, value)] = (await request.json()).items()
        return Response(status_code=204 if value in ("card-1234", "acct-1234") or name in unlooked else 422)

    with serving(Starlette(routes=[Route("/pay", pay, methods=["POST"])])) as url:
        made = verified(contract(tmp_path, ALTERNATIVES), url, probes=[among])
    assert {one.clause.pointer.split("/")[-3] for one in made.findings} == unlooked, str(made)


# -- ids -----------------------------------------------------------------------------------------------------------------

NUMBERED = """
    openapi: 3.1.0
    info: {title: Numbered, version: '1'}
    paths:
      /notes:
        post: {operationId: make, responses: {'201': {$ref: '#/components/responses/Note'}}}
      /notes/{id}:
        get:
          operationId: get
          parameters: [{name: id, in: path, required: true, schema: {type: string}}]
          responses: {'200': {$ref: '#/components/responses/Note'}, '404': {description: There is none.}}
    components:
      responses:
        Note:
          description: A note.
          content: {application/json: {schema: {type: object, required: [id], properties: {id: {type: string}}}}}
"""


@pytest.mark.parametrize("form", ["{}", "note-{}", "{:08}", "N{:04}"])
def test_ids_that_count_are_no_false_alarm(tmp_path: Path, form: str) -> None:
    """The neighbour of a number exists all too often, and is no unknown id."""
    notes = [form.format(number) for number in range(1, 101)]

    def make(request: Request) -> Response:
        notes.append(form.format(len(notes) + 1))
        return JSONResponse({"id": notes[-1]}, 201)

    def get(request: Request) -> Response:
        known = request.path_params["id"] in notes
        return JSONResponse({"id": request.path_params["id"]}) if known else Response(status_code=404)

    routes = [Route("/notes", make, methods=["POST"]), Route("/notes/{id}", get)]
    with serving(Starlette(routes=routes)) as url:
        made = verified(contract(tmp_path, NUMBERED), url, probes=[objects])
    assert made.found() == set(), str(made)
    assert made.passed("unknown-refused")


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Draft]:
    made = contract(tmp_path_factory.mktemp("numbered"), NUMBERED)
    return Run(made, Profile(), Wire(Origin("http", "127.0.0.1", 1))), Draft(made.targets["get"], "first")


@given(st.one_of(st.uuids().map(str), st.from_regex(r"[a-z]{2,5}_[A-Za-z0-9]{8,24}", fullmatch=True)))
def test_an_unknown_id_has_the_form_of_a_known_one(draft: tuple[Run, Draft], known: str) -> None:
    run, bare = draft
    named = bare.parameter("path", "id", known)
    value = unknown(run, named, "$request.path.id")
    assert value != known
    assert unknown(run, named, "$request.path.id") == value, "it is the same each time"
    if re.fullmatch(r"[0-9a-f-]{36}", known):
        assert uuid.UUID(value)
    others = [text for _, text in near(run, named, "$request.path.id")]
    assert known not in others
    assert len(set(others)) == len(others)


@pytest.mark.parametrize(("most", "valid"), [(10**9, True), (20_000, True), (1005, True), (10, False)])
def test_an_unknown_number_is_valid_or_none(tmp_path: Path, most: int, valid: bool) -> None:
    schema = f"{{type: integer, minimum: 1, maximum: {most}}}"
    made = contract(tmp_path, NUMBERED.replace("required: true, schema: {type: string}", f"required: true, schema: {schema}"))
    run = Run(made, Profile(), Wire(Origin("http", "127.0.0.1", 1)))
    value = unknown(run, Draft(made.targets["get"], "first").parameter("path", "id", 5), "$request.path.id")
    assert (value is not NOTHING) is valid
    assert not valid or 5 < value <= most


json = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)


@given(json, json)
def test_differences_of_values(one: object, other: object) -> None:
    assert differences(one, one) == conflicts(one, one) == []
    assert sorted(differences(one, other)) == sorted(differences(other, one))
    assert sorted(conflicts(one, other)) == sorted(conflicts(other, one))
    assert set(conflicts(one, other)) <= set(differences(one, other)), "what contradicts differs"
    assert bool(differences(one, other)) != _same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:00.123Z"),
        ("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00Z"),
        ("10.0", "10.00"),
        ([1, {"a": 2}], [{"a": 2}, 1]),
        ({"a": 1, "b": 2}, {"a": 1.0, "c": 3}),
    ],
)
def test_another_way_of_writing_contradicts_nothing(one: object, other: object) -> None:
    assert conflicts(one, other) == conflicts(other, one) == []


@pytest.mark.parametrize(
    ("one", "other", "place"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", ""),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00", ""),
        ("10.0", "10.01", ""),
        ("NaN", "nan1", ""),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "/a/1/b"),
        ({"a": [1]}, {"a": [1, 2]}, "/a"),
        (1, True, ""),
    ],
)
def test_what_contradicts(one: object, other: object, place: str) -> None:
    assert conflicts(one, other) == conflicts(other, one) == [place]


def _same(one: object, other: object) -> bool:
    """Equality of JSON values, in which true is not 1, and the order of members does not count."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other
