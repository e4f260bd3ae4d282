"""Overlays: changes to a contract that one may not touch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers import Tillspec
from tillspec.diagnostics import Refused, Report
from tillspec.pipeline import read

CONTRACT = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
servers: [{url: https://api.shop.example}]
paths:
  /orders:
    post:
      operationId: createOrder
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      responses: {'201': {description: Made.}}
  /internal:
    get: {operationId: getInternal, responses: {'204': {description: Nothing.}}}
components:
  schemas:
    Order:
      type: object
      required: [amount]
      properties: {amount: {type: integer}, cap: {type: integer}}
"""
OVERLAY = """\
overlay: 1.0.0
info: {title: Ours, version: '1'}
actions:
  - target: $.components.schemas.Order
    description: behaviour, beside a schema that is not ours
    update:
      x-behavior:
        rules: [{rule: "!has(self.cap) || self.amount <= self.cap", message: amount is at most cap, at: /amount, status: 422}]
      properties: {amount: {minimum: 1}, note: {type: string}}
  - target: $.components.schemas.Order.required
    update: note
  - target: $.servers
    update: {url: 'http://127.0.0.1:8787'}
  - target: $.paths['/internal']
    remove: true
"""
COMMAND = ("generate", "--spec", "openapi.yaml", "--out", "out", "--overlay", "ours.yaml", "--only", "bundle")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "openapi.yaml").write_text(CONTRACT)
    (tmp_path / "ours.yaml").write_text(OVERLAY)
    return tmp_path


def test_actions_merge_append_and_remove(folder: Path) -> None:
    bundle, api = read(folder / "openapi.yaml", frozenset(), (), Report(), (folder / "ours.yaml",))
    order = bundle.value["components"]["schemas"]["Order"]
    assert order["properties"] == {
        "amount": {"type": "integer", "minimum": 1},
        "cap": {"type": "integer"},
        "note": {"type": "string"},
    }
    assert order["required"] == ["amount", "note"]
    assert [server["url"] for server in bundle.value["servers"]] == ["https://api.shop.example", "http://127.0.0.1:8787"]
    assert [operation.id for operation in api.operations] == ["createOrder"]
    assert api.types["Order"].behavior and api.types["Order"].behavior.rules[0].status == 422


def test_the_contract_itself_is_left_as_it_is(folder: Path) -> None:
    bundle, _ = read(folder / "openapi.yaml", frozenset(), (), Report())
    assert "x-behavior" not in bundle.value["components"]["schemas"]["Order"]
    assert (folder / "openapi.yaml").read_text() == CONTRACT


@pytest.mark.parametrize(
    ("before", "after", "code", "place"),
    [
        ("note: {type: string}", "note: {type: text}", "schema-invalid", "ours.yaml:9:55"),
        ("overlay: 1.0.0", "overlay: 3.0.0", "overlay", "ours.yaml:1:1"),
        ("$.components.schemas.Order\n", "$.components[\n", "overlay", "ours.yaml:4:13"),
        ("    remove: true\n", "", "overlay", "ours.yaml:14:5"),
        ("$.components.schemas.Order.required", "$.components.schemas.Order.type", "overlay", "ours.yaml:10:13"),
    ],
)
def test_what_is_wrong_with_an_overlay_is_told_at_its_place(folder: Path, before: str, after: str, code: str, place: str) -> None:
    assert before in OVERLAY
    (folder / "ours.yaml").write_text(OVERLAY.replace(before, after))
    with pytest.raises(Refused) as caught:
        read(folder / "openapi.yaml", frozenset(), (), Report(), (folder / "ours.yaml",))
    found = [(item.code, str(item.place)) for item in caught.value.diagnostics]
    assert (code, place) in [(one, where.rpartition("/")[2]) for one, where in found], found


def test_an_action_that_finds_nothing_is_a_warning(folder: Path, tillspec: Tillspec) -> None:
    (folder / "ours.yaml").write_text(OVERLAY.replace("$.paths['/internal']", "$.paths['/interal']"))
    done = tillspec(
        "generate", "--spec", "openapi.yaml", "--out", "out", "--overlay", "ours.yaml", "--only", "bundle", cwd=folder
    )
    assert done.returncode == 0
    assert "warning[overlay-unused]: \"$.paths['/interal']\" finds nothing in the description" in done.stderr
    assert "/internal" in json.loads((folder / "out" / "openapi.json").read_text())["paths"]


def test_an_overlay_that_changes_makes_the_output_old(folder: Path, tillspec: Tillspec) -> None:
    assert tillspec(*COMMAND, cwd=folder).returncode == 0
    assert "up to date" in tillspec(*COMMAND, cwd=folder).stdout
    (folder / "ours.yaml").write_text(OVERLAY.replace("8787", "8788"))
    assert "out of date: out/openapi.json" in tillspec(*COMMAND, "--check", cwd=folder).stdout
    assert "updated" in tillspec(*COMMAND, cwd=folder).stdout
    assert "8788" in (folder / "out" / "openapi.json").read_text()


def test_an_overlay_that_is_not_there(folder: Path, tillspec: Tillspec) -> None:
    done = tillspec("generate", "--spec", "openapi.yaml", "--out", "out", "--overlay", "theirs.yaml", cwd=folder)
    assert done.returncode == 1
    assert "error[file-missing]: theirs.yaml cannot be read: No such file or directory" in done.stderr
    assert not (folder / "out").exists()


LINKED = """\
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /orders:
    post:
      operationId: createOrder
      responses:
        '201':
          description: Made.
          links:
            read: {operationId: readOrder, parameters: {id: $response.body#/id}}
            again: {$ref: '#/components/links/Again'}
            by-place: {operationRef: '#/paths/~1orders~1{id}/get'}
            other: {operationId: createOrder}
        '400': {$ref: '#/components/responses/Bad'}
  /orders/{id}:
    get:
      operationId: readOrder
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: There.}}
components:
  links:
    Again: {operationId: readOrder}
    Kept: {operationId: createOrder}
  responses:
    Bad: {description: Bad., links: {read: {operationId: readOrder}}}
"""


def test_links_to_an_operation_that_is_removed_go_with_it(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_text(LINKED)
    (tmp_path / "ours.yaml").write_text(
        "overlay: 1.0.0\ninfo: {title: Ours, version: '1'}\nactions: [{target: \"$.paths['/orders/{id}']\", remove: true}]\n"
    )
    report = Report()
    whole = read(tmp_path / "openapi.yaml", frozenset(), (), report, (tmp_path / "ours.yaml",))[0].value
    responses = whole["paths"]["/orders"]["post"]["responses"]
    assert list(responses["201"]["links"]) == ["other"]
    assert whole["components"]["responses"]["Bad"]["links"] == {}
    assert list(whole["components"]["links"]) == ["Kept"]
    assert report.items == []
