"""What is to go wrong next: chosen by tests, and each as often as they say.

How many are still to happen stands in the shared row, so that a request costs nothing more while there is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, func, or_, select

from checkout_api import operations
from checkout_api._runtime.operation import Operation
from tillspec.sandbox import clock, idempotency, schema, state

Kind = Literal["429", "500", "502", "503", "504", "timeout", "disconnect", "slow"]
"""A status that is answered; no answer at all; a connection that is closed; an answer that comes late."""

_T: Final = schema.faults

OPERATIONS: Final[Mapping[str, Operation[Any]]] = {
    found.id: found for found in vars(operations).values() if isinstance(found, Operation) and found.path.startswith("/")
}
"""What can go wrong: the operations that clients call."""

LONGEST: Final = {"slow": timedelta(microseconds=idempotency.LEASE - 5 * clock.SECOND), "timeout": timedelta(minutes=10)}
"""How long faults last at most. What is slow is done before its idempotency key would be free again."""

USUAL: Final = {
    "slow": timedelta(seconds=2),
    "timeout": timedelta(minutes=1),
    "429": timedelta(seconds=1),
    "503": timedelta(seconds=1),
}
"""How long they last, or what `Retry-After` says, where nothing is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault that is to happen `remaining` times more, to requests for an operation (None: any) of a merchant (None: any).

    `span` is how late the answer comes, how long there is none, or what `Retry-After` says. With `carried_out` the operation has
    done its work before the answer is lost.
    """

    id: int = 0
    fault: Kind
    operation: str | None = None
    merchant: str | None = None
    remaining: int = 1
    span: timedelta = timedelta()
    carried_out: bool = False


class BadFault(ValueError):
    """A fault that could never happen; `unknown` says that what it names is not there."""

    def __init__(self, message: str, *, unknown: bool = False) -> None:
        super().__init__(message)
        self.unknown = unknown


def check(fault: Fault) -> None:
    """That the fault can happen as the contract is.

    Raises:
        BadFault: it cannot; the text says why.
    """
    if fault.operation is not None and fault.operation not in OPERATIONS:
        raise BadFault(f"operation: no operation is called {fault.operation[:64]!r}", unknown=True)
    if fault.fault.isdigit():
        affected = [OPERATIONS[fault.operation]] if fault.operation else list(OPERATIONS.values())
        without = [one.id for one in affected if fault.fault not in one.responses]
        if without:
            raise BadFault(f"fault: {without[0]} does not declare an answer {fault.fault}; name an operation that does")
    longest = LONGEST.get(fault.fault)
    if longest is not None and fault.span > longest:
        raise BadFault(f"span: a {fault.fault} lasts {longest.total_seconds():.0f} seconds at most")
    if fault.carried_out and fault.fault not in ("timeout", "disconnect"):
        raise BadFault(f"carried_out: a {fault.fault} does not lose the answer of what was done; a timeout or a disconnect does")


def add(connection: Connection, fault: Fault) -> Fault:
    """Has a fault happen, after those that are there already."""
    data = json.dumps({"span": clock.micros(fault.span), "carried_out": fault.carried_out})
    row = {
        "fault": fault.fault, "operation": fault.operation, "merchant": fault.merchant, "remaining": fault.remaining,
        "data": data,
    }  # fmt: skip
    made = connection.execute(_T.insert(), row).inserted_primary_key
    assert made is not None, "both databases say it"
    _count(connection)
    return next(one for one in listed(connection) if one.id == made[0])


def listed(connection: Connection) -> list[Fault]:
    """What is still to happen, the next first."""
    return [_fault(row) for row in connection.execute(select(_T).order_by(_T.c.id))]


def remove(connection: Connection, fault: int | None = None) -> int:
    """Has a fault (all, with None) not happen any more; how many that were."""
    query = _T.delete() if fault is None else _T.delete().where(_T.c.id == fault)
    removed = connection.execute(query).rowcount
    _count(connection)
    return removed


def take(connection: Connection, operation: str, merchant: str | None) -> Fault | None:
    """The next fault of a request for an operation, which has happened then."""
    # whoever takes one waits here for others who do, so that none happens twice
    connection.execute(select(schema.state.c.one).with_for_update())
    query = (
        select(_T)
        .where(or_(_T.c.operation.is_(None), _T.c.operation == operation))
        .where(or_(_T.c.merchant.is_(None), _T.c.merchant == merchant))
        .order_by(_T.c.id)
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    found = _fault(row)
    if found.remaining > 1:
        connection.execute(_T.update().where(_T.c.id == found.id).values(remaining=_T.c.remaining - 1))
    else:
        connection.execute(_T.delete().where(_T.c.id == found.id))
    _count(connection)
    return found


def _count(connection: Connection) -> None:
    total = connection.execute(select(func.coalesce(func.sum(_T.c.remaining), 0))).scalar_one()
    state.change(connection, faults=int(total))


def _fault(row: Any) -> Fault:
    data = json.loads(row.data)
    return Fault(
        id=row.id, fault=row.fault, operation=row.operation, merchant=row.merchant, remaining=row.remaining,
        span=timedelta(microseconds=data["span"]), carried_out=data["carried_out"],
    )  # fmt: skip
