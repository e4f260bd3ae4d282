"""Bodies with one edit: what they are, and servers that let one of them through."""

from __future__ import annotations

import copy
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema_rs import Draft202012Validator
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tillspec.diagnostics import Report
from tillspec.pipeline import read as read_contract
from tillspec.pointer import join, look_up
from tillspec.prove.synthesise import Impossible
from tillspec.verify.contract import Contract
from tillspec.verify.findings import Severity
from tillspec.verify.judging.accepted import only_fault
from tillspec.verify.probes.bodies import Mutant, bodies, mutants
from tillspec.verify.profile import Profile
from tillspec.verify.run import Run
from tillspec.verify.wire import Origin, Wire
from tillspec.verify.world import allowed

from .served import contract_of
from .support import serving
from .support import verified as support_verified

SPEC = Path(__file__).resolve().parents[2] / "spec" / "openapi.yaml"


def way(name: str) -> dict[str, Any]:
    return {"type": "object", "required": [name], "properties": {name: {"type": "string"}}, "additionalProperties": False}


ORDER: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["amount", "currency"],
    "minProperties": 2,
    "maxProperties": 12,
    "properties": {
        "amount": {"type": "integer", "minimum": 5, "maximum": 1000, "multipleOf": 5},
        "currency": {"enum": ["EUR", "USD"]},
        "kind": {"const": "order"},
        "note": {"type": ["string", "null"], "minLength": 2, "maxLength": 10},
        "sku": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"},
        "day": {"type": "string", "format": "date"},
        "rate": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3, "uniqueItems": True},
        "buyer": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "vip": {"type": "boolean"}}},
        "via": {"oneOf": [way("card"), way("iban")]},
        "labels": {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}, "additionalProperties": {"type": "string"}},
    },
    "dependentRequired": {"sku": ["day"]},
}  # fmt: skip
WHOLE = {
    "amount": 10, "currency": "EUR", "kind": "order", "note": "hello", "sku": "AB-1", "day": "2026-01-31", "rate": 0.5,
    "tags": ["a", "b"], "buyer": {"name": "Ada", "vip": True}, "via": {"card": "4242"}, "labels": {"a": "b"},
}  # fmt: skip
NOT_ALONE = {"/minProperties", "/maxProperties", "/properties/via/oneOf/0/type", "/properties/via/oneOf/0/required"}
"""What cannot be broken without another keyword, or it cannot be told which branch is meant."""
FORM = "/paths/~1orders/post/requestBody/content/application~1json/schema"


@cache
def orders() -> Contract:
    """A contract that takes orders."""
    text = f"""
openapi: 3.1.0
info: {{title: Orders, version: '1'}}
paths:
  /orders:
    post:
      operationId: order
      requestBody:
        required: true
        content: {{application/json: {{schema: {ORDER!r}, example: {WHOLE!r}}}}}
      responses:
        '201': {{description: made}}
        '422': {{description: refused, content: {{application/json: {{schema: {{type: object}}}}}}}}
""".replace("True", "true").replace("False", "false")
    return contract_of(text)


def run_of(made: Contract) -> Run:
    return Run(made, Profile(), Wire(Origin("http", "127.0.0.1", 1)))


def mutants_of(made: Contract, operation: str, base: Any) -> list[Mutant]:
    target = made.targets[operation]
    assert target.json_body is not None
    return list(mutants(run_of(made), target, target.json_body, base))


# -- what they are -------------------------------------------------------------------------------------------------------


def test_every_keyword_is_broken_by_itself() -> None:
    made, found = orders(), mutants_of(orders(), "order", WHOLE)
    form = made.targets["order"].json_body
    assert form is not None
    invalid = [one.body for one in found if not one.valid]
    faults = [only_fault(made, form, body) for body in invalid]
    broken = {fault.pointer.removeprefix(FORM) for fault in faults if fault is not None}
    of_the_other_branch = {one for one in _keywords(ORDER, "") if one.startswith("/properties/via/oneOf/1")}
    assert set(_keywords(ORDER, "")) - of_the_other_branch - broken == NOT_ALONE
    validator = Draft202012Validator(ORDER, validate_formats=True)
    assert [one for one in found if validator.is_valid(one.body) != one.valid] == []
    assert {one.edit.pointer.removeprefix(FORM) for one in found} >= NOT_ALONE


