"""How much entropy values can have at most, from a sample of them in the order in which they were made.

The estimate is an upper bound that a good generator stays above but for chance: a place in which all values have one character
carries nothing, any other at most what its alphabet carries, and what only counts up (a counter, a time) carries nothing. With 30
values of a generator that draws each character evenly, a place looks constant, or its alphabet smaller than it is, with a
probability of at most 2^-29 a place (two characters), and something drawn looks as if it counted up with at most 2^-20.
"""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from itertools import pairwise

LEAST = 30
"""Values that a verdict takes."""
_LEAST_TIES = 20
_DIGITS, _LOWER, _UPPER = string.digits, string.ascii_lowercase, string.ascii_uppercase
_ALPHABETS = (
    _DIGITS, _DIGITS + "abcdef", _DIGITS + "ABCDEF", _LOWER, _UPPER, _DIGITS + _LOWER, _DIGITS + _UPPER,
    _DIGITS + _LOWER + _UPPER + "-_", _DIGITS + _LOWER + _UPPER + "+/", string.printable[:95],
)  # fmt: skip


def most(values: Sequence[str]) -> float:
    """The bits of entropy that each value has at most, from `LEAST` values or more in the order in which they were made."""
    counted = counting(values)
    width = max(map(len, values))
    columns = [{value[place] for value in values if place < len(value)} for place in range(counted, width)]
    varying = [column for column in columns if len(column) > 1]
    return len(varying) * math.log2(_size(set().union(*varying))) if varying else 0.0


def counting(values: Sequence[str]) -> int:
    """How many characters at the beginning of the values never go down from one value to the next, but do go up.

    What follows a time that goes up with each value says nothing about whether it counts too, so only as much is taken as is seen
    to keep its order while what stands before it is the same for many pairs of values.
    """
    if len({len(value) for value in values}) != 1:
        return 0
    width, found = len(values[0]), 0
    for place in range(width):
        before = [value[:place] for value in values]
        after = [value[: place + 1] for value in values]
        ties = sum(one == other for one, other in pairwise(before))
        if ties < _LEAST_TIES or any(one > other for one, other in pairwise(after)):
            break
        found = place + 1
    return found if len({value[:found] for value in values}) > 1 else 0


def _size(seen: set[str]) -> int:
    """How many characters the smallest usual alphabet has that has all of these."""
    return min((len(alphabet) for alphabet in _ALPHABETS if seen <= set(alphabet)), default=max(len(seen), len(_ALPHABETS[-1])))
