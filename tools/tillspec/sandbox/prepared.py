"""Statements of the hot path: compiled once, and run without what SQLAlchemy does around each run.

On SQLite that takes a quarter of the time (5 µs in place of 20 for a row by its key). Their columns are integers and texts, of
which neither database needs any conversion.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.sql import Executable
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.util import await_only

RAW: Final = "tillspec.sqlite"
"""In a connection's `info`: the connection of sqlite3 below it."""
ASYNCPG: Final = "tillspec.asyncpg"
"""In a connection's `info`: the connection of asyncpg below it."""


class Prepared:
    """A statement with named parameters."""

    def __init__(self, statement: Executable) -> None:
        assert isinstance(statement, ClauseElement)
        self._statement: ClauseElement = statement

    @cached_property
    def _sqlite(self) -> str:
        from sqlalchemy.dialects.sqlite import dialect

        return str(self._statement.compile(dialect=dialect(paramstyle="named")))

    @cached_property
    def _postgres(self) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
        """The text, the names of its parameters in their order, and the constants among them."""
        from sqlalchemy.dialects.postgresql import asyncpg

        dialect: Any = asyncpg.dialect
        compiled: Any = self._statement.compile(dialect=dialect())
        return str(compiled), tuple(compiled.positiontup), compiled.params

    def row(self, connection: Connection, parameters: Mapping[str, Any]) -> Sequence[Any] | None:
        """The first row."""
        info = connection.info
        raw: sqlite3.Connection | None = info.get(RAW)
        if raw is not None:
            found: Sequence[Any] | None = raw.execute(self._sqlite, parameters).fetchone()
            return found
        row: Sequence[Any] | None = await_only(info[ASYNCPG].fetchrow(*self._call(parameters)))
        return row

    def run(self, connection: Connection, parameters: Mapping[str, Any]) -> int:
        """Runs what gives no rows; how many it changed."""
        info = connection.info
        raw: sqlite3.Connection | None = info.get(RAW)
        if raw is not None:
            return raw.execute(self._sqlite, parameters).rowcount
        said: str = await_only(info[ASYNCPG].execute(*self._call(parameters)))
        return int(said.rpartition(" ")[2])

    def _call(self, parameters: Mapping[str, Any]) -> list[Any]:
        text, order, constants = self._postgres
        return [text, *(parameters[name] if name in parameters else constants[name] for name in order)]
