"""Declared behaviour: each word fits its place, each rule holds on every example and has a breach, the decisions stand."""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from behavior.support import (
    CONTRACT,
    KEY,
    OBJECTS,
    SPEC,
    VOCABULARY,
    at,
    broken,
    declarations,
    examples,
    operations,
    resolved,
    ruled,
    valid,
    vocabulary,
)

OPERATIONS = operations()
SCHEMAS: dict[str, Any] = CONTRACT["components"]["schemas"]
BREACHES = yaml.safe_load((Path(__file__).parent / "behavior" / "breaches.yaml").read_text())
SURFACES = {"vinr", "gr4vy", "dintero", "diddo"}
PLACES = ("document", "operation", "object", "property", "media-type", "security-scheme", "workflow", "step")

# The vocabulary


def _words() -> dict[str, dict[str, Any]]:
    return {word: schema for place in PLACES for word, schema in VOCABULARY["$defs"][place]["properties"].items()}


def _undescribed(node: Any, path: str = "") -> Iterator[str]:
    if isinstance(node, dict):
        for name, schema in node.get("properties", {}).items():
            target = VOCABULARY["$defs"].get(schema.get("$ref", "").rpartition("/")[2], {})
            if "description" not in schema and "description" not in target:
                yield f"{path}/{name}"
        for key, child in node.items():
            yield from _undescribed(child, f"{path}/{key}")


def test_every_word_is_described() -> None:
    assert list(_undescribed(VOCABULARY)) == []
    assert [name for name, schema in VOCABULARY["$defs"].items() if "description" not in schema] == []


@pytest.mark.parametrize("word", _words())
def test_the_readme_explains_every_word(word: str) -> None:
    assert f"`{word}`" in (SPEC / "README.md").read_text()


def test_the_vocabulary_names_no_checkout() -> None:
    told = json.dumps(VOCABULARY).lower()
    assert [word for word in ("checkout", "cart", "shipping", "payment", "merchant", *SURFACES) if word in told] == []


def test_the_examples_of_the_readme_are_valid() -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", (SPEC / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    found = [value for block in blocks for value in _behaviors(yaml.safe_load(block))]
    assert len(found) >= 10
    assert [value for value in found if not any(vocabulary(place).is_valid(value) for place in PLACES)] == []


def _behaviors(node: Any) -> Iterator[Any]:
    if isinstance(node, list):
        for item in node:
            yield from _behaviors(item)
    if isinstance(node, dict):
        for key, child in node.items():
            if key == KEY:
                yield child
            yield from _behaviors(child)


# What the contract declares


@pytest.mark.parametrize(("where", "place", "value"), [pytest.param(*each, id=each[0]) for each in declarations()])
def test_a_declaration_fits_its_place(where: str, place: str, value: Any) -> None:
    assert [error.message for error in vocabulary(place).iter_errors(value)] == []


def test_a_misplaced_word_is_noticed() -> None:
    assert not vocabulary("schema").is_valid({"creates": "Session"})
    assert not vocabulary("operation").is_valid({"surface": "vinr", "money": {"currency": "/currency"}})


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_declares_where_it_belongs_and_what_it_does(name: str) -> None:
    operation = OPERATIONS[name]
    words = operation[KEY]
    assert words["surface"] in SURFACES
    assert words.keys() & {"creates", "reads", "updates", "deletes", "tells"}
    if "tells" in words:
        return
    assert {"rate-limit", "429"} <= words.keys() | operation["responses"].keys()
    limit = words["rate-limit"]
    headers = resolved(operation["responses"]["429"])["headers"]
    assert {limit["limit"], limit["remaining"], limit["reset"]["header"]} <= headers.keys()
    assert (words.get("owner") == "bearer") == (limit["scope"] == "object") == (operation["security"] == [])


def _answers(node: Any) -> Iterator[Any]:
    """Each answer that an operation declares, with its status."""
    if isinstance(node, dict):
        if "status" in node:
            yield node
        else:
            for key, child in node.items():
                yield from [{"status": child}] if key in _ANSWERS and isinstance(child, int) else _answers(child)


