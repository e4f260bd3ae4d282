"""_checks.py: the rules of an object as one Python function, for the many values that keep them.

Such a function is true of a value only if every rule and every total holds. Where it is not, or raises, `runtime.rules` asks the
rules themselves: so what is rare, or only the CEL library knows, need not be said here. An expression becomes a tree of Python's
own syntax, never text put together: nothing that a contract says is code.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Final

from tillspec.emit.templates import render
from tillspec.runtime.behavior import ObjectBehavior, Term, Total
from tillspec.runtime.cel_syntax import Expr, NotPlain, literal, parse

_CALLS: Final = {"size": "size", "sum": "total"}
_TEXT_METHODS: Final = {"contains": "contains", "startsWith": "starts_with", "endsWith": "ends_with"}
_OPERATORS: Final = {
    "<": "less", "<=": "at_most", ">": "more", ">=": "at_least", "==": "same", "in": "is_in",
    "+": "plus", "-": "minus", "*": "times",
}  # fmt: skip
_ORDER: Final[Mapping[str, ast.cmpop]] = {"<": ast.Lt(), "<=": ast.LtE(), ">": ast.Gt(), ">=": ast.GtE()}
_VALUES: Final = {"truth", "has", "each", "entry", "distinct", *_CALLS.values(), *_TEXT_METHODS.values(), *_OPERATORS.values()}
_QUESTIONS: Final = {"less", "at_most", "more", "at_least", "same", "is_in", "has", "truth", "distinct", "all", "any"} | {
    *_TEXT_METHODS.values()
}
"""The functions that are true or false."""
_RESERVED: Final = {"self", "type", "dict", "any", "all", "sum", "line"} | _VALUES


@dataclass(frozen=True, slots=True)
class ChecksView:
    """`_checks.py`: what it imports of CEL's values, and the conditions by the names of their functions."""

    values: tuple[str, ...]
    checks: Mapping[str, str]


class _Beyond(Exception):
    """An expression has what no function is made of."""


def checks(behaviors: Mapping[str, ObjectBehavior]) -> tuple[dict[str, str], frozenset[str]]:
    """`_checks.py` with one function by each given name, and the names of those that could be made; no file where none could."""
    made = {name: check for name, behavior in behaviors.items() if (check := checked(behavior)) is not None}
    if not made:
        return {}, frozenset()
    used = {node.id for check in made.values() for node in ast.walk(check) if isinstance(node, ast.Name)}
    view = ChecksView(tuple(sorted(used & _VALUES)), {name: ast.unparse(check) for name, check in made.items()})
    return {"_checks.py": render("python/checkout_api/_checks.py.j2", view)}, frozenset(made)


def checked(behavior: ObjectBehavior) -> ast.expr | None:
    """The condition that `self` keeps all rules and totals; None where there are none, or one is beyond Python."""
    try:
        parts = [_Rule().condition(parse(rule.rule)) for rule in behavior.rules]
        parts += [_adds_up(total) for total in behavior.totals]
    except _Beyond:
        return None
    return ast.BoolOp(ast.And(), [_python("type(self) is dict"), *parts]) if parts else None


def _python(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name), list(arguments), [])


def _negated(value: ast.expr) -> ast.expr:
    match value:
        case ast.Compare(ops=[ast.In()]):
            return ast.Compare(value.left, [ast.NotIn()], value.comparators)
        case ast.Compare(ops=[ast.Is()]):
            return ast.Compare(value.left, [ast.IsNot()], value.comparators)
        case ast.Compare(ops=[ast.Eq()]):
            return ast.Compare(value.left, [ast.NotEq()], value.comparators)
        case _:
            return ast.UnaryOp(ast.Not(), value)


def _is_bool(value: ast.expr) -> bool:
    """Whether an expression of these functions is true or false, or raises."""
    match value:
        case ast.Compare() | ast.UnaryOp(op=ast.Not()) | ast.Constant(value=bool()):
            return True
        case ast.BoolOp():
            return True  # its parts are made so
        case ast.Call(func=ast.Name(id=name)):
            return name in _QUESTIONS
        case _:
            return False


def _is_integer(value: ast.expr) -> bool:
    match value:
        case ast.Constant(value=known):
            return type(known) is int
        case ast.Call(func=ast.Name(id="size")):
            return True
        case _:
            return False


