"""The two databases keep what they promise: all of a piece of work or nothing, and an honest answer when they cannot."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import IntegrityError

from tillspec.sandbox import schema, seed, state
from tillspec.sandbox.schema import NewerDatabase
from tillspec.sandbox.store import Store, Unavailable, open_store, sqlite
from tillspec.sandbox.store.opening import BadDatabase

from .conftest import built_in

PLAN = schema.limits


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    return str(tmp_path / "store.db") if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


def with_store(database: str, act: Callable[[Store], Awaitable[None]]) -> None:
    async def run() -> None:
        store = await open_store(database)
        try:
            await store.write(lambda connection: seed.plant(connection, built_in(), "1", state.Switches(), None))
            await act(store)
        finally:
            await store.close()

    asyncio.run(run())


def note(scope: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.execute(PLAN.insert(), {"scope": scope, "window": 0, "used": 1})
        return scope

    return work


def fail_after(scope: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        note(scope)(connection)
        raise LookupError(scope)

    return work


def noted(connection: Connection) -> set[str]:
    return set(connection.execute(select(PLAN.c.scope)).scalars())


def test_work_that_fails_leaves_nothing_and_harms_nobody(database: str) -> None:
    async def act(store: Store) -> None:
        works = [fail_after(str(n)) if n % 10 == 3 else note(str(n)) for n in range(300)]
        results = await asyncio.gather(*(store.write(work) for work in works), return_exceptions=True)
        failed = {str(n) for n, result in enumerate(results) if isinstance(result, LookupError)}
        assert failed == {str(n) for n in range(3, 300, 10)}
        assert [result for result in results if isinstance(result, str)] == [str(n) for n in range(300) if n % 10 != 3]
        assert await store.read(noted) == {str(n) for n in range(300)} - failed

    with_store(database, act)


def test_what_breaks_a_constraint_is_an_error_of_the_work(database: str) -> None:
    async def act(store: Store) -> None:
        results = await asyncio.gather(*(store.write(note("same")) for _ in range(5)), return_exceptions=True)
        assert results.count("same") == 1
        assert {type(result).__name__ for result in results} == {"str", "IntegrityError"}

    with_store(database, act)


def test_a_read_that_breaks_is_an_error_of_the_work(database: str) -> None:
    async def act(store: Store) -> None:
        def broken(connection: Connection) -> None:
            raise LookupError

        with pytest.raises(LookupError):
            await store.read(broken)
        with pytest.raises(IntegrityError):
            await store.read(lambda connection: (note("same")(connection), note("same")(connection)))
        assert (await store.state()).epoch == 1

    with_store(database, act)


def test_the_shared_row_is_seen_at_once_by_all(database: str) -> None:
    async def act(store: Store) -> None:
        other = await open_store(database)
        assert (await store.state()).epoch == (await other.state()).epoch == 1
        for writer, reader in ((store, other), (other, store), (store, store)):
            before = (await reader.state()).epoch
            await writer.write(lambda connection: state.change(connection, epoch=state.next_epoch))
            assert (await reader.state()).epoch == before + 1
        await other.close()

    with_store(database, act)


def test_a_newer_database_is_refused(database: str) -> None:
    async def act(store: Store) -> None:
        await store.write(lambda connection: state.change(connection, version=schema.VERSION + 1))

    with_store(database, act)
    with pytest.raises(NewerDatabase, match=r"version \d+.*use a newer tillspec, or another --database"):
        asyncio.run(open_store(database))


def test_an_older_database_is_brought_forward(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with_store(database, lambda store: store.write(note("kept")))

    def two(connection: Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE limits ADD COLUMN remark VARCHAR(10)")

    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    monkeypatch.setattr(schema, "MIGRATIONS", {schema.VERSION - 1: two})

    async def act(store: Store) -> None:
        assert await store.read(noted) == {"kept"}
        version = await store.read(lambda connection: connection.execute(select(schema.state.c.version)).scalar_one())
        assert version == schema.VERSION
        remark = await store.read(lambda connection: connection.exec_driver_sql("SELECT remark FROM limits").scalar_one())
        assert remark is None

    with_store(database, act)


@pytest.mark.parametrize(
    ("database", "told"),
    [
        ("mysql://root@127.0.0.1/x", "mysql is not known; write postgresql://"),
        ("://nothing", "no URL"),
        ("sqlite://", "sqlite is not known"),
    ],
)
def test_a_database_that_is_none_is_told(database: str, told: str) -> None:
    with pytest.raises(BadDatabase, match=told):
        asyncio.run(open_store(database))


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(Unavailable):
        asyncio.run(open_store("postgresql://nobody:secret@127.0.0.1:1/none"))


# -- SQLite ------------------------------------------------------------------------------------------------------------------


def test_a_locked_file_is_waited_for_without_holding_up_readers(tmp_path: Path) -> None:
    path = tmp_path / "store.db"

    async def act(store: Store) -> None:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.gather(*(store.write(note(str(n))) for n in range(20)))
        for _ in range(5):
            assert await store.read(noted) == set()
            await asyncio.sleep(0.01)
        assert not writing.done()
        other.execute("COMMIT")
        other.close()
        await writing
        assert len(await store.read(noted)) == 20

    with_store(str(path), act)


def test_a_file_that_stays_locked_is_told_and_nothing_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.db"

    async def act(store: Store) -> None:
        monkeypatch.setattr(sqlite, "PATIENCE", 0.1)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        results = await asyncio.gather(*(store.write(note(str(n))) for n in range(200)), return_exceptions=True)
        assert {type(result) for result in results} == {Unavailable}
        other.execute("ROLLBACK")
        other.close()
        assert await store.write(note("after")) == "after"
        assert await store.read(noted) == {"after"}

    with_store(str(path), act)


def test_a_file_that_is_gone_is_told_until_it_is_back(tmp_path: Path) -> None:
    path, away = tmp_path / "store.db", tmp_path / "away"
    away.mkdir()
    files = [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]

    async def act(store: Store) -> None:
        await store.write(note("before"))
        for file in files:
            file.rename(away / file.name)
        for asked in (store.write(note("lost")), store.read(noted), store.state()):
            with pytest.raises(Unavailable, match="gone"):
                await asked
        for file in files:
            (away / file.name).rename(file)
        await store.write(note("after"))
        assert await store.read(noted) == {"before", "after"}

    with_store(str(path), act)


def test_a_full_disk_is_told_and_nothing_half_written(tmp_path: Path) -> None:
    async def act(store: Store) -> None:
        assert isinstance(store, sqlite.SqliteStore)
        pages = store._raw.execute("PRAGMA page_count").fetchone()[0]
        store._raw.execute(f"PRAGMA max_page_count={pages}")
        large = "x" * 200
        results = await asyncio.gather(*(store.write(note(f"{n} {large}")) for n in range(500)), return_exceptions=True)
        stored = {result for result in results if isinstance(result, str)}
        assert any(isinstance(result, Unavailable) and "full" in str(result) for result in results)
        assert await store.read(noted) == stored
        await store.write(note("after"))

    with_store(str(tmp_path / "store.db"), act)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="unable to open"):
        asyncio.run(open_store(str(tmp_path / "missing" / "store.db")))


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(os.urandom(8192))
    with pytest.raises(Unavailable, match="not a database"):
        asyncio.run(open_store(str(path)))
    assert path.stat().st_size == 8192


def test_counting_writes(tmp_path: Path) -> None:
    """Writes of one turn share a transaction: the log grows by one frame for many rows, not by one for each."""

    async def act(store: Store) -> None:
        assert isinstance(store, sqlite.SqliteStore)
        begun: list[str] = []
        store._raw.set_trace_callback(lambda text: begun.append(text) if text.startswith("BEGIN") else None)
        await asyncio.gather(*(store.write(note(str(n))) for n in range(300)))
        assert len(begun) == 3
        assert await store.read(lambda connection: connection.execute(select(func.count()).select_from(PLAN)).scalar_one()) == 300

    with_store(str(tmp_path / "store.db"), act)