_ANSWERS = {"expired", "gone", "foreign", "unknown", "mismatch", "running", "otherwise", "exceeded"}


@pytest.mark.parametrize(
    ("name", "answer"),
    [pytest.param(name, answer, id=f"{name} {answer}") for name in OPERATIONS for answer in _answers(OPERATIONS[name][KEY])],
)
def test_an_answer_is_declared_and_shown(name: str, answer: dict[str, Any]) -> None:
    response = resolved(OPERATIONS[name]["responses"][str(answer["status"])])
    assert set(answer.get("headers", [])) <= response["headers"].keys()
    shown = [_at_or_none(value, answer["at"]) for value in examples(response["content"]["application/json"]).values()]
    assert answer["code"] in shown


def _at_or_none(value: Any, pointer: str) -> Any:
    try:
        return at(value, pointer)
    except (KeyError, IndexError):
        return None


def test_every_object_is_shown_by_a_schema_or_made_elsewhere() -> None:
    shown = {schema[KEY]["object"] for schema in SCHEMAS.values() if "object" in schema.get(KEY, {})}
    named = {
        words[word] for operation in OPERATIONS.values() for word in ("creates", "reads", "updates", "deletes")
        if word in (words := operation[KEY])
    }  # fmt: skip
    assert named <= shown | OBJECTS.keys()
    assert shown <= named
    assert not shown & OBJECTS.keys()


@pytest.mark.parametrize("name", [name for name, schema in SCHEMAS.items() if "lifecycle" in schema.get(KEY, {})])
def test_a_lifecycle_has_the_states_of_its_field(name: str) -> None:
    lifecycle = SCHEMAS[name][KEY]["lifecycle"]
    states = {lifecycle["initial"], *lifecycle["moves"], *(to for after in lifecycle["moves"].values() for to in after)}
    assert states == set(resolved(SCHEMAS[name]["properties"][lifecycle["field"].removeprefix("/")])["enum"])


def _amounts() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in SCHEMAS.items():
        for key, value in schema.get("properties", {}).items():
            if any(part.get("$ref", "").endswith("/Amount") for part in [value, *value.get("anyOf", [])]):
                yield f"{name}.{key}", value


def test_every_amount_is_money() -> None:
    assert [name for name, value in _amounts() if "money" not in value.get(KEY, {})] == []
    assert len(list(_amounts())) > 20


@pytest.mark.parametrize(
    ("schema", "name", "example"),
    [("DinteroAccessToken", "access_token", "DinteroToken"), ("DiddoCustomerToken", "cst", "DiddoCustomerTokenMinted")],
)
def test_a_token_has_its_claims(schema: str, name: str, example: str) -> None:
    encodes = SCHEMAS[schema]["properties"][name][KEY]["encodes"]
    payload = CONTRACT["components"]["examples"][example]["value"][name].split(".")[1]
    assert encodes["as"] == "jwt"
    assert set(encodes["claims"]) <= json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).keys()


# Rules


