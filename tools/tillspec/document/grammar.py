"""Where OpenAPI keeps what: for each kind of object, the kinds that stand under its fields.

From the tables of fixed fields of OpenAPI 3.0, 3.1 and 3.2 and from the vocabularies of JSON Schema draft 2020-12. Whoever walks
a document walks by this, and so never mistakes an example or an extension for a schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from tillspec.pointer import Pointer, join

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")

COMPONENTS = {
    "schemas": "schema",
    "responses": "response",
    "parameters": "parameter",
    "examples": "example",
    "requestBodies": "request-body",
    "headers": "header",
    "securitySchemes": "security-scheme",
    "links": "link",
    "callbacks": "callback",
    "pathItems": "path-item",
    "mediaTypes": "media-type",
}
"""The sections of `components`, and the kind that each holds."""

SECTIONS = {kind: section for section, kind in COMPONENTS.items()}

SCHEMA_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
SCHEMA_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
SCHEMA_SINGLES = (
    "items", "contains", "additionalProperties", "propertyNames", "if", "then", "else", "not",
    "unevaluatedItems", "unevaluatedProperties", "contentSchema",
)  # fmt: skip

_PARAMETER = {"schema": "schema", "content": "{media-type}", "examples": "{example}"}

# kind -> field -> kind; "{kind}" is a map of them and "[kind]" a list
GRAMMAR: dict[str, dict[str, str]] = {
    "openapi": {"paths": "{path-item}", "webhooks": "{path-item}", "components": "components"},
    "components": {section: f"{{{kind}}}" for section, kind in COMPONENTS.items()},
    "path-item": {**dict.fromkeys(METHODS, "operation"), "parameters": "[parameter]", "additionalOperations": "{operation}"},
    "operation": {
        "parameters": "[parameter]",
        "requestBody": "request-body",
        "responses": "{response}",
        "callbacks": "{callback}",
    },
    "parameter": _PARAMETER,
    "header": _PARAMETER,
    "request-body": {"content": "{media-type}"},
    "response": {"headers": "{header}", "content": "{media-type}", "links": "{link}"},
    "media-type": {
        "schema": "schema",
        "itemSchema": "schema",
        "examples": "{example}",
        "encoding": "{encoding}",
        "prefixEncoding": "[encoding]",
        "itemEncoding": "encoding",
    },
    "encoding": {"headers": "{header}"},
    "callback": {"*": "path-item"},
    "schema": {
        **dict.fromkeys(SCHEMA_MAPS, "{schema}"),
        **dict.fromkeys(SCHEMA_LISTS, "[schema]"),
        **dict.fromkeys(SCHEMA_SINGLES, "schema"),
    },
    "example": {},
    "link": {},
    "security-scheme": {},
}


class Child(NamedTuple):
    """An object below another: its kind, its pointer, itself, and the keys that lead to it from its parent."""

    kind: str
    pointer: Pointer
    value: Any
    keys: tuple[str | int, ...]


def children(kind: str, value: Any, pointer: Pointer) -> Iterator[Child]:
    """The objects that stand directly below one, in the order of the document. References are not followed."""
    if not isinstance(value, dict):
        return
    fields = GRAMMAR[kind]
    every = fields.get("*")
    for name, child in value.items():
        form = fields.get(name) or (every if not name.startswith("x-") else None)
        if form is None:
            continue
        if form[0] == "{":
            if isinstance(child, dict):
                for key, item in child.items():
                    if not (form in ("{path-item}", "{response}") and key.startswith("x-")):
                        yield Child(form[1:-1], join(pointer, name, key), item, (name, key))
        elif form[0] == "[":
            if isinstance(child, list):
                for index, item in enumerate(child):
                    yield Child(form[1:-1], join(pointer, name, index), item, (name, index))
        else:
            yield Child(form, join(pointer, name), child, (name,))


def walk(kind: str, value: Any, pointer: Pointer) -> Iterator[Child]:
    """Every object below one, each before what stands below it."""
    for child in children(kind, value, pointer):
        yield child
        yield from walk(child.kind, child.value, child.pointer)
