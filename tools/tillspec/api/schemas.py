"""JSON Schemas, as OpenAPI 3.0, 3.1 and 3.2 write them, to named types.

Every schema comes out in draft 2020-12, with its inline objects moved out under names of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any as Untyped

from tillspec.api import exactness, names, views
from tillspec.api.behavior import object_behavior, property_behavior
from tillspec.api.model import (
    FILE,
    Any,
    Array,
    Discriminator,
    Enum,
    Field,
    File,
    Json,
    Map,
    NamedType,
    Object,
    Presence,
    Ref,
    Scalar,
    Type,
    Union,
)
from tillspec.api.views import Direction
from tillspec.diagnostics import Report
from tillspec.document.bundle import Bundle
from tillspec.document.grammar import SCHEMA_LISTS, SCHEMA_MAPS, SCHEMA_SINGLES
from tillspec.document.openapi_3_0 import ANNOTATIONS, from_3_0
from tillspec.pointer import Pointer, join, look_up

_PREFIX = "#/components/schemas/"
_NO_NAMES_BELOW = frozenset(
    {"contains", "propertyNames", "if", "then", "else", "not", "dependentSchemas", "$defs", "definitions"}
)
_INSIDE = frozenset(
    {
        "unevaluatedProperties", "additionalProperties", "patternProperties", "dependentSchemas",
        "allOf", "anyOf", "oneOf", "if", "then", "else", "$ref",
    }
)  # fmt: skip
"""Keywords that evaluate properties, beside `properties` itself."""
_MOST_AT_ONCE = 20
_MOST_PARTS = 100
"""So many schemas are looked at to see whether they mean an object."""
_KINDS = ("string", "integer", "number", "boolean", "null")


class Schemas:
    """Reads schemas of one bundle. `types` fills up as schemas are read, in the order of the document."""

    def __init__(self, bundle: Bundle, report: Report) -> None:
        self.bundle = bundle
        self.report = report
        self.types: dict[str, NamedType] = {}
        components = bundle.value.get("components", {}).get("schemas", {})
        self.ids, clashes = names.component_ids(components)
        self.spellings = {identifier: name for name, identifier in self.ids.items()}
        self.free = names.Ids(self.ids.values())
        self.read_before: dict[tuple[Pointer, Direction | None], tuple[Type, Json]] = {}
        self.elsewhere: dict[Pointer, str] = {}
        self.first: dict[str, str] = {}
        self.views = views.Views()
        self.canonical: dict[str, str] = {}
        self.depth = 0
        self.later: list[tuple[str, Untyped, Pointer]] = []
        self.later_views: list[tuple[str, str]] = []
        self.combined: dict[int, tuple[Json, Type]] = {}
        for first, second in clashes:
            hint = f"rename {first!r} or {second!r}; names that differ in case alone are kept apart"
            place = bundle.span(join("/components/schemas", second), key=True)
            message = f"the components {first!r} and {second!r} would both become the class {names.type_id(second)}"
            report.error("name-clash", message, place, hint)

    def read_components(self) -> None:
        """Read every schema of `components`, used or not."""
        for name, identifier in sorted(self.ids.items(), key=self._document_order()):
            pointer = join("/components/schemas", name)
            self._add(identifier, self.bundle.value["components"]["schemas"][name], pointer, component=name)
            self._add_later()

    def _add_later(self) -> None:
        while self.later:
            self._add(*self.later.pop())

    def _document_order(self) -> Untyped:
        order = {name: index for index, name in enumerate(self.bundle.value.get("components", {}).get("schemas", {}))}
        return lambda row: order[row[0]]

    def read(self, schema: Untyped, pointer: Pointer, name: str, direction: Direction | None = None) -> tuple[Type, Json]:
        """The type and the JSON Schema of what stands at `pointer`; what needs a name in it is named `name`.

        What was read before, as a shared response is for each operation that has it, keeps its first name. With a direction it is
        the view that the direction has.
        """
        if (pointer, direction) not in self.read_before:
            made = self._child(self._normal(schema, pointer), pointer, name, nameable=True)
            self._add_later()
            if not exactness.is_exact(made, lambda _: None):
                identifier = self.free.take(name)
                self._add(identifier, made, pointer, finished=True)
                made = {"$ref": _PREFIX + identifier}
            if direction is not None:
                made = self._view(made, direction)
            self.read_before[pointer, direction] = self.type_of(made, pointer), made
        return self.read_before[pointer, direction]

    def look_up(self, reference: str) -> Untyped:
        """What a reference leads to in the document, None where that is nothing."""
        try:
            return look_up(self.bundle.value, reference[1:])
        except (LookupError, ValueError):
            return None

    def reserve(self, wanted: str) -> str:
        """An id for a further type, which schemas may refer to as if it were a component."""
        identifier = self.free.take(names.type_id(wanted))
        self.ids[identifier] = identifier
        return identifier

    def define(self, identifier: str, schema: Untyped, pointer: Pointer) -> None:
        """Say what a reserved id stands for: a schema in the words of the document, made of the one at `pointer`."""
        self._add(identifier, schema, pointer)

    def finish(self) -> None:
        """Say of every type whether it says all that its schema says, once all are known."""
        for identifier, named in self.types.items():
            if isinstance(named.type, Union) and self._leads_to(named.type, identifier):
                hint = "leave it out of its own options; it adds nothing to them"
                self.report.error("ref-cycle", f"the schema {identifier} is one of its own options", named.span, hint)
            hidden = identifier in self.views.hiding
            exact = not hidden and exactness.is_exact(named.schema, self._look)
            loose = isinstance(named.type, Object) and not exactness.is_object(named.schema, self._look)
            self.types[identifier] = replace(named, exact=exact, loose=loose)

    def _look(self, reference: str) -> Untyped:
        found = self.types.get(reference.removeprefix(_PREFIX))
        return found.schema if found else None

    def _look_ahead(self, reference: str) -> Untyped:
        """What a reference leads to in the document, read or not."""
        name = reference.removeprefix(_PREFIX)
        components = self.bundle.value.get("components", {}).get("schemas", {})
        if name in components:
            return components[name]
        return components[self.spellings[name]] if name in self.spellings else self._look(reference)

    def _view(self, schema: Json, direction: Direction) -> Json:
        """The schema as a direction has it; types that differ in it are made."""
        reached = frozenset(self.views.differing(self.types, direction))

        def name_of(identifier: str) -> str:
            return self._viewed(identifier, direction, name_of) if identifier in reached else identifier

        made = views.view(schema, direction, name_of, self._look).schema
        while self.later_views:
            self._fill_view(*self.later_views.pop(), direction, name_of)
        return made

    def _viewed(self, identifier: str, direction: Direction, name_of: Callable[[str], str]) -> str:
        known = self.views.made.get((identifier, direction))
        if known is not None:
            return known
        new = self.views.made[identifier, direction] = self.free.take(identifier + direction.title())
        self.types[new] = replace(self.types[identifier], id=new, component=None, type=Any())
        if self.depth < _MOST_AT_ONCE:
            self.depth += 1
            self._fill_view(identifier, new, direction, name_of)
            self.depth -= 1
        else:  # a row of a thousand types is not to be a thousand calls deep
            self.later_views.append((identifier, new))
        return new

    def _fill_view(self, identifier: str, new: str, direction: Direction, name_of: Callable[[str], str]) -> None:
        named = self.types[identifier]
        made = views.view(named.schema, direction, name_of, self._look)
        type_ = self.type_of(made.schema, named.span.pointer)
        if made.hidden and isinstance(type_, Object):
            self.views.hiding.add(new)
        told = "\n\n".join(filter(None, (named.description, views.told(direction, made.hidden))))
        self.types[new] = replace(self.types[new], type=views.without(type_, made.hidden), schema=made.schema, description=told)

    def _add(
        self, identifier: str, schema: Untyped, pointer: Pointer, *, component: str | None = None, finished: bool = False
    ) -> None:
        self.types[identifier] = NamedType(identifier, Any(), {}, component=component, span=self.bundle.span(pointer))
        whole = schema if finished else self._whole(schema, pointer, identifier)
        made = self.type_of(whole, pointer)
        if isinstance(made, Ref) and self._leads_to(made, identifier):
            place = self.bundle.span(pointer)
            hint = "one of them must be a schema, in place of a $ref"
            self.report.error("ref-cycle", f"the schema {identifier} leads back to itself", place, hint)
        description = str(whole.get("description", "")) if isinstance(whole, dict) else ""
        deprecated = isinstance(whole, dict) and whole.get("deprecated") is True
        self.types[identifier] = replace(
            self.types[identifier],
            type=made,
            schema=whole,
            description=description,
            deprecated=deprecated,
            behavior=object_behavior(whole),
            value_behavior=property_behavior(whole),
        )

    def _whole(self, schema: Untyped, pointer: Pointer, identifier: str) -> Untyped:
        """A schema that has a name, finished. A class is never null, so that of an object that may be null has another name."""
        normal = self._normal(schema, pointer)
        if not isinstance(normal, dict) or "null" not in exactness.kinds_of(normal) or not _deserves_a_name(normal):
            return self._below(normal, pointer, identifier)
        made = self._child(normal, pointer, f"{identifier}Value", nameable=True)
        return {**made, "description": normal["description"]} if "description" in normal else made

    def _share(self, identifier: str) -> None:
        """An inline schema that says what an earlier one says is that type, under a name of its own too."""
        named = self.types[identifier]
        first = self.first.setdefault(json.dumps(self._canonical(named.schema), sort_keys=True), identifier)
        if first != identifier:
            self.canonical[_PREFIX + identifier] = _PREFIX + first
            self.types[identifier] = replace(named, type=Ref(first), schema={"$ref": _PREFIX + first})

    def _canonical(self, schema: Untyped) -> Untyped:
        if isinstance(schema, dict):
            return {
                key: self.canonical.get(value, value) if key == "$ref" and isinstance(value, str) else self._canonical(value)
                for key, value in schema.items()
            }
        return [self._canonical(item) for item in schema] if isinstance(schema, list) else schema

    def _leads_to(self, start: Type, end: str) -> bool:
        """Whether a type means another one, or has it among its options, with nothing in between."""
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            match waiting.pop():
                case Ref(id=identifier) if identifier == end:
                    return True
                case Ref(id=identifier) if identifier not in seen and identifier in self.types:
                    seen.add(identifier)
                    waiting.append(self.types[identifier].type)
                case Union(options=options):
                    waiting += options
                case _:
                    pass
        return False

    # -- one schema to draft 2020-12 ------------------------------------------------------------------------------------

    def _normal(self, schema: Untyped, pointer: Pointer) -> Untyped:
        """The schema object itself, without what stands below it, as draft 2020-12 has it."""
        if not isinstance(schema, dict):
            return schema
        for key in schema.keys() & {"$dynamicRef", "$recursiveRef"}:
            hint = "use $ref; a dynamic reference has no fixed type"
            self.report.error("unsupported", f"{key} is not supported", self.bundle.span(join(pointer, key)), hint)
        if self.bundle.version == "3.0":
            schema = from_3_0(schema)
        if "$ref" in schema:
            schema = {**schema, "$ref": self._reference(schema["$ref"], pointer)}
        parts = schema.get("allOf")
        if isinstance(parts, list) and len(parts) == 1 and isinstance(parts[0], dict) and set(parts[0]) == {"$ref"}:
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            if set(rest) <= ANNOTATIONS:
                return {"$ref": self._reference(parts[0]["$ref"], pointer), **rest}
        if set(schema) & _INSIDE == {"unevaluatedProperties"}:
            # With nothing beside it, what is not evaluated is what is additional.
            rest = {key: value for key, value in schema.items() if key != "unevaluatedProperties"}
            schema = {**rest, "additionalProperties": schema["unevaluatedProperties"]}
        if exactness.needs_split(schema):
            kept = {key: value for key, value in schema.items() if key in ANNOTATIONS}
            kinds = exactness.kinds_of(schema)
            schema = {"anyOf": [exactness.of_kind(schema, kind) for kind in kinds], **kept}
        discriminator = schema.get("discriminator")
        if isinstance(discriminator, dict) and isinstance(discriminator.get("mapping"), dict):
            mapping = {key: self._mapped(value, pointer) for key, value in discriminator["mapping"].items()}
            schema = {**schema, "discriminator": {**discriminator, "mapping": mapping}}
        return schema

    def _mapped(self, value: Untyped, pointer: Pointer) -> Untyped:
        reference = value if isinstance(value, str) and value.startswith("#") else f"{_PREFIX}{value}"
        return self._reference(reference, join(pointer, "discriminator"))

    def _reference(self, reference: Untyped, pointer: Pointer) -> str:
        """A reference as `#/components/schemas/<id>`; what it leads to gets an id if it has none."""
        target = str(reference)[1:]
        if str(reference).startswith(_PREFIX):
            name = target.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
            if target.count("/") == 3 and name in self.ids:
                return _PREFIX + self.ids[name]
        if target not in self.elsewhere:
            try:
                value = look_up(self.bundle.value, target)
            except (LookupError, ValueError):
                self.report.error("ref-missing", f"{reference!r} leads to nothing", self.bundle.span(pointer))
                return str(reference)
            if not target:
                hint = "name the schema that is meant, such as #/components/schemas/Name"
                place = self.bundle.span(join(pointer, "$ref"))
                self.report.error("ref-invalid", f"{reference!r} is the whole document, which is no schema", place, hint)
                return str(reference)
            tokens = [token for token in target.split("/") if token not in ("", "components", "schemas", "properties", "paths")]
            identifier = self.free.take(names.type_id("_".join(tokens[-2:])))
            self.elsewhere[target] = identifier
            if self.depth < _MOST_AT_ONCE:
                self.depth += 1
                self._add(identifier, value, target)
                self.depth -= 1
            else:  # a row of a thousand references is not to be a thousand calls deep
                self.later.append((identifier, value, target))
        return _PREFIX + self.elsewhere[target]

    def _below(self, schema: Untyped, pointer: Pointer, name: str, *, nameable: bool = True) -> Untyped:
        """A normal schema with everything below it normal too; `name` is what inline objects are named after."""
        if not isinstance(schema, dict):
            return schema
        result = dict(schema)
        for key in SCHEMA_MAPS:
            if isinstance(schema.get(key), dict):
                result[key] = {
                    item: self._child(
                        self._normal(value, join(pointer, key, item)),
                        join(pointer, key, item),
                        name + names.type_id(item),
                        nameable=nameable and key not in _NO_NAMES_BELOW,
                    )
                    for item, value in schema[key].items()
                }
        for key in SCHEMA_LISTS:
            if isinstance(schema.get(key), list):
                result[key] = list(self._parts(key, schema, pointer, name, nameable))
        for key in SCHEMA_SINGLES:
            if key in schema:
                child = join(pointer, key)
                wanted = names.singular(name) if key == "items" else f"{name}Value"
                inner = nameable and key not in _NO_NAMES_BELOW
                result[key] = self._child(self._normal(schema[key], child), child, wanted, nameable=inner)
        return result

    def _parts(self, key: str, schema: dict[str, Untyped], pointer: Pointer, name: str, nameable: bool) -> Iterator[Untyped]:
        for index, part in enumerate(schema[key]):
            child = join(pointer, key, index)
            value = self._normal(part, child)
            if key == "allOf":
                yield self._below(value, child, name, nameable=nameable)
            else:
                yield self._child(value, child, name + _branch_name(value, index), nameable=nameable)

    def _child(self, value: Untyped, pointer: Pointer, name: str, *, nameable: bool) -> Untyped:
        """A normal schema in the place of a property, an item or a branch: itself, or a reference to its new name."""
        if not isinstance(value, dict) or not nameable or not _deserves_a_name(value):
            return self._below(value, pointer, name, nameable=nameable)
        identifier = self.free.take(name)
        kept = {key: value[key] for key in ("default", "deprecated", "readOnly", "writeOnly") if key in value}
        kinds = value.get("type")
        others = [kind for kind in kinds if kind != "null"] if isinstance(kinds, list) else []
        nullable = isinstance(kinds, list) and len(others) < len(kinds)
        if nullable:
            value = {**value, "type": others[0] if len(others) == 1 else others}
        moved = {key: item for key, item in value.items() if key not in ("default", "readOnly", "writeOnly")}
        self._add(identifier, moved, pointer)
        self._share(identifier)
        reference = {"$ref": _PREFIX + identifier}
        return {"anyOf": [reference, {"type": "null"}], **kept} if nullable else {**reference, **kept}

    # -- types ----------------------------------------------------------------------------------------------------------

    def type_of(self, schema: Untyped, pointer: Pointer) -> Type:
        """The type that the finished schema at a pointer has, for signatures and pages."""
        if not isinstance(schema, dict):
            return Any()
        if "$ref" in schema:
            return Ref(str(schema["$ref"]).removeprefix(_PREFIX))
        if isinstance(schema.get(FILE), dict):
            facts = schema[FILE]
            return File(tuple(facts.get("mediaTypes", ())), facts.get("minLength"), facts.get("maxLength"))
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else list(kinds)
        nullable = "null" in kinds and len(kinds) > 1
        if nullable:
            kinds.remove("null")
        made = self._choice(schema, pointer) or self._combined(schema, pointer) or self._composite(schema, kinds, pointer)
        made = made or _scalars(schema, kinds)
        listed = isinstance(made, Enum) or made == Scalar("null")  # null is allowed there where it is listed
        return replace(made, nullable=True) if nullable and not made.nullable and not listed else made

    def _choice(self, schema: dict[str, Untyped], pointer: Pointer) -> Type | None:
        if "const" in schema or isinstance(schema.get("enum"), list):
            listed = [schema["const"]] if "const" in schema else schema["enum"]
            values = [value for value in listed if exactness.fits(value, exactness.kinds_of(schema))]
            texts = tuple(json.dumps(value, ensure_ascii=False, sort_keys=True) for value in values if value is not None)
            if not texts:
                return Scalar("null") if values else Any()
            return Enum(texts, nullable=None in values)
        for key in ("oneOf", "anyOf"):
            branches = schema.get(key)
            if not isinstance(branches, list) or schema.get("properties"):
                continue
            real = [(index, branch) for index, branch in enumerate(branches) if branch != {"type": "null"}]
            options = tuple(self.type_of(branch, join(pointer, key, index)) for index, branch in real)
            nullable = len(real) < len(branches)
            if len(options) == 1:
                return replace(options[0], nullable=nullable or options[0].nullable)
            if options:
                return Union(options, key == "oneOf", _discriminator(schema), nullable)
            if branches:
                return Scalar("null")
        return None

    def _combined(self, schema: dict[str, Untyped], pointer: Pointer) -> Type | None:
        """The type of an `allOf`, made once: alone and merged with others it would be made twice on every level of a deep one."""
        parts = schema.get("allOf")
        if not isinstance(parts, list) or not parts:
            return None
        if id(schema) not in self.combined:
            self.combined[id(schema)] = schema, self._all_of(schema, parts, pointer)
        return self.combined[id(schema)][1]

    def _composite(self, schema: dict[str, Untyped], kinds: list[str], pointer: Pointer) -> Type | None:
        if kinds == ["array"]:
            items = schema.get("items", True)
            inner = self.type_of(items, join(pointer, "items")) if "prefixItems" not in schema else Any()
            return Array(inner, _count(schema, "minItems"), _count(schema, "maxItems"), schema.get("uniqueItems") is True)
        if schema.get("properties") and kinds in ([], ["object"]):
            return self._object(schema, tuple(self._fields(schema, pointer)), (), pointer)
        if kinds == ["object"]:
            more = schema.get("additionalProperties", True) if "patternProperties" not in schema else True
            return Map(self.type_of(more, join(pointer, "additionalProperties")))
        return None

    def _all_of(self, schema: dict[str, Untyped], parts: list[Untyped], pointer: Pointer) -> Type:
        types = [self.type_of(part, join(pointer, "allOf", index)) for index, part in enumerate(parts)]
        bases = [one for one in types if isinstance(one, Ref)]
        objects = [one for one in types if isinstance(one, Object)]
        bases += [base for one in objects for base in one.bases]
        fields = (*(field for one in objects for field in one.fields), *self._fields(schema, pointer))
        closed = self._is_closed(schema)
        if not fields and not self._is_object_like(schema):
            return self._conjunction(schema, bases, pointer)
        required = [name for part in (schema, *parts) if isinstance(part, dict) for name in part.get("required", ())]
        if fields or len(bases) > 1 or (bases and (closed or required)):
            made = self._object(schema, fields, tuple(dict.fromkeys(bases)), pointer)
            own = {field.name for field in fields if field.presence is Presence.REQUIRED}
            return replace(made, required=tuple(dict.fromkeys(name for name in required if name not in own)))
        return self._conjunction(schema, bases, pointer)

    def _is_object_like(self, schema: dict[str, Untyped]) -> bool:
        """Whether a schema means an object, be it only that it names properties."""
        if exactness.is_object(schema, self._look_ahead):
            return True
        waiting: list[Untyped] = [schema]
        seen: set[str] = set()
        while waiting and len(seen) < _MOST_PARTS:
            part = waiting.pop()
            if not isinstance(part, dict):
                continue
            if part.get("properties"):
                return True
            reference = part.get("$ref")
            if isinstance(reference, str) and reference not in seen:
                seen.add(reference)
                waiting.append(self._look_ahead(reference))
            waiting += part.get("allOf") or ()
        return False

    def _conjunction(self, schema: dict[str, Untyped], bases: list[Ref], pointer: Pointer) -> Type:
        """The type of values that are no objects: one of several that hold at once."""
        if bases:
            return bases[0]
        merged: dict[str, Untyped] = {}
        waiting = [schema]
        while waiting:
            part = waiting.pop()
            merged = {key: value for key, value in part.items() if key != "allOf"} | merged
            waiting += [one for one in part.get("allOf") or () if isinstance(one, dict)]
        return self.type_of(merged, pointer)

    def _is_closed(self, schema: dict[str, Untyped]) -> bool:
        """Whether an object has no other properties than its type tells."""
        if schema.get("unevaluatedProperties") is False:
            rest = {key: value for key, value in schema.items() if key != "unevaluatedProperties"}
            return exactness.is_plain(rest, self._look_ahead)
        return schema.get("additionalProperties") is False and not schema.get("patternProperties")

    def _object(self, schema: dict[str, Untyped], fields: tuple[Field, ...], bases: tuple[Ref, ...], pointer: Pointer) -> Object:
        closed = self._is_closed(schema)
        more = schema.get("additionalProperties") if not schema.get("patternProperties") else None
        additional = self.type_of(more, join(pointer, "additionalProperties")) if isinstance(more, dict) and more else None
        names = {field.name for field in fields}
        elsewhere = tuple(name for name in schema.get("required", ()) if name not in names)
        return Object(fields, bases, closed, elsewhere, additional)

    def _fields(self, schema: dict[str, Untyped], pointer: Pointer) -> Iterator[Field]:
        required = frozenset(schema.get("required", ()))
        for name, value in (schema.get("properties") or {}).items():
            facts = value if isinstance(value, dict) else {}
            yield Field(
                name,
                self.type_of(value, join(pointer, "properties", name)),
                Presence.REQUIRED if name in required else Presence.OPTIONAL,
                json.dumps(facts["default"], ensure_ascii=False) if "default" in facts else None,
                str(facts.get("description", "")),
                facts.get("readOnly") is True,
                facts.get("writeOnly") is True,
                facts.get("deprecated") is True,
                span=self.bundle.span(join(pointer, "properties", name)),
            )


def _discriminator(schema: dict[str, Untyped]) -> Discriminator | None:
    found = schema.get("discriminator")
    if not isinstance(found, dict) or not isinstance(found.get("propertyName"), str):
        return None
    mapping = found.get("mapping") or {}
    return Discriminator(found["propertyName"], tuple((key, str(value).removeprefix(_PREFIX)) for key, value in mapping.items()))


def _deserves_a_name(schema: dict[str, Untyped]) -> bool:
    if "$ref" in schema:
        return False
    if schema.get("properties"):
        return True
    parts = schema.get("allOf")
    return isinstance(parts, list) and any(
        isinstance(part, dict) and ("$ref" in part or _deserves_a_name(part)) for part in parts
    )


def _branch_name(schema: Untyped, index: int) -> str:
    """What tells an inline branch from its siblings: its title, its one constant property, or its number."""
    if isinstance(schema, dict):
        if isinstance(schema.get("title"), str) and len(schema["title"]) <= 40:
            return names.type_id(schema["title"])
        for value in (schema.get("properties") or {}).values():
            one = value.get("enum", [value["const"]] if "const" in value else []) if isinstance(value, dict) else []
            if isinstance(one, list) and len(one) == 1 and isinstance(one[0], str):
                return names.type_id(one[0])
    return f"Option{index + 1}"


def _scalars(schema: dict[str, Untyped], kinds: list[str]) -> Type:
    made: dict[str, Type] = {"object": Map(Any()), "array": Array(Any())}
    options: tuple[Type, ...] = tuple(_scalar(schema, kind) for kind in kinds if kind in _KINDS)
    options += tuple(made[kind] for kind in kinds if kind in made)
    if len(options) == 1:
        return options[0]
    return Union(options) if options else Any()


def _scalar(schema: dict[str, Untyped], kind: str) -> Scalar:
    text = kind == "string"
    number = kind in ("integer", "number")
    return Scalar(
        kind,  # type: ignore[arg-type]
        schema.get("format") if isinstance(schema.get("format"), str) else None,
        schema.get("minimum") if number else None,
        schema.get("maximum") if number else None,
        schema.get("exclusiveMinimum") if number else None,
        schema.get("exclusiveMaximum") if number else None,
        schema.get("multipleOf") if number else None,
        _count(schema, "minLength") if text else None,
        _count(schema, "maxLength") if text else None,
        schema.get("pattern") if text else None,
    )


def _count(schema: dict[str, Untyped], key: str) -> int | None:
    """A length, which may be written as 2.0 (JSON Schema validation, section 6.3.1)."""
    return int(schema[key]) if key in schema else None