def _bodies() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Each example of a body, with its schema."""
    for name, operation in OPERATIONS.items():
        bodies = {"request": resolved(operation.get("requestBody", {}))}
        for kind, body in (bodies | {status: resolved(each) for status, each in operation["responses"].items()}).items():
            for media_type in body.get("content", {}).values():
                for title, value in examples(media_type).items():
                    yield f"{name} {kind} {title}", media_type["schema"], value


RULED = [(where, *found) for where, schema, value in _bodies() for found in ruled(schema, value)]


def _declared() -> set[tuple[str, str]]:
    return {
        (name, told)
        for name, schema in SCHEMAS.items()
        for told in [rule["message"] for rule in schema.get(KEY, {}).get("rules", [])]
        + [f"total {total['total']}" for total in schema.get(KEY, {}).get("totals", [])]
    }


@pytest.mark.parametrize(("where", "name", "words", "value"), [pytest.param(*each, id=f"{each[0]} {each[1]}") for each in RULED])
def test_a_rule_holds_on_every_example(where: str, name: str, words: dict[str, Any], value: Any) -> None:
    assert broken(words, value) == []


def test_every_rule_has_an_example_and_a_breach() -> None:
    assert {name for _, name, _, _ in RULED} == {name for name, _ in _declared()}
    assert {(name, each["breaks"]) for name, cases in BREACHES.items() for each in cases} == _declared()


@pytest.mark.parametrize(
    ("name", "case"),
    [pytest.param(name, case, id=f"{name}: {case['breaks']}") for name, cases in BREACHES.items() for case in cases],
)
def test_a_breach_breaks_its_rule_and_nothing_else(name: str, case: dict[str, Any]) -> None:
    words = SCHEMAS[name][KEY]
    value = copy.deepcopy(at(CONTRACT["components"]["examples"][case["example"]]["value"], case.get("at", "")))
    assert broken(words, value) == []
    for pointer in case.get("remove", []):
        parent, _, key = pointer.rpartition("/")
        del at(value, parent)[key]
    for pointer, edited in case.get("set", {}).items():
        parent, _, key = pointer.rpartition("/")
        holder = at(value, parent)
        holder[int(key) if isinstance(holder, list) else key] = edited
    assert valid({"$ref": f"#/components/schemas/{name}"}, value), "a breach is one that the schema does not see"
    assert broken(words, value) == [case["breaks"]]


def _requested() -> set[str]:
    """The names of the schemas that a request can hold."""
    bodies = [resolved(each.get("requestBody", {})) for each in OPERATIONS.values() if "tells" not in each[KEY]]
    pending = [json.dumps(media_type["schema"]) for body in bodies for media_type in body.get("content", {}).values()]
    found: set[str] = set()
    while pending:
        for name in set(re.findall(r'"#/components/schemas/([^"]+)"', pending.pop())) - found:
            found.add(name)
            pending.append(json.dumps(SCHEMAS[name]))
    return found


@pytest.mark.parametrize("name", sorted({name for name, _ in _declared()}))
def test_a_rule_of_a_request_says_what_a_breach_gets(name: str) -> None:
    words = SCHEMAS[name][KEY]
    for condition in [*words.get("rules", []), *words.get("totals", [])]:
        assert ("status" in condition) == (name in _requested())


# Decisions


def test_the_idempotency_of_a_vinr_session_is_as_decided() -> None:
    assert OPERATIONS["createVinrSession"][KEY]["idempotency"] == {
        "header": "Idempotency-Key",
        "scope": ["credential", "operation"],
        "compare": "json",
        "repeat": "replay",
        "replayed": "Idempotent-Replayed",
        "mismatch": {"status": 409, "code": "idempotency_key_reused", "at": "/error/code"},
        "running": {"status": 409, "code": "idempotency_key_in_use", "at": "/error/code", "headers": ["Retry-After"]},
        "keeps": "carried-out",
        "retention": "PT24H",
    }


def test_only_what_has_a_key_promises_a_replay() -> None:
    creating = {name: operation[KEY].get("idempotency") for name, operation in OPERATIONS.items() if "creates" in operation[KEY]}
    assert {name for name, declared in creating.items() if declared != "none"} == {"createVinrSession"}


def test_the_statuses_of_a_vinr_session_move_one_way() -> None:
    assert SCHEMAS["VinrSessionResult"][KEY]["lifecycle"]["moves"] == {
        "pending": ["authentication_required", "completed", "failed", "canceled", "expired"],
        "authentication_required": ["completed", "failed", "expired"],
    }


def test_expired_is_a_status_first_and_then_a_gone() -> None:
    assert SCHEMAS["VinrSession"][KEY]["expires"] == {"after": "PT5M", "at": "/expiresAt", "state": "expired", "kept": "PT24H"}
    result = OPERATIONS["getVinrSessionResult"][KEY]
    assert (result["expired"], result["gone"]["status"]) == ("success", 410)
    assert SCHEMAS["Gr4vySession"][KEY]["expires"] == {"after": "$request.body#/expires_in", "at": "/expires_at"}


@pytest.mark.parametrize("name", [name for name, operation in OPERATIONS.items() if "identifies" in operation[KEY]])
def test_what_is_foreign_answers_as_what_never_was(name: str) -> None:
    words = OPERATIONS[name][KEY]
    assert words["unknown"]["status"] == (400 if words["surface"] == "diddo" and "updates" in words else 404)
    assert words.get("foreign") == (None if words.get("owner") == "bearer" else words["unknown"])


@pytest.mark.parametrize("name", [name for name, operation in OPERATIONS.items() if "tells" in operation[KEY]])
def test_a_webhook_is_delivered_as_decided(name: str) -> None:
    stepwise = ["PT1M", "PT5M", "PT30M", "PT2H", "PT24H"]
    decided = {
        "vinr": {"timeout": "PT5S", "retries": stepwise, "delivered": [200, 204], "event-id": "$request.body#/id"},
        "dintero": {
            "timeout": "PT10S",
            "retries": {"times": 20, "first": "PT1M", "factor": 2, "longest": "PT6H"},
            "ends": ["3XX", "4XX"],
            "event-id": "$request.header.event-delivery",
        },
        "diddo": {"timeout": "PT20S", "retries": stepwise, "event-id": "$request.body#/id"},
    }
    assert OPERATIONS[name][KEY]["delivery"] == decided[OPERATIONS[name][KEY]["surface"]]


def _delivery(**words: Any) -> dict[str, Any]:
    return {"delivery": {"timeout": "PT5S", "retries": [], **words}}


@pytest.mark.parametrize(
    "words",
    [
        {"timeout": "PT0S"},
        {"timeout": "P0DT0H"},
        {"retries": ["PT1M", "PT0M"]},
        {"retries": 3},
        {"retries": {"times": 3}},
        {"retries": {"times": 0, "first": "PT1M"}},
        {"retries": {"times": 3, "first": "PT1M", "factor": 2}},
        {"retries": {"times": 3, "first": "PT1M", "longest": "PT2M"}},
        {"delivered": []},
        {"delivered": ["200"]},
        {"ends": ["6XX"]},
        {"event-id": "/id"},
        {"event-id": "$response.body#/id"},
    ],
)
def test_a_delivery_that_means_nothing_is_noticed(words: dict[str, Any]) -> None:
    operation = vocabulary("operation")
    assert operation.is_valid(_delivery())
    assert operation.is_valid(_delivery(retries={"times": 3, "first": "PT10M"}, delivered=[200, "3XX"], ends=[410]))
    assert not operation.is_valid(_delivery(**words))


# Other people's documents


def test_the_overlay_of_the_readme_adds_behaviour(tillspec: Callable[..., Any], tmp_path: Path) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", (SPEC / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    (overlay,) = [block for block in blocks if block.startswith("overlay:")]
    session = {"type": "object", "properties": {"amount": {"type": "integer"}}}
    shown = {"200": {"description": "It.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Session"}}}}}
    named = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Shop", "version": "1"},
        "paths": {
            "/sessions": {"post": {"operationId": "create", "responses": shown}},
            "/sessions/{id}": {"get": {"operationId": "read", "parameters": [named], "responses": shown}},
        },
        "components": {"schemas": {"Session": session}},
    }
    (tmp_path / "shop.json").write_text(json.dumps(document))
    (tmp_path / "behavior.overlay.yaml").write_text(overlay)
    arguments = ("--spec", "shop.json", "--overlay", "behavior.overlay.yaml", "--only", "bundle", "--out", "made")
    done = tillspec("generate", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    made = json.loads((tmp_path / "made" / "openapi.json").read_text())
    assert made["paths"]["/sessions"]["post"][KEY] == {"creates": "Session", "idempotency": "none"}
    assert len(list(_behaviors(made))) == overlay.count(KEY) == 4
