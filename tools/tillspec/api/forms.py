"""How the properties of a form travel: OpenAPI 3.1.1, section 4.8.15 (3.0.4, section 4.7.15), with RFC 7578 for multipart.

A property is a text, a JSON document or a file. Which one follows from its encoding object, and without one from its schema.
A schema that is used for a multipart body is a schema of its own where some of its properties are files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from tillspec.api.model import FILE, Part
from tillspec.document.openapi_3_0 import ANNOTATIONS
from tillspec.pointer import Pointer

_PREFIX = "#/components/schemas/"
_STYLED = ("style", "explode", "allowReserved")
_SAME_INSTANCE = ("allOf", "anyOf", "oneOf")
_SAME_INSTANCE_ONE = ("if", "then", "else")
_KEPT = (ANNOTATIONS - {"default", "examples", "example"}) | {"x-behavior"}
_LIST_WORDS = ("type", "minItems", "maxItems")
_MENTIONS_KIND = ("enum", "const", "properties", "items", "additionalProperties", "not", "if")
_DEEPEST = 32

Carrier = Literal["text", "json", "file"]


class Types(Protocol):
    """What is needed of the reader of schemas: to look one up, and to give one a name of its own."""

    def look_up(self, reference: str) -> Any: ...
    def reserve(self, wanted: str) -> str: ...
    def define(self, identifier: str, schema: Any, pointer: Pointer) -> None: ...


def is_form(media_type: str) -> bool:
    """Whether a body of a media type has named parts or fields."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence in ("application/x-www-form-urlencoded", "multipart/form-data", "multipart/mixed")


def is_multipart(media_type: str) -> bool:
    return is_form(media_type) and media_type.strip().lower().startswith("multipart/")


@dataclass(slots=True)
class Forms:
    """Reads the forms of a document. `made` are the schemas with files in them, by where they stand and how they are encoded."""

    types: Types
    made: dict[tuple[str, str], str] = field(default_factory=dict)

    def read(self, schema: Any, encoding: Any, *, multipart: bool) -> tuple[tuple[Part, ...], Any]:
        """How each property travels (in the order of the schema), and the schema with its files marked as such.

        The last part, of the name "", is for undeclared properties where the schema says what they are.
        """
        entries = encoding if isinstance(encoding, dict) else {}
        found: dict[str, list[Any]] = {}
        for name, value in self._properties(schema, frozenset()):
            found.setdefault(name, []).append(value)
        parts = {
            name: self._part(name, values, entries[name] if isinstance(entries.get(name), dict) else {}, multipart)
            for name, values in found.items()
        }
        files = {name: part for name, part in parts.items() if part.carrier == "file"}
        key = json.dumps({name: part.media_types for name, part in files.items()}, sort_keys=True)
        return tuple(parts.values()), _Marking(self, files, key).schema(schema) if files else schema

    def _properties(self, schema: Any, seen: frozenset[str]) -> Iterator[tuple[str, Any]]:
        """The properties of a schema and of all that holds of the same instance; "" stands for all others."""
        if not isinstance(schema, dict):
            return
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            yield from self._properties(self.types.look_up(reference), seen | {reference})
        properties = schema.get("properties")
        yield from properties.items() if isinstance(properties, dict) else ()
        for part in _beside(schema):
            yield from self._properties(part, seen)
        if isinstance(schema.get("additionalProperties"), dict) and schema["additionalProperties"]:
            yield "", schema["additionalProperties"]

    def _part(self, name: str, schemas: list[Any], entry: Mapping[str, Any], multipart: bool) -> Part:
        if any(word in entry for word in _STYLED):
            style = entry["style"] if isinstance(entry.get("style"), str) else "form"
            return Part(name, "text", style=style, explode=entry.get("explode", style in ("form", "deepObject")) is True)
        written = entry.get("contentType")
        declared = tuple(one.strip() for one in written.split(",") if one.strip()) if isinstance(written, str) else ()
        found = [self._carried(schema, declared) for schema in schemas]
        carriers = {carrier for carrier, _ in found}
        carrier: Carrier = "file" if "file" in carriers else "json" if "json" in carriers else "text"
        implied = next((media_types for _, media_types in found if media_types), ())
        if carrier == "file" and not multipart:
            carrier = "text"  # a form of texts has no place for bytes
        return Part(name, carrier, declared or implied)

    def _carried(self, schema: Any, declared: tuple[str, ...], depth: int = 0) -> tuple[Carrier, tuple[str, ...]]:
        """How a value of a schema is carried (an item, where it is an array), and the media type that its schema names."""
        schema = self._resolved(schema)
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return "file", ()
        kinds = [kind for kind in _kinds(schema) if kind != "null"]
        if kinds == ["array"]:
            items = schema.get("items", {})
            inner, named = self._carried(items, declared, depth + 1)
            nested = "array" in _kinds(self._resolved(items) if isinstance(self._resolved(items), dict) else {})
            return ("json" if nested else inner), named
        branches = [part for key in _SAME_INSTANCE for part in _list(schema.get(key)) if not _is_null(part)]
        if branches and not kinds:
            found = [self._carried(branch, declared, depth + 1) for branch in branches]
            if "allOf" in schema:
                found = [one for one, branch in zip(found, branches, strict=True) if _says_kind(self._resolved(branch))] or found
            carriers = {carrier for carrier, _ in found}
            best: Carrier = "json" if "json" in carriers else "file" if "file" in carriers else "text"
            return best, next((named for _, named in found if named), ())
        return _by_declaration(kinds, declared) if declared else _by_schema(schema, kinds)

    def _resolved(self, schema: Any) -> Any:
        """What a reference leads to."""
        for _ in range(_DEEPEST):
            if not isinstance(schema, dict) or not isinstance(schema.get("$ref"), str):
                return schema
            schema = self.types.look_up(schema["$ref"])
        return None


