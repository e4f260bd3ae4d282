"""models.py: a pydantic model for every object type, and an alias for every other.

What a type takes from others (`allOf`) is written out, so that a class shows all its fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tillspec.api import model
from tillspec.api.model import Api, Field, NamedType, Object, Presence, Ref, Type
from tillspec.diagnostics import Report
from tillspec.emit.annotations import Notation
from tillspec.emit.behavior import behavior, object_behaviors
from tillspec.emit.classes import Class, Layout, lay_out
from tillspec.emit.defaults import is_carried
from tillspec.emit.docstring import docstring, literal
from tillspec.emit.inside import inside
from tillspec.emit.names import class_name
from tillspec.emit.options import Options
from tillspec.runtime.behavior import ObjectBehavior

_IMPORTS = """\
from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import MISSING, ConfigDict, Field
from typing_extensions import TypeAliasType

from ._runtime.formats import Distinct, Matches, OpenEnum, Rfc3339Date, Rfc3339DateTime, Rfc9562Uuid
from ._runtime.behavior import ObjectBehavior
from ._runtime.model import ContractModel, RuledModel
from .behavior import OBJECTS
"""
"""All that may be used; formatting leaves out what is not."""


def models(api: Api, options: Options, report: Report) -> dict[str, str]:
    """`models.py`, with a class or a type alias for every id in `api.types`. What was not made is reported."""
    plan = _Plan(api)
    layout = lay_out(plan.classes(object_behaviors(api)), f"{options.package}._runtime.model.ContractModel")
    for name in layout.missing:
        identifier = next(identifier for identifier in api.types if class_name(identifier) == name)
        report.error("models", f"no class was made for the schema {identifier}", api.types[identifier].span, "rename it")
    tags = plan.tag_types()
    notation = Notation(
        validating=True,
        scope="",
        tags=lambda union: plan.tag(union, layout),
        may_grow=lambda enum: len(enum.values) > 1 and enum not in tags and all(text.startswith('"') for text in enum.values),
    )
    aliases = "".join(_alias(named, notation) for named in plan.aliases())
    same = "".join(f"{class_name(named.id)} = {class_name(plan.meant(named.id))}\n" for named in plan.same())
    source = layout.text(lambda type_: notation.annotation(plan.written(type_)))
    source = f"{aliases}\n\n{source}\n\n{same}\n\n{_components(api)}"
    declared = behavior(api, options)
    imports = _IMPORTS if declared else _IMPORTS.replace("from .behavior import OBJECTS\n", "")
    return {**declared, "models.py": f'"""The types of the contract."""\n\n{imports}\n{source}'}


def _ruled(identifier: str, behavior: ObjectBehavior) -> str | None:
    return f"OBJECTS[{literal(identifier)}]" if behavior.rules or behavior.totals else None


def _components(api: Api) -> str:
    """The table of what the document's own components became."""
    known = {named.component: class_name(named.id) for named in api.types.values() if named.component is not None}
    rows = "".join(f"    {literal(name)}: {made},\n" for name, made in known.items())
    return f'COMPONENTS: Mapping[str, Any] = {{\n{rows}}}\n"""The types by the names of the contract\'s components."""\n'


def _alias(named: NamedType, notation: Notation) -> str:
    """An alias stands before the classes, so what it means is quoted as soon as it names another type."""
    name, value = class_name(named.id), notation.annotation(named.type)
    quoted = literal(value) if any(isinstance(one, Ref) for one in inside(named.type)) else value
    described = docstring(named.description)
    return f"{name} = TypeAliasType({literal(name)}, {quoted})\n" + (f"{described}\n\n" if described else "")


