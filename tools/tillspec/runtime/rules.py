"""The rules of an object, held against its value: CEL conditions, and totals that add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from .behavior import ObjectBehavior, Rule, Total


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


def holds(rule: Rule, value: Any) -> bool:
    """Whether a CEL condition is true of a value."""
    return _is_true(rule.rule, value)


def adds_up(total: Total, value: Any) -> bool:
    """Whether a total is the sum of its terms; so it is where it is absent, or where its condition is false."""
    found = list(at(value, total.total))
    if not found or found[0] is None or (total.when is not None and not _is_true(total.when, value)):
        return True
    return bool(sum(_term(value, term.amount, term.times) * (-1 if term.sign == "-" else 1) for term in total.terms) == found[0])


def at(value: Any, pointer: str) -> Iterator[Any]:
    """The values at a JSON Pointer in which `*` stands for each item; none where nothing is there."""
    yield from _at(value, pointer.split("/")[1:])


def _at(value: Any, tokens: Sequence[str]) -> Iterator[Any]:
    if not tokens:
        yield value
        return
    token = tokens[0].replace("~1", "/").replace("~0", "~")
    match value:
        case list() if token == "*":
            for item in value:
                yield from _at(item, tokens[1:])
        case list() if token.isascii() and token.isdigit() and int(token) < len(value):
            yield from _at(value[int(token)], tokens[1:])
        case Mapping() if token in value:
            yield from _at(value[token], tokens[1:])
        case _:
            return


def _term(value: Any, amount: str, times: str | None) -> Any:
    """The sum of an amount over all items, each times its own quantity; an absent amount is 0."""
    if times is None:
        return sum(found for found in at(value, amount) if found is not None)
    above, star, _ = amount.rpartition("/*/")
    items = at(value, f"{above}/*") if star else [value]
    inner, quantity = (pointer[len(above) + 2 :] if star else pointer for pointer in (amount, times))
    return sum((next(at(item, inner), 0) or 0) * (next(at(item, quantity), 1) or 0) for item in items)


def _is_true(expression: str, value: Any) -> bool:
    import cel

    context = cel.Context()
    context.add_function("sum", sum)
    try:
        context.add_variable("self", value)
        return _compiled(expression).execute(context) is True
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError):
        return False


@cache
def _compiled(expression: str) -> Any:
    try:
        import cel
    except ImportError as error:
        raise ImportError("the rules of the contract need CEL; run: pip install common-expression-language") from error
    return cel.compile(expression)


def _told(total: Total) -> str:
    terms = " ".join(f"{term.sign} {term.amount}{f' × {term.times}' if term.times else ''}" for term in total.terms)
    return f"{total.total} must be the sum {terms.removeprefix('+ ')}"
