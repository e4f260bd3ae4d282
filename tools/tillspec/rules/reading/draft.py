"""A document with its schemas in the words of JSON Schema draft 2020-12, as they hold in one direction."""

from __future__ import annotations

from typing import Any

from tillspec.document.grammar import children
from tillspec.document.openapi_3_0 import from_3_0
from tillspec.rules.reading.nodes import Direction, Node
from tillspec.rules.reading.schemas import Schemas
from tillspec.rules.wording import deepest

FOREIGN: dict[str, Any] = {"$comment": "of the other direction", "not": {}}
"""The schema of a field that does not belong into a message of this direction."""


_SAYS_NOTHING = ("example", "examples", "default", "discriminator", "xml", "externalDocs", "description", "title")
_OTHER = {Direction.REQUEST: ("readOnly",), Direction.RESPONSE: ("writeOnly",), None: ("readOnly", "writeOnly")}


def is_foreign(error: Any) -> bool:
    """Whether a value breaks its schema only by being of the other direction."""
    found = deepest(error)
    return bool(found.kind.name == "not" and found.kind.as_dict().get("schema") == FOREIGN["not"])


class Draft:
    """Translates the schemas of a document for one direction; without a direction, what belongs to one alone is optional."""

    def __init__(self, schemas: Schemas, version: str, direction: Direction | None) -> None:
        self.schemas = schemas
        self.version = version
        self.direction = direction

    def document(self) -> Any:
        """The whole document, its schemas where they were."""
        return self._copy("openapi", self.schemas.document, "", frozenset())

    def _copy(self, kind: str, value: Any, pointer: str, optional: frozenset[str]) -> Any:
        if not isinstance(value, dict):
            return value
        node = Node(pointer, value)
        if kind == "schema" and self.schemas.has_directions:
            optional |= self._foreign(node)
        result = {key: item for key, item in value.items() if not key.startswith("x-")}
        copied: dict[str, Any] = {}
        for child in children(kind, value, pointer):
            below = optional if kind == "schema" and child.keys[0] in ("allOf", "anyOf", "oneOf") else frozenset[str]()
            made = self._copy(child.kind, child.value, child.pointer, below)
            if kind == "schema" and child.keys[0] == "properties" and child.keys[1] in optional and self.direction:
                made = FOREIGN
            _place(result, copied, child.keys, made)
        return self._schema(result, optional) if kind == "schema" else result

    def _schema(self, schema: dict[str, Any], optional: frozenset[str]) -> dict[str, Any]:
        result = from_3_0(schema) if self.version == "3.0" else dict(schema)
        if schema.get("nullable") is True and isinstance(result.get("enum"), list):
            result["enum"] = [*result["enum"], None]
        for word in _SAYS_NOTHING:
            result.pop(word, None)
        if isinstance(result.get("required"), list):
            result["required"] = [name for name in result["required"] if not (isinstance(name, str) and name in optional)]
        return result

    def _foreign(self, node: Node) -> frozenset[str]:
        """The fields of an object that belong to the other direction."""
        words = _OTHER[self.direction]
        return frozenset(
            name
            for name, declared in self.schemas.properties(node).items()
            if any(self.schemas.flag(one, word) for one in declared for word in words)
        )


def _place(result: dict[str, Any], copied: dict[str, Any], keys: tuple[str | int, ...], made: Any) -> None:
    first = str(keys[0])
    if len(keys) == 1:
        result[first] = made
        return
    if first not in copied:
        inner = result[first]
        result[first] = copied[first] = list(inner) if isinstance(inner, list) else dict(inner)
    copied[first][keys[1]] = made
