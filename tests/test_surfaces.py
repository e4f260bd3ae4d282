"""`--surface`: a package of some operations speaks of those alone, and has all that they need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from helpers import Tillspec
from tillspec.diagnostics import Report
from tillspec.document.bundle import bundle
from tillspec.document.load import load
from tillspec.document.select import select
from tillspec.lint import lint
from tillspec.pointer import look_up

ROOT = Path(__file__).resolve().parent.parent
WHOLE = json.loads((ROOT / "generated" / "openapi.json").read_bytes())
ALL = ("vinr", "gr4vy", "dintero", "diddo")
CHOICES = [("vinr",), ("gr4vy",), ("dintero",), ("diddo",), ("vinr", "dintero")]
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")


def package_of(chosen: tuple[str, ...]) -> str:
    return "_".join(chosen) + "_api"


def below(value: Any) -> Iterator[Any]:
    """Every object in a JSON value."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    items = chain(document.get("paths", {}).values(), document.get("webhooks", {}).values())
    return {item[method]["operationId"]: item[method] for item in items for method in METHODS if method in item}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("surfaces")


# -- our own contract, in parts --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=CHOICES, ids="+".join)
def part(request: pytest.FixtureRequest, made: Path, tillspec_process: Tillspec) -> tuple[str, ...]:
    """The surfaces of a part, which is generated in the folder `made` below the name of its package."""
    chosen: tuple[str, ...] = request.param
    name = package_of(chosen)
    words = ["generate", "--spec", str(ROOT / "spec" / "openapi.yaml"), "--out", name, "--package", name]
    words += ["--server", "fastapi", "--handlers", f"{name}_own"]
    done = tillspec_process(*words, *(word for surface in chosen for word in ("--surface", surface)), cwd=made)
    assert (done.returncode, done.stderr) == (0, "")
    return chosen


@pytest.fixture(scope="module")
def document(part: tuple[str, ...], made: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((made / package_of(part) / "openapi.json").read_bytes())
    return value


def test_it_has_the_operations_of_the_surface_as_they_are(part: tuple[str, ...], document: dict[str, Any]) -> None:
    wanted = {name: one for name, one in operations(WHOLE).items() if one["x-behavior"]["surface"] in part}
    assert operations(document) == wanted
    for section, entries in document["components"].items():
        for name, entry in entries.items():
            assert entry == WHOLE["components"][section][name]


def test_it_is_a_valid_document_with_nothing_to_find_fault_with(
    part: tuple[str, ...], document: dict[str, Any], made: Path
) -> None:
    validate(document)
    assert lint(made / package_of(part) / "openapi.json", (), ()) == []


def test_nothing_dangles(document: dict[str, Any]) -> None:
    known = operations(document).keys()
    tags, schemes = {tag["name"] for tag in document["tags"]}, document["components"]["securitySchemes"].keys()
    for item in below(document):
        if isinstance(item.get("$ref"), str):
            look_up(document, item["$ref"].removeprefix("#"))
        for link in item.get("links", {}).values():
            assert link.get("operationId", next(iter(known))) in known
    assert {tag for one in operations(document).values() for tag in one["tags"]} == tags
    assert {name for one in operations(document).values() for each in one["security"] for name in each} == schemes


def test_no_other_surface_is_spoken_of(part: tuple[str, ...], document: dict[str, Any], made: Path) -> None:
    others = [name for name in ALL if name not in part]
    told = json.dumps({key: value for key, value in document.items() if key != "info"}).lower()
    assert [name for name in others if name in told] == []
    about = Path("python", package_of(part), "__init__.py")  # where the contract's own introduction stands
    for folder in (made / package_of(part), made / f"{package_of(part)}_own"):
        for path in folder.rglob("*.py"):
            text = path.read_text(encoding="utf-8").lower()
            assert path.relative_to(folder) == about or [name for name in others if name in text] == [], path


def test_the_parts_are_typed(made: Path) -> None:
    """All that the tests above have made; each scaffold by itself, since their modules bear the same names."""
    packages = {path.parent.parent.name: path for path in made.glob("*/python/*_api")}
    assert packages
    for name, path in sorted(packages.items()):
        command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(made / "cache")]
        own = made / f"{name}_own"
        environment = os.environ | {"MYPYPATH": os.pathsep.join(map(str, (path.parent, own)))}
        done = subprocess.run(
            [*command, "-p", name, "-m", "app"], cwd=own, env=environment, capture_output=True, text=True, check=False
        )
        assert (done.stdout, done.returncode) == ("", 0), name


# -- what a document may do besides ----------------------------------------------------------------------------------------

