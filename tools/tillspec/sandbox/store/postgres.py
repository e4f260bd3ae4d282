"""PostgreSQL, for workers on any number of machines."""

from __future__ import annotations

import time
from typing import Any, Final

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tillspec.sandbox import state
from tillspec.sandbox.schema import migrate
from tillspec.sandbox.store.base import PATIENCE, T, Unavailable, Work

_CONNECTIONS: Final = 8
_LOCK: Final = 7_455_377
"""An advisory lock of ours: one program at a time changes the tables."""

_SERVER: Final = {"application_name": "tillspec sandbox", "lock_timeout": f"{PATIENCE:.0f}s"}

_OWN: Final = ("22", "23", "42")
"""Classes of SQLSTATE (PostgreSQL, appendix A) that say that the work is wrong, and not the database."""
_AGAIN: Final = ("40001", "40P01")
"""Serialization failure and deadlock: the transaction was undone, and may run once more."""


class PostgresStore:
    """A `Store` in PostgreSQL. To be used in one event loop."""

    def __init__(self, url: URL) -> None:
        self._engine: AsyncEngine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"),
            pool_size=_CONNECTIONS,
            max_overflow=0,
            pool_timeout=PATIENCE,
            connect_args={
                "timeout": PATIENCE,
                "server_settings": {"application_name": "tillspec sandbox", "lock_timeout": "2000"},
            },
        )
        self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    async def prepare(self) -> None:
        """Makes the tables, or brings them to today's form; waits for others that do.

        Raises:
            NewerDatabase: a newer program wrote them.
            Unavailable: the server does not answer, or refuses.
        """

        def locked(connection: Connection) -> None:
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            migrate(connection)

        await self.write(locked)

    async def state(self) -> state.State:
        return await self.read(state.read)

    async def read(self, work: Work[T]) -> T:
        return await self._do(self._reading, work)

    async def write(self, work: Work[T]) -> T:
        return await self._do(self._engine, work)

    async def close(self) -> None:
        await self._engine.dispose()

    async def _do(self, engine: AsyncEngine, work: Work[T]) -> T:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                async with engine.begin() as connection:
                    return await connection.run_sync(work)
            except DBAPIError as error:
                if _sqlstate(error) in _AGAIN and time.monotonic() < until:
                    continue
                if (_sqlstate(error) or "")[:2] in _OWN:
                    raise
                raise Unavailable(_said(error)) from error
            except (TimeoutError, OSError, PoolTimeout) as error:
                raise Unavailable(_said(error)) from error
            except Exception as error:
                if type(error).__module__.startswith(
                    "asyncpg"
                ):  # some of the driver's errors come unwrapped, as when it connects
                    raise Unavailable(_said(error)) from error
                raise


def _sqlstate(error: DBAPIError) -> str | None:
    found: Any = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    return found if isinstance(found, str) else None


def _said(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(cause).partition("\n")[0] or type(cause).__name__
