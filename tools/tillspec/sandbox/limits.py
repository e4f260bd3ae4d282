"""Rate limits, as far as they are switched on: requests counted in windows of the sandbox's clock, by all workers together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection, Integer, bindparam, literal_column
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from starlette.datastructures import Headers
from starlette.types import Scope

from checkout_api import behavior
from checkout_api._runtime import behavior as declared
from checkout_api._runtime.operation import Operation
from tillspec.sandbox import clock, schema, state
from tillspec.sandbox.callers import credential_of
from tillspec.sandbox.merchants import Directory
from tillspec.sandbox.prepared import Prepared

_T: Final = schema.limits
_ONE: Final = literal_column("1", Integer)


def _counting(insert: Any) -> Prepared:
    row = insert(_T).values(scope=bindparam("of"), window=bindparam("at"), used=_ONE)
    again = row.on_conflict_do_update(index_elements=[_T.c.scope, _T.c.window], set_={"used": _T.c.used + _ONE})
    return Prepared(again.returning(_T.c.used))


_COUNT: Final = {"sqlite": _counting(sqlite_insert), "postgresql": _counting(postgres_insert)}
_KEPT: Final = clock.micros(timedelta(days=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A request that was counted: how many are allowed, how many remain, and when the window ends (microseconds)."""

    rule: declared.RateLimit
    limit: int
    remaining: int
    ends_at: int
    now: int
    exceeded: bool

    @property
    def wait(self) -> timedelta:
        """How long it is to the end of the window."""
        return timedelta(microseconds=self.ends_at - self.now)

    def headers(self) -> list[tuple[bytes, bytes]]:
        """What an answer says of it, by the names and in the unit that are declared."""
        reset = self.ends_at / clock.SECOND if self.rule.reset_unit == "epoch-seconds" else self.wait.total_seconds()
        said = ((self.rule.limit, self.limit), (self.rule.remaining, self.remaining), (self.rule.reset, math.ceil(reset)))
        return [(name.lower().encode(), b"%d" % value) for name, value in said if name is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Where a request is counted."""

    rule: declared.RateLimit
    scope: str
    limit: int
    per: int

    def count(self, connection: Connection, now: int) -> Counted:
        """Counts a request."""
        starts_at = now - now % self.per
        row = _COUNT[connection.dialect.name].row(connection, {"of": self.scope, "at": starts_at})
        assert row is not None, "an upsert gives its row"
        used = int(row[0])
        if used == 1:
            connection.execute(_T.delete().where(_T.c.window < starts_at - _KEPT))
        return Counted(
            rule=self.rule, limit=self.limit, remaining=max(self.limit - used, 0), ends_at=starts_at + self.per, now=now,
            exceeded=used > self.limit,
        )  # fmt: skip


def window(
    operation: Operation[Any], scope: Scope, values: dict[str, str], directory: Directory, usual: state.RateLimit
) -> Window | None:
    """Where a request for an operation is counted; None where the contract declares no limit.

    An operation with numbers of its own is counted for itself; all others of a surface together, with the usual numbers.
    """
    rule = behavior.OPERATIONS[operation.id].rate_limit
    if rule is None:
        return None
    headers = Headers(scope=scope)
    client = scope.get("client")
    address = f"address {client[0] if client else ''}"
    match rule.scope:
        case "credential":
            credential = credential_of(directory, operation.surface, headers)
            whose = f"credential {credential}" if credential is not None else address
        case "object":
            name = (behavior.OPERATIONS[operation.id].identifies or "").rpartition(".")[2]
            whose = f"object {values.get(name, '')}"[:200]
        case _:
            whose = address
    own = rule.requests is not None or rule.per is not None
    return Window(
        rule=rule, scope=f"{operation.id if own else operation.surface} {whose}", limit=rule.requests or usual.requests,
        per=clock.micros(rule.per or usual.per),
    )  # fmt: skip
