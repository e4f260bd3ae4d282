"""The one row that all workers share: the clock, the switches, and what tells them that something has changed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self

from sqlalchemy import Connection, select

from tillspec.sandbox import clock, schema
from tillspec.sandbox.prepared import Prepared

CHANGED: Final = "tillspec.state.changed"
"""In a connection's `info`: it has written the row itself."""

next_epoch: Final = schema.state.c.epoch + 1

_ROW: Final = Prepared(
    select(
        schema.state.c.epoch,
        schema.state.c.clock_offset,
        schema.state.c.clock_frozen,
        schema.state.c.secret,
        schema.state.c.seed,
        schema.state.c.faults,
        schema.state.c.switches,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """How many requests a credential may make in a window."""

    requests: int
    per: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """What may be switched on. Without a `rate_limit` nothing is limited; `private` lets webhooks go to private addresses.

    `answer_within` is how long merchants may take to answer what the sandbox asks them while a buyer waits; without it, as long
    as the contract lets them.
    """

    rate_limit: RateLimit | None = None
    loopback: bool = True
    private: bool = False
    answer_within: timedelta | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        plain = json.loads(text)
        limit, within = plain.get("rate_limit"), plain.get("answer_within")
        return cls(
            rate_limit=RateLimit(requests=limit[0], per=timedelta(seconds=limit[1])) if limit else None,
            loopback=plain.get("loopback", True),
            private=plain.get("private", False),
            answer_within=timedelta(seconds=within) if within is not None else None,
        )

    def written(self) -> str:
        limit = self.rate_limit
        plain: dict[str, Any] = {"loopback": self.loopback, "private": self.private}
        if limit is not None:
            plain["rate_limit"] = [limit.requests, limit.per.total_seconds()]
        if self.answer_within is not None:
            plain["answer_within"] = self.answer_within.total_seconds()
        return json.dumps(plain)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the row says.

    `epoch` grows when merchants or switches change; what a worker remembers of an older one is no longer true. `frozen` is where
    the clock stands (microseconds), None while it runs. `secret` signs what the sandbox signs for itself. `faults` counts those
    that are still to happen.
    """

    epoch: int
    offset: int
    frozen: int | None
    secret: bytes = field(repr=False)
    seed: str | None
    faults: int
    switches: Switches

    def now(self) -> int:
        """The time by the sandbox's clock, in microseconds."""
        return self.frozen if self.frozen is not None else clock.real() + self.offset

    def moment(self, offset: timedelta = timedelta()) -> datetime:
        """The time by the sandbox's clock, as a `datetime`."""
        return clock.moment(self.now()) + offset


def change(connection: Connection, **values: Any) -> None:
    """Writes columns of the row. Whoever changes merchants or switches raises the epoch with it: `epoch=next_epoch`."""
    connection.info[CHANGED] = True
    connection.execute(schema.state.update().values(**values))


def read(connection: Connection) -> State:
    """The row as it now is."""
    row = _ROW.row(connection, {})
    if row is None:
        raise LookupError("the sandbox has not been filled")
    epoch, offset, frozen, secret, seed, faults, switches = row
    return State(
        epoch=epoch, offset=offset, frozen=frozen, secret=bytes.fromhex(secret), seed=seed, faults=faults,
        switches=Switches.read(switches),
    )  # fmt: skip
