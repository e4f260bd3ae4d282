"""models.py: a pydantic model for every object type, and an alias for every other.

What a type takes from others (`allOf`) is written out, so that a class shows all its fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tillspec.api import model
from tillspec.api.model import Api, Field, NamedType, Object, Presence, Ref, Type
from tillspec.diagnostics import Report
from tillspec.emit.annotations import Notation, resolve
from tillspec.emit.behavior import behavior, object_behaviors
from tillspec.emit.classes import Class, Layout, lay_out
from tillspec.emit.defaults import is_carried
from tillspec.emit.docstring import docstring, literal
from tillspec.emit.inside import inside
from tillspec.emit.names import class_name
from tillspec.emit.options import Options
from tillspec.emit.schemas import schemas
from tillspec.runtime.behavior import ObjectBehavior

_IMPORTS = """\
from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import MISSING, ConfigDict, Field, StrictBool
from typing_extensions import TypeAliasType

from ._runtime.files import Carries
from ._runtime.formats import Distinct, Format, Matches, Rfc3339Date, Rfc3339DateTime, Rfc3339Duration, Rfc9562Uuid
from ._runtime.model import ContractModel, Declared, DefaultedModel
from ._runtime.scalars import Integer, JsonInteger, JsonNumber, Number, OneOf, OpenEnum
from ._runtime.scalars import UnknownValue as UnknownValue
from ._runtime.schemas import Conforms, Schemas
"""
"""All that may be used; formatting leaves out what is not."""
_FILES = "from ._runtime.files import FilePart as FilePart\n"
"""For whoever makes a file, so it stays where a type has one."""


def models(api: Api, options: Options, report: Report) -> dict[str, str]:
    """`models.py`, with a class or a type alias for every id in `api.types`. What was not made is reported."""
    plan = _Plan(api)
    layout = lay_out(plan.classes(object_behaviors(api)), f"{options.package}._runtime.model.ContractModel")
    for name in layout.missing:
        identifier = next(identifier for identifier in api.types if class_name(identifier) == name)
        report.error("models", f"no class was made for the schema {identifier}", api.types[identifier].span, "rename it")
    notation = Notation(
        validating=True, scope="", tags=lambda union: plan.tag(union, layout), may_grow=plan.growing().__contains__
    )
    aliases = "".join(_alias(named, notation) for named in plan.aliases())
    same = "".join(f"{class_name(named.id)} = {class_name(plan.meant(named.id))}\n" for named in plan.same())
    classes = layout.text(lambda type_: notation.annotation(plan.written(type_)))
    declared, run = behavior(api, options), schemas(api)
    has_files = any(isinstance(one, model.File) for named in api.types.values() for one in inside(named.type))
    imports = _IMPORTS + (_FILES if has_files else "")
    constants = "SCHEMAS = Schemas(__package__)\n" if run else ""
    source = "\n\n".join((imports, constants, aliases, classes, same, _components(api)))
    return {**declared, **run, "models.py": f'"""The types of the contract."""\n\n{source}'}


def _marks(named: NamedType, behavior: ObjectBehavior) -> tuple[str, ...]:
    """What a class says of itself beside its fields."""
    marks = []
    if behavior.rules or behavior.totals:
        marks.append(f"__behavior__ = Declared(__package__, {literal(named.id)})")
    if not named.exact:
        marks.append(f"__conforms__ = Conforms(SCHEMAS, {literal(named.id)})")
    if named.loose:
        marks.append("__loose__ = True")
    return tuple(marks)


def _components(api: Api) -> str:
    """The table of what the document's own components became."""
    known = {named.component: class_name(named.id) for named in api.types.values() if named.component is not None}
    rows = "".join(f"    {literal(name)}: {made},\n" for name, made in known.items())
    return f'COMPONENTS: Mapping[str, Any] = {{\n{rows}}}\n"""The types by the names of the contract\'s components."""\n'


def _alias(named: NamedType, notation: Notation) -> str:
    """An alias stands before the classes, so what it means is quoted as soon as it names another type."""
    name, value = class_name(named.id), notation.annotation(named.type)
    if not named.exact:
        value = f"Annotated[{value}, Conforms(SCHEMAS, {literal(named.id)})]"
    quoted = literal(value) if any(isinstance(one, Ref) for one in inside(named.type)) else value
    described = docstring(named.description)
    return f"{name} = TypeAliasType({literal(name)}, {quoted})\n" + (f"{described}\n\n" if described else "")


