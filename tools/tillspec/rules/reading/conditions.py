"""The CEL expressions of a document: rules, and the conditions of totals; and what they say of the schemas that they stand on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import NamedTuple

from tillspec.rules.reading import cel
from tillspec.rules.reading.behavior import Behaviors
from tillspec.rules.reading.cel import Expr
from tillspec.rules.reading.nodes import Node
from tillspec.rules.reading.schemas import ALL, Schemas, called

_BINDING = ("map", "filter", "all", "exists", "exists_one", "existsOne")
_COMPARED = ("==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%")
_NUMBERS = frozenset(("number", "integer"))
_RESULTS = {
    "size": _NUMBERS,
    "sum": _NUMBERS,
    "int": _NUMBERS,
    "double": _NUMBERS,
    "has": frozenset(("boolean",)),
    "string": frozenset(("string",)),
}


class Condition(NamedTuple):
    """A CEL expression, and the schema of what it calls `self`."""

    node: Node
    schema: Node
    message: str


def conditions(behaviors: Behaviors) -> Iterator[Condition]:
    """Each rule, and each condition of a total."""
    for one in behaviors.on("schema"):
        for rule in one.node.get("rules").list():
            if rule.text("rule"):
                yield Condition(rule.get("rule"), one.on, rule.text("message"))
        for total in one.node.get("totals").list():
            if total.text("when"):
                yield Condition(total.get("when"), one.on, "")


class _Inferred(NamedTuple):
    """What is known of a part of an expression: its schemas, if it is a value of the document, and its JSON types."""

    schemas: list[Node] | None
    types: frozenset[str]


_UNKNOWN = _Inferred(None, ALL)


@dataclass
class Findings:
    """What a reader of an expression finds: fields that are not there, and types that do not fit."""

    fields: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)


def check(schemas: Schemas, condition: Condition) -> Findings:
    """Hold an expression against the schema of `self`.

    Raises:
        SyntaxFault: it is no expression.
    """
    reader = _Reader(schemas)
    reader.read(cel.parse(condition.node.value), {"self": _Inferred([condition.schema], schemas.types(condition.schema))})
    return reader.found


class _Reader:
    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas
        self.found = Findings()

    def read(self, expr: Expr, names: dict[str, _Inferred]) -> _Inferred:
        match expr.kind:
            case "literal":
                kind = cel.literal_type(expr.text)
                return _Inferred(None, _NUMBERS if kind == "number" else frozenset((kind,)))
            case "name":
                return names.get(expr.text, _UNKNOWN)
            case "select":
                return self.below(self.read(expr.parts[0], names), expr.text)
            case "index":
                return self.index(expr, names)
            case "method" if expr.text in _BINDING and len(expr.parts) > 2 and expr.parts[1].kind == "name":
                return self.bound(expr, names)
            case "sign" if len(expr.parts) == 2:
                return self.sign(expr, names)
            case "choice":
                _, then, other = (self.read(part, names) for part in expr.parts)
                return _Inferred(None, then.types | other.types)
        read = [self.read(part, names) for part in expr.parts]
        if expr.kind == "sign":
            return _Inferred(None, frozenset(("boolean",)) if expr.text == "!" else _NUMBERS) if read else _UNKNOWN
        return _Inferred(None, _RESULTS.get(expr.text, ALL)) if expr.kind in ("call", "method") else _UNKNOWN

    def below(self, above: _Inferred, name: str) -> _Inferred:
        """A field, or with `*` an item, of what is known; a field that no schema has is found."""
        if above.schemas is None:
            return _UNKNOWN
        found: list[Node] = []
        for schema in above.schemas:
            below = self.schemas.find(schema, [name])
            if below is None:
                return _UNKNOWN
            found += below
        if not found and name != "*":
            known = sorted({known for schema in above.schemas for known in self.schemas.properties(schema)})
            close = get_close_matches(name, known, n=1)
            self.found.fields.append(
                f"{name!r}" + (f"; did you mean {close[0]}?" if close else f"; there are: {', '.join(known[:8])}")
            )
        if not found:
            return _UNKNOWN
        return _Inferred(found, frozenset().union(*(self.schemas.types(one) for one in found)))

    def index(self, expr: Expr, names: dict[str, _Inferred]) -> _Inferred:
        above, key = self.read(expr.parts[0], names), expr.parts[1]
        self.read(key, names)
        if key.kind == "literal" and cel.literal_type(key.text) == "string":
            return self.below(above, key.text.strip("rR\"'"))
        return self.below(above, "*") if above.types <= {"array", "null"} else _UNKNOWN

    def bound(self, expr: Expr, names: dict[str, _Inferred]) -> _Inferred:
        """`list.map(item, ...)` and its like: the name stands for an item."""
        above, name, *rest = expr.parts
        listed = self.read(above, names)
        item = self.below(listed, "*") if "array" in listed.types else _UNKNOWN
        for part in rest:
            self.read(part, {**names, name.text: item})
        if expr.text == "filter":
            return listed
        return _Inferred(None, frozenset(("array",)) if expr.text == "map" else frozenset(("boolean",)))

    def sign(self, expr: Expr, names: dict[str, _Inferred]) -> _Inferred:
        left, right = (self.read(part, names) for part in expr.parts)
        if (
            expr.text in _COMPARED
            and left.types
            and right.types
            and not left.types & right.types
            and "null" not in left.types | right.types
        ):
            one, other = (called(side.types) for side in (left, right))
            self.found.types.append(f"{one} stands on the left of {expr.text}, and {other} on the right")
        if expr.text in ("+", "-", "*", "/", "%"):
            return _Inferred(None, left.types & right.types or ALL)
        return _Inferred(None, frozenset(("boolean",)))
