"""Schema objects of OpenAPI 3.0 in the words of JSON Schema draft 2020-12."""

from __future__ import annotations

from typing import Any

ANNOTATIONS = frozenset(
    ("description", "title", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "externalDocs", "xml")
)
"""Keywords that say something about a schema, and constrain nothing."""

_BRANCHES = ("allOf", "anyOf", "oneOf")


def from_3_0(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema object of OpenAPI 3.0 (section 4.7.24) in the words of draft 2020-12.

    `nullable` beside a type adds null to it, as the standard says. Beside a bare `allOf`, `anyOf` or `oneOf`, where the standard
    gives it no meaning, it is read as it is used in practice: null is allowed.
    """
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    result = {key: value for key, value in schema.items() if key not in ("nullable", "example")}
    if "example" in schema:
        result["examples"] = [schema["example"]]
    for bound in ("Minimum", "Maximum"):
        exclusive = result.get(f"exclusive{bound}")
        if isinstance(exclusive, bool):
            del result[f"exclusive{bound}"]
            plain = bound.lower()
            if exclusive and plain in result:
                result[f"exclusive{bound}"] = result.pop(plain)
    if schema.get("nullable") is True:
        if isinstance(result.get("type"), str):
            result["type"] = [result["type"], "null"]
        elif any(key in result for key in _BRANCHES):
            kept = {key: result.pop(key) for key in list(result) if key in ANNOTATIONS}
            inner = result["anyOf"] if set(result) == {"anyOf"} else [_unwrapped(result)]
            result = {"anyOf": [*inner, {"type": "null"}], **kept}
    return result


def _unwrapped(schema: dict[str, Any]) -> dict[str, Any]:
    parts = schema.get("allOf")
    if set(schema) == {"allOf"} and isinstance(parts, list) and len(parts) == 1 and isinstance(parts[0], dict):
        return parts[0]
    return schema
