"""schemas.json: the JSON Schemas that types do not say all of, for the generated code to run beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tillspec.api.exactness import KEYWORDS
from tillspec.api.model import Api, NamedType
from tillspec.emit.annotations import RANGES
from tillspec.emit.patterns import bounded_only

_PREFIX = "#/components/schemas/"
_NAMED = frozenset({"properties", "dependentSchemas"})
_VALUES = frozenset({"const", "enum", "required", "dependentRequired"})


def schemas(api: Api) -> dict[str, str]:
    """`schemas.json`, with every schema that has to be run and all that they refer to; nothing where there is none."""
    needed = _reached(api.types)
    if not needed:
        return {}
    defs = {identifier: _bare(api.types[identifier].schema) for identifier in api.types if identifier in needed}
    return {"schemas.json": json.dumps({"$defs": defs}, ensure_ascii=False, indent=1) + "\n"}


def _reached(types: Mapping[str, NamedType]) -> set[str]:
    waiting = [identifier for identifier, named in types.items() if not named.exact]
    found = set(waiting)
    while waiting:
        for target in _references(types[waiting.pop()].schema):
            if target in types and target not in found:
                found.add(target)
                waiting.append(target)
    return found


def _references(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        own = [schema["$ref"].removeprefix(_PREFIX)] if isinstance(schema.get("$ref"), str) else []
        return own + [one for value in schema.values() for one in _references(value)]
    return [one for item in schema for one in _references(item)] if isinstance(schema, list) else []


def _bare(schema: Any) -> Any:
    """A schema with nothing but what constrains, as the engine that runs it reads it."""
    if not isinstance(schema, dict):
        return [_bare(item) for item in schema] if isinstance(schema, list) else schema
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key not in KEYWORDS:
            continue
        match key:
            case "$ref":
                result[key] = "#/$defs/" + value.removeprefix(_PREFIX)
            case "pattern":
                if isinstance(value, str) and (pattern := bounded_only(value)) is not None:
                    result[key] = pattern
            case "patternProperties" if isinstance(value, dict):
                result[key] = {bounded_only(name) or name: _bare(inner) for name, inner in value.items()}
            case _ if key in _NAMED and isinstance(value, dict):
                result[key] = {name: _bare(inner) for name, inner in value.items()}
            case _ if key in _VALUES:
                result[key] = value
            case _:
                result[key] = _bare(value)
    return result | _range(schema)


def _range(schema: dict[str, Any]) -> dict[str, Any]:
    """The bounds that the format of an integer sets; JSON Schema has no such format."""
    kinds = schema.get("type")
    low, high = (
        RANGES.get(schema.get("format") or "", (None, None)) if isinstance(schema.get("format", ""), str) else (None, None)
    )
    if low is None or high is None or "integer" not in ([kinds] if isinstance(kinds, str) else kinds or []):
        return {}
    return {"minimum": max(low, schema.get("minimum", low)), "maximum": min(high, schema.get("maximum", high))}
