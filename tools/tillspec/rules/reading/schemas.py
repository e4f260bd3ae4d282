"""Schemas as a reader of the document sees them: which fields, which types; through references and combinations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from tillspec.pointer import Pointer
from tillspec.rules.reading.nodes import Node, follow

TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
ALL = frozenset(TYPES)
_MOST_DEEP = 5
_BRANCHES = ("allOf", "anyOf", "oneOf")
_MOST_PARTS = 500
"""Nobody combines a schema of more; who chains thousands by allOf shall not make every question take seconds."""

_CONDITIONS = ("then", "else")
_OF_OBJECTS = ("properties", "required", "additionalProperties", "patternProperties", "minProperties", "maxProperties")


class Schemas:
    """The schemas of a document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._types: dict[Pointer, frozenset[str]] = {}

    @cached_property
    def has_directions(self) -> bool:
        """Whether anything is readOnly or writeOnly."""
        waiting: list[Any] = [self.document]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                if value.get("readOnly") is True or value.get("writeOnly") is True:
                    return True
                waiting += value.values()
            elif isinstance(value, list):
                waiting += value
        return False

    def parts(self, node: Node, *, certain: bool = False) -> Iterator[Node]:
        """A schema and all that it is combined of; with `certain`, without what holds in some cases alone."""
        waiting, seen = [node], set[Pointer]()
        while waiting and len(seen) < _MOST_PARTS:
            part = waiting.pop()
            if part.pointer in seen or not isinstance(part.value, dict):
                continue
            seen.add(part.pointer)
            yield part
            if "$ref" in part.value:
                waiting.append(follow(self.document, part))
            for word in ("allOf",) if certain else _BRANCHES:
                if word in part.value:
                    waiting += part.get(word).list()
            if not certain:
                waiting += [part.get(word) for word in _CONDITIONS if word in part.value]

    def says(self, node: Node, word: str) -> list[Any]:
        """The values that a schema and all that certainly belongs to it give a keyword."""
        return [part.value[word] for part in self.parts(node, certain=True) if word in part.value]

    def properties(self, node: Node) -> dict[str, list[Node]]:
        """The declared fields, each with all its schemas."""
        found: dict[str, list[Node]] = {}
        for part in self.parts(node):
            for name, schema in part.get("properties").entries():
                found.setdefault(name, []).append(schema)
        return found

    def find(self, node: Node, tokens: Sequence[str]) -> list[Node] | None:
        """The schemas of what stands at a pointer in an instance, `*` for each item.

        Empty where the schema declares no such thing; None where it does not say.
        """
        if not tokens:
            return [node]
        found: list[Node] = []
        silent = True
        for part in self.parts(node):
            below, known = self._below(part, tokens[0])
            silent = silent and not known
            for one in below:
                deeper = self.find(one, tokens[1:])
                if deeper is None:
                    return None
                found += deeper
        return None if not found and silent else found

    def _below(self, part: Node, token: str) -> tuple[list[Node], bool]:
        """The schemas of one field or item, and whether this part says anything of its fields or items."""
        value = part.value
        declared = dict(part.get("properties").entries())
        if token in declared:
            return [declared[token]], True
        if token in ("*", "-") or token.isdigit():
            items = [*part.get("prefixItems").list(), *([part.get("items")] if isinstance(value.get("items"), dict) else [])]
            if items:
                return items, True
        for pattern, schema in part.get("patternProperties").entries():
            if _matches(pattern, token):
                return [schema], True
        rest = value.get("additionalProperties")
        if isinstance(rest, dict):
            return [part.get("additionalProperties")], bool(rest)
        if rest is True:
            return [], False
        types = _types(value)
        scalar = bool(types) and not types & {"object", "array"}
        return [], bool(declared) or scalar or "items" in value or rest is False

    def types(self, node: Node) -> frozenset[str]:
        """The JSON types that a value may have; all, where the schema does not say. An integer counts as a number too."""
        if node.pointer not in self._types:
            self._types[node.pointer] = ALL  # for a schema that leads back to itself
            self._types[node.pointer] = self._allowed(node, 0)
        return self._types[node.pointer]

    def _allowed(self, node: Node, deep: int) -> frozenset[str]:
        if node.value is False:
            return frozenset()
        found = ALL
        for part in self.parts(node, certain=True):
            found &= _types(part.value) or ALL
            for word in ("anyOf", "oneOf"):
                branches = part.get(word).list() if deep < _MOST_DEEP and word in part.value else []
                if branches:
                    found &= frozenset().union(*(self._allowed(branch, deep + 1) for branch in branches))
        return found

    def is_object(self, node: Node) -> bool:
        """Whether a value is certainly an object, or is described as one."""
        return self.types(node) == {"object"} or any(word in part.value for part in self.parts(node) for word in _OF_OBJECTS)

    def flag(self, node: Node, word: str) -> bool:
        """Whether a schema, or what certainly belongs to it, says `word: true`."""
        return any(value is True for value in self.says(node, word))


def _types(value: dict[str, Any]) -> frozenset[str]:
    declared = value.get("type")
    if declared is None:
        options = value.get("enum", [value["const"]] if "const" in value else None)
        return frozenset(_type_of(option) for option in options) if isinstance(options, list) else frozenset()
    names = {name for name in (declared if isinstance(declared, list) else [declared]) if isinstance(name, str)}
    if value.get("nullable") is True:
        names.add("null")
    return frozenset(names | ({"integer"} if "number" in names else set()))


def _type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except (re.error, OverflowError, RecursionError):
        return True


def called(types: frozenset[str]) -> str:
    """JSON types in words: `a number or a string`."""
    shown = types - {"null"} - ({"integer"} if "number" in types else set())
    return " or ".join(f"a{'n' * (name[0] in 'aio')} {name}" for name in sorted(shown)) or "null"
