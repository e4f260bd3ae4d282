"""PostgreSQL, for workers on any number of machines.

Connections are kept open and begin their transactions themselves, as those of SQLite do: SQLAlchemy's own pool and transactions
cost more than the statements. What is read in one turn of the loop shares a connection, and the shared row is read once for all.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Generic

from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from tillspec.sandbox import state
from tillspec.sandbox.prepared import ASYNCPG
from tillspec.sandbox.schema import migrate
from tillspec.sandbox.state import State
from tillspec.sandbox.store.base import PATIENCE, T, Unavailable, Work

_CONNECTIONS: Final = 8
_LOCK: Final = 7_455_377
"""An advisory lock of ours: one program at a time changes the tables."""

_SERVER: Final = {"application_name": "tillspec sandbox", "lock_timeout": f"{PATIENCE:.0f}s"}

_OWN: Final = ("21", "22", "23", "42")
"""Classes of SQLSTATE (PostgreSQL, appendix A) that say that the work is wrong, and not the database."""
_AGAIN: Final = ("40001", "40P01")
"""Serialization failure and deadlock: the transaction was undone, and may run once more."""


@dataclass(slots=True, eq=False)
class _Link:
    """A connection, as SQLAlchemy and as its driver have it. `used` says that it has served before, and may have died since."""

    connection: AsyncConnection
    raw: Any
    used: bool = False


@dataclass(slots=True, eq=False)
class _Job(Generic[T]):
    work: Work[T]
    done: asyncio.Future[T]


class _Broken(Exception):
    """The connection is gone, before anything was done with it."""


class PostgresStore:
    """A `Store` in PostgreSQL. To be used in one event loop."""

    def __init__(self, url: URL) -> None:
        self._engine: AsyncEngine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"timeout": PATIENCE, "server_settings": _SERVER},
        )
        self._idle: list[_Link] = []
        self._free = asyncio.Semaphore(_CONNECTIONS)
        self._reads: list[_Job[Any]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._state: asyncio.Future[State] | None = None

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

    async def state(self) -> State:
        if self._state is None:
            self._state = asyncio.ensure_future(self.read(state.read))
            asyncio.get_running_loop().call_soon(self._forget_state)
        return await asyncio.shield(self._state)

    async def read(self, work: Work[T]) -> T:
        job: _Job[T] = _Job(work, asyncio.get_running_loop().create_future())
        if not self._reads:
            asyncio.get_running_loop().call_soon(self._flush)
        self._reads.append(job)
        return await job.done

    async def write(self, work: Work[T]) -> T:
        return await self._with_link(lambda link: self._transaction(link, work))

    async def close(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)
        while self._idle:
            await _discard(self._idle.pop())
        await self._engine.dispose()

    # -- reading ------------------------------------------------------------------------------------------------------

    def _forget_state(self) -> None:
        self._state = None

    def _flush(self) -> None:
        jobs, self._reads = self._reads, []
        task = asyncio.create_task(self._read_all(jobs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read_all(self, jobs: list[_Job[Any]]) -> None:
        try:
            await self._with_link(lambda link: self._read_with(link, jobs))
        except Exception as error:
            for job in jobs:
                if not job.done.done():
                    job.done.set_exception(error)

    async def _read_with(self, link: _Link, jobs: list[_Job[Any]]) -> None:
        def run(connection: Connection) -> None:
            for job in jobs:
                if job.done.done():
                    continue
                try:
                    result = job.work(connection)
                except Exception as error:
                    if _is_of_the_database(error):
                        raise
                    job.done.set_exception(error)
                else:
                    job.done.set_result(result)

        try:
            await link.connection.run_sync(run)
        except Exception as error:
            if link.used and link.raw.is_closed():
                raise _Broken from error
            raise

    # -- writing ------------------------------------------------------------------------------------------------------

    async def _transaction(self, link: _Link, work: Work[T]) -> T:
        try:
            await link.raw.execute("BEGIN")
        except Exception as error:
            raise _Broken from error
        try:
            result = await link.connection.run_sync(work)
            await link.raw.execute("COMMIT")
        except BaseException:
            if not link.raw.is_closed():
                with contextlib.suppress(Exception):
                    await link.raw.execute("ROLLBACK")
            raise
        return result

    # -- connections --------------------------------------------------------------------------------------------------

    async def _with_link(self, use: Callable[[_Link], Awaitable[T]]) -> T:
        """Does something with a connection; once more where the database says so, or where the connection had died meanwhile.

        Raises:
            Unavailable: the database cannot be used now.
        """
        until = time.monotonic() + PATIENCE
        try:
            async with asyncio.timeout(PATIENCE):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable("all connections are busy") from None
        try:
            while True:
                try:
                    return await self._once(use)
                except _Broken as error:
                    if time.monotonic() > until:
                        raise Unavailable(_said(error.__cause__ or error)) from error
                except Exception as error:
                    if _sqlstate(error) in _AGAIN and time.monotonic() < until:
                        continue
                    if not _is_of_the_database(error):
                        raise
                    raise Unavailable(_said(error)) from error
        finally:
            self._free.release()

    async def _once(self, use: Callable[[_Link], Awaitable[T]]) -> T:
        link = self._idle.pop() if self._idle else await self._connect()
        try:
            result = await use(link)
        except BaseException:
            if link.raw.is_closed() or link.raw.is_in_transaction():
                await _discard(link)
            else:
                self._idle.append(link)
            raise
        link.used = True
        self._idle.append(link)
        return result

    async def _connect(self) -> _Link:
        connection = await self._engine.connect()
        raw: Any = (await connection.get_raw_connection()).driver_connection
        (await connection.get_raw_connection()).info[ASYNCPG] = raw
        return _Link(connection, raw)


async def _discard(link: _Link) -> None:
    with contextlib.suppress(Exception):
        await link.connection.close()


def _sqlstate(error: BaseException) -> str | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    found: Any = getattr(cause, "sqlstate", None)
    return found if isinstance(found, str) else None


def _is_of_the_database(error: BaseException) -> bool:
    """Whether it is the database that cannot be used, and not the work that is wrong."""
    if isinstance(error, OSError):  # TimeoutError is one
        return True
    sqlstate = _sqlstate(error)
    if sqlstate is not None:
        return sqlstate[:2] not in _OWN
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or "closed" in str(error.orig)
    return type(error).__module__.startswith("asyncpg")


def _said(error: BaseException) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(cause).partition("\n")[0] or type(cause).__name__
