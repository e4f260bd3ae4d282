"""How many steps a pattern may take that needs look-around or back-references, which no engine carries in linear time.

A step may look at the whole text, and a body may hold thousands of texts: the larger what is read, the fewer steps each pattern
gets, so that all of them together end within about a second.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, TypeVar

ResultT = TypeVar("ResultT")

MOST_STEPS: Final = 100_000
SMALL: Final = 5_000
"""Up to so many characters a pattern gets the most steps."""
TOO_MANY_STEPS: Final = "the pattern takes too many steps for a text, or a body, of this size"


class _Reading(threading.local):
    size = 0


_reading: Final = _Reading()


def sized(size: int, read: Callable[[], ResultT]) -> ResultT:
    """What is read while patterns are given the steps of a text of a size, be their own texts ever so short."""
    before, _reading.size = _reading.size, size
    try:
        return read()
    finally:
        _reading.size = before


def size_of_reading() -> int:
    """The size that what is being read was said to have; 0 where nobody said."""
    return _reading.size


def steps(size: int) -> int:
    """The steps for a text of a size: a quarter each time that it is four times as long."""
    given, room = MOST_STEPS, SMALL
    while room < size:
        given, room = given // 4, room * 4
    return max(given, 1)


def gave_up(message: str) -> bool:
    """Whether the judge says by a message that a pattern took too many steps."""
    return message.startswith("Error executing regex")
