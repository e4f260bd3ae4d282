"""One file of SQLite, in WAL mode.

Work runs in the event loop itself: a statement takes microseconds, a hand-over to a thread some hundred. What comes in one turn
of the loop shares a transaction, the writes one and the reads another, since beginning and ending one costs more than a
statement. What a turn reads is no older than the turn, so whoever was told of a write by another worker sees it. No one waits in
a blocking call for another process: who finds the file locked tries again a little later.

A commit is written to the log and not forced to the disk (`synchronous=NORMAL`): it survives the end of the process at any
moment, not a loss of power.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError

from tillspec.sandbox import state
from tillspec.sandbox.prepared import RAW
from tillspec.sandbox.schema import migrate
from tillspec.sandbox.state import State
from tillspec.sandbox.store.base import PATIENCE, T, Unavailable, Work

_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-16384", "temp_store=MEMORY", "busy_timeout=0")
_MOST: Final = 128
"""How much work one transaction takes: the loop has others to serve as well."""

_BUSY: Final = frozenset({"SQLITE_BUSY", "SQLITE_BUSY_RECOVERY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED", "SQLITE_PROTOCOL"})

_OF_WORK: Final = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError, sqlite3.InterfaceError)


@dataclass(slots=True, eq=False)
class _Job(Generic[T]):
    work: Work[T]
    done: asyncio.Future[T]
    until: float = field(default_factory=lambda: time.monotonic() + PATIENCE)


class SqliteStore:
    """A `Store` in a file. To be used in one event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine: Engine | None = None
        self._jobs: list[_Job[Any]] = []
        self._due = False
        self._seen: int | None = None
        self._state: State | None = None
        self._reading = self._fresh = False
        self._file: tuple[int, int] | None = None

    def prepare(self) -> None:
        """Makes the file and its tables, or brings them to today's form; waits for others that do.

        Raises:
            NewerDatabase: a newer program wrote it.
            Unavailable: it cannot be read or written.
        """
        try:
            self._open()
            self._raw.execute("PRAGMA busy_timeout=10000")
            with self._transaction():
                migrate(self._connection)
            self._raw.execute("PRAGMA busy_timeout=0")
        except (DBAPIError, sqlite3.Error) as error:
            raise Unavailable(f"{self._path}: {_said(error)}") from error

    async def state(self) -> State:
        if self._fresh and self._state is not None and not self._connection.info.get(state.CHANGED):
            return self._state
        return await self.read(self._read_state)

    async def read(self, work: Work[T]) -> T:
        until = 0.0
        while True:
            try:
                if not self._reading:
                    self._begin_reading()
                result: T = work(self._connection)
                return result
            except (DBAPIError, sqlite3.Error) as error:
                self._end_reading()
                if not _is_of_the_file(error):
                    raise
                until = until or time.monotonic() + PATIENCE
                if not _is_busy(error) or time.monotonic() > until:
                    raise self._unavailable(error) from error
            await asyncio.sleep(_pause())

    async def write(self, work: Work[T]) -> T:
        loop = asyncio.get_running_loop()
        job: _Job[T] = _Job(work, loop.create_future())
        self._jobs.append(job)
        if not self._due:
            self._due = True
            loop.call_soon(self._flush)
        return await job.done

    async def close(self) -> None:
        while self._jobs:
            await asyncio.sleep(0.001)
        self._forget()  # without statistics: those of a small database would mislead it when it has grown

    # -- the file -----------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        engine = create_engine(
            f"sqlite:///{self._path}", isolation_level="AUTOCOMMIT", connect_args={"check_same_thread": False, "timeout": 0}
        )
        self._connection: Connection = engine.connect()
        self._engine = engine
        raw = self._connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        self._raw: sqlite3.Connection = raw
        self._connection.info[RAW] = raw
        for pragma in _PRAGMAS:
            self._raw.execute(f"PRAGMA {pragma}")
        self._file = self._identity()
        self._state = None

    def _identity(self) -> tuple[int, int]:
        found = os.stat(self._path)  # noqa: PTH116  # asked on every request
        return found.st_dev, found.st_ino

    def _ready(self) -> None:
        """That the file is still the one that was opened; another that stands there now is opened."""
        try:
            same = self._file == self._identity()
        except OSError as error:
            raise Unavailable(f"{self._path} is gone") from error
        if not same or self._engine is None:
            self._forget()
            self._open()

    def _forget(self) -> None:
        self._end_reading()
        if self._engine is not None:
            with contextlib.suppress(DBAPIError, sqlite3.Error):
                self._connection.close()
            self._engine.dispose()
        self._engine = self._file = self._state = None

    def _unavailable(self, error: Exception) -> Unavailable:
        """The error for who asked. What is wrong with the file may be wrong with our view of it, so it is opened anew."""
        if not _is_busy(error):
            self._forget()
        return Unavailable(_said(error))

    # -- reading ------------------------------------------------------------------------------------------------------

    def _begin_reading(self) -> None:
        """Begins what the reads of this turn of the loop share."""
        self._ready()
        self._raw.execute("BEGIN")
        self._reading = True
        asyncio.get_running_loop().call_soon(self._end_reading)

    def _end_reading(self) -> None:
        if self._reading:
            self._reading = self._fresh = False
            with contextlib.suppress(sqlite3.Error):
                self._raw.execute("COMMIT")

    def _read_state(self, connection: Connection) -> State:
        """The shared row, looked for once a turn, and read again only if somebody has written since."""
        (seen,) = self._raw.execute("PRAGMA data_version").fetchone()
        # data_version does not tell of what this connection wrote itself
        if connection.info.pop(state.CHANGED, False) or self._state is None or seen != self._seen:
            self._state, self._seen = state.read(connection), seen
        self._fresh = True
        return self._state

    # -- writing ------------------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        self._due = False
        jobs, self._jobs = self._jobs[:_MOST], self._jobs[_MOST:]
        try:
            self._ready()
            self._do(jobs)
        except Unavailable as error:
            _fail(jobs, error)
        except (DBAPIError, sqlite3.Error) as error:
            self._again(jobs, error)
        if self._jobs and not self._due:
            self._due = True
            asyncio.get_running_loop().call_later(_pause() if self._waiting(jobs) else 0, self._flush)

    def _waiting(self, jobs: list[_Job[Any]]) -> bool:
        return any(not job.done.done() for job in jobs)

    def _again(self, jobs: list[_Job[Any]], error: Exception) -> None:
        """Puts back what may still wait for another process, and gives up the rest."""
        now = time.monotonic()
        patient = [job for job in jobs if job.until > now] if _is_busy(error) else []
        late = [job for job in jobs if job not in patient] if patient else jobs
        if late:
            _fail(late, self._unavailable(error))
        self._jobs = patient + self._jobs

    def _do(self, jobs: list[_Job[Any]]) -> None:
        """All jobs in one transaction; where one fails, each in its own."""
        results = []
        try:
            with self._transaction():
                for job in jobs:
                    results.append(job.work(self._connection))  # noqa: PERF401  # which one failed is of no matter
        except Exception as error:
            if _is_of_the_file(error):
                raise
            if len(jobs) == 1:
                _fail(jobs, error)
            else:
                self._do_each(jobs)
            return
        for job, result in zip(jobs, results, strict=True):
            if not job.done.done():
                job.done.set_result(result)

    def _do_each(self, jobs: list[_Job[Any]]) -> None:
        for number, job in enumerate(jobs):
            try:
                self._do([job])
            except (DBAPIError, sqlite3.Error) as error:
                self._again(jobs[number:], error)
                return

    @contextlib.contextmanager
    def _transaction(self) -> Any:
        self._end_reading()
        self._raw.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._raw.execute("COMMIT")
        except BaseException:
            if self._raw.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._raw.execute("ROLLBACK")
            raise


def _fail(jobs: list[_Job[Any]], error: Exception) -> None:
    for job in jobs:
        if not job.done.done():
            job.done.set_exception(error)


def _pause() -> float:
    return random.uniform(0.001, 0.004)  # noqa: S311  # so that two that wait do not meet again


def _cause(error: Exception) -> Exception:
    return error.orig if isinstance(error, DBAPIError) and isinstance(error.orig, Exception) else error


def _is_busy(error: Exception) -> bool:
    return getattr(_cause(error), "sqlite_errorname", "") in _BUSY


def _is_of_the_file(error: Exception) -> bool:
    """Whether it is the file that is wrong, and not the work."""
    cause = _cause(error)
    of_work = (
        sqlite3.IntegrityError,
        sqlite3.ProgrammingError,
        sqlite3.DataError,
        sqlite3.InterfaceError,
        sqlite3.NotSupportedError,
    )
    return isinstance(cause, sqlite3.Error) and not isinstance(cause, of_work)


def _said(error: Exception) -> str:
    return str(_cause(error))
