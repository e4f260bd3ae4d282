"""What everything of the control plane shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from tillspec.sandbox import clock
from tillspec.sandbox.context import Sandbox
from tillspec.sandbox.control.answers import Asked
from tillspec.sandbox.settings import Settings


class Nothing(Asked):
    """Nothing more is asked."""


@dataclass(frozen=True, slots=True)
class Desk:
    """One worker, what it was started with, and what forgets its latest requests."""

    sandbox: Sandbox
    settings: Settings
    forget_requests: Callable[[], None] = lambda: None

    async def read(self, work: Callable[[Connection], Any]) -> Any:
        """See `Store.read`."""
        return await self.sandbox.read(work)

    async def write(self, work: Callable[[Connection], Any]) -> Any:
        """See `Store.write`."""
        return await self.sandbox.write(work)


def instant(at: int | None) -> str | None:
    """A time of the database as RFC 3339 has it."""
    return clock.moment(at).isoformat(timespec="microseconds").replace("+00:00", "Z") if at is not None else None
