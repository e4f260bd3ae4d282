"""Where in an instance which schemas of its own apply, and a verdict on an edit that judges no more than it has to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tillspec.prove.dialects import Schema
from tillspec.prove.judge import Judge, of_items

Path = tuple[str | int, ...]

_LOOKS_INSIDE = frozenset({
    "anyOf", "oneOf", "not", "if", "const", "enum", "uniqueItems", "contains", "unevaluatedProperties", "unevaluatedItems",
    "dependentSchemas",
})  # fmt: skip
"""Keywords whose answer may change with what stands further below, other than by the plain chain of schemas."""


@dataclass(frozen=True, slots=True)
class Place:
    """A schema that applies at a path of an instance.

    `frame` is the smallest schema, with its path, that must hold in any case and that this one is a part of. `depth` counts the
    references on the way.
    """

    path: Path
    schema: dict[str, Any]
    frame: tuple[Path, Schema]
    depth: int


@dataclass(slots=True)
class Ground:
    """A valid instance of a schema, and its places."""

    judge: Judge
    schema: Schema
    value: Any
    places: list[Place] = field(default_factory=list)
    _entries: dict[Path, list[Schema]] = field(default_factory=dict)
    _looking: set[Path] = field(default_factory=set)
    _seen: set[tuple[int, Path]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._visit(self.schema, self.value, (), None, 0, entry=True)

    def _visit(
        self, schema: Schema, value: Any, path: Path, frame: tuple[Path, Schema] | None, depth: int, *, entry: bool
    ) -> None:
        if entry:
            self._entries.setdefault(path, []).append(schema)
        if isinstance(schema, bool) or (id(schema), path) in self._seen:
            return
        self._seen.add((id(schema), path))
        self.judge.remember(schema, value)
        own = frame or (path, schema)
        self.places.append(Place(path, schema, own, depth))
        if _LOOKS_INSIDE & schema.keys():
            self._looking.add(path)
        if "$ref" in schema:
            self._visit(self.judge.schemas.target(schema["$ref"]), value, path, frame, depth + 1, entry=False)
        for part in schema.get("allOf", ()):
            self._visit(part, value, path, frame, depth, entry=False)
        for part in self._branches(schema, value):
            self._visit(part, value, path, own, depth, entry=False)
        for key, inner in self._children(schema, value):
            self._visit(inner, value[key], (*path, key), frame, depth, entry=True)

    def _branches(self, schema: dict[str, Any], value: Any) -> Iterator[Schema]:
        for word in ("anyOf", "oneOf"):
            yield from (branch for branch in schema.get(word, ()) if self.judge.is_valid(branch, value))
        if "if" in schema:
            yield schema.get("then" if self.judge.is_valid(schema["if"], value) else "else", True)
        if isinstance(value, dict):
            yield from (inner for name, inner in schema.get("dependentSchemas", {}).items() if name in value)

    def _children(self, schema: dict[str, Any], value: Any) -> Iterator[tuple[str | int, Schema]]:
        for word in ("properties", "patternProperties", "additionalProperties", "prefixItems", "items"):
            if word in schema and isinstance(value, dict):
                yield from self.judge.of_properties(word, schema, value)
            elif word in schema:
                yield from of_items(word, schema, value)

    def allows(self, place: Place, path: Path, changed: Any) -> bool:
        """Whether the instance is valid still with another value at a path, at or below the place's own.

        A schema that must hold, and does not, decides; so does one that holds where nothing above looks that deep.
        """
        frame_path, frame = place.frame
        inner = replaced(at(self.value, frame_path), path[len(frame_path) :], changed)
        if not self.judge.is_valid(frame, inner):
            return False
        if not any(path[:end] in self._looking for end in range(len(path))):
            return all(self.judge.is_valid(schema, changed) for schema in self._entries.get(path, ()))
        return self.judge.is_valid(self.schema, replaced(self.value, path, changed))


def at(value: Any, path: Path) -> Any:
    """What stands at a path."""
    for key in path:
        value = value[key]
    return value


def replaced(value: Any, path: Path, changed: Any) -> Any:
    """A value with another one at a path; what is not on the way is shared."""
    if not path:
        return changed
    key, *rest = path
    inner = replaced(value[key], tuple(rest), changed)
    if isinstance(value, dict):
        return {**value, key: inner}
    assert isinstance(key, int)
    return [*value[:key], inner, *value[key + 1 :]]
