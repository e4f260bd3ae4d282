"""A schema as one: references followed, `allOf` merged, spellings of one thing made the same, in every version of OpenAPI."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tillspec.compat.bounds import Bounds, bounds_of
from tillspec.compat.change import canonical
from tillspec.pointer import Pointer, join

Key = tuple[Pointer, ...]
"""The schemas that all hold of one value, by where they stand."""

ANNOTATIONS = frozenset(
    ("title", "description", "default", "example", "examples", "deprecated", "externalDocs", "xml", "$comment", "readOnly",
     "writeOnly", "discriminator", "contentMediaType")
)  # fmt: skip
OBJECT_WORDS = frozenset(
    ("properties", "required", "additionalProperties", "patternProperties", "minProperties", "maxProperties", "propertyNames")
)
ARRAY_WORDS = frozenset(("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"))
STRING_WORDS = frozenset(("pattern", "minLength", "maxLength"))
OTHER_WORDS = (
    "not", "if", "contains", "minContains", "maxContains", "propertyNames", "dependentRequired",
    "dependentSchemas", "unevaluatedItems", "contentEncoding",
)  # fmt: skip
"""Keywords of which only is looked whether they are there and the same."""


@dataclass(slots=True)
class Union:
    """The branches of `oneOf` or `anyOf`: each a schema, by where it stands."""

    word: str
    branches: tuple[Pointer, ...]
    discriminator: dict[str, Any] | None
    pointer: Pointer


@dataclass(slots=True)
class View:
    """What one or several schemas say of a value together. `types` is None where all are allowed; null stands apart."""

    key: Key
    types: frozenset[str] | None = None
    null: bool = True
    never: bool = False
    enum: dict[str, Any] | None = None
    bounds: Bounds = field(default_factory=dict)
    patterns: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    properties: dict[str, Key] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    closed: bool = False
    rest: Key = ()
    by_pattern: dict[str, Key] = field(default_factory=dict)
    items: Key = ()
    prefix: list[Key] = field(default_factory=list)
    unions: list[Union] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)
    annotations: dict[str, Any] = field(default_factory=dict)
    behavior: dict[str, Any] = field(default_factory=dict)
    where: dict[str, tuple[Pointer, str]] = field(default_factory=dict)
    home: Pointer | None = None

    @property
    def spot(self) -> Pointer | None:
        """Where the schema stands, references followed; None where nothing is said of the value."""
        return self.home or (self.key[0] if self.key else None)

    def at(self, word: str) -> Pointer | None:
        """Where a keyword stands; where it does not, the schema itself."""
        found = self.where.get(word)
        return join(*found) if found is not None else self.spot

    def flag(self, word: str) -> bool:
        return self.annotations.get(word) is True

    def allows(self, kind: str) -> bool:
        """Whether values of a JSON type are allowed, or may be; every integer is a number."""
        return self.types is None or kind in self.types or (kind == "integer" and "number" in self.types)

    @property
    def is_bare(self) -> bool:
        """Whether all that is said is a choice between forms."""
        return self.types is None and self.enum is None and not (self.properties or self.required or self.items)

    @property
    def is_plain(self) -> bool:
        """Whether nothing is said of the value itself."""
        return self.is_bare and not self.unions


Part = tuple[Pointer, dict[str, Any]]


def merged(key: Key, parts: list[Part], *, never: bool, null_too: bool) -> View:
    """What the parts of a schema say together (`allOf`: each of them holds)."""
    view = View(key, never=never, home=next((pointer for pointer, part in parts if part.keys() != {"$ref"}), None))
    for pointer, part in parts:
        for word in part:
            if word not in view.where:
                view.where[word] = pointer, word
    _types(view, parts, null_too)
    _enum(view, parts, null_too)
    view.bounds = bounds_of([part for _, part in parts], view.types)
    if view.allows("string"):
        view.patterns = frozenset(part["pattern"] for _, part in parts if isinstance(part.get("pattern"), str))
    view.formats = frozenset(part["format"] for _, part in parts if isinstance(part.get("format"), str))
    if view.allows("object"):
        _object(view, parts)
    if view.allows("array"):
        _array(view, parts)
    _annotations(view, parts)
    return view


def _types(view: View, parts: list[Part], null_too: bool) -> None:
    found: set[str] | None = None
    for _, part in parts:
        names = declared_types(part)
        if names is not None:
            found = set(names) if found is None else found & names
    if found is None:
        found = _implied(parts)
        view.null = found is None or null_too or "null" in found
    else:
        view.null = null_too or "null" in found
    if found is not None:
        view.types = frozenset(found - {"null"} - ({"integer"} if "number" in found else set()))


def declared_types(part: dict[str, Any]) -> set[str] | None:
    """The JSON types that a schema names, an integer being a number too; None where it names none."""
    declared = part.get("type")
    names = {name for name in (declared if isinstance(declared, list) else [declared]) if isinstance(name, str)}
    if not names:
        return None
    if part.get("nullable") is True:
        names.add("null")
    return names | ({"integer"} if "number" in names else set())


def _implied(parts: list[Part]) -> set[str] | None:
    """The type that is meant where none is said: objects are often declared by their properties alone."""
    enums = [part["enum"] for _, part in parts if isinstance(part.get("enum"), list)]
    enums += [[part["const"]] for _, part in parts if "const" in part]
    if enums:
        return {type_of(value) for value in enums[0]} | ({"integer"} if any(type_of(v) == "number" for v in enums[0]) else set())
    words = {word for _, part in parts for word in part}
    if words & OBJECT_WORDS:
        return {"object"}
    return {"array"} if words & ARRAY_WORDS else {"string"} if words & STRING_WORDS else None


def type_of(value: Any) -> str:
    """The JSON type of a value."""
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", list: "array", dict: "object", type(None): "null"}
    return names[type(value)]


def _enum(view: View, parts: list[Part], null_too: bool) -> None:
    for _, part in parts:
        values = part["enum"] if isinstance(part.get("enum"), list) else [part["const"]] if "const" in part else None
        if values is None:
            continue
        listed = {canonical(value): value for value in values}
        # beside `nullable` of 3.0 null is meant, though the standard wants it listed as well
        if "null" not in listed and not null_too and part.get("nullable") is not True:
            view.null = False
        listed.pop("null", None)
        view.enum = listed if view.enum is None else {key: value for key, value in view.enum.items() if key in listed}
    if view.enum is not None and "enum" not in view.where and "const" in view.where:
        view.where["enum"] = view.where["const"]


def _object(view: View, parts: list[Part]) -> None:
    view.properties = _properties(parts)
    lists = [part["required"] for _, part in parts if isinstance(part.get("required"), list)]
    view.required = frozenset(name for one in lists for name in one if isinstance(name, str))
    for name in sorted(view.required - view.properties.keys()):
        view.properties[name] = ()  # it is a property of whatever kind
    rest: list[Pointer] = []
    for pointer, part in parts:
        for word in ("additionalProperties", "unevaluatedProperties"):
            value = part.get(word, True)
            if value is False or value == {"not": {}}:
                view.closed = True
                view.where["additionalProperties"] = pointer, word
            elif isinstance(value, dict) and value:
                rest.append(join(pointer, word))
        for pattern in entries(part.get("patternProperties")):
            view.by_pattern[pattern] = (*view.by_pattern.get(pattern, ()), join(pointer, "patternProperties", pattern))
    view.rest = tuple(rest)


def _properties(parts: list[Part]) -> dict[str, Key]:
    """The schemas of each property; one that is not declared by a part may be ruled out by it."""
    found: dict[str, list[Pointer]] = {}
    for pointer, part in parts:
        for name in entries(part.get("properties")):
            found.setdefault(name, []).append(join(pointer, "properties", name))
    for pointer, part in parts:
        if not entries(part.get("patternProperties")) and part.get("additionalProperties", True) not in (True, {}):
            declared = entries(part.get("properties"))
            for name, key in found.items():
                if name not in declared:
                    key.append(join(pointer, "additionalProperties"))
    return {name: tuple(key) for name, key in found.items()}


def _array(view: View, parts: list[Part]) -> None:
    items = [pointer for pointer, part in parts if isinstance(part.get("items"), dict | bool) and part["items"] not in ({}, True)]
    view.items = tuple(join(pointer, "items") for pointer in items)
    for pointer, part in parts:
        prefix = part.get("prefixItems")
        for index in range(len(prefix) if isinstance(prefix, list) else 0):
            if index == len(view.prefix):
                view.prefix.append(())
            view.prefix[index] = (*view.prefix[index], join(pointer, "prefixItems", index))


def _annotations(view: View, parts: list[Part]) -> None:
    for _, part in parts:
        for word in ("readOnly", "writeOnly", "deprecated"):
            if part.get(word) is True:
                view.annotations[word] = True
        for word in ("default", "x-sunset", "discriminator", "x-extensible-enum", "title"):
            if word in part:
                view.annotations.setdefault(word, part[word])
        behavior = part.get("x-behavior")
        for word, value in behavior.items() if isinstance(behavior, dict) else ():
            known = view.behavior.get(word)
            both = isinstance(known, list) and isinstance(value, list)
            view.behavior[word] = [*known, *value] if both else value if known is None else known  # type: ignore[misc]


def entries(value: Any) -> dict[str, Any]:
    """A map of a document; empty where there is something else."""
    return value if isinstance(value, dict) else {}
