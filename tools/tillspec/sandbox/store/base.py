"""What both databases offer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection

from tillspec.sandbox.state import State

T = TypeVar("T")

Work = Callable[[Connection], T]
"""A piece of work, which may run more than once."""

PATIENCE: Final = 2.0
"""How many seconds a request waits for a database that is locked or gone."""

RETRY_AFTER: Final = 1
"""The seconds that a client is asked to wait then."""


class Unavailable(Exception):
    """The database cannot be used now: locked, full or gone. Nothing was stored."""


class Store(Protocol):
    """A database, as one worker sees it.

    Whatever has returned from `write` is stored; whatever has raised is not.
    """

    async def state(self) -> State:
        """The shared row as it now is.

        Raises:
            Unavailable: the database cannot be used now.
        """
        ...

    async def read(self, work: Work[T]) -> T:
        """Does work that changes nothing; each of its statements sees what is stored by then.

        Raises:
            Unavailable: the database cannot be used now.
        """
        ...

    async def write(self, work: Work[T]) -> T:
        """Does work in a transaction.

        Raises:
            Unavailable: the database cannot be used now.
        """
        ...

    async def close(self) -> None: ...
