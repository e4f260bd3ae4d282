"""One look into a database that belongs to a sandbox elsewhere. Nothing is changed in it, and nothing is made."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError

from tillspec.sandbox import schema
from tillspec.sandbox.store.base import PATIENCE, Unavailable

_SECRET: Final = select(schema.state.c.secret)


class NoSandbox(Exception):
    """There is no sandbox in the database."""


async def secret_in(database: str) -> bytes:
    """What a sandbox signs with (`State.secret`); `database` as for `open_store`.

    Raises:
        NoSandbox: there is none.
        Unavailable: it cannot be read now.
    """
    try:
        url = make_url(database) if "://" in database else URL.create("sqlite", database=database)
    except ArgumentError:
        raise NoSandbox("--database is no URL, and no path of a file") from None
    found = _in_file(Path(url.database or "")) if url.get_backend_name() == "sqlite" else await _in_postgres(url)
    if found is None:
        raise NoSandbox("no sandbox has been started with this database")
    return bytes.fromhex(found)


def _in_file(path: Path) -> str | None:
    engine: Engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=PATIENCE)
    )
    try:
        with engine.connect() as connection:
            return connection.execute(_SECRET).scalar_one_or_none()
    except DBAPIError as error:
        if "no such table" in str(error.orig):
            return None
        raise Unavailable(f"{path}: {error.orig}") from None
    finally:
        engine.dispose()


async def _in_postgres(url: URL) -> str | None:
    from sqlalchemy.ext.asyncio import create_async_engine

    arguments: dict[str, Any] = {"timeout": PATIENCE}
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"), connect_args=arguments)
    try:
        async with engine.connect() as connection:
            found: str | None = (await connection.execute(_SECRET)).scalar_one_or_none()
            return found
    except DBAPIError as error:
        if "UndefinedTable" in type(error.orig.__cause__).__name__ if error.orig is not None else False:
            return None
        raise Unavailable(str(error.orig).partition("\n")[0]) from None
    except OSError as error:
        raise Unavailable(str(error)) from None
    finally:
        await engine.dispose()