class _Rule:
    """One expression of CEL on its way to Python: what comes of each part is what CEL gives, or raises."""

    def __init__(self) -> None:
        self._names = {"self": "self"}
        self._numbers = count(1)

    def condition(self, expr: Expr) -> ast.expr:
        """An expression that is true or false."""
        value = self.value(expr)
        return value if _is_bool(value) else _call("truth", value)

    def value(self, expr: Expr) -> ast.expr:
        make: Callable[[Expr], ast.expr] | None = getattr(self, f"_{expr.kind}", None)
        if make is None:
            raise _Beyond
        return make(expr)

    def _literal(self, expr: Expr) -> ast.expr:
        try:
            return ast.Constant(literal(expr.text))
        except NotPlain:
            raise _Beyond from None

    def _name(self, expr: Expr) -> ast.expr:
        if expr.text not in self._names:
            raise _Beyond
        return ast.Name(self._names[expr.text])

    def _select(self, expr: Expr) -> ast.expr:
        value = self.value(expr.parts[0])
        if isinstance(value, ast.Constant | ast.List):  # has no fields; Python warns of it
            raise _Beyond
        return ast.Subscript(value, ast.Constant(expr.text))

    def _index(self, expr: Expr) -> ast.expr:
        return _call("entry", *map(self.value, expr.parts))

    def _list(self, expr: Expr) -> ast.expr:
        return ast.List([self.value(part) for part in expr.parts])

    def _choice(self, expr: Expr) -> ast.expr:
        asked, then, otherwise = expr.parts
        return ast.IfExp(self.condition(asked), self.value(then), self.value(otherwise))

    def _call(self, expr: Expr) -> ast.expr:
        match expr.text, expr.parts:
            case "has", (Expr("select", name, (inner,)),):
                value = self.value(inner)
                if isinstance(value, ast.Name) and value.id == "self":
                    return ast.Compare(ast.Constant(name), [ast.In()], [value])
                return _call("has", value, ast.Constant(name))
            case name, (part,) if name in _CALLS:
                return _call(_CALLS[name], self.value(part))
            case _:
                raise _Beyond

    def _sign(self, expr: Expr) -> ast.expr:
        match expr.text, expr.parts:
            case "!", (part,):
                return _negated(self.condition(part))
            case "-", (part,):
                return _call("minus", ast.Constant(0), self.value(part))
            case "||" | "&&", (one, other):
                sign = ast.Or() if expr.text == "||" else ast.And()
                parts: list[ast.expr] = []
                for side in map(self.condition, (one, other)):
                    parts += side.values if isinstance(side, ast.BoolOp) and type(side.op) is type(sign) else [side]
                return ast.BoolOp(sign, parts)
            case "!=", (one, other):
                return _negated(_compared("==", self.value(one), self.value(other)))
            case sign, (one, other) if sign in _OPERATORS:
                return _compared(sign, self.value(one), self.value(other))
            case _:
                raise _Beyond

    def _method(self, expr: Expr) -> ast.expr:
        match expr.text, expr.parts:
            case "size", (part,):
                return _call("size", self.value(part))
            case name, (text, part) if name in _TEXT_METHODS:
                return _call(_TEXT_METHODS[name], self.value(text), self.value(part))
            case name, (items, Expr("name", variable), body):
                return _unique(name, items, variable, body, self.value) or self._macro(name, self.value(items), variable, body)
            case _:
                raise _Beyond

    def _macro(self, name: str, items: ast.expr, variable: str, body: Expr) -> ast.expr:
        outside = self._names
        plain = variable.isascii() and not keyword.iskeyword(variable) and variable not in (*_RESERVED, *outside.values())
        inside = variable if plain else f"item{next(self._numbers)}"
        self._names = {**outside, variable: inside}
        try:
            made = self.value(body) if name == "map" else self.condition(body)
        finally:
            self._names = outside
        item, over = ast.Name(inside), ast.comprehension(ast.Name(inside), _call("each", items), [], 0)
        match name:
            case "all" | "exists":
                return _call("all" if name == "all" else "any", ast.GeneratorExp(made, [over]))
            case "exists_one":
                # A list, for each item has to be asked.
                found = ast.Call(ast.Attribute(ast.ListComp(made, [over]), "count"), [ast.Constant(True)], [])
                return ast.Compare(found, [ast.Eq()], [ast.Constant(1)])
            case "map":
                return ast.ListComp(made, [over])
            case "filter":
                return ast.ListComp(item, [ast.comprehension(ast.Name(inside), _call("each", items), [made], 0)])
            case _:
                raise _Beyond