class _Plan:
    """Which types become classes, which aliases, and which are another name of a type that there is."""

    def __init__(self, api: Api) -> None:
        self.types = api.types

    def same(self) -> Iterator[NamedType]:
        """Inline types that say what another type says."""
        return (named for named in self.types.values() if named.inline and isinstance(named.type, Ref))

    def meant(self, identifier: str) -> str:
        """The id of the type that an id stands for."""
        while (named := self.types[identifier]).inline and isinstance(named.type, Ref):
            identifier = named.type.id
        return identifier

    def aliases(self) -> Iterator[NamedType]:
        """The types that are no objects."""
        for named in self.types.values():
            if not isinstance(named.type, Object) and not (named.inline and isinstance(named.type, Ref)):
                yield replace(named, type=self.written(named.type))

    def classes(self, behaviors: Mapping[str, ObjectBehavior]) -> dict[str, Class]:
        return {
            class_name(named.id): Class(
                tuple(self._fields(named.type)), named.type.closed, named.description, _ruled(named.id, behaviors[named.id])
            )
            for named in self.types.values()
            if isinstance(named.type, Object)
        }

    def written(self, type_: Type) -> Type:
        """A type with every reference leading to what is printed."""
        match type_:
            case model.Ref():
                return replace(type_, id=self.meant(type_.id))
            case model.Array():
                return replace(type_, items=self.written(type_.items))
            case model.Map():
                return replace(type_, values=self.written(type_.values))
            case model.Union():
                return replace(type_, options=tuple(self.written(option) for option in type_.options))
            case _:
                return type_

    def tag(self, union: model.Union, layout: Layout) -> str | None:
        """The attribute that tells a union's options apart, where each is a class that requires it and fixes its value."""
        if union.discriminator is None:
            return None
        found: set[str | None] = set()
        values: list[str] = []
        for option in union.options:
            target, _ = self._object_of(option, frozenset())
            fixed = (
                next((field for field in self._fields(target) if field.name == union.discriminator.property), None)
                if target
                else None
            )
            if not isinstance(option, Ref) or fixed is None or fixed.presence is not Presence.REQUIRED:
                return None
            if (
                not isinstance(fixed.type, model.Enum)
                or fixed.type.nullable
                or not isinstance(self.types[option.id].type, Object)
            ):
                return None
            values += fixed.type.values
            found.add(layout.attributes.get((class_name(option.id), fixed.name)))
        return found.pop() if len(found) == 1 and len(set(values)) == len(values) else None

    def tag_types(self) -> frozenset[Type]:
        """The types of the properties that tell the options of unions apart."""
        found = (one for named in self.types.values() for one in inside(named.type) if isinstance(one, model.Union))
        names = {one.discriminator.property for one in found if one.discriminator}
        objects = (named.type for named in self.types.values() if isinstance(named.type, Object))
        return frozenset(field.type for one in objects for field in one.fields if field.name in names)

    def _fields(self, type_: Object, seen: frozenset[str] = frozenset()) -> Iterator[Field]:
        """All fields, those of the bases first. A field that occurs again is the later one; required anywhere is required."""
        found: dict[str, Field] = {}
        for base in type_.bases:
            target, path = self._object_of(base, seen)
            for field in self._fields(target, path) if target else ():
                found[field.name] = _stricter(found.get(field.name), field)
        for field in type_.fields:
            found[field.name] = _stricter(found.get(field.name), field)
        for field in found.values():
            made = _required(field) if field.name in type_.required else field
            yield made if is_carried(made, self.types) else replace(made, default=None)

    def _object_of(self, type_: Type, seen: frozenset[str]) -> tuple[Object | None, frozenset[str]]:
        while isinstance(type_, Ref) and type_.id in self.types and type_.id not in seen:
            seen |= {type_.id}
            type_ = self.types[type_.id].type
        return (type_ if isinstance(type_, Object) else None), seen


def _stricter(before: Field | None, field: Field) -> Field:
    if before is None:
        return field
    type_ = before.type if isinstance(field.type, model.Any) else field.type
    made = replace(field, type=type_, description=field.description or before.description)
    return _required(made) if before.presence is Presence.REQUIRED else made


def _required(field: Field) -> Field:
    return replace(field, presence=Presence.REQUIRED)