def _keywords(schema: Any, at: str) -> list[str]:
    """The pointers of all keywords below a schema."""
    found = []
    for word, said in schema.items():
        if word == "properties":
            for name, inner in said.items():
                found += _keywords(inner, join(at, word, name))
        elif word == "oneOf":
            found.append(join(at, word))
            for index, inner in enumerate(said):
                found += _keywords(inner, join(at, word, index))
        elif word in ("items", "additionalProperties") and isinstance(said, dict):
            found += _keywords(said, join(at, word))
        else:
            found.append(join(at, word))
    return found


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/amount", 5), ("/amount", 1000), ("/currency", "USD"), ("/note", None), ("/note", "…2"), ("/tags", "…3"),
    ],
)  # fmt: skip
def test_the_edges_are_tried(pointer: str, value: Any) -> None:
    edges = [look_up(one.body, pointer) for one in mutants_of(orders(), "order", WHOLE) if one.valid and _has(one.body, pointer)]
    if isinstance(value, str) and value.startswith("…"):
        assert int(value[1:]) in {len(edge) for edge in edges if edge is not None}
    else:
        assert value in edges


def _has(body: Any, pointer: str) -> bool:
    try:
        look_up(body, pointer)
    except LookupError:
        return False
    return True


def test_what_may_be_absent_is_left_out() -> None:
    absent = [WHOLE.keys() - one.body.keys() for one in mutants_of(orders(), "order", WHOLE) if one.valid]
    assert {next(iter(names)) for names in absent if len(names) == 1} == set(WHOLE) - {"amount", "currency", "day"}


