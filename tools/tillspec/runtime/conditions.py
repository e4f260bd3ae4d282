"""CEL conditions as functions of a JSON value, for the part of the language that rules across fields are written in.

A rule is held against every request, and handing a value over to a CEL library costs many times what the condition itself does.
So the common part of CEL (the specification's sections "Values", "Macros" and "List of Standard Definitions") becomes closures;
what lies beyond it (`matches`, timestamps, conversions) is left to the library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from . import cel_values as cel
from .cel_syntax import Expr, NotPlain, literal, parse
from .cel_values import Fault, truth

Scope = dict[str, Any]
Evaluate = Callable[[Scope], Any]

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "==": cel.same, "in": cel.is_in, "<": cel.less, "<=": cel.at_most, ">": cel.more, ">=": cel.at_least,
    "+": cel.plus, "-": cel.minus, "*": cel.times,
}  # fmt: skip
_TEXT_METHODS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "contains": cel.contains, "startsWith": cel.starts_with, "endsWith": cel.ends_with,
}  # fmt: skip


class _Beyond(Exception):
    """An expression has what only the library knows."""


@cache
def condition(expression: str) -> Callable[[Any], bool] | None:
    """A function that says whether a condition is true of the value that it calls `self`; None for what only the library knows.

    A condition that cannot be carried out is not true.

    Raises:
        SyntaxFault: it is no expression.
    """
    try:
        evaluate = _compile(parse(expression))
    except _Beyond:
        return None

    def is_true(value: Any) -> bool:
        try:
            return evaluate({"self": value}) is True
        except (Fault, RecursionError):
            return False

    return is_true


def _compile(expr: Expr) -> Evaluate:
    made = _MAKERS.get(expr.kind)
    if made is None:
        raise _Beyond
    return made(expr)


def _literal(expr: Expr) -> Evaluate:
    try:
        value = literal(expr.text)
    except NotPlain:
        raise _Beyond from None
    return lambda scope: value


def _name(expr: Expr) -> Evaluate:
    name = expr.text

    def evaluate(scope: Scope) -> Any:
        if name not in scope:
            raise Fault(name)
        return scope[name]

    return evaluate


def _select(expr: Expr) -> Evaluate:
    inner, names = _path(expr)

    def evaluate(scope: Scope) -> Any:
        value = inner(scope)
        try:
            for name in names:
                value = value[name]
        except (KeyError, TypeError):
            raise Fault(names[-1]) from None
        return value

    return evaluate


def _path(expr: Expr) -> tuple[Evaluate, tuple[str, ...]]:
    """What a row of fields is taken from, and their names: `self.a.b` is a, b of self."""
    names: list[str] = []
    while expr.kind == "select":
        names.append(expr.text)
        expr = expr.parts[0]
    return _compile(expr), tuple(reversed(names))


def _has(expr: Expr) -> Evaluate:
    (field,) = expr.parts
    if field.kind != "select":
        raise _Beyond
    inner, (*names, last) = _path(field)

    def evaluate(scope: Scope) -> bool:
        value = inner(scope)
        try:
            for name in names:
                value = value[name]
        except (KeyError, TypeError):
            raise Fault(last) from None
        return cel.has(value, last)

    return evaluate


def _index(expr: Expr) -> Evaluate:
    inner, key = map(_compile, expr.parts)
    return lambda scope: cel.entry(inner(scope), key(scope))


def _list(expr: Expr) -> Evaluate:
    parts = [_compile(part) for part in expr.parts]
    return lambda scope: [part(scope) for part in parts]


def _choice(expr: Expr) -> Evaluate:
    asked, then, otherwise = map(_compile, expr.parts)
    return lambda scope: then(scope) if truth(asked(scope)) else otherwise(scope)


# -- operators -------------------------------------------------------------------------------------------------------------


def _sign(expr: Expr) -> Evaluate:
    if len(expr.parts) == 1:
        return _negated(expr.text, _compile(expr.parts[0]))
    if expr.text in ("||", "&&"):
        return _decided([_compile(part) for part in _flat(expr, expr.text)], by=expr.text == "||")
    left, right = map(_compile, expr.parts)
    match expr.text:
        case "!=":
            return lambda scope: not cel.same(left(scope), right(scope))
        case sign if sign in _OPERATORS:
            apply = _OPERATORS[sign]
            return lambda scope: apply(left(scope), right(scope))
        case _:  # division, which rounds and fails in ways of its own
            raise _Beyond


def _negated(sign: str, inner: Evaluate) -> Evaluate:
    if sign == "!":
        return lambda scope: not truth(inner(scope))
    return lambda scope: cel.minus(0, inner(scope))


def _flat(expr: Expr, sign: str) -> list[Expr]:
    """The parts of a row of one sign."""
    if expr.kind == "sign" and expr.text == sign:
        return [part for side in expr.parts for part in _flat(side, sign)]
    return [expr]


def _decided(parts: list[Evaluate], by: bool) -> Evaluate:
    """`||` and `&&`: one part decides, whichever; a fault of another is then nothing (CEL, section "Logical Operators")."""
    otherwise = not by

    def evaluate(scope: Scope) -> bool:
        fault: Fault | None = None
        for part in parts:
            try:
                value: object = part(scope)
            except Fault as error:
                fault = error
                continue
            if value is by:
                return by
            if value is not otherwise:
                fault = Fault("not a bool")
        if fault is not None:
            raise fault
        return otherwise

    return evaluate


# -- functions and macros --------------------------------------------------------------------------------------------------


def _call(expr: Expr) -> Evaluate:
    match expr.text, expr.parts:
        case "has", (_,):
            return _has(expr)
        case "size", (part,):
            return _applied(cel.size, _compile(part))
        case "sum", (part,):
            return _applied(cel.total, _compile(part))
        case _:
            raise _Beyond


def _applied(function: Callable[[Any], Any], inner: Evaluate) -> Evaluate:
    return lambda scope: function(inner(scope))


def _method(expr: Expr) -> Evaluate:
    inner = _compile(expr.parts[0])
    match expr.text, expr.parts[1:]:
        case "size", ():
            return _applied(cel.size, inner)
        case name, (part,) if name in _TEXT_METHODS:
            ask, wanted = _TEXT_METHODS[name], _compile(part)
            return lambda scope: ask(inner(scope), wanted(scope))
        case name, (Expr("name", variable), body) if name in _MACROS:
            return _MACROS[name](inner, variable, _compile(body))
        case _:
            raise _Beyond


def _quantifier(decided_by: bool) -> Callable[[Evaluate, str, Evaluate], Evaluate]:
    """`exists` and `all`: as if the items stood between `||`, or `&&`."""

    def make(inner: Evaluate, variable: str, body: Evaluate) -> Evaluate:
        def evaluate(scope: Scope) -> bool:
            fault: Fault | None = None
            within = {**scope}
            for within[variable] in cel.each(inner(scope)):
                try:
                    value: object = body(within)
                except Fault as error:
                    fault = error
                    continue
                if value is decided_by:
                    return decided_by
                if type(value) is not bool:
                    fault = Fault("not a bool")
            if fault is not None:
                raise fault
            return not decided_by

        return evaluate

    return make


def _collected(inner: Evaluate, variable: str, body: Evaluate) -> Callable[[Scope], list[tuple[Any, Any]]]:
    """Each item, with what comes of it."""

    def collect(scope: Scope) -> list[tuple[Any, Any]]:
        within = {**scope}
        found = []
        for item in cel.each(inner(scope)):
            within[variable] = item
            found.append((item, body(within)))
        return found

    return collect


def _exists_one(inner: Evaluate, variable: str, body: Evaluate) -> Evaluate:
    collect = _collected(inner, variable, body)
    return lambda scope: [truth(value) for _, value in collect(scope)].count(True) == 1


def _map(inner: Evaluate, variable: str, body: Evaluate) -> Evaluate:
    collect = _collected(inner, variable, body)
    return lambda scope: [value for _, value in collect(scope)]


def _filter(inner: Evaluate, variable: str, body: Evaluate) -> Evaluate:
    collect = _collected(inner, variable, body)
    return lambda scope: [item for item, value in collect(scope) if truth(value)]


_MACROS: Final[Mapping[str, Callable[[Evaluate, str, Evaluate], Evaluate]]] = {
    "all": _quantifier(decided_by=False),
    "exists": _quantifier(decided_by=True),
    "exists_one": _exists_one,
    "map": _map,
    "filter": _filter,
}
_MAKERS: Final[Mapping[str, Callable[[Expr], Evaluate]]] = {
    "literal": _literal, "name": _name, "select": _select, "index": _index, "list": _list, "choice": _choice, "sign": _sign,
    "call": _call, "method": _method,
}  # fmt: skip
