"""The contract itself: it is valid, whole, consistent, and its examples are true."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.readers import read_from_filename

from node.redocly import lint

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "spec" / "openapi.yaml"
NODE = Path(__file__).resolve().parent / "node"
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}

TABLE = [
    ("vinr", "post", "/checkout/session", "201"),
    ("vinr", "get", "/checkout/session/{sessionId}/result", "200"),
    ("gr4vy", "post", "/checkout/sessions", "201"),
    ("gr4vy", "get", "/checkout/sessions/{session_id}", "200"),
    ("gr4vy", "put", "/checkout/sessions/{session_id}", "200"),
    ("gr4vy", "delete", "/checkout/sessions/{session_id}", "204"),
    ("gr4vy", "put", "/checkout/sessions/{session_id}/fields", "204"),
    ("dintero", "post", "/accounts/{oid}/auth/token", "200"),
    ("dintero", "post", "/accounts/{aid}/shopping/orders/{order_id}/sessions", "200"),
    ("dintero", "get", "/accounts/{aid}/shopping/orders/{order_id}/sessions", "200"),
    ("dintero", "get", "/accounts/{aid}/shopping/orders/{order_id}/sessions/{session_id}", "200"),
    ("dintero", "put", "/view/{session_id}/session/order/addresses", "200"),
    ("dintero", "put", "/view/{session_id}/session/order/shipping_option", "200"),
    ("dintero", "put", "/view/{session_id}/session/order/shipping_address", "200"),
    ("diddo", "get", "/checkout/{cart_id}/qr", "200"),
    ("diddo", "get", "/checkout/{cart_id}/qr.png", "200"),
    ("diddo", "get", "/checkout/{cart_id}/qr.svg", "200"),
    ("diddo", "post", "/checkout/begin/{cart_id}", "200"),
    ("diddo", "post", "/checkout/shipping", "200"),
    ("diddo", "post", "/checkout/shipping/method", "200"),
    ("diddo", "post", "/checkout/cst", "200"),
    ("vinr", "post", "vinrSessionStatusChanged", "200"),
    ("dintero", "get", "dinteroCallback", "200"),
    ("dintero", "post", "dinteroCallback", "200"),
    ("diddo", "post", "diddoCheckoutEvent", "200"),
]
LINKS = {
    "createVinrSession": {"getVinrSessionResult"},
    "createGr4vySession": {"getGr4vySession", "updateGr4vySession", "deleteGr4vySession", "setGr4vySessionFields"},
    "createDinteroOrderSession": {"getDinteroOrderSession", "listDinteroOrderSessions", "setDinteroAddresses"},
    "beginDiddoCheckout": {"setDiddoShipping"},
}


def _bundle() -> dict[str, Any]:
    """The contract as one document, without a warning."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "tillspec", "generate", "--only", "bundle", "--spec", str(SPEC), "--out", f"{out}/made"]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "tools")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        document: dict[str, Any] = json.loads(Path(out, "made", "openapi.json").read_text(encoding="utf-8"))
        return document


CONTRACT = _bundle()


