"""The rules of an object, held against its value: CEL conditions, and totals that add up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from .behavior import ObjectBehavior, Rule, Total
from .cel_values import Fault
from .conditions import condition

_PROGRAMS: Final[dict[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that a value breaks: where, and the status that a request with it gets (None for that of any invalid request)."""

    message: str
    at: str
    status: int | None
    code: str | int | None = None


def breaches(behavior: ObjectBehavior, value: Any) -> Iterator[Breach]:
    """Every declared rule and total that a JSON value breaks.

    A rule that cannot be evaluated, for instance because a field is absent, counts as broken, as it does in Kubernetes.
    """
    for rule in behavior.rules:
        if not holds(rule, value):
            yield Breach(rule.message, rule.at or "", rule.status, rule.code)
    for total in behavior.totals:
        if not adds_up(total, value):
            yield Breach(_told(total), total.total, total.status, total.code)


def keeper(behavior: ObjectBehavior) -> Callable[[Any], list[Breach]]:
    """`breaches` of one object, put together once."""
    holds_all = behavior.holds
    if holds_all is None:
        return lambda value: list(breaches(behavior, value))

    def found(value: Any) -> list[Breach]:
        try:
            if holds_all(value) is True:
                return []
        except (ArithmeticError, AttributeError, Fault, LookupError, RecursionError, TypeError):
            pass  # a field that is absent, most of the time: a rule may hold all the same
        return list(breaches(behavior, value))

    return found


def holds(rule: Rule, value: Any) -> bool:
    """Whether a CEL condition is true of a value."""
    return _is_true(rule.rule, value)


def adds_up(total: Total, value: Any) -> bool:
    """Whether a total is the sum of its terms; so it is where it is absent, or where its condition is false."""
    found = _finder(total.total)(value)
    if not found or found[0] is None or (total.when is not None and not _is_true(total.when, value)):
        return True
    return bool(sum(_term(value, term.amount, term.times) * (-1 if term.sign == "-" else 1) for term in total.terms) == found[0])


def at(value: Any, pointer: str) -> list[Any]:
    """The values at a JSON Pointer in which `*` stands for each item; none where nothing is there."""
    return _finder(pointer)(value)


@cache
def _finder(pointer: str) -> Callable[[Any], list[Any]]:
    """What finds the values at a pointer, put together once."""
    find: Callable[[Any], list[Any]] = _itself
    for token in reversed(pointer.split("/")[1:]):
        find = _below(token.replace("~1", "/").replace("~0", "~"), find)
    return find


def _itself(value: Any) -> list[Any]:
    return [value]


def _below(token: str, find: Callable[[Any], list[Any]]) -> Callable[[Any], list[Any]]:
    index = int(token) if token.isascii() and token.isdigit() else None

    def found(value: Any) -> list[Any]:
        if isinstance(value, list):
            if token == "*":
                return [one for item in value for one in find(item)]
            return find(value[index]) if index is not None and index < len(value) else []
        return find(value[token]) if isinstance(value, dict) and token in value else []

    return found


def _term(value: Any, amount: str, times: str | None) -> Any:
    """The sum of an amount over all items, each times its own quantity; an absent amount is 0."""
    if times is None:
        return sum(found for found in at(value, amount) if found is not None)
    above, star, _ = amount.rpartition("/*/")
    items = at(value, f"{above}/*") if star else [value]
    amounts, quantities = (_finder(pointer[len(above) + 2 :] if star else pointer) for pointer in (amount, times))
    return sum((next(iter(amounts(item)), 0) or 0) * (next(iter(quantities(item)), 1) or 0) for item in items)


def _is_true(expression: str, value: Any) -> bool:
    known = condition(expression)
    return _by_library(expression, value) if known is None else known(value)


def _by_library(expression: str, value: Any) -> bool:
    program, context = _program(expression)
    try:
        context.add_variable("self", value)
        return program.execute(context) is True
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError):
        return False


def _program(expression: str) -> tuple[Any, Any]:
    """A compiled expression, and what it is carried out in."""
    try:
        import cel
    except ImportError as error:
        raise ImportError("the rules of the contract need CEL; run: pip install common-expression-language") from error
    if expression not in _PROGRAMS:
        _PROGRAMS[expression] = cel.compile(expression)
    context = cel.Context()
    context.add_function("sum", sum)
    return _PROGRAMS[expression], context


def _told(total: Total) -> str:
    terms = " ".join(f"{term.sign} {term.amount}{f' × {term.times}' if term.times else ''}" for term in total.terms)
    return f"{total.total} must be the sum {terms.removeprefix('+ ')}"
