"""Room for building what is nested deeply: pydantic takes some fifteen calls for each type inside another."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Final, TypeVar

ResultT = TypeVar("ResultT")

_STACK: Final = 512 << 20  # bytes that are reserved, and taken only as far as they are used
_CALLS: Final = 100_000
_one_at_a_time: Final = threading.Lock()


def built(make: Callable[[], ResultT]) -> ResultT:
    """What a function makes; where the calls above it leave too little room, it is made `with_room`."""
    try:
        return make()
    except RecursionError:
        return with_room(make)


def with_room(make: Callable[[], ResultT]) -> ResultT:
    """What a function makes in a thread with a deep stack.

    Raises:
        RecursionError: that was not deep enough either.
    """
    made: list[ResultT] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            made.append(make())
        except BaseException as error:  # which is raised again in the thread that waits
            failed.append(error)

    with _one_at_a_time:
        calls, stack = sys.getrecursionlimit(), threading.stack_size(_STACK)
        sys.setrecursionlimit(max(calls, _CALLS))
        try:
            thread = threading.Thread(target=run)
            thread.start()
            thread.join()
        finally:
            sys.setrecursionlimit(calls)
            threading.stack_size(stack)
    if failed:
        raise failed[0]
    return made[0]
