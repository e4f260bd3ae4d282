"""Runtime expressions (OpenAPI 3.1, section 4.8.20.4), and the schemas of what they yield."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from tillspec.pointer import split
from tillspec.rules.reading.nodes import Node, follow
from tillspec.rules.reading.operations import Operation
from tillspec.rules.reading.schemas import ALL, Schemas

_FORM = re.compile(r"\$(?:(url|method|statusCode)|(request|response)\.(?:(header|query|path)\.(.+)|body(?:#((?:/.*)?))?))")
_EMBEDDED = re.compile(r"\{(\$[^{}]+)\}")
_UNDECLARED_HEADERS = ("accept", "content-type", "authorization")
_SCALARS = frozenset(("string", "number", "integer", "boolean"))

Yield = list[Node] | None
"""Schemas; none where nothing is declared there, None where nothing can be known."""


class Expression(NamedTuple):
    """A runtime expression: `of` the request, the response or neither; `part` of it; the name or the pointer in that."""

    text: str
    of: str
    part: str
    name: str


def parse(text: str) -> Expression | None:
    """An expression; None where the text is none."""
    match = _FORM.fullmatch(text)
    if match is None or (match[2] == "response" and match[3] in ("query", "path")):
        return None
    if match[1]:
        return Expression(text, "", match[1], "")
    return Expression(text, match[2], match[3] or "body", match[4] or match[5] or "")


def expressions(text: str) -> list[str]:
    """The expressions in a text: itself, or those that it holds in braces."""
    return [text] if text.startswith("$") else _EMBEDDED.findall(text)


def yields(schemas: Schemas, operation: Operation, responses: Iterable[Node], expression: Expression) -> Yield:
    """What an expression yields of an operation and some of its responses."""
    if not expression.of:
        return None
    if expression.part == "body":
        bodies = responses if expression.of == "response" else [operation.body] if operation.body else []
        return _in_bodies(schemas, list(bodies), split(expression.name))
    if expression.of == "response":
        return _in_headers(schemas, list(responses), expression.name)
    if expression.part == "header" and expression.name.lower() in _UNDECLARED_HEADERS:
        return None
    node = operation.parameter(expression.part, expression.name)
    if node is None:
        return []
    return [node.get("schema")] if "schema" in node.value else None


def _in_bodies(schemas: Schemas, bodies: list[Node], tokens: list[str]) -> Yield:
    found: list[Node] = []
    for body in bodies:
        for _, entry in body.get("content").entries():
            media = follow(schemas.document, entry)
            below = schemas.find(media.get("schema"), tokens) if "schema" in media.value else None
            if below is None:
                return None
            found += below
    return found


def _in_headers(schemas: Schemas, responses: list[Node], name: str) -> Yield:
    found: list[Node] = []
    for response in responses:
        for key, entry in response.get("headers").entries():
            if key.lower() == name.lower():
                header = follow(schemas.document, entry)
                if "schema" not in header.value:
                    return None
                found.append(header.get("schema"))
    return found


def fits(schemas: Schemas, source: Node, target: Node) -> bool:
    """Whether a value of one schema can be one of the other, written into a URL or a header."""
    given, taken = schemas.types(source), schemas.types(target)
    if ALL in (given, taken):
        return True
    if given & taken or (given & _SCALARS and taken & {"string", "array"}):
        return not _are_apart(schemas, source, target)
    return False


def _are_apart(schemas: Schemas, source: Node, target: Node) -> bool:
    """Whether both list their values, and have none in common."""
    given, taken = (_options(schemas, node) for node in (source, target))
    return bool(given and taken) and not given & taken


def _options(schemas: Schemas, node: Node) -> set[str]:
    return {str(value) for options in schemas.says(node, "enum") if isinstance(options, list) for value in options}
