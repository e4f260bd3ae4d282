"""A sandbox as a whole: made as new, written out, and put back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from tillspec.sandbox import dump, merchants, schema, seed, state
from tillspec.sandbox.control.answers import Asked, Problem
from tillspec.sandbox.control.desk import Desk, Nothing
from tillspec.sandbox.state import Switches

LARGEST: Final = 128 * 1_048_576
"""The largest state that is taken, in bytes."""


class Reset(Asked):
    """Empty the sandbox. Without `seed_data` it holds what it was started with; without `freeze` its clock is as it was then."""

    seed_data: seed.SeedData | None = None
    freeze: bool | None = None


async def reset(desk: Desk, asked: Reset) -> dict[str, Any]:
    """Makes it as new: no sessions, no faults, the machine's time."""
    data = asked.seed_data
    try:
        if data is not None:
            seed.check_once(data)
        elif desk.settings.seed_data is not None:
            data = seed.read_file(Path(desk.settings.seed_data))
    except seed.BadSeedData as error:
        raise Problem(422, "bad_seed_data", str(error), "Mend it; nothing has been reset.") from None
    freeze = desk.settings.freeze if asked.freeze is None else asked.freeze

    def emptied(connection: Connection) -> dict[str, Any]:
        connection.execute(select(schema.state.c.one).with_for_update())
        seed.reset(connection, data, seed.now_frozen() if freeze else None)
        state.change(connection, switches=Switches.read(desk.settings.switches).written())
        return {"merchants": [one.id for one in merchants.read(connection).merchants]}

    desk.forget_requests()
    return dict(await desk.write(emptied))


async def export(desk: Desk, asked: Nothing) -> dict[str, Any]:
    """All that it holds, but its own secret."""
    try:
        return dict(await desk.read(dump.dumped))
    except dump.TooMuch as error:
        raise Problem(409, "too_much", str(error), "Copy the database itself: sqlite3 FILE '.backup COPY', or pg_dump.") from None


class Import(Asked):
    """A state that was exported."""

    tillspec_sandbox: Any = None
    version: Any = None
    at: Any = None
    tables: Any = None


async def put(desk: Desk, asked: Import) -> dict[str, Any]:
    """Puts a state in place of all that there is."""
    try:
        rows = dump.read(dict(asked))
        counts = await desk.write(lambda connection: dump.restored(connection, rows))
    except dump.BadDump as error:
        raise Problem(422, error.code, str(error), error.hint) from None
    desk.forget_requests()
    return {"imported": counts}