def resolved(node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        found: Any = CONTRACT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def _operations(section: str) -> dict[str, dict[str, Any]]:
    found = {}
    for path, item in CONTRACT[section].items():
        for method in sorted(METHODS & item.keys()):
            parameters = [resolved(each) for each in [*item.get("parameters", []), *item[method].get("parameters", [])]]
            at = {"path": path, "method": method, "parameters": parameters}
            found[item[method]["operationId"]] = item[method] | at
    return found


PATHS, WEBHOOKS = _operations("paths"), _operations("webhooks")
RESPONSES = {
    (name, status): resolved(response)
    for name, operation in (PATHS | WEBHOOKS).items()
    for status, response in operation["responses"].items()
}
ERRORS = {key: response for key, response in RESPONSES.items() if key[1] >= "400"}


def examples(node: dict[str, Any]) -> dict[str, Any]:
    if "example" in node:
        return {"example": node["example"]}
    return {name: resolved(each)["value"] for name, each in node.get("examples", {}).items()}


def named(cases: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Cases of a test, each named by its first value."""
    return [pytest.param(*case, id=str(case[0])) for case in cases]


# Valid


@pytest.mark.parametrize("whole", [True, False], ids=["bundle", "files"])
def test_the_openapi_validator_finds_nothing(whole: bool) -> None:
    document, base = (CONTRACT, "") if whole else read_from_filename(str(SPEC))
    assert [error.message for error in OpenAPIV31SpecValidator(document, base_uri=base).iter_errors()] == []


def test_redocly_finds_nothing(require_engine: Callable[..., str]) -> None:
    (found,) = lint(SPEC, config=SPEC.parent / "redocly.yaml", require_engine=require_engine)
    assert found["problems"] == []
    ignored = yaml.safe_load((SPEC.parent / ".redocly.lint-ignore.yaml").read_text())
    assert found["totals"]["ignored"] == sum(len(places) for rules in ignored.values() for places in rules.values()) == 4


def test_the_lock_of_node_names_no_registry() -> None:
    packages = json.loads((NODE / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in packages.items() if name)


@pytest.mark.parametrize("path", sorted(SPEC.parent.rglob("*.yaml")), ids=lambda path: path.relative_to(SPEC.parent).as_posix())
def test_no_text_is_a_truth_value_to_an_old_loader(path: Path) -> None:
    """A bare `NO` is `false` to YAML 1.1; countries and currencies are quoted."""
    plain = [event.value for event in yaml.parse(path.read_text()) if isinstance(event, yaml.ScalarEvent) and event.style is None]
    assert [text for text in plain if re.fullmatch(r"(?i)yes|no|on|off", text)] == []


# Whole


def test_every_operation_of_the_table_is_there_and_no_other() -> None:
    found = {(o["x-behavior"]["surface"], o["method"], o["path"]): min(o["responses"]) for o in (PATHS | WEBHOOKS).values()}
    assert found == {(surface, method, path): success for surface, method, path, success in TABLE}
    assert len(TABLE) == 25


@pytest.mark.parametrize("operation", list((PATHS | WEBHOOKS).values()), ids=list(PATHS | WEBHOOKS))
def test_an_operation_says_what_it_is(operation: dict[str, Any]) -> None:
    assert operation["x-behavior"]["surface"] in {"vinr", "gr4vy", "dintero", "diddo"}
    assert len(operation["tags"]) == 1
    assert operation["tags"][0] in {tag["name"] for tag in CONTRACT["tags"]}
    assert operation["summary"]
    assert operation["description"]
    assert "security" in operation
    for media_type in resolved(operation.get("requestBody", {})).get("content", {}).values():
        assert examples(media_type)
    assert [parameter["name"] for parameter in operation["parameters"] if not examples(parameter)] == []
    assert set(re.findall(r"{(\w+)}", operation["path"])) == {p["name"] for p in operation["parameters"] if p["in"] == "path"}


@pytest.mark.parametrize("operation", list(PATHS.values()), ids=list(PATHS))
def test_an_operation_declares_the_usual_errors(operation: dict[str, Any]) -> None:
    declared = set(operation["responses"])
    assert {"400", "429", "500", "503"} <= declared
    assert ("401" in declared) == ("403" in declared) == bool(operation["security"])
    assert ("415" in declared) == ("requestBody" in operation)


@pytest.mark.parametrize(("key", "response"), list(ERRORS.items()), ids=[" ".join(key) for key in ERRORS])
def test_an_error_has_a_schema_and_an_example(key: tuple[str, str], response: dict[str, Any]) -> None:
    content = response["content"]["application/json"]
    assert "schema" in content
    assert examples(content)
    surface = PATHS[key[0]]["x-behavior"]["surface"]
    for value in examples(content).values():
        match surface:
            case "vinr":
                assert set(value) == {"error"}
                assert value["error"].keys() >= {"type", "code", "message", "request_id"}
            case "gr4vy" if key[1] == "422":
                assert set(value) == {"detail"}
            case "gr4vy":
                assert value.keys() >= {"type", "code", "status", "message", "details"}
                assert value["status"] == int(key[1])
            case "dintero":
                assert "message" in value["error"]
            case "diddo":
                assert {"code", "message"} <= value.keys() <= {"code", "message", "errors"}


@pytest.mark.parametrize(("key", "response"), list(RESPONSES.items()), ids=[" ".join(key) for key in RESPONSES])
def test_a_response_has_its_headers(key: tuple[str, str], response: dict[str, Any]) -> None:
    name, status = key
    headers = {text: resolved(header) for text, header in response.get("headers", {}).items()}
    assert [text for text, header in headers.items() if not examples(header)] == []
    assert "Content-Type" not in headers  # OpenAPI 3.1 says that it shall be ignored
    required = {text for text, header in headers.items() if header.get("required")}
    if name in PATHS:
        assert "X-Request-Id" in required
    if status == "401":
        assert "WWW-Authenticate" in required
    if status in ("429", "503"):
        assert "Retry-After" in required
    if status == "429":
        assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(headers)


@pytest.mark.parametrize("name", list(LINKS))
def test_what_creates_links_to_what_reads(name: str) -> None:
    success = RESPONSES[name, min(PATHS[name]["responses"])]
    assert {link["operationId"] for link in success["links"].values()} >= LINKS[name]


def _links() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for (name, status), response in RESPONSES.items():
        for title, link in response.get("links", {}).items():
            yield f"{name} {status} {title}", resolved(link), response


@pytest.mark.parametrize(("title", "link", "response"), named(_links()))
def test_a_link_leads_somewhere(title: str, link: dict[str, Any], response: dict[str, Any]) -> None:
    target, source = PATHS[link["operationId"]], PATHS[title.split(" ", maxsplit=1)[0]]
    given = link.get("parameters", {})
    assert given.keys() <= {parameter["name"] for parameter in target["parameters"]}
    assert given.keys() >= {parameter["name"] for parameter in target["parameters"] if parameter.get("required")}
    for expression in [*given.values(), *link.get("requestBody", {}).values()]:
        kind, _, rest = expression.partition("#") if "#" in expression else expression.rpartition(".")
        if kind == "$request.path":
            assert rest in {parameter["name"] for parameter in source["parameters"]}
            continue
        assert kind == "$response.body"
        body = response["content"]["application/json"]
        assert [_at(value, rest) for value in examples(body).values()]
        assert all(isinstance(_at(value, rest), str | int) for value in examples(body).values())


def _at(value: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


# Examples fit their schemas

Valued = tuple[str, Any, Any]

_DATA = ("examples", "enum", "const", "default")
_PARTIAL = ("allOf", "contains", "if", "then", "else", "not")


def _bodies() -> Iterator[tuple[str, Any, Any, bool]]:
    """Each example of a body: where it stands, its schema, its value, and whether it is a response's."""
    for name, operation in (PATHS | WEBHOOKS).items():
        for media_type in resolved(operation.get("requestBody", {})).get("content", {}).values():
            yield from ((f"{name} {key}", media_type["schema"], value, False) for key, value in examples(media_type).items())
    for (name, status), response in RESPONSES.items():
        for media_type in response.get("content", {}).values():
            for key, value in examples(media_type).items():
                yield f"{name} {status} {key}", media_type["schema"], value, True


def _values() -> Iterator[Valued]:
    """Each example of a parameter, a header or a schema."""
    for name, operation in (PATHS | WEBHOOKS).items():
        for parameter in operation["parameters"]:
            for value in examples(parameter).values():
                yield f"{name} {parameter['name']}", parameter["schema"], value
    for name, header in CONTRACT["components"]["headers"].items():
        for value in examples(header).values():
            yield f"header {name}", header["schema"], value
    yield from _of_schemas(CONTRACT["components"]["schemas"], "")


def _of_schemas(node: Any, place: str) -> Iterator[Valued]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _of_schemas(item, f"{place}/{index}")
    if isinstance(node, dict):
        if isinstance(node.get("examples"), list):
            yield from ((f"{place} examples/{index}", node, value) for index, value in enumerate(node["examples"]))
        if "default" in node and not isinstance(node["default"], dict):
            yield f"{place} default", node, node["default"]
        for key, child in node.items():
            if key not in _DATA:
                yield from _of_schemas(child, f"{place}/{key}")


def _closed(schemas: dict[str, Any]) -> dict[str, Any]:
    """Schemas by which an object has no field that is not declared: what `allOf` composes is closed as a whole.

    Under its own name each schema stays open, for `allOf`; `closed.<name>` is closed, and so is all that it holds.
    """

    def within(node: Any, composed: bool = False) -> Any:
        if isinstance(node, list):
            return [within(item, composed) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node and not composed:
            return node | {"$ref": node["$ref"].replace("/schemas/", "/schemas/closed.")}
        made = {key: child if key in _DATA else within(child, key in _PARTIAL) for key, child in node.items()}
        if "properties" in node and not composed and "additionalProperties" not in node:
            made["unevaluatedProperties"] = False
        return made

    result = {}
    for name, schema in schemas.items():
        opened = within(schema)
        result[name] = {key: value for key, value in opened.items() if key != "unevaluatedProperties"}
        is_object = schema.get("type") == "object" and not schema.get("additionalProperties")
        result[f"closed.{name}"] = opened | ({"unevaluatedProperties": False} if is_object else {})
    return result


OPEN = CONTRACT["components"]["schemas"]
CLOSED = _closed(OPEN)


def _errors(schema: Any, value: Any, schemas: dict[str, Any]) -> list[str]:
    whole = {"allOf": [schema], "components": {"schemas": schemas}}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)]


@pytest.mark.parametrize(("place", "schema", "value", "response"), named(_bodies()))
def test_an_example_fits_its_schema(place: str, schema: Any, value: Any, response: bool) -> None:
    assert _errors(schema, value, OPEN) == []
    if response and "$ref" in schema:  # a response is open, but an example uses what is declared
        closed = {"$ref": schema["$ref"].replace("/schemas/", "/schemas/closed.")}
        assert _errors(closed, value, CLOSED) == []


def test_a_request_object_refuses_what_it_does_not_declare() -> None:
    open_ones = []
    for place, schema, given, response in _bodies():
        if response or place.startswith(tuple(WEBHOOKS)):  # these come from others, and may grow
            continue
        value = copy.deepcopy(given)
        for pointer, held in list(_placed(value)):
            held["undeclared_"] = 1
            if not _errors(schema, value, OPEN):
                open_ones.append(f"{place}: {pointer}")
            del held["undeclared_"]
    # The merchant's own free maps; VINR's metadata are typed options.
    assert [text for text in open_ones if not text.endswith("/metadata") or text.startswith("createVinr")] == []
    assert open_ones


def _placed(value: Any, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """All the objects in a value, each with its JSON Pointer."""
    if isinstance(value, dict):
        yield pointer, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in members:
        yield from _placed(child, f"{pointer}/{key}")


@pytest.mark.parametrize(("place", "schema", "value"), named(_values()))
def test_a_small_example_fits_its_schema(place: str, schema: Any, value: Any) -> None:
    assert _errors(schema, value, OPEN) == []


def test_the_payload_of_vinrs_page_is_an_example_as_it_stands(shared: Path) -> None:
    page = (shared.parent / "seeds" / "vinr.txt").read_text()
    payload, _ = json.JSONDecoder().raw_decode(page, page.index("{", page.index("Full example payload")))
    assert CONTRACT["components"]["examples"]["VinrSessionRequestFull"]["value"] == payload


# Totals add up


def _holding(*keys: str) -> list[dict[str, Any]]:
    """All the objects in examples that have these members."""
    values = (example["value"] for example in CONTRACT["components"]["examples"].values())
    found = [each for value in values for _, each in _placed(value) if each.keys() >= set(keys)]
    assert found, "the contract has no such example any more"
    return found


def test_vinrs_carts_add_up() -> None:
    for request in _holding("cartItems", "successUrl"):
        assert sum(item["price"] * item["quantity"] for item in request["cartItems"]) == request["amount"]


def test_vinrs_completed_session_is_charged_what_the_buyer_chose() -> None:
    request, result = (
        CONTRACT["components"]["examples"][name]["value"] for name in ("VinrSessionRequestFull", "VinrResultCompleted")
    )
    promo = request["metadata"]["promoCode"]["availableCodes"][0]
    shipping = request["metadata"]["delivery"]["options"]["shipping"]["methods"][0]
    assert result["amount"] == request["amount"] * (100 - promo["discount"]) // 100 + shipping["price"]


def _gr4vy_line(line: dict[str, Any]) -> int:
    return int(line["unit_amount"] * line["quantity"] - (line.get("discount_amount") or 0) + (line.get("tax_amount") or 0))


def test_gr4vys_carts_add_up() -> None:
    for session in _holding("cart_items"):
        lines = [_gr4vy_line(line) for line in session["cart_items"] or ()]
        assert all(line >= 0 for line in lines)
        assert session.get("amount", sum(lines)) == sum(lines)
    assert [session for session in _holding("cart_items", "amount") if session["cart_items"]]


def test_dinteros_sessions_add_up() -> None:
    for session in _holding("items", "amount", "_links"):
        assert sum(item["amount"] for item in session["items"]) == session["amount"]
    for order in _holding("items", "amount", "merchant_reference"):
        shipping = order.get("shipping_option", {"amount": 0, "vat_amount": 0})
        assert sum(item["amount"] for item in order["items"]) + shipping["amount"] == order["amount"]
        assert sum(item["vat_amount"] for item in order["items"]) + shipping["vat_amount"] == order["vat_amount"]
    for taxed in _holding("amount", "vat", "vat_amount"):
        assert taxed["vat_amount"] == round(taxed["amount"] * taxed["vat"] / (100 + taxed["vat"]))
    for option in _holding("amount", "shipments"):
        assert sum(shipment["amount"] for shipment in option["shipments"]) == option["amount"]


def test_diddos_carts_add_up() -> None:
    for cart in _holding("lines", "cost"):
        assert all(line["unit_amount"] * line["quantity"] == line["total_amount"] for line in cart["lines"])
        cost = cart["cost"]
        assert sum(line["total_amount"] for line in cart["lines"]) == cost["subtotal"]
        assert cost["subtotal"] + cost["shipping"] + cost["tax"] == cost["total"]
        chosen = [method["amount"] for method in cart["shipping_methods"] if method["id"] == cart.get("shipping_method_id")]
        assert sum(chosen) == cost["shipping"]