@dataclass(frozen=True, slots=True)
class _Marking:
    """Marks properties as files, in a schema and in all that it is made of."""

    forms: Forms
    files: Mapping[str, Part]
    key: str

    def schema(self, schema: Any) -> Any:
        if not isinstance(schema, dict):
            return schema
        result = dict(schema)
        if isinstance(schema.get("$ref"), str):
            result["$ref"] = self._reference(schema["$ref"])
        if isinstance(schema.get("properties"), dict):
            result["properties"] = {
                name: self._file(value, self.files[name]) if name in self.files else value
                for name, value in schema["properties"].items()
            }
        if "" in self.files and isinstance(schema.get("additionalProperties"), dict):
            result["additionalProperties"] = self._file(schema["additionalProperties"], self.files[""])
        for key in _SAME_INSTANCE:
            if isinstance(schema.get(key), list):
                result[key] = [self.schema(part) for part in schema[key]]
        for key in _SAME_INSTANCE_ONE:
            if key in schema:
                result[key] = self.schema(schema[key])
        return result

    def _reference(self, reference: str) -> str:
        made = self.forms.made.get((reference, self.key))
        if made is not None:
            return _PREFIX + made
        target = self.forms.types.look_up(reference)
        if not any(name in self.files for name, _ in self.forms._properties(target, frozenset({reference}))):
            return reference
        wanted = reference.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
        made = self.forms.made[reference, self.key] = self.forms.types.reserve(f"{wanted}Form")
        self.forms.types.define(made, self.schema(target), reference[1:])
        return _PREFIX + made

    def _file(self, schema: Any, part: Part) -> dict[str, Any]:
        """The schema of a file, or of a list of files: what a JSON Schema says of a value says nothing of raw bytes."""
        bare = self._arrays(schema)
        kept = {key: value for key, value in schema.items() if key in _KEPT} if isinstance(schema, dict) else {}
        if _kinds(bare) and "array" in _kinds(bare):
            listed = {key: bare[key] for key in _LIST_WORDS if key in bare}
            return {**kept, **listed, "type": "array", "items": {FILE: self._facts(bare.get("items", {}), part)}}
        return {**kept, FILE: self._facts(bare, part)}

    def _arrays(self, schema: Any) -> dict[str, Any]:
        """What a schema means, past references and a choice between it and null."""
        schema = self.forms._resolved(schema)
        if not isinstance(schema, dict):
            return {}
        branches = [part for key in _SAME_INSTANCE for part in _list(schema.get(key)) if not _is_null(part)]
        return self._arrays(branches[0]) if branches and not _kinds(schema) else schema

    def _facts(self, schema: Any, part: Part) -> dict[str, Any]:
        """OpenAPI 3.1.1, section 4.8.14.2: the length of raw bytes is the number of octets."""
        bare = self._arrays(schema)
        lengths = {key: bare[key] for key in ("minLength", "maxLength") if isinstance(bare.get(key), int)}
        return {"mediaTypes": list(part.media_types), **lengths}


def _by_declaration(kinds: list[str], declared: tuple[str, ...]) -> tuple[Carrier, tuple[str, ...]]:
    if all(map(_is_json, declared)):
        return "json", ()
    if kinds and all(kind in ("integer", "number", "boolean") for kind in kinds):
        return "text", ()
    return ("text" if kinds == ["string"] and all(map(_is_text, declared)) else "file"), ()


def _by_schema(schema: Mapping[str, Any], kinds: list[str]) -> tuple[Carrier, tuple[str, ...]]:
    inside = schema.get("contentMediaType")
    if not kinds:
        listed = schema.get("enum", [schema["const"]] if "const" in schema else None)
        if isinstance(listed, list):
            return ("json" if any(isinstance(one, dict | list) for one in listed) else "text"), ()
        named = (inside,) if isinstance(inside, str) and "/" in inside else ()
        return ("json", ()) if any(word in schema for word in _MENTIONS_KIND) else ("file", named)
    if "object" in kinds or "array" in kinds:
        return "json", ()
    if kinds != ["string"]:
        return "text", ()
    if schema.get("format") == "binary":
        return "file", (inside,) if isinstance(inside, str) and "/" in inside else ()
    if "contentEncoding" in schema or schema.get("format") == "base64":
        return "text", ("application/octet-stream",)
    # By the letter a text; but a text is not what `application/octet-stream` and its like are, and frameworks write files so.
    if isinstance(inside, str) and "/" in inside and not _is_text(inside) and not _is_json(inside):
        return "file", () if inside == "application/octet-stream" else (inside,)
    return "text", ()


def _beside(schema: dict[str, Any]) -> Iterator[Any]:
    for key in _SAME_INSTANCE:
        yield from _list(schema.get(key))
    yield from (schema[key] for key in _SAME_INSTANCE_ONE if key in schema)


def _says_kind(schema: Any) -> bool:
    return isinstance(schema, dict) and bool(_kinds(schema) or any(key in schema for key in (*_SAME_INSTANCE, *_MENTIONS_KIND)))


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else [kind for kind in kinds if isinstance(kind, str)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_null(schema: Any) -> bool:
    return isinstance(schema, dict) and _kinds(schema) == ["null"]


def _is_json(media_type: str) -> bool:
    essence = media_type.partition(";")[0].strip().lower()
    return essence in ("application/json", "text/json") or essence.endswith("+json")


def _is_text(media_type: str) -> bool:
    essence = media_type.partition(";")[0].strip().lower()
    return essence.startswith("text/") or essence.endswith(("xml", "yaml"))