def test_each_is_sent_once_and_no_place_takes_all() -> None:
    found = mutants_of(orders(), "order", WHOLE)
    assert max(Counter(json.dumps(one.body, sort_keys=True) for one in found).values()) == 1
    first = [one.edit.pointer for one in found[: len(found) // 2]]
    assert len({pointer.rpartition("/")[0] for pointer in first}) >= len(ORDER["properties"])


@pytest.fixture(scope="module")
def whole() -> Contract:
    """The contract of all surfaces."""
    bundle, api = read_contract(SPEC, frozenset(), (), Report())
    return Contract(bundle, api)


def test_what_is_told_of_a_mutant_is_what_the_judge_says(whole: Contract) -> None:
    run, looked = run_of(whole), 0
    for target in whole.targets.values():
        form = target.json_body
        if form is None:
            continue
        try:
            base = form.examples[0] if form.examples else whole.synthesiser.make([form.schema], wide=True)
        except Impossible:
            continue
        for one in list(mutants(run, target, form, base))[::9]:
            looked += 1
            assert whole.judge.is_valid(form.schema, one.body) == one.valid, (target.id, one.edit)
            assert not one.valid or allowed(run, form.pointer, one.body), (target.id, one.edit)
    assert looked > 100


# -- servers -------------------------------------------------------------------------------------------------------------


def shop(schema: Any, status: int = 422) -> Starlette:
    """A server that takes what is valid by a schema."""
    validator = Draft202012Validator(schema, validate_formats=True)

    async def order(request: Request) -> Response:
        try:
            value = await request.json()
        except ValueError:
            return JSONResponse({"code": "no-json"}, 422)
        if validator.is_valid(value):
            return Response(status_code=201)
        return JSONResponse({"code": "invalid"}, status)

    return Starlette(routes=[Route("/orders", order, methods=["POST"])])


def verified(app: Starlette) -> Any:
    with serving(app) as url:
        return support_verified(orders(), url, probes=(bodies,))


def test_a_server_that_keeps_the_schema_is_silent() -> None:
    made = verified(shop(ORDER))
    assert made.findings == [], str(made)
    assert made.incomplete == []
    assert made.passed("invalid-body-refused")
    assert made.passed("valid-edit-accepted")
    assert made.requests > 100


LAX = [
    ("/properties/amount/minimum", "/amount"), ("/properties/amount/maximum", "/amount"),
    ("/properties/amount/multipleOf", "/amount"), ("/properties/currency/enum", "/currency"),
    ("/properties/kind/const", "/kind"), ("/properties/note/minLength", "/note"), ("/properties/note/maxLength", "/note"),
    ("/properties/sku/pattern", "/sku"), ("/properties/day/format", "/day"), ("/properties/rate/exclusiveMinimum", "/rate"),
    ("/properties/tags/uniqueItems", "/tags"), ("/properties/tags/maxItems", "/tags"), ("/properties/tags/minItems", "/tags"),
    ("/properties/tags/items/type", "/tags/*"), ("/properties/buyer/properties/vip/type", "/buyer/vip"),
    ("/properties/buyer/required", "/buyer/name"), ("/properties/labels/additionalProperties/type", "/labels/*"),
    ("/properties/via/oneOf/0/properties/card/type", "/via/card"), ("/dependentRequired", ""), ("/additionalProperties", ""),
]  # fmt: skip


@pytest.mark.parametrize(("pointer", "place"), LAX)
def test_a_keyword_that_a_server_does_not_keep_is_one_finding(pointer: str, place: str) -> None:
    lax = copy.deepcopy(ORDER)
    above, _, keyword = pointer.rpartition("/")
    del look_up(lax, above)[keyword]  # type: ignore[attr-defined]
    made = verified(shop(lax))
    (one,) = made.findings
    assert (one.check, one.severity, one.observed) == ("invalid-body-refused", Severity.MUST, "201"), str(made)
    assert (one.clause.pointer, one.aspect) == (FORM + pointer, place), str(made)
    assert not Draft202012Validator(ORDER, validate_formats=True).is_valid(one.steps[-1].call.value)


def test_a_server_that_looks_at_nothing_is_told_of_every_keyword() -> None:
    made = verified(shop(True))
    assert {one.clause.pointer for one in made.findings} >= {FORM + pointer for pointer, _ in LAX}, str(made)
    assert {one.severity for one in made.findings} == {Severity.MUST}


@pytest.mark.parametrize(
    ("pointer", "said", "edge"),
    [
        ("/properties/amount/maximum", 995, "1000 at /amount is accepted"),
        ("/properties/note/type", "string", "null at /note is accepted"),
        ("/properties/currency/enum", ["EUR"], '"USD" at /currency is accepted'),
        ("/required", ["amount", "currency", "kind"], "/kind is accepted"),
    ],
)
def test_a_server_that_is_stricter_is_told(pointer: str, said: Any, edge: str) -> None:
    strict = copy.deepcopy(ORDER)
    above, _, keyword = pointer.rpartition("/")
    look_up(strict, above)[keyword] = said  # type: ignore[index]
    made = verified(shop(strict))
    (one,) = made.findings
    assert (one.check, one.severity) == ("valid-edit-accepted", Severity.SHOULD), str(made)
    assert edge in one.expected


def test_a_refusal_of_another_kind_is_a_note_alone() -> None:
    async def order(request: Request) -> Response:
        value = await request.json()
        if not Draft202012Validator(ORDER, validate_formats=True).is_valid(value):
            return JSONResponse({"code": "invalid"}, 422)
        return JSONResponse({"code": "too-dear"}, 422) if value["amount"] > 995 else Response(status_code=201)

    made = verified(Starlette(routes=[Route("/orders", order, methods=["POST"])]))
    assert {(one.check, one.severity) for one in made.findings} == {("valid-edit-accepted", Severity.INFO)}, str(made)


def test_a_server_that_refuses_all_is_not_tested() -> None:
    made = verified(shop(False))
    assert made.found("MUST") == set()
    assert {one.operation for one in made.untested} == {"order"}
    assert not made.passed("invalid-body-refused")


LINKED = """
openapi: 3.1.0
info: {title: Links, version: '1'}
paths:
  /orders:
    post:
      operationId: order
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [back]
              properties:
                back: {type: string, format: uri, minLength: 8, maxLength: 60}
                mail: {type: string, format: email, minLength: 5, maxLength: 60}
                note: {type: string, minLength: 2, maxLength: 10}
      responses: {'201': {description: Made.}, 4XX: {description: Not so.}}
"""


@pytest.mark.parametrize(("shortest", "severities"), [(2, {"INFO"}), (3, {"INFO", "SHOULD"})])
def test_the_edge_of_a_format_is_its_parsers_affair(shortest: int, severities: set[str]) -> None:
    """`https://` is a URI, and `ann@e` a mailbox, that many a parser refuses; a note of two characters is none of that."""

    async def order(request: Request) -> Response:
        value = json.loads(await request.body() or b"0")
        if not validator.is_valid(value):
            return Response(status_code=422)
        host, mail = urlsplit(str(value.get("back"))).hostname, str(value.get("mail", "a@b.c"))
        right = host and "." in mail.rpartition("@")[2] and len(str(value.get("note", "note"))) >= shortest
        return Response(status_code=201 if right else 422)

    made = contract_of(LINKED)
    validator = Draft202012Validator(made.targets["order"].json_body.schema, validate_formats=True)  # type: ignore[union-attr]
    with serving(Starlette(routes=[Route("/orders", order, methods=["POST"])])) as url:
        found = support_verified(made, url, probes=(bodies,))
    assert {str(one.severity) for one in found.findings} == severities, str(found)
    assert {one.aspect.split()[0] for one in found.findings if one.severity == "INFO"} == {"/back", "/mail"}, str(found)
