"""What several schemas ask of one value at once, for one choice of branches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tillspec.prove.dialects import Schema, Schemas

_KINDS = ("object", "array", "string", "integer", "number", "boolean", "null")
_TELLS = {
    "object": ("properties", "required", "additionalProperties", "patternProperties", "minProperties", "maxProperties",
               "propertyNames", "dependentRequired", "dependentSchemas", "unevaluatedProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains", "unevaluatedItems"),
    "string": ("minLength", "maxLength", "pattern"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}  # fmt: skip
_DEEPEST = 40


class Choice(NamedTuple):
    """A place in a schema where a value may go one way or another: the schema's identity, and the keyword."""

    schema: int
    keyword: str


@dataclass(slots=True)
class Shape:
    """Schemas of one instance laid side by side: `parts` all hold, `open` are the choices met on the way and their numbers."""

    parts: list[dict[str, Any]] = field(default_factory=list)
    open: dict[Choice, int] = field(default_factory=dict)
    impossible: bool = False
    references: int = 0

    def said(self, keyword: str) -> list[Any]:
        """What the parts say by a keyword."""
        return [part[keyword] for part in self.parts if keyword in part]

    def most(self, keyword: str) -> Any:
        """The smallest of the upper bounds, None without one."""
        return min(self.said(keyword), default=None)

    def least(self, keyword: str) -> Any:
        """The greatest of the lower bounds, None without one."""
        return max(self.said(keyword), default=None)

    def kinds(self) -> list[str]:
        """The JSON types that all parts allow, or those that their keywords speak of."""
        found = list(_KINDS)
        for said in self.said("type"):
            allowed = [said] if isinstance(said, str) else said
            found = [kind for kind in found if kind in allowed or (kind == "integer" and "number" in allowed)]
        if "type" not in {word for part in self.parts for word in part}:
            told = [kind for kind, words in _TELLS.items() if any(self.said(word) for word in words)]
            return told or ["string", *(kind for kind in _KINDS if kind not in ("string", "number"))]
        return found if "number" not in found else [kind for kind in found if kind != "integer"]

    def of_property(self, name: str, matches: Any) -> list[Schema]:
        """The schemas that the parts have for a property."""
        found: list[Schema] = []
        for part in self.parts:
            patterns = [inner for pattern, inner in part.get("patternProperties", {}).items() if matches(pattern, name)]
            if name in part.get("properties", {}):
                found.append(part["properties"][name])
            elif not patterns and "additionalProperties" in part:
                found.append(part["additionalProperties"])
            found += patterns
        return found

    def of_item(self, index: int) -> list[Schema]:
        """The schemas that the parts have for an item."""
        found: list[Schema] = []
        for part in self.parts:
            prefix = part.get("prefixItems", [])
            if index < len(prefix):
                found.append(prefix[index])
            elif "items" in part:
                found.append(part["items"])
        return found


def shape(schemas: Schemas, start: Iterable[Schema], choices: Mapping[Choice, int]) -> Shape:
    """The parts that hold for one choice of branches; the first where none is made."""
    made = Shape()
    waiting: list[tuple[Schema, int]] = [(schema, 0) for schema in start]
    seen: set[int] = set()
    while waiting:
        schema, depth = waiting.pop(0)
        if schema is False or depth > _DEEPEST:
            made.impossible = True
            return made
        if isinstance(schema, bool) or id(schema) in seen:
            continue
        seen.add(id(schema))
        made.parts.append(schema)
        if "$ref" in schema:
            made.references = max(made.references, 1)
            waiting.append((schemas.target(schema["$ref"]), depth + 1))
        waiting += [(part, depth + 1) for part in schema.get("allOf", ())]
        waiting += [(part, depth + 1) for part in _chosen(schema, choices, made)]
    return made


def _chosen(schema: dict[str, Any], choices: Mapping[Choice, int], made: Shape) -> list[Schema]:
    found: list[Schema] = []
    for keyword in ("oneOf", "anyOf"):
        branches = schema.get(keyword)
        if branches:
            choice = Choice(id(schema), keyword)
            made.open[choice] = len(branches)
            found.append(branches[choices.get(choice, 0) % len(branches)])
    if "if" in schema:
        choice = Choice(id(schema), "if")
        made.open[choice] = 2
        taken = choices.get(choice, 0) % 2 == 0
        found += [schema["if"], schema.get("then", True)] if taken else [schema.get("else", True)]
    if isinstance(schema.get("type"), list) and len(schema["type"]) > 1:
        choice = Choice(id(schema), "type")
        made.open[choice] = len(schema["type"])
        if choice in choices:
            found.append({"type": schema["type"][choices[choice] % len(schema["type"])]})
    found += schema.get("dependentSchemas", {}).values()
    return found
