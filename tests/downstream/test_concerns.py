"""Whom a change breaks: a caller and a server that keep to the old contract, and an overlay's owner."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import Tillspec, snapshot
from tillspec.diagnostics import Report
from tillspec.document.bundle import Bundle, bundle
from tillspec.document.load import load
from tillspec.downstream.concerns import concerns, lines
from tillspec.write.whole import scratch

CONTRACT = """\
openapi: 3.1.0
info: {title: Pets, version: 1.0.0}
paths:
  /pets:
    post:
      operationId: addPet
      x-behavior: {surface: shop}
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses: {'201': {description: Made., content: {application/json: {schema: {$ref: '#/components/schemas/Made'}}}}}
  /carts:
    get:
      operationId: listCarts
      x-behavior: {surface: till}
      responses: {'204': {description: None.}}
components:
  schemas:
    Pet:
      type: object
      required: [name]
      additionalProperties: false
      properties: {name: {type: string, maxLength: 20}, kind: {enum: [cat, dog]}}
    Made:
      type: object
      required: [id]
      properties: {id: {type: string}, state: {enum: [new, sold]}}
"""
Edit = Callable[[dict[str, Any]], Any]


def read(folder: Path, value: dict[str, Any], name: str) -> Bundle:
    (folder / name).write_text(yaml.safe_dump(value, sort_keys=False))
    report = Report()
    document = load(folder / name, (), report)
    assert document
    made = bundle(document, report)
    assert made, report.items
    return made


def schema(value: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = value["components"]["schemas"][name]
    return found


EDITS: list[tuple[Edit, set[str]]] = [
    (lambda api: schema(api, "Pet")["required"].append("kind"), {"client"}),
    (lambda api: schema(api, "Pet")["properties"]["kind"]["enum"].append("cow"), {"server"}),
    (lambda api: schema(api, "Pet")["properties"]["kind"]["enum"].remove("cat"), {"client"}),
    (lambda api: schema(api, "Pet")["properties"].update(age={"type": "integer"}), {"server"}),
    (lambda api: schema(api, "Pet")["properties"]["name"].update(maxLength=10), {"client"}),
    (lambda api: schema(api, "Pet")["properties"]["name"].update(maxLength=40), {"server"}),
    (lambda api: schema(api, "Made")["required"].append("state"), {"server"}),
    (lambda api: schema(api, "Made")["required"].remove("id"), {"client"}),
    (lambda api: schema(api, "Made")["properties"]["state"]["enum"].append("dead"), set()),
    (lambda api: schema(api, "Made")["properties"].update(note={"type": "string"}), set()),
    (lambda api: api["paths"].update({"/cows": {"get": {"responses": {"204": {"description": "."}}}}}), {"server"}),
    (lambda api: api["paths"].pop("/carts"), {"client"}),
    (lambda api: api["info"].update(version="1.0.1"), set()),
    (lambda api: api["paths"]["/pets"]["post"].update(summary="Adds"), set()),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "breaks"), EDITS)
def test_a_change_breaks_whom_it_breaks(tmp_path: Path, edit: Edit, breaks: set[str]) -> None:
    before: dict[str, Any] = yaml.safe_load(CONTRACT)
    after = copy.deepcopy(before)
    edit(after)
    old, new = read(tmp_path, before, "old.yaml"), read(tmp_path, after, "new.yaml")
    found = {role: {one.change.rule for one in concerns(old, new, role) if one.breaks} for role in ("client", "server", "both")}
    assert {role for role in ("client", "server") if found[role]} == breaks
    assert found["both"] == found["client"] | found["server"]


@given(st.lists(st.sampled_from([edit for edit, _ in EDITS]), max_size=4, unique=True))
@settings(max_examples=40)
def test_what_breaks_a_server_is_what_breaks_a_caller_the_other_way_round(edits: list[Edit]) -> None:
    before: dict[str, Any] = yaml.safe_load(CONTRACT)
    after = copy.deepcopy(before)
    for edit in edits:
        with contextlib.suppress(LookupError, ValueError):  # an edit before it may have taken its place away
            edit(after)
    with scratch() as folder:
        old, new = read(folder, before, "old.yaml"), read(folder, after, "new.yaml")
        forth = {(one.change.operation, one.change.place) for one in concerns(old, new, "server") if one.breaks}
        back = {(one.change.operation, one.change.place) for one in concerns(new, old, "client") if one.breaks}
    assert forth == back


def test_of_two_changes_at_one_place_each_breaks_its_own(tmp_path: Path) -> None:
    before: dict[str, Any] = yaml.safe_load(CONTRACT)
    after = copy.deepcopy(before)
    schema(after, "Pet")["properties"]["kind"]["enum"] = ["dog", "cow"]
    schema(after, "Pet")["required"].append("kind")
    old, new = read(tmp_path, before, "old.yaml"), read(tmp_path, after, "new.yaml")
    told = {role: {one.change.words for one in concerns(old, new, role) if one.breaks} for role in ("client", "server")}
    assert any("`cow`" in words for words in told["server"])
    assert not any("`cat`" in words or "must be there" in words for words in told["server"])
    assert not any("`cow`" in words for words in told["client"])
    assert sum("`cat`" in words or "must be there" in words for words in told["client"]) == 2


def test_lines_are_for_80_columns_and_hold_no_control_character(tmp_path: Path) -> None:
    before: dict[str, Any] = yaml.safe_load(CONTRACT)
    after = copy.deepcopy(before)
    schema(after, "Pet")["properties"]["kind"]["enum"].append("\x1b[31m" + "long word " * 30)
    old, new = read(tmp_path, before, "old.yaml"), read(tmp_path, after, "new.yaml")
    rows = list(lines(one.change for one in concerns(old, new, "client")))
    assert rows
    assert max(map(len, rows)) <= 80
    assert all(row.isprintable() for row in rows)


# -- overlays ------------------------------------------------------------------------------------------------------------------

SETTINGS = """\
[contract]
source = "contract.yaml"
overlay = "ours.yaml"
{allowed}
[generate]
role = "{role}"
surfaces = ["shop"]
package = "pets_api"
"""


def prepared(folder: Path, tillspec: Tillspec, actions: list[dict[str, Any]], role: str, allowed: str = "") -> Path:
    (folder / "contract.yaml").write_text(CONTRACT)
    value = {"overlay": "1.0.0", "info": {"title": "Ours", "version": "1"}, "actions": actions}
    (folder / "ours.yaml").write_text(yaml.safe_dump(value, sort_keys=False))
    (folder / "tillspec.toml").write_text(SETTINGS.format(role=role, allowed=allowed))
    done = tillspec("init", "--yes", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


SHORTER = [{"target": "$.components.schemas.Pet.properties.name", "update": {"maxLength": 5}}]
LONGER = [{"target": "$.components.schemas.Pet.properties.name", "update": {"maxLength": 50}}]
GONE = [{"target": "$.paths['/pets']", "remove": True}, {"target": "$.paths", "update": {"/new": {"get": {
    "operationId": "getNew", "x-behavior": {"surface": "shop"}, "responses": {"204": {"description": "None."}}}}}}]  # fmt: skip
ELSEWHERE = [{"target": "$.paths['/carts'].get.responses", "update": {"200": {"description": "Some."}}},
             {"target": "$.paths['/carts'].get.responses['204']", "remove": True}]  # fmt: skip
SERVERS = [{"target": "$", "update": {"servers": [{"url": "http://127.0.0.1:8787"}]}}]
EXTRA = [{"target": "$.components.schemas.Made.properties", "update": {"note": {"type": "string"}}}]
PROMISED = [{"target": "$.components.schemas.Made.required", "update": "state"}]


@pytest.mark.parametrize(
    ("actions", "refused"),
    [
        (SHORTER, {"server"}),  # it would refuse what the owner's contract takes
        (LONGER, {"client"}),  # it would send what a server may refuse
        (GONE, {"server", "client"}),
        (ELSEWHERE, set()),
        (SERVERS, set()),
        (EXTRA, set()),
        (PROMISED, {"client"}),  # it would rely on what a server need not send
    ],
)
@pytest.mark.parametrize("role", ["client", "server"])
def test_an_overlay_must_not_narrow_the_contract_for_the_role(
    tmp_path: Path, tillspec: Tillspec, actions: list[dict[str, Any]], refused: set[str], role: str
) -> None:
    folder = prepared(tmp_path, tillspec, actions, role)
    done = tillspec("generate", cwd=folder)
    assert (done.returncode, "error[overlay-narrows]" in done.stderr) == ((1, True) if role in refused else (0, False))
    assert (folder / "generated").exists() == (role not in refused)
    if role in refused:
        assert "allow-narrowing = [" in done.stderr
        assert "nothing was written" in done.stderr


def test_what_an_overlay_changes_is_shown_and_what_is_allowed_is_let_pass(tmp_path: Path, tillspec: Tillspec) -> None:
    folder = prepared(tmp_path, tillspec, SHORTER, "server")
    told = tillspec("generate", cwd=folder).stderr
    assert "--> ours.yaml:" in told
    name = told.split('allow-narrowing = ["')[1].split('"')[0]
    assert name.isalnum()
    for allowed in (name, "request-max-length-tightened"):
        (folder / "tillspec.toml").write_text(SETTINGS.format(role="server", allowed=f'allow-narrowing = ["{allowed}"]'))
        done = tillspec("generate", cwd=folder)
        assert done.returncode == 0, done.stderr
        assert "Changes of the contract by the overlay: 1" in done.stdout
        assert "request-max-length-tightened" in done.stdout
    before = snapshot(folder / "generated")
    (folder / "tillspec.toml").write_text(SETTINGS.format(role="server", allowed=""))
    done = tillspec("generate", cwd=folder)
    assert (done.returncode, "overlay-narrows" in done.stderr) == (1, True), "what is no longer allowed is seen"
    assert snapshot(folder / "generated") == before


def test_without_settings_an_overlay_may_do_anything(tmp_path: Path, tillspec: Tillspec) -> None:
    folder = prepared(tmp_path, tillspec, SHORTER, "server")
    command = ("generate", "--spec", "contract.yaml", "--overlay", "ours.yaml", "--out", "out", "--only", "bundle")
    done = tillspec(*command, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Changes of the contract by the overlay: 1" in done.stdout