class _Plan:
    """Which types become classes, which aliases, and which are another name of a type that there is."""

    def __init__(self, api: Api) -> None:
        self.types = api.types
        self.operations = api.operations
        self.fields: dict[str, tuple[Field, ...]] = {}
        self.asked: dict[str, frozenset[str]] = {}

    def same(self) -> Iterator[NamedType]:
        """Inline types that say what another type says."""
        return (named for named in self.types.values() if _is_another(named))

    def meant(self, identifier: str) -> str:
        """The id of the type that an id stands for."""
        while (other := _is_another(self.types[identifier])) is not None:
            identifier = other.id
        return identifier

    def aliases(self) -> Iterator[NamedType]:
        """The types that are no objects."""
        for named in self.types.values():
            if not isinstance(named.type, Object) and not _is_another(named):
                yield replace(named, type=self.written(named.type))

    def classes(self, behaviors: Mapping[str, ObjectBehavior]) -> dict[str, Class]:
        return {
            class_name(named.id): Class(
                self._fields_of(named.id),
                named.type.closed,
                named.description,
                _marks(named, behaviors[named.id]),
                named.type.additional,
            )
            for named in self.types.values()
            if isinstance(named.type, Object)
        }

    def growing(self) -> frozenset[Type]:
        """The enums that may get further values: texts that an answer may have, and that tell no options of a union apart."""
        tags = self.tag_types()
        found = (one for identifier in self._answered() for one in inside(self.types[identifier].type))
        return frozenset(one for one in found if isinstance(one, model.Enum) and _is_open(one) and one not in tags)

    def _answered(self) -> set[str]:
        """The ids of the types that an answer, or an event that is sent, is made of."""
        contents = [
            content
            for operation in self.operations
            for content in (
                *(content for response in operation.responses for content in response.contents if operation.role == "path"),
                *(operation.body.contents if operation.body and operation.role != "path" else ()),
            )
        ]
        waiting = [content.type for content in contents if content.type is not None]
        waiting += [one.type for operation in self.operations if operation.role != "path" for one in operation.parameters]
        found: set[str] = set()
        while waiting:
            for one in inside(waiting.pop()):
                refs = one.bases if isinstance(one, Object) else (one,) if isinstance(one, Ref) else ()
                for ref in refs:
                    if ref.id in self.types and ref.id not in found:
                        found.add(ref.id)
                        waiting.append(self.types[ref.id].type)
        return found

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
            if not isinstance(option, Ref):
                return None
            fixed = next((field for field in self._fields_of(option.id) if field.name == union.discriminator.property), None)
            if fixed is None or fixed.presence is not Presence.REQUIRED:
                return None
            if (
                not isinstance(fixed.type, model.Enum)
                or fixed.type.nullable
                or not isinstance(self.types[option.id].type, Object)
                or self.types[option.id].loose  # what is no object has no tag
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

    def _fields(self, type_: Object) -> Iterator[Field]:
        """All fields, those of the bases first. A field that occurs again is the later one; required anywhere is required."""
        found: dict[str, Field] = {}
        for base in type_.bases:
            for field in self._fields_of(base.id):
                found[field.name] = _stricter(found.get(field.name), field)
        for field in type_.fields:
            found[field.name] = _stricter(found.get(field.name), field)
        required = frozenset(type_.required).union(*(self._asked_for(base.id) for base in type_.bases))
        for field in found.values():
            made = _required(field) if field.name in required else field
            yield made if is_carried(made, self.types) else replace(made, default=None)

    def _fields_of(self, identifier: str) -> tuple[Field, ...]:
        """The fields of a type by its id, worked out once; none of what is no object."""
        if identifier not in self.fields:
            target = resolve(Ref(identifier), self.types)
            self.fields[identifier] = tuple(self._fields(target)) if isinstance(target, Object) else ()
        return self.fields[identifier]

    def _asked_for(self, identifier: str) -> frozenset[str]:
        """What a type and its bases ask for beyond what they declare; worked out once."""
        if identifier not in self.asked:
            target = resolve(Ref(identifier), self.types)
            bases = target.bases if isinstance(target, Object) else ()
            own = frozenset(target.required) if isinstance(target, Object) else frozenset()
            self.asked[identifier] = own.union(*(self._asked_for(base.id) for base in bases))
        return self.asked[identifier]


def _is_another(named: NamedType) -> Ref | None:
    """The type that an inline type is another name of, where its schema says nothing beside it."""
    type_ = named.type
    return type_ if named.inline and named.exact and isinstance(type_, Ref) and not type_.nullable else None


def _is_open(enum: model.Enum) -> bool:
    return len(enum.values) > 1 and all(text.startswith('"') for text in enum.values)


def _stricter(before: Field | None, field: Field) -> Field:
    if before is None:
        return field
    type_ = before.type if isinstance(field.type, model.Any) else field.type
    made = replace(field, type=type_, description=field.description or before.description)
    return _required(made) if before.presence is Presence.REQUIRED else made


def _required(field: Field) -> Field:
    return replace(field, presence=Presence.REQUIRED)
