"""How much is to be made of a document: what would take more memory than there is to spare, or is too deep, is told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from tillspec.api import model
from tillspec.api.model import NamedType, Object, Operation, Ref, Type
from tillspec.diagnostics import Report

MOST = 80_000
"""What is made at once, counted in fields. In a gigabyte there is room for so many: one takes 11 KB while it is generated."""
DEEPEST = 2_000
"""So many types may stand in a row, each inside the one before: pydantic builds them in one go, in two seconds and 100 MB."""

_OF_TYPE, _OF_OPERATION = 3, 6
"""A type takes as much as three fields, an operation as much as six (35 and 70 KB)."""
_HINT = "keep the operations of one surface alone by --surface, or split the document"


def check_components(count: int, report: Report) -> bool:
    """Whether the component schemas alone are not too many already, which is seen before any of them is read."""
    most = MOST // _OF_TYPE
    if count > most:
        report.error("too-large", f"this document has {count:,} component schemas; {most:,} are the most", hint=_HINT)
    return count <= most


def check_size(types: Mapping[str, NamedType], operations: Sequence[Operation], report: Report) -> bool:
    """Whether a document makes no more than can be made; too many types, fields and operations, objects that are made of
    themselves, and too long a row of types are reported.
    """
    fields: dict[str, int] = {}
    try:
        for identifier in TopologicalSorter({one: _bases(types, one) for one in types}).static_order():
            type_ = types[identifier].type
            own = len(type_.fields) if isinstance(type_, Object) else 0
            fields[identifier] = own + sum(fields[base] for base in _bases(types, identifier))
    except CycleError as error:
        if any(item.code == "ref-cycle" for item in report.items):
            return False
        named = types[min(error.args[1], key=list(types).index)]
        message = f"the object {named.id} is made of itself by allOf"
        report.error("ref-cycle", message, named.span, "remove it from the allOf, or name it as the schema of a property")
        return False
    total = sum(count for one, count in fields.items() if isinstance(types[one].type, Object))
    if _OF_TYPE * len(types) + total + _OF_OPERATION * len(operations) > MOST:
        made = f"{len(types):,} types with {total:,} fields, and {len(operations):,} operations"
        most = f"{MOST:,} fields are the most, where a type counts as {_OF_TYPE} and an operation as {_OF_OPERATION}"
        report.error("too-large", f"this document makes {made}; {most}", hint=_HINT)
        return False
    return _is_shallow(types, report)


def _bases(types: Mapping[str, NamedType], identifier: str) -> list[str]:
    """The types that an object takes its fields from, or that a name is another name of."""
    type_ = types[identifier].type
    refs = type_.bases if isinstance(type_, Object) else (type_,) if isinstance(type_, Ref) else ()
    return [ref.id for ref in refs if ref.id in types]


def _is_shallow(types: Mapping[str, NamedType], report: Report) -> bool:
    """Whether no type has too many others below it in a row; the first one that has is reported."""
    below = {one: tuple(dict.fromkeys(ref for ref in _references(named.type) if ref in types)) for one, named in types.items()}
    longest: dict[str, int] = {}
    for circle in _circles(below):
        deepest = max((longest[ref] for one in circle for ref in below[one] if ref in longest), default=0)
        row = deepest + sum(max(1, _levels(types[one].type) - 1) for one in circle)
        if row > DEEPEST:
            message = f"below the schema {circle[0]} stand more than {DEEPEST:,} others in a row, each inside the one before"
            report.error("too-deep", message, types[circle[0]].span, _HINT)
            return False
        longest |= dict.fromkeys(circle, row)
    return True


def _circles(below: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """The types in groups that contain one another, each after all that it contains (Tarjan, 1972)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []
    done: set[str] = set()
    for start in below:
        waiting = [(start, iter(below[start]))] if start not in number else []
        while waiting:
            one, rest = waiting[-1]
            if one not in number:
                number[one] = low[one] = len(number)
                path.append(one)
            following = next((ref for ref in rest if ref not in done), None)
            if following is not None and following not in number:
                waiting.append((following, iter(below[following])))
                continue
            if following is not None:
                low[one] = min(low[one], number[following])
                continue
            waiting.pop()
            if waiting:
                above = waiting[-1][0]
                low[above] = min(low[above], low[one])
            if low[one] == number[one]:
                circle: list[str] = []
                while not circle or circle[-1] != one:
                    circle.append(path.pop())
                done.update(circle)
                yield circle[::-1]


def _references(type_: Type) -> Iterator[str]:
    for one in _inside(type_):
        if isinstance(one, Ref):
            yield one.id
        elif isinstance(one, Object):
            yield from (base.id for base in one.bases)


def _inside(type_: Type) -> Iterator[Type]:
    """The type itself, and every type that it is made of."""
    waiting = [type_]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += _children(one)


def _levels(type_: Type) -> int:
    """How deep a type is nested, references not followed."""
    level: list[Type] = [type_]
    depth = 0
    while level:
        level = [child for one in level for child in _children(one)]
        depth += 1
    return depth


def _children(type_: Type) -> Sequence[Type]:
    match type_:
        case model.Array(items=inner) | model.Map(values=inner):
            return (inner,)
        case model.Union(options=options):
            return options
        case model.Object(fields=fields, additional=additional):
            return [*(field.type for field in fields), *([additional] if additional is not None else [])]
        case _:
            return ()
