"""Other people's contracts: each is generated in full, or refused for a reason that is true. No operation is ever missing."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tillspec.diagnostics import Refused
from tillspec.pipeline import generate
from tillspec.pointer import look_up
from tillspec.request import Request

DOCUMENTS = [
    "acp-checkout", "acp-delegate-payment", "adyen-binlookup", "adyen-payout", "adyen-transfers", "box-2025", "museum",
    "oai-callback", "oai-link", "oai-petstore", "oai-petstore-exp", "oai-tictactoe", "oai-uspto", "oai-webhook",
    "openbanking-events", "openbanking-vrp", "oxide-gateway", "paypal-orders", "paypal-payments", "redocly-cafe", "redocly-pets",
    "resend", "spotify", "swagger-petstore", "train-travel", "twilio-pricing", "ucp-shopping",
    pytest.param("stripe", marks=pytest.mark.slow),
]  # fmt: skip
REFUSED = {"acp-webhook": ("file-missing", "/components/schemas/EventDataOrder/allOf/0/$ref")}

_CONSTANT = re.compile(r"\boperations\.([A-Z][A-Z0-9_]*)\b")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("corpus")


def package_of(name: str) -> str:
    return name.replace("-", "_") + "_api"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_operation_is_generated(name: str, shared: Path, made: Path) -> None:
    outcome = generate(Request(shared / f"{name}.json", made / name, package_of(name), server="fastapi"))
    assert outcome.plan.changes

    declared = Counter(declared_operations(json.loads((shared / f"{name}.json").read_bytes())))
    package = made / name / "python" / package_of(name)
    table = dict(tabled_operations(package / "operations.py"))
    assert Counter(table.values()) == declared
    assert declared

    paths = {constant for constant, (_, path) in table.items() if path.startswith("/")}
    assert used_constants(package / "server") == used_constants(package / "client") == paths
    assert used_constants(package / "webhooks.py") == table.keys() - paths
    assert used_constants(package / "fastapi.py") == paths
    if paths:
        assert_fastapi_serves(package, [path for _, path in table.values() if path.startswith("/")])


def assert_fastapi_serves(package: Path, paths: list[str]) -> None:
    """The FastAPI application has a route for each operation, whatever its path is, and the contract for OpenAPI."""
    code = (
        "import importlib, inspect, json, sys, fastapi.routing\n"
        f"server = importlib.import_module('{package.name}.fastapi')\n"
        "wanted = [p for p in inspect.signature(server.create_app).parameters.values() if p.default is p.empty]\n"
        "app = server.create_app(**{p.name: object() for p in wanted})\n"
        "routes = [r.operation_id for r in app.routes if isinstance(r, fastapi.routing.APIRoute)]\n"
        "print(len([r for r in routes if r]), len(app.openapi()['paths']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=package.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == str(len(paths))


def declared_operations(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Method and path of all that a document declares, counted without any help of ours."""

    def resolved(value: Any) -> Any:
        while isinstance(value, dict) and "$ref" in value:
            value = look_up(document, value["$ref"][1:])
        return value

    def below(items: dict[str, Any]) -> Iterator[tuple[str, str]]:
        for path, item in items.items():
            if path.startswith("x-"):
                continue
            for method, operation in resolved(item).items():
                if method in METHODS:
                    yield method.upper(), path
                    for callback in operation.get("callbacks", {}).values():
                        yield from below(resolved(callback))

    yield from below(document.get("paths", {}))
    yield from below(document.get("webhooks", {}))


def tabled_operations(path: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """The constants of an operations.py, with the method and path of each."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Call(func=ast.Subscript(value=ast.Name(id="Operation")), keywords=given)
            ):
                facts = {one.arg: ast.literal_eval(one.value) for one in given if one.arg in ("method", "path")}
                yield name, (facts["method"], facts["path"])


def used_constants(place: Path) -> set[str]:
    """The operations that a module, or those of a folder, make use of."""
    files = [place] if place.is_file() else place.rglob("*.py")
    return {name for file in files for name in _CONSTANT.findall(file.read_text(encoding="utf-8"))} - {"SCHEMES"}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_refused_for_a_true_reason(name: str, shared: Path, tmp_path: Path) -> None:
    code, pointer = REFUSED[name]
    with pytest.raises(Refused) as refused:
        generate(Request(shared / f"{name}.json", tmp_path / "out"))
    found = {(one.code, one.place.pointer) for one in refused.value.diagnostics if one.place}
    assert (code, pointer) in found
    assert {one for one, _ in found} == {code}
    assert not (tmp_path / "out").exists()

    reference = look_up(json.loads((shared / f"{name}.json").read_bytes()), pointer)
    assert isinstance(reference, str)
    assert not (shared / reference.partition("#")[0]).exists()


def test_the_list_is_the_corpus(shared: Path) -> None:
    listed = {one if isinstance(one, str) else one.values[0] for one in DOCUMENTS} | REFUSED.keys()
    assert listed == {path.stem for path in shared.glob("*.json")}


def test_what_is_generated_is_typed(shared: Path, made: Path) -> None:
    """All that the tests above have left, but for Stripe's: `mypy --strict` finds nothing."""
    packages = [str(path) for path in sorted(made.glob("*/python/*")) if "stripe" not in path.name]
    if not packages:
        generate(Request(shared / "museum.json", made / "museum", "museum_api"))
        packages = [str(made / "museum" / "python" / "museum_api")]
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(made / "cache"), *packages]
    done = subprocess.run(command, cwd=made, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)
