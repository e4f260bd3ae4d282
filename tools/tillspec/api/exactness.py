"""Whether a type says all that its schema says; where it does not, the schema itself has to be run beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from typing import Any

from tillspec.document.openapi_3_0 import ANNOTATIONS

PREFIX = "#/components/schemas/"

Look = Callable[[str], Any]
"""The schema that a reference leads to; None where that is not known yet."""

_SAYS_NOTHING = ANNOTATIONS | {
    "$comment", "$schema", "$id", "$anchor", "$defs", "definitions", "discriminator",
    "contentEncoding", "contentMediaType", "contentSchema",
}  # fmt: skip
_WORDS: Mapping[str, frozenset[str]] = {
    "string": frozenset({"minLength", "maxLength", "pattern", "format"}),
    "integer": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"}),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"}),
    "boolean": frozenset(),
    "null": frozenset(),
    "array": frozenset({"items", "minItems", "maxItems", "uniqueItems"}),
    "object": frozenset({"properties", "required", "additionalProperties"}),
}
"""What types carry of each kind."""

_MOST_PARTS = 100
"""Nobody combines an object of more; whoever does gets the schema itself run beside the type."""

_BEYOND: Mapping[str, frozenset[str]] = {
    "array": frozenset({"prefixItems", "contains", "minContains", "maxContains", "unevaluatedItems"}),
    "object": frozenset(
        {
            "patternProperties", "propertyNames", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas",
            "unevaluatedProperties",
        }
    ),
}  # fmt: skip
"""What they do not."""

_OF_KIND: Mapping[str, frozenset[str]] = {kind: words | _BEYOND.get(kind, frozenset()) for kind, words in _WORDS.items()}
_NO_TEXTS = frozenset({"date-time", "date", "duration", "uuid"})
"""The formats whose values are no texts in programs: a length or a pattern of the text has to be asked of the schema."""
KEYWORDS = frozenset().union(
    *_OF_KIND.values(), {"type", "enum", "const", "$ref", "not", "if", "then", "else"}, {"allOf", "anyOf", "oneOf"}
)
"""Every keyword that constrains something."""
_PYTHON: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value == int(value),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def words(schema: dict[str, Any]) -> frozenset[str]:
    """The keywords of a schema that constrain something."""
    return frozenset(key for key in schema if key in KEYWORDS)


def kinds_of(schema: dict[str, Any]) -> list[str]:
    """The JSON types that `type` allows; empty where it is not there."""
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else list(kinds)


def fits(value: Any, kinds: list[str]) -> bool:
    """Whether a JSON value is of one of several types; of any where there are none."""
    return not kinds or any(_PYTHON[kind](value) for kind in kinds if kind in _PYTHON)


def needs_split(schema: dict[str, Any]) -> bool:
    """Whether a schema allows an object or an array beside other types, and says something of its inside."""
    kinds = [kind for kind in kinds_of(schema) if kind != "null"]
    return len(kinds) > 1 and any(words(schema) & _OF_KIND[kind] for kind in kinds if kind in ("array", "object"))


def of_kind(schema: dict[str, Any], kind: str) -> dict[str, Any]:
    """What a schema says of values of one of its types."""
    others = frozenset().union(*_OF_KIND.values()) - _OF_KIND[kind] | (ANNOTATIONS if kind == "null" else frozenset())
    return {**{key: value for key, value in schema.items() if key not in others}, "type": kind}


def is_exact(schema: Any, look: Look) -> bool:
    """Whether the type that a finished schema (draft 2020-12, inline objects moved out) has says all of it.

    References are taken at their word: what they lead to has to be looked at by itself.
    """
    if not isinstance(schema, dict):
        return schema is not False
    said = words(schema)
    if "$ref" in said:
        return said == {"$ref"}
    if said & {"const", "enum"}:
        fitting = any(fits(value, kinds_of(schema)) for value in _listed(schema) or ())
        return fitting and (said <= {"const", "type"} or said <= {"enum", "type"})
    for key in ("anyOf", "oneOf"):
        if said == {key} and isinstance(schema[key], list):
            branches = schema[key]
            apart = key == "anyOf" or all_apart(branches, look)
            return apart and all(is_exact(branch, look) for branch in branches)
    if "allOf" in said:
        return _all_of_is_exact(schema, said, look)
    kinds = kinds_of(schema)
    if not kinds:
        return not said or ("properties" in said and _object_is_exact(schema, said, look))
    if not said - {"type"} <= frozenset().union(*_OF_KIND.values()):
        return False
    relevant = [(kind, said & _OF_KIND[kind]) for kind in kinds if kind in _OF_KIND]
    if any(not used <= _WORDS[kind] for kind, used in relevant):
        return False
    if "string" in kinds and schema.get("format") in _NO_TEXTS and said & {"minLength", "maxLength", "pattern"}:
        return False
    real = [kind for kind in kinds if kind != "null"]
    if real == ["object"]:
        return _object_is_exact(schema, said - {"type"}, look)
    return real != ["array"] or is_exact(schema.get("items", True), look)


def _object_is_exact(schema: dict[str, Any], said: frozenset[str], look: Look) -> bool:
    if not said <= _WORDS["object"] | (frozenset() if "type" not in schema else frozenset().union(*_OF_KIND.values())):
        return False
    properties = schema.get("properties") or {}
    more = schema.get("additionalProperties", True)
    inside = all(is_exact(value, look) for value in properties.values())
    return (
        set(schema.get("required", ())) <= properties.keys()
        and inside
        and ((more is False and bool(properties)) or is_exact(more, look))
    )


def _all_of_is_exact(schema: dict[str, Any], said: frozenset[str], look: Look) -> bool:
    """Open objects that have no property in common are one object, which may be closed."""
    if "unevaluatedProperties" in said and schema["unevaluatedProperties"] is not False:
        return False
    found = _merged({key: value for key, value in schema.items() if key != "unevaluatedProperties"}, look, set())
    if found is None:
        return False
    names, required, typed = found
    return typed and bool(names) and len(names) == len(set(names)) and required <= set(names)


def _merged(schema: Any, look: Look, seen: set[str], depth: int = 16) -> tuple[list[str], set[str], bool] | None:
    """The properties of a plain object and of all that it is made of, those that it requires, and whether it says that it is one.

    None where it says anything else, or something of a property that its type does not say, or is made of one part twice.
    """
    if isinstance(schema, dict) and words(schema) == {"$ref"}:
        if schema["$ref"] in seen or len(seen) > _MOST_PARTS:
            return None
        seen.add(schema["$ref"])
    schema = _resolved(schema, look)
    if not depth or not isinstance(schema, dict) or not words(schema) <= {"type", "properties", "required", "allOf"}:
        return None
    properties = schema.get("properties") or {}
    if kinds_of(schema) not in ([], ["object"]) or not all(is_exact(value, look) for value in properties.values()):
        return None
    names, required, typed = list(properties), set(schema.get("required", ())), bool(kinds_of(schema))
    for part in schema.get("allOf", ()):
        found = _merged(part, look, seen, depth - 1)
        if found is None:
            return None
        names += found[0]
        required |= found[1]
        typed = typed or found[2]
    return names, required, typed


def is_plain(schema: Any, look: Look, seen: set[str] | None = None, depth: int = 16) -> bool:
    """Whether an object evaluates no properties but those that it, and what it is made of by `allOf`, declare."""
    seen = set() if seen is None else seen
    if isinstance(schema, dict) and words(schema) == {"$ref"}:
        if schema["$ref"] in seen:
            return True  # which is looked at already
        seen.add(schema["$ref"])
    schema = _resolved(schema, look)
    if not depth or not isinstance(schema, dict) or not words(schema) <= {"type", "properties", "required", "allOf"}:
        return False
    return all(is_plain(part, look, seen, depth - 1) for part in schema.get("allOf", ()))


def _resolved(schema: Any, look: Look) -> Any:
    """What a schema that is nothing but a reference means."""
    for _ in range(64):
        if not isinstance(schema, dict) or words(schema) != {"$ref"}:
            return schema
        schema = look(schema["$ref"])
    return None


def is_object(schema: Any, look: Look, seen: dict[str, bool] | None = None, depth: int = 16) -> bool:
    """Whether a schema allows nothing but objects; False also where that takes too long to see. `seen` are answers so far."""
    if not isinstance(schema, dict) or not depth:
        return False
    if kinds_of(schema) == ["object"]:
        return True
    seen = {} if seen is None else seen
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if reference not in seen:
            seen[reference] = False  # as long as it is looked at: what leads back to itself says nothing
            seen[reference] = len(seen) <= _MOST_PARTS and is_object(look(reference), look, seen, depth - 1)
        if seen[reference]:
            return True
    parts = schema.get("allOf")
    if isinstance(parts, list) and any(is_object(part, look, seen, depth - 1) for part in parts):
        return True
    branches = [schema[key] for key in ("anyOf", "oneOf") if isinstance(schema.get(key), list) and schema[key]]
    return any(all(is_object(branch, look, seen, depth - 1) for branch in found) for found in branches)


def all_apart(schemas: Iterable[Any], look: Look) -> bool:
    """Whether it is easily seen that no value is valid by two of several schemas: by their types, or by a tag they require."""
    targets = [target for schema in schemas if (target := _resolved(schema, look)) is not False]
    if len(targets) < 2:
        return True
    groups: dict[frozenset[str], list[dict[str, Any]]] = {}
    for target in targets:
        if not isinstance(target, dict):
            return False
        groups.setdefault(frozenset(_all_kinds(target)), []).append(target)
    for (kinds, found), (others, more) in combinations(groups.items(), 2):
        if (not kinds or not others or kinds & others) and _listed_twice(_values(target) for target in (*found, *more)):
            return False
    for kinds, found in groups.items():
        if len(found) > 1 and kinds == {"object"}:
            if not _objects_apart([_tags(target, look) for target in found]):
                return False
        elif len(found) > 1 and _listed_twice(map(_values, found)):
            return False
    return True


def _objects_apart(tags: list[dict[str, set[str]]]) -> bool:
    """Whether of any two objects one property tells which is which; among many, it has to be the same for all."""
    common = set(tags[0]).intersection(*tags)
    if any(not _listed_twice(each[name] for each in tags) for name in common):
        return True
    return len(tags) <= _MOST_PARTS and all(
        any(not one[name] & other[name] for name in one.keys() & other.keys()) for one, other in combinations(tags, 2)
    )


def _listed_twice(several: Iterable[set[str] | None]) -> bool:
    """Whether a value stands in two lists of values, or one of them is no list."""
    seen: set[str] = set()
    for values in several:
        if values is None or values & seen:
            return True
        seen |= values
    return False


def _all_kinds(schema: dict[str, Any]) -> set[str]:
    """The types of a schema, integers being numbers; empty where that is not plain to see."""
    kinds = {"number" if kind == "integer" else kind for kind in kinds_of(schema)}
    if not kinds and (values := _listed(schema)) is not None:
        kinds = {
            next(kind for kind in ("boolean", "null", "string", "number", "array", "object") if fits(value, [kind]))
            for value in values
        }
    return kinds


def _listed(schema: dict[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    found = schema.get("enum")
    return found if isinstance(found, list) else None


def _values(schema: dict[str, Any]) -> set[str] | None:
    """The texts that a schema lists; None where it lists none, or others."""
    values = _listed(schema)
    return None if values is None or not all(isinstance(value, str) for value in values) else set(map(json.dumps, values))


def _tags(schema: dict[str, Any], look: Look) -> dict[str, set[str]]:
    """The required properties of which a schema lists the values."""
    found = {}
    for name in schema.get("required", ()):
        inner = _resolved((schema.get("properties") or {}).get(name), look)
        if isinstance(inner, dict) and (values := _values(inner)) is not None:
            found[name] = values
    return found
