"""What the tests of declared behaviour share: the contract, its declarations by place, and rules held against values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cel
import jsonschema_rs

from tillspec.diagnostics import Report
from tillspec.pipeline import read

SPEC = Path(__file__).resolve().parents[2] / "spec"
VOCABULARY: dict[str, Any] = json.loads((SPEC / "behavior.schema.json").read_text())
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
KEY = "x-behavior"

_DATA = {"example", "examples", "default", "enum", "const", KEY}


def _bundle() -> dict[str, Any]:
    report = Report()
    whole, _ = read(SPEC / "openapi.yaml", frozenset(), (), report)
    assert report.items == []
    return whole.value


CONTRACT = _bundle()
OBJECTS: dict[str, Any] = CONTRACT[KEY]["objects"]


def at(value: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        part = token.replace("~1", "/").replace("~0", "~")
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def resolved(node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        node = at(CONTRACT, node["$ref"].removeprefix("#"))
    return node


def operations() -> dict[str, dict[str, Any]]:
    """Every operation by its id, webhooks too, with the parameters of its path among its own."""
    return {
        item[method]["operationId"]: item[method]
        | {"parameters": [resolved(each) for each in [*item.get("parameters", []), *item[method].get("parameters", [])]]}
        for section in ("paths", "webhooks")
        for item in CONTRACT[section].values()
        for method in sorted(METHODS & item.keys())
    }


def examples(node: dict[str, Any]) -> dict[str, Any]:
    if "example" in node:
        return {"example": node["example"]}
    return {name: resolved(each).get("value") for name, each in node.get("examples", {}).items()}


def declarations() -> Iterator[tuple[str, str, Any]]:
    """Each `x-behavior` of the contract: where it stands, what kind of place that is, and what it says."""
    yield from _declarations(CONTRACT, ())


def _declarations(node: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str, Any]]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _declarations(item, (*path, str(index)))
    if isinstance(node, dict):
        if KEY in node:
            yield "/".join(path) or "document", _place(path), node[KEY]
        for key, child in node.items():
            if key not in _DATA or path[-1:] == ("properties",):
                yield from _declarations(child, (*path, key))


def _place(path: tuple[str, ...]) -> str:
    match path:
        case ():
            return "document"
        case ("paths" | "webhooks", _, method) if method in METHODS:
            return "operation"
        case ("components", "securitySchemes", _):
            return "security-scheme"
        case (*_, "content", _):
            return "media-type"
        case _:
            return "schema"


@cache
def vocabulary(place: str) -> jsonschema_rs.Validator:
    whole = {key: value for key, value in VOCABULARY.items() if key != "anyOf"}
    return jsonschema_rs.validator_for(whole | {"$ref": f"#/$defs/{place}"}, validate_formats=True)


def valid(schema: dict[str, Any], value: Any) -> bool:
    return _validator(json.dumps(schema)).is_valid(value)


@cache
def _validator(schema: str) -> jsonschema_rs.Validator:
    components = {"schemas": CONTRACT["components"]["schemas"]}
    return jsonschema_rs.Draft202012Validator(json.loads(schema) | {"components": components}, validate_formats=True)


def ruled(schema: dict[str, Any], value: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Each object in a value whose schema has rules or totals: the schema's name, what it declares, and the object."""
    words = schema.get(KEY, {})
    if isinstance(value, dict) and ("rules" in words or "totals" in words):
        yield name, words, value
    if "$ref" in schema:
        yield from ruled(resolved(schema), value, schema["$ref"].rpartition("/")[2])
    for part in schema.get("allOf", []):
        yield from ruled(part, value, name)
    for part in [*schema.get("oneOf", []), *schema.get("anyOf", [])]:
        if valid(part, value):
            yield from ruled(part, value, name)
    if isinstance(value, dict):
        for key, child in schema.get("properties", {}).items():
            if key in value:
                yield from ruled(child, value[key])
    if isinstance(value, list):
        for item in value:
            yield from ruled(schema.get("items", {}), item)


def broken(words: dict[str, Any], value: Any) -> list[str]:
    """What an object breaks: the messages of rules, and of totals the pointer."""
    rules = [rule["message"] for rule in words.get("rules", []) if not holds(rule["rule"], value)]
    return rules + [f"total {total['total']}" for total in words.get("totals", []) if not _adds_up(total, value)]


def holds(rule: str, value: Any) -> bool:
    context = cel.Context()
    context.add_variable("self", value)
    context.add_function("sum", sum)
    result = cel.compile(rule).execute(context)
    assert isinstance(result, bool), rule
    return result


def _adds_up(total: dict[str, Any], value: Any) -> bool:
    (given,) = _all(value, total["total"])
    if given is None or not holds(total.get("when", "true"), value):
        return True
    return bool(given == sum(_term(term, value) for term in total["terms"]))


def _term(term: dict[str, Any], value: Any) -> int:
    amounts = _all(value, term["amount"])
    times = _all(value, term["times"]) if "times" in term else [1] * len(amounts)
    sign = -1 if term.get("sign") == "-" else 1
    products: list[int] = [(amount or 0) * number for amount, number in zip(amounts, times, strict=True)]
    return sign * sum(products)


def _all(value: Any, pointer: str) -> list[Any]:
    found = [value]
    for part in pointer.split("/")[1:]:
        found = [item for one in found for item in (one or [])] if part == "*" else [(one or {}).get(part) for one in found]
    return found
