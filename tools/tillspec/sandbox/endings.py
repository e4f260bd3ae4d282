"""Objects that end by themselves, and of which somebody has to be told: found by the clock, some at a time.

Nothing hangs on when this is done. Whoever reads an object sees that it has ended from that moment on (`Session.status_at`); what
is told bears the time at which it ended.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Final

from pydantic import ValidationError
from sqlalchemy import Connection

from tillspec.sandbox import idempotency, sessions
from tillspec.sandbox.context import Sandbox
from tillspec.sandbox.merchants import Directory, Merchant
from tillspec.sandbox.sessions import EXPIRES, Session
from tillspec.sandbox.state import State
from tillspec.sandbox.store import Unavailable
from tillspec.sandbox.surfaces import vinr, vinr_events

Tell = Callable[[Connection, State, Merchant, Session, int], None]
"""Tells a merchant, within a transaction, that an object has ended at a time (microseconds)."""

TELL: Final[Mapping[str, Tell]] = {vinr.SESSION: vinr_events.moved}
"""Who tells of an end, by the object's kind."""

BATCH: Final = 25
"""How many end in one transaction: few enough that requests do not wait for it."""

_EVERY: Final = 0.25
_TIDY_EVERY: Final = 60.0
_SHARE: Final = 9
"""After a batch it rests so many times as long as the batch took."""

_log: Final = logging.getLogger("tillspec.sandbox")


async def sweep(sandbox: Sandbox) -> None:
    """Looks for them until it is cancelled; now and then, for idempotency keys that are not kept any more."""
    tidied = -_TIDY_EVERY
    while True:
        began = time.monotonic()
        try:
            ended = await _some(sandbox)
            if began - tidied >= _TIDY_EVERY:
                now = (await sandbox.store.state()).now()
                removed = await sandbox.write(lambda connection: idempotency.prune(connection, now))  # noqa: B023  # at once
                tidied = tidied if removed else began
        except Unavailable:
            ended = 0
        except Exception as error:
            # the type alone: its text might hold what merchants keep to themselves
            _log.error("Sessions whose time is over could not be ended: %s", type(error).__name__)
            ended = 0
        await asyncio.sleep(min((time.monotonic() - began) * _SHARE, 1) if ended else _EVERY)


async def _some(sandbox: Sandbox) -> int:
    """Ends some; how many."""
    state = await sandbox.store.state()
    now = state.now()
    if not await sandbox.read(lambda connection: sessions.overdue(connection, now, 1)):
        return 0
    directory = await sandbox.directory(state)
    return await sandbox.write(lambda connection: end(connection, state, directory, now))


def end(connection: Connection, state: State, directory: Directory, now: int) -> int:
    """Moves a batch of objects whose time is over to the state that is declared for it, and tells; how many there were."""
    overdue = sessions.overdue(connection, now, BATCH)
    for session in overdue:
        session.status = EXPIRES[session.kind].state
        sessions.save(connection, session)
        merchant, tell = directory.get(session.merchant), TELL.get(session.kind)
        if merchant is not None and tell is not None and session.expires_at is not None:
            try:
                tell(connection, state, merchant, session, session.expires_at)
            except ValidationError:  # it has ended all the same, and the next ones shall not wait for it
                _log.error("%s has ended, and nobody can be told: it is not of the contract's form", session.id)
    return len(overdue)
