"""Values against the schemas of a document, each in its direction."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import jsonschema_rs

from tillspec.pointer import Pointer
from tillspec.rules.reading.draft import Draft
from tillspec.rules.reading.nodes import Direction, Node, follow
from tillspec.rules.reading.schemas import Schemas

_PATTERN = jsonschema_rs.validator_for({"format": "regex"}, validate_formats=True)
_MOST_ERRORS = 10


class Validators:
    """Makes a validator for each schema that is asked for, once."""

    def __init__(self, schemas: Schemas, version: str) -> None:
        self.schemas = schemas
        self.version = version
        self._registries: dict[Direction | None, Any] = {}
        self._made: dict[tuple[Pointer, Direction | None], Any] = {}

    def errors(self, schema: Node, direction: Direction | None, value: Any) -> list[Any]:
        """What is wrong with a value; nothing where the schema itself is broken, which other rules tell."""
        validator = self._validator(schema, direction)
        found = []
        for error in validator.iter_errors(value) if validator else ():
            found.append(error)
            if len(found) == _MOST_ERRORS:
                break
        return found

    def is_valid(self, schema: Node, direction: Direction | None, value: Any) -> bool:
        """Whether a value fits."""
        validator = self._validator(schema, direction)
        return validator is None or bool(validator.is_valid(value))

    def _validator(self, schema: Node, direction: Direction | None) -> Any:
        if isinstance(schema.value, dict) and set(schema.value) == {"$ref"}:
            schema = follow(self.schemas.document, schema)
        key = schema.pointer, direction
        if key not in self._made:
            self._made[key] = self._make(schema, direction)
        return self._made[key]

    def _make(self, schema: Node, direction: Direction | None) -> Any:
        uri = f"urn:tillspec:lint:{direction or 'any'}"
        try:
            if direction not in self._registries:
                document = _without_broken_patterns(Draft(self.schemas, self.version, direction).document())
                self._registries[direction] = jsonschema_rs.Registry([(uri, document)])
            return jsonschema_rs.validator_for(
                {"$ref": f"{uri}#{quote(schema.pointer, safe='/~')}"},
                registry=self._registries[direction],
                validate_formats=True,
                mask="this",
            )
        except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
            return None


def _without_broken_patterns(value: Any) -> Any:
    """The document without patterns that the validator's engine cannot carry; one of them would spoil every schema around it."""
    if isinstance(value, dict):
        return {
            key: _without_broken_patterns(item)
            for key, item in value.items()
            if not (key == "pattern" and isinstance(item, str) and not _PATTERN.is_valid(item))
        }
    return [_without_broken_patterns(item) for item in value] if isinstance(value, list) else value
