"""What CEL does with values, for rules as closures (`conditions`) and for rules as Python (a package's `_checks`).

Each function gives what CEL gives (the specification's sections "Values" and "List of Standard Definitions"), or raises. JSON has
one type of numbers: where an integer meets a fraction in a sum or a product, both are doubles.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any, Final

_LEAST, _MOST = -(2**63), 2**63 - 1


class Fault(Exception):
    """A condition that cannot be carried out for a value: a field that is not there, or types that do not fit."""


def truth(value: Any) -> bool:
    """The value itself, where it is true or false.

    Raises:
        Fault: it is neither.
    """
    if value is True or value is False:
        return bool(value)
    raise Fault("not a bool")


def is_number(value: Any) -> bool:
    """Whether JSON calls it a number."""
    return type(value) is int or type(value) is float


def same(one: Any, other: Any) -> bool:
    """Equality of JSON values as CEL has it: numbers by their value, and things of two types are not equal."""
    if type(one) is type(other):
        if type(one) is list:
            return len(one) == len(other) and all(map(same, one, other))
        if type(one) is dict:
            return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
        return bool(one == other)
    return is_number(one) and is_number(other) and bool(one == other)


def is_in(item: Any, where: Any) -> bool:
    """Whether a list has an item, or an object a field.

    Raises:
        Fault: neither a list nor an object.
    """
    if type(where) is list:
        return any(same(item, one) for one in where)
    if type(where) is dict:
        return type(item) is str and item in where
    raise Fault("in")


def has(value: Any, name: str) -> bool:
    """Whether an object has a field.

    Raises:
        Fault: it is no object.
    """
    if type(value) is not dict:
        raise Fault(name)
    return name in value


def entry(value: Any, at: Any) -> Any:
    """The item of a list at an index, or the field of an object.

    Raises:
        Fault: there is none.
    """
    if type(value) is list and type(at) is int and 0 <= at < len(value):
        return value[at]
    if type(value) is dict and type(at) is str and at in value:
        return value[at]
    raise Fault


def each(value: Any) -> Iterable[Any]:
    """The items of a list, or the names of an object's fields.

    Raises:
        Fault: it is neither.
    """
    if type(value) is list or type(value) is dict:
        return value
    raise Fault("nothing to go through")


def size(value: Any) -> int:
    """The length of a text in characters, of a list in items, of an object in fields.

    Raises:
        Fault: it is none of them.
    """
    if type(value) in (str, list, dict):
        return len(value)
    raise Fault("size")


def total(items: Any) -> int | float:
    """The sum of a list of numbers, a function that contracts have beside those of CEL.

    Raises:
        Fault: it is no such list.
    """
    if type(items) is not list or not all(map(is_number, items)):
        raise Fault("sum")
    return sum(items)


def distinct(items: Any, name: str) -> bool:
    """Whether no two objects of a list have the same text, or the same integer, at a name.

    Raises:
        Fault: they have something else there.
        KeyError: one has no such field.
        TypeError: one is no object.
    """
    found = [item[name] for item in each(items)]
    kinds = set(map(type, found))
    if kinds and kinds not in ({str}, {int}):
        raise Fault(name)
    return len(set(found)) == len(found)


def _comparison(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compared(one: Any, other: Any) -> bool:
        if (type(one) is type(other) and type(one) in (int, str, float, bool)) or (is_number(one) and is_number(other)):
            return compare(one, other)
        raise Fault("not to be compared")

    return compared


def _calculation(calculate: Callable[[Any, Any], Any], *, joins: bool = False) -> Callable[[Any, Any], Any]:
    def calculated(one: Any, other: Any) -> Any:
        if type(one) is int and type(other) is int:
            if _LEAST <= (result := calculate(one, other)) <= _MOST:
                return result
            raise Fault("out of range")
        if is_number(one) and is_number(other):
            return calculate(float(one), float(other))
        if joins and type(one) is type(other) and type(one) in (str, list):
            return one + other
        raise Fault("not to be calculated with")

    return calculated


def _question(ask: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    def asked(text: Any, part: Any) -> bool:
        if type(text) is str and type(part) is str:
            return ask(text, part)
        raise Fault("not a string")

    return asked


less: Final = _comparison(operator.lt)
at_most: Final = _comparison(operator.le)
more: Final = _comparison(operator.gt)
at_least: Final = _comparison(operator.ge)
plus: Final = _calculation(operator.add, joins=True)
minus: Final = _calculation(operator.sub)
times: Final = _calculation(operator.mul)
contains: Final = _question(operator.contains)
starts_with: Final = _question(str.startswith)
ends_with: Final = _question(str.endswith)
