"""From what `--database` says to a store."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from tillspec.sandbox.store.base import Store


class BadDatabase(ValueError):
    """`--database` names none that can be used."""


async def open_store(database: str) -> Store:
    """Opens a database and brings its tables to today's form.

    `database` is `postgresql://user:password@host/name`, `sqlite:///path`, or the path of a file.

    Raises:
        BadDatabase: neither of them.
        NewerDatabase: a newer program wrote it.
        Unavailable: it cannot be used now.
    """
    if "://" not in database:
        return await _sqlite(Path(database))
    try:
        url = make_url(database)
    except ArgumentError:
        raise BadDatabase("--database is no URL; write postgresql://user:password@host/name, or the path of a file") from None
    backend = url.get_backend_name()
    if backend in ("postgresql", "postgres"):
        from tillspec.sandbox.store.postgres import PostgresStore

        store = PostgresStore(url)
        try:
            await store.prepare()
        except BaseException:
            await store.close()
            raise
        return store
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return await _sqlite(Path(url.database))
    raise BadDatabase(f"--database: {backend} is not known; write postgresql://user:password@host/name, or the path of a file")


async def _sqlite(path: Path) -> Store:
    from tillspec.sandbox.store.sqlite import SqliteStore

    store = SqliteStore(path)
    try:
        store.prepare()
    except BaseException:
        await store.close()
        raise
    return store
