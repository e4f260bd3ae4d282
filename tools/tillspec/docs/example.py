"""A value of a schema where a document gives no example: the schema's own examples first, else what it must have."""

from __future__ import annotations

from typing import Any

from tillspec.api.model import FILE
from tillspec.docs.flat import Types, flat

_DEEPEST = 6
_FORMATS = {
    "date-time": "2026-01-31T12:00:00Z", "date": "2026-01-31", "time": "12:00:00Z", "duration": "PT5M",
    "email": "jane@example.com",
    "uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6", "uri": "https://example.com/", "url": "https://example.com/",
    "hostname": "example.com", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "uri-reference": "/",
}  # fmt: skip


def example(schema: Any, types: Types, depth: int = 0) -> Any:
    """A value that shows what a schema is about. It fits types, bounds and enums, and may miss a pattern."""
    found = flat(schema, types)
    merged = found.schema
    for key in ("example", "default", "const"):
        if key in merged:
            return merged[key]
    for key in ("examples", "enum"):
        if isinstance(merged.get(key), list) and merged[key]:
            return merged[key][0]
    if found.unions and depth < _DEEPEST:
        chosen = example(found.unions[0][1][0], types, depth + 1)
        own = _object(merged, types, depth) if merged.get("properties") else {}
        return {**chosen, **own} if isinstance(chosen, dict) else chosen
    kind = next(iter(found.kinds), "object" if found.nullable else "string")
    match kind:
        case "object":
            return _object(merged, types, depth)
        case "array":
            number = max(1, min(int(merged.get("minItems") or 1), 3)) if depth < _DEEPEST else int(merged.get("minItems") or 0)
            return [example(merged.get("items", {}), types, depth + 1) for _ in range(number)]
        case "integer" | "number":
            return _number(merged, whole=kind == "integer")
        case "boolean":
            return True
        case _:
            return None if found.nullable and not found.kinds and not merged else _text(merged)


def _object(merged: dict[str, Any], types: Types, depth: int) -> dict[str, Any]:
    properties, required = merged.get("properties") or {}, merged.get("required") or ()
    if depth >= _DEEPEST:
        return {}
    chosen = [name for name in properties if name in required and properties[name] is not False]
    return {name: example(properties[name], types, depth + 1) for name in chosen}


def _number(merged: dict[str, Any], *, whole: bool) -> float:
    least = merged.get("minimum", merged.get("exclusiveMinimum"))
    most = merged.get("maximum", merged.get("exclusiveMaximum"))
    step = merged.get("multipleOf") or (1 if whole else 0.5)
    if isinstance(least, int | float):
        found = least + step if "exclusiveMinimum" in merged and "minimum" not in merged else least
    else:
        found = min(1, most - step) if isinstance(most, int | float) else step
    return int(found) if whole else found


def _text(merged: dict[str, Any]) -> str:
    if FILE in merged:
        return ""
    text = _FORMATS.get(str(merged.get("format")), "string")
    least, most = int(merged.get("minLength") or 0), merged.get("maxLength")
    text = text.ljust(min(least, 200), "x")
    return text[: int(most)] if isinstance(most, int | float) else text
