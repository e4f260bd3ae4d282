"""Real contracts: pairs of versions, and documents that say one thing in two ways, of which nothing is told."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from compat_documents import TODAY, bundled, changes
from conftest import ROOT
from helpers import Tillspec
from tillspec import resources
from tillspec.compat.compare import compare
from tillspec.compat.contracts import contract
from tillspec.diagnostics import Report
from tillspec.document.grammar import walk
from tillspec.document.openapi_3_0 import from_3_0
from tillspec.pipeline import contract as read_contract
from tillspec.pointer import look_up

PAIRS = Path(__file__).with_name("pairs")
CORPUS = (
    "acp-checkout", "acp-delegate-payment", "adyen-binlookup", "adyen-payout", "adyen-transfers", "box-2025", "museum",
    "oai-callback", "oai-link", "oai-petstore", "oai-petstore-exp", "oai-tictactoe", "oai-uspto", "oai-webhook",
    "openbanking-events", "openbanking-vrp", "oxide-gateway", "paypal-orders", "paypal-payments", "redocly-cafe",
    "redocly-pets", "resend", "spotify", "stripe", "swagger-petstore", "train-travel", "twilio-pricing", "ucp-shopping",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(path.name.removesuffix(".overlay.yaml") for path in PAIRS.glob("*.overlay.yaml")))
def test_a_pair_of_versions(name: str, shared: Path, tmp_path: Path, tillspec: Tillspec, accept: bool) -> None:
    report = Report()
    older = read_contract(shared / f"{name}.json", (), report, (PAIRS / f"{name}.overlay.yaml",))
    assert report.items == [], "all of an overlay finds something"
    (tmp_path / "old.json").write_text(json.dumps(older.value, indent=1))
    (tmp_path / "new.json").write_bytes((shared / f"{name}.json").read_bytes())
    done = tillspec("diff", "old.json", "new.json", "--fail-on", "breaking", cwd=tmp_path)
    told, expected = f"exit {done.returncode}\n{done.stdout}", PAIRS / f"{name}.expect.txt"
    if accept:
        expected.write_text(told)
    assert told == expected.read_text()
    assert done.stderr == ""
    assert max(map(len, done.stdout.splitlines())) <= 100, "the lines are for a terminal of 80 columns, but for long names"


def document(shared: Path, name: str) -> Any:
    return json.loads((shared / f"{name}.json").read_text())


@pytest.mark.parametrize("name", CORPUS)
def test_a_document_and_itself(name: str, shared: Path) -> None:
    assert changes(document(shared, name), document(shared, name)) == []


def moved(value: Any) -> Any:
    """A document whose schemas all have other names, in another order."""
    components = value["components"]["schemas"]
    names = {name: f"Moved.{number}" for number, name in enumerate(sorted(components, reverse=True))}

    def renamed(item: Any, key: str = "") -> Any:
        if isinstance(item, dict):
            return {word: renamed(below, word if key != "mapping" else "$ref") for word, below in item.items()}
        if isinstance(item, list):
            return [renamed(below) for below in item]
        match = re.fullmatch(r"#/components/schemas/([^/]+)(/.*)?", item) if key == "$ref" and isinstance(item, str) else None
        return f"#/components/schemas/{names[match[1]]}{match[2] or ''}" if match else item

    made = renamed(value)
    made["components"]["schemas"] = {
        names[name]: made["components"]["schemas"][name] for name in sorted(components, reverse=True)
    }
    return made


# of others, a discriminator's values are the names of schemas, and so part of what travels
MOVABLE = (
    "museum", "oai-link", "oai-petstore", "box-2025", "oxide-gateway", "paypal-orders", "resend", "stripe",
    "openbanking-vrp", "acp-delegate-payment", "twilio-pricing",
)  # fmt: skip


@pytest.mark.parametrize("name", MOVABLE)
def test_schemas_that_have_other_names(name: str, shared: Path) -> None:
    old = document(shared, name)
    new = moved(old)
    assert new != old
    assert changes(old, new) == []


def in_3_1(value: Any) -> Any:
    """A document of OpenAPI 3.0 in the words of 3.1."""
    made = copy.deepcopy(value)
    made["openapi"] = "3.1.0"
    for child in walk("openapi", made, ""):
        if child.kind == "schema" and isinstance(child.value, dict):
            rewritten = from_3_0(child.value)
            if child.value.get("nullable") is True and "enum" in rewritten:
                rewritten["enum"] = [*rewritten["enum"], None]
            child.value.clear()
            child.value.update(rewritten)
    return made


@pytest.mark.parametrize(
    "name", ["oai-link", "openbanking-vrp", "oxide-gateway", "paypal-orders", "spotify", "stripe", "box-2025"]
)
def test_a_document_in_the_words_of_a_later_version(name: str, shared: Path) -> None:
    old = document(shared, name)
    assert changes(old, in_3_1(old)) == []


def test_a_document_in_many_files(shared: Path, tmp_path: Path) -> None:
    """Every schema in a file of its own, and every path."""
    old = document(shared, "train-travel")

    def apart(item: Any, above: str) -> Any:
        if isinstance(item, dict):
            return {key: apart(below, above) if key != "$ref" else _file(below, above) for key, below in item.items()}
        return [apart(below, above) for below in item] if isinstance(item, list) else item

    def _file(reference: str, above: str) -> str:
        match = re.fullmatch(r"#/components/schemas/([^/]+)", reference)
        root = "../openapi.yaml" if above else ""
        return f"{above}schemas/{match[1]}.yaml" if match else f"{root}{reference}"

    schemas = old["components"]["schemas"]
    (tmp_path / "schemas").mkdir()
    (tmp_path / "paths").mkdir()
    for name, schema in schemas.items():
        (tmp_path / "schemas" / f"{name}.yaml").write_text(yaml.safe_dump(apart(schema, "../")))
    root = copy.deepcopy(old)
    del root["components"]["schemas"]
    root = apart(root, "")
    for number, path in enumerate(old["paths"]):
        (tmp_path / "paths" / f"{number}.yaml").write_text(yaml.safe_dump(apart(old["paths"][path], "../")))
        root["paths"][path] = {"$ref": f"paths/{number}.yaml"}
    (tmp_path / "openapi.yaml").write_text(yaml.safe_dump(root))
    whole = contract(str(tmp_path))
    assert len(whole.sources) == len(schemas) + len(old["paths"]) + 1
    assert compare(bundled(old), whole, TODAY).changes == ()
    assert compare(whole, bundled(old), TODAY).changes == ()


def test_our_own_contract_and_its_bundle() -> None:
    spec = contract(str(resources.spec()))
    assert compare(spec, contract(str(ROOT / "generated" / "openapi.json")), TODAY).changes == ()


@pytest.mark.parametrize(
    ("name", "at", "key", "value"),
    [
        ("paypal-orders", "/components/schemas/money/properties/value", "maxLength", 9),
        ("resend", "/components/schemas/Domain/properties/name", "type", "integer"),
    ],
)
def test_fingerprints_survive_what_changes_nothing(name: str, at: str, key: str, value: Any, shared: Path) -> None:
    """The same change in a document whose schemas all have other names, and whose version has moved."""
    old = document(shared, name)
    new = copy.deepcopy(old)
    changed = look_up(new, at)
    assert isinstance(changed, dict)
    changed[key] = value
    plain, elsewhere = changes(old, new), changes(old, moved(new))
    assert plain
    assert {change.fingerprint for change in plain} == {change.fingerprint for change in elsewhere}
    assert len({change.fingerprint for change in plain}) == len(plain)