def _unique(name: str, items: Expr, variable: str, body: Expr, value: Callable[[Expr], ast.expr]) -> ast.expr | None:
    """`x.all(one, x.exists_one(other, other.id == one.id))`, which asks each item about each, as one look through the items."""
    match body:
        case Expr("method", "exists_one", (again, Expr("name", other), Expr("sign", "==", sides))) if name == "all":
            fields = {side.text for side in sides if side.kind == "select"}
            asked = {side.parts[0] for side in sides if side.kind == "select"}
        case _:
            return None
    told_apart = asked == {Expr("name", variable), Expr("name", other)} and len(fields) == 1
    if not told_apart or again != items or _speaks_of(items, {variable, other}):
        return None
    return _call("distinct", value(items), ast.Constant(*fields))


def _speaks_of(expr: Expr, names: set[str]) -> bool:
    return (expr.kind == "name" and expr.text in names) or any(_speaks_of(part, names) for part in expr.parts)


def _compared(sign: str, one: ast.expr, other: ast.expr) -> ast.expr:
    """An operator: Python's own where both say the same of what is known of the sides, else a function."""
    sides = [side.value for side in (one, other) if isinstance(side, ast.Constant)]
    if sign == "==" and any(type(value) is str for value in sides):
        return ast.Compare(one, [ast.Eq()], [other])
    if sign == "==" and len(sides) == 1 and isinstance(other, ast.Constant) and (sides[0] is None or type(sides[0]) is bool):
        return ast.Compare(one, [ast.Is()], [other])
    if sign == "in" and isinstance(other, ast.List) and all(_is_text(item) for item in other.elts):
        return ast.Compare(one, [ast.In()], [ast.Tuple(other.elts)])
    if sign in _ORDER and _is_integer(one) and _is_integer(other):
        return ast.Compare(one, [_ORDER[sign]], [other])
    return _call(_OPERATORS[sign], one, other)


def _is_text(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and type(value.value) is str


# -- totals ----------------------------------------------------------------------------------------------------------------


def _adds_up(total: Total) -> ast.expr:
    """As `runtime.rules.adds_up`: true where there is no total, where its condition is not met, or where the terms come to it."""
    *above, last = _tokens(total.total)
    place = _below(ast.Name("self"), above)
    value = ast.Subscript(place, ast.Constant(last))
    terms = [_term(term) for term in total.terms]
    whole = terms[0] if len(terms) == 1 else _call("sum", ast.Tuple(terms))
    sums = ast.Compare(whole, [ast.Eq()], [value])
    absent = ast.Compare(ast.Constant(last), [ast.NotIn()], [place])
    ways: list[ast.expr] = [absent, ast.Compare(value, [ast.Is()], [ast.Constant(None)])]
    if total.when is not None:
        ways.append(_negated(_Rule().condition(parse(total.when))))
    return ast.BoolOp(ast.Or(), [*ways, sums])


def _term(term: Term) -> ast.expr:
    amount, times = term.amount, term.times
    above, star, below = amount.partition("/*/")
    base = f"{above}/*/" if star else ""
    if times is not None and not times.startswith(base):
        raise _Beyond
    item: ast.expr = ast.Name("line" if star else "self")
    found = _amount(item, _tokens(f"/{below}" if star else amount))
    if times is not None:
        found = ast.BinOp(found, ast.Mult(), _amount(item, _tokens(f"/{times.removeprefix(base)}" if star else times), 1))
    if star:
        # `each` goes through an object's names as well, and `get` fails at the first of them: a list alone has items here.
        lines = _call("each", _below(ast.Name("self"), _tokens(above)))
        found = _call("sum", ast.ListComp(found, [ast.comprehension(ast.Name("line"), lines, [], 0)]))
    return ast.UnaryOp(ast.USub(), found) if term.sign == "-" else found


def _amount(item: ast.expr, tokens: list[str], *otherwise: int) -> ast.expr:
    """A number of an item, 0 where it is null or absent; `otherwise` stands for an absent one."""
    *above, last = tokens
    arguments: list[ast.expr] = [ast.Constant(last), *map(ast.Constant, otherwise)]
    found = ast.Call(ast.Attribute(_below(item, above), "get"), arguments, [])
    return ast.BoolOp(ast.Or(), [found, ast.Constant(0)])


def _below(value: ast.expr, tokens: list[str]) -> ast.expr:
    for token in tokens:
        value = ast.Subscript(value, ast.Constant(token))
    return value


def _tokens(pointer: str) -> list[str]:
    tokens = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
    if not tokens or any(token == "*" or token.isdigit() for token in tokens):
        raise _Beyond
    return tokens