OK = {"200": {"description": "Done."}}
CONTRACT: dict[str, Any] = {
    "openapi": "3.2.0",
    "info": {"title": "Two", "version": "1"},
    "x-behavior": {"objects": {"Account": {"description": "An account."}, "Ledger": {"description": "A ledger."}}},
    "x-tagGroups": [{"name": "One", "tags": ["In", "Out"]}, {"name": "Other", "tags": ["Out"]}],
    "security": [{"Root": []}],
    "tags": [{"name": "Out"}, {"name": "Above"}, {"name": "In", "parent": "Above"}, {"name": "Called"}],
    "paths": {
        "/in": {
            "post": {
                "operationId": "makeIn",
                "x-behavior": {"surface": "in", "creates": "Thing", "owner": "credential"},
                "tags": ["In"],
                "security": [{"Own": []}],
                "responses": {
                    "200": {
                        "description": "Made.",
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/paths/~1out/get/responses/200/content/application~1json/schema"}
                            }
                        },
                        "links": {
                            "kept": {"operationId": "makeIn"},
                            "gone": {"operationId": "readOut"},
                            "alias": {"$ref": "#/components/links/Out"},
                            "byPointer": {"operationRef": "#/paths/~1out/get"},
                            "elsewhere": {"operationRef": "https://other.example/api.json#/paths/~1out/get"},
                        },
                    },
                    "404": {"$ref": "#/components/responses/Missing"},
                },
                "callbacks": {
                    "done": {
                        "{$request.body#/url}": {
                            "post": {
                                "operationId": "inDone",
                                "tags": ["Called"],
                                "security": [{"Callback": []}],
                                "responses": {"200": {"description": "Heard.", "links": {"x": {"operationId": "readOut"}}}},
                            }
                        }
                    }
                },
            }
        },
        "/both": {
            "get": {"operationId": "bothIn", "x-behavior": {"surface": "in"}, "security": [], "responses": OK},
            "put": {"operationId": "bothOut", "x-behavior": {"surface": "out"}, "responses": OK},
            "additionalOperations": {
                "COPY": {"operationId": "copyIn", "x-behavior": {"surface": "in"}, "security": [], "responses": OK},
                "MOVE": {"operationId": "moveOut", "x-behavior": {"surface": "out"}, "responses": OK},
            },
        },
        "/out": {
            "parameters": [{"name": "page", "in": "query", "schema": {"type": "integer"}}],
            "get": {
                "operationId": "readOut",
                "x-behavior": {"surface": "out", "reads": "Ledger"},
                "tags": ["Out"],
                "responses": {
                    "200": {
                        "description": "A tree.",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {
                                        "leaves": {
                                            "type": "array",
                                            "items": {"$ref": "#/paths/~1out/get/responses/200/content/application~1json/schema"},
                                        },
                                        "account": {"type": "string", "x-behavior": {"among": {"object": "Account"}}},
                                    },
                                }
                            }
                        },
                    }
                },
            },
        },
    },
    "webhooks": {
        "out": {"post": {"operationId": "toldOut", "x-behavior": {"surface": "out"}, "responses": OK}},
    },
    "components": {
        "securitySchemes": {
            name: {"type": "apiKey", "in": "header", "name": f"X-{name}"} for name in ("Root", "Own", "Callback", "Unused")
        },
        "links": {"Out": {"operationId": "readOut"}},
        "responses": {"Missing": {"description": "Missing.", "links": {"again": {"operationId": "bothOut"}}}},
        "schemas": {
            "Thing": {
                "type": "object",
                "x-behavior": {"object": "Thing"},
                "properties": {"part": {"$ref": "#/components/schemas/Part"}},
            },
            "Part": {"type": "string"},
            "Other": {"type": "object", "x-behavior": {"object": "Other"}},
        },
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def selected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("select") / "openapi.json"
    path.write_text(json.dumps(CONTRACT), encoding="utf-8")
    report = Report()
    document = load(path, (), report)
    assert document is not None
    whole = bundle(document, report)
    assert whole is not None, report.items
    before = json.dumps(whole.value)
    found = select(whole, {"in"}, report)
    assert not report.items
    assert json.dumps(whole.value) == before, "the whole is as it was"
    tag = found.span("/tags/1")
    assert look_up(tag.source.value, tag.pointer) == CONTRACT["tags"][2], "a tag still knows where it was written"
    return found.value


def test_links_to_what_is_left_out_go(selected: dict[str, Any]) -> None:
    made = selected["paths"]["/in"]["post"]
    assert made["responses"]["200"]["links"].keys() == {"kept", "elsewhere"}
    assert "links" not in selected["components"]["responses"]["Missing"]
    assert "links" not in made["callbacks"]["done"]["{$request.body#/url}"]["post"]["responses"]["200"]
    assert "links" not in selected["components"]


def test_operations_of_a_path_are_chosen_one_by_one(selected: dict[str, Any]) -> None:
    assert selected["paths"].keys() == {"/in", "/both"}
    assert selected["paths"]["/both"].keys() == {"get", "additionalOperations"}
    assert selected["paths"]["/both"]["additionalOperations"].keys() == {"COPY"}
    assert "webhooks" not in selected


def test_tags_and_security_of_callbacks_stay(selected: dict[str, Any]) -> None:
    assert [tag["name"] for tag in selected["tags"]] == ["Above", "In", "Called"]
    assert selected["x-tagGroups"] == [{"name": "One", "tags": ["In"]}]
    assert selected["components"]["securitySchemes"].keys() == {"Own", "Callback"}
    assert "security" not in selected, "no operation takes it over"


def test_a_reference_into_what_is_left_out_becomes_a_component(selected: dict[str, Any]) -> None:
    content = selected["paths"]["/in"]["post"]["responses"]["200"]["content"]["application/json"]
    schema = look_up(selected, content["schema"]["$ref"].removeprefix("#"))
    assert isinstance(schema, dict)
    assert schema["properties"]["leaves"]["items"] == content["schema"], "which may lead to itself"


def test_objects_that_are_named_stay(selected: dict[str, Any]) -> None:
    assert selected["x-behavior"]["objects"].keys() == {"Account"}
    assert {"Thing", "Part"} <= selected["components"]["schemas"].keys()
    assert "Other" not in selected["components"]["schemas"]
