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
    Any,
    Json,
    NamedType,
    Object,
    Ref,
    Type,
    Union,
)
from tillspec.api.types import Types
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
_DIALECTS = ("https://json-schema.org/draft/2020-12/schema", "https://spec.openapis.org/oas/3.")
"""How the names of the dialects begin that draft 2020-12 is, with OpenAPI's own words or without."""
_MOST_AT_ONCE = 20


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
        self.type_of = Types(self._look_ahead, bundle.span).of
        """The type of the finished schema at a pointer."""
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

    def check_dialect(self, dialect: Untyped, pointer: Pointer) -> None:
        """Tell of a dialect that is named at a pointer, where schemas are read as of another."""
        if isinstance(dialect, str) and not dialect.startswith(_DIALECTS):
            hint = "check what it says in other words (dependencies, items as a list), and name draft 2020-12, or nothing"
            self.report.warning("dialect", f"{dialect!r} is read as draft 2020-12", self.bundle.span(pointer), hint)

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
        self.check_dialect(schema.get("$schema"), join(pointer, "$schema"))
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
