"""behavior.py: what the contract declares of its objects and operations, as typed constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache

from tillspec.api.model import Api, NamedType, Object, Ref
from tillspec.emit import names
from tillspec.emit.checks import checks
from tillspec.emit.docstring import literal
from tillspec.emit.options import Options
from tillspec.emit.records import record
from tillspec.emit.templates import render
from tillspec.runtime.behavior import ObjectBehavior, OperationBehavior

_OWN_CONSTANT = ("lifecycle", "expires", "idempotency", "moves", "signature", "delivery")
_TABLES = ("CREDENTIALS", "OBJECTS", "OPERATIONS", "OUTSIDE", "VALUES")


@dataclass(frozen=True, slots=True)
class ConstantView:
    """A constant: its name, its source, and the literal that it goes by in its table (empty for a part, which is in none)."""

    name: str
    source: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class BehaviorView:
    """`behavior.py`: the records that it imports, its constants, and its tables of few entries, in whole."""

    records: tuple[str, ...]
    parts: tuple[ConstantView, ...]
    objects: tuple[ConstantView, ...]
    operations: tuple[ConstantView, ...]
    values: str
    credentials: str
    outside: str
    has_checks: bool


def behavior(api: Api, options: Options) -> dict[str, str]:
    """`behavior.py`; nothing where the contract declares nothing."""
    objects, operations = _declared(api)
    plain = [named for named in api.types.values() if not isinstance(named.type, Object)]
    values = {named.id: named.value_behavior for named in plain if named.value_behavior}
    credentials = {name: scheme.secret for name, scheme in api.security_schemes.items() if scheme.secret}
    if not (objects or operations or values or credentials or api.outside):
        return {}
    used = {"ObjectBehavior", "OperationBehavior", "OutsideObject", "PropertyBehavior", "Secret"}
    used |= _records((*objects.values(), *operations.values(), *values.values()))
    files, checked = checks({_check(constant): made for constant, made in zip(_constants(api), objects.values(), strict=False)})
    parts: list[ConstantView] = []
    views = []
    declared: list[tuple[str, ObjectBehavior | OperationBehavior]] = [*objects.items(), *operations.items()]
    for constant, (key, made) in zip(_constants(api), declared, strict=True):
        inner = [ConstantView(_part(constant, name), record(part)) for name, part in _parts(made)]
        source = record(made)
        for part, (name, _) in zip(inner, _parts(made), strict=True):
            source = source.replace(f"{name}={part.source}", f"{name}={part.name}", 1)
        if _check(constant) in checked:
            source = source.replace("(", f"(holds=_checks.{_check(constant)}, ", 1)
        parts += inner
        views.append(ConstantView(constant, source, literal(key)))
    view = BehaviorView(
        tuple(sorted(used)),
        tuple(parts),
        tuple(views[: len(objects)]),
        tuple(views[len(objects) :]),
        record(values),
        record(credentials),
        record(api.outside),
        bool(checked),
    )
    return {**files, "behavior.py": render("python/checkout_api/behavior.py.j2", view)}


def _check(constant: str) -> str:
    """The function that stands for the rules of an object."""
    return f"{constant.lower()}_holds"


def object_constants(api: Api) -> Mapping[str, str]:
    """The constant of each object type that anything is declared of, by id."""
    return dict(zip(_declared(api)[0], _constants(api), strict=False))


def operation_constants(api: Api) -> Mapping[str, str]:
    """The constant of each operation that declares anything, by id."""
    objects, operations = _declared(api)
    return dict(zip(operations, _constants(api)[len(objects) :], strict=True))


@lru_cache(maxsize=4)
def _constants(api: Api) -> tuple[str, ...]:
    """The names of all constants: of the objects first, then of the operations. None is that of a part."""
    objects, operations = _declared(api)
    declared: list[ObjectBehavior | OperationBehavior] = [*objects.values(), *operations.values()]
    wanted, taken = [names.constant(name) for name in (*objects, *operations)], set(_TABLES)
    while True:
        found = names.unique(wanted, taken)
        parts = {_part(constant, name) for constant, made in zip(found, declared, strict=True) for name, _ in _parts(made)}
        if not parts & set(found):
            return found
        taken |= parts


@lru_cache(maxsize=4)
def _declared(api: Api) -> tuple[Mapping[str, ObjectBehavior], Mapping[str, OperationBehavior]]:
    """What is declared at all: of objects, by id, and of operations."""
    objects = {identifier: made for identifier, made in object_behaviors(api).items() if made != ObjectBehavior()}
    return objects, {operation.id: operation.behavior for operation in api.operations if operation.behavior}


def _parts(made: ObjectBehavior | OperationBehavior) -> list[tuple[str, object]]:
    """What an implementation reads most gets a constant of its own, whose type says that it is there."""
    found = [(name, getattr(made, name, None)) for name in _OWN_CONSTANT]
    return [(name, part) for name, part in found if is_dataclass(part)]


def _part(constant: str, name: str) -> str:
    return f"{constant}_{name.upper()}"


@lru_cache(maxsize=4)
def object_behaviors(api: Api) -> Mapping[str, ObjectBehavior]:
    """What is declared of each object type, by id; what its bases declare holds for it too."""
    known: dict[str, ObjectBehavior] = {}
    return {named.id: _whole(api, named, known) for named in api.types.values() if isinstance(named.type, Object)}


def _whole(api: Api, named: NamedType, known: dict[str, ObjectBehavior]) -> ObjectBehavior:
    if named.id not in known:
        own = named.behavior or ObjectBehavior()
        bases = named.type.bases if isinstance(named.type, Object) else (named.type,) if isinstance(named.type, Ref) else ()
        for base in bases:
            if base.id in api.types:
                own = _merged(_whole(api, api.types[base.id], known), own)
        known[named.id] = own
    return known[named.id]


def _merged(base: ObjectBehavior, own: ObjectBehavior) -> ObjectBehavior:
    return replace(
        own,
        object=own.object or base.object,
        id=own.id or base.id,
        owner=own.owner or base.owner,
        lifecycle=own.lifecycle or base.lifecycle,
        expires=own.expires or base.expires,
        totals=tuple(dict.fromkeys((*base.totals, *own.totals))),
        rules=tuple(dict.fromkeys((*base.rules, *own.rules))),
        properties={**base.properties, **own.properties},
    )


def _records(value: object) -> set[str]:
    """The names of the records that a value is made of."""
    if isinstance(value, Mapping):
        return set().union(*map(_records, value.values()))
    if isinstance(value, tuple):
        return set().union(*map(_records, value))
    if is_dataclass(value) and not isinstance(value, type):
        return {type(value).__name__}.union(*(_records(getattr(value, field.name)) for field in fields(value)))
    return set()
