"""The objects that operations make: kept by their owner, moved one way only, and ended by the clock.

States, moves and times are those that `checkout_api.behavior` declares of the object. An object whose time is over counts as
ended from that moment on, whether or not somebody has written it down by then.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic_core import from_json
from sqlalchemy import Connection, bindparam, select, text

from checkout_api import behavior
from tillspec.sandbox import clock, schema
from tillspec.sandbox.prepared import Prepared

_T: Final = schema.sessions
_COLUMNS: Final = (
    _T.c.id, _T.c.kind, _T.c.merchant, _T.c.parent, _T.c.status, _T.c.amount, _T.c.currency, _T.c.created_at, _T.c.expires_at,
    _T.c.request, _T.c.data,
)  # fmt: skip
_BY_ID: Final = select(*_COLUMNS).where(_T.c.id == bindparam("key"), _T.c.kind == bindparam("of"))
_FIND: Final = Prepared(_BY_ID)
_GLANCE: Final = Prepared(
    select(_T.c.merchant, _T.c.status, _T.c.amount, _T.c.currency, _T.c.expires_at, _T.c.data)
    .where(_T.c.id == bindparam("key"), _T.c.kind == bindparam("of"))
)  # fmt: skip
_TAKE: Final = Prepared(_BY_ID.with_for_update())
_INSERT: Final = Prepared(_T.insert())


@dataclass(slots=True, kw_only=True)
class Session:
    """An object as it is stored.

    `kind` is the contract's name of it, `parent` what it was made of, `request` the body that made it, as it was sent, and `data`
    what came after; its form belongs to the surface. Times are microseconds by the sandbox's clock. `status` is what was written
    last: ask `status_at`.
    """

    id: str
    kind: str
    merchant: str
    parent: str | None = None
    status: str
    amount: int | None = None
    currency: str | None = None
    created_at: int
    expires_at: int | None = None
    request: str = field(default="", repr=False)
    data: dict[str, Any] = field(default_factory=dict, repr=False)

    def is_over(self, now: int) -> bool:
        """Whether its time is over, and nothing has ended it before."""
        return self.expires_at is not None and now >= self.expires_at and not _ended(self.kind, self.status)

    def status_at(self, now: int) -> str:
        """Its state at a time."""
        expires = EXPIRES.get(self.kind)
        return expires.state if expires is not None and expires.state is not None and self.is_over(now) else self.status

    def is_gone(self, now: int) -> bool:
        """Whether it has ended by itself so long ago that it is not shown any more."""
        expires = EXPIRES.get(self.kind)
        if expires is None or expires.kept_forever or self.expires_at is None or not self._over_or_expired(now):
            return False
        return now >= self.expires_at + (clock.micros(expires.kept) if expires.kept else 0)

    def _over_or_expired(self, now: int) -> bool:
        expires = EXPIRES[self.kind]
        return self.is_over(now) or (expires.state is not None and self.status == expires.state)


def _declared(what: str) -> dict[str, Any]:
    found = ((of.object, getattr(of, what)) for of in behavior.OBJECTS.values() if of.object is not None)
    return {name: value for name, value in found if value is not None}


EXPIRES: Final[dict[str, Any]] = _declared("expires")
"""When objects end by themselves, by their name."""

LIFECYCLES: Final[dict[str, Any]] = _declared("lifecycle")
"""The states of objects, by their name."""


def _ended(kind: str, status: str) -> bool:
    lifecycle = LIFECYCLES.get(kind)
    return lifecycle is not None and lifecycle.is_terminal(status)


def insert(connection: Connection, session: Session) -> None:
    """Stores a new object."""
    _INSERT.run(
        connection,
        {
            "id": session.id, "kind": session.kind, "merchant": session.merchant, "parent": session.parent,
            "status": session.status, "amount": session.amount, "currency": session.currency, "created_at": session.created_at,
            "expires_at": session.expires_at, "ends_at": _ends_at(session), "request": session.request,
            "data": json.dumps(session.data),
        },
    )  # fmt: skip


def find(connection: Connection, kind: str, key: str, *, merchant: str | None = None) -> Session | None:
    """The object of an id; with `merchant` only if it is theirs, so that another's cannot be told from none."""
    return _one(connection, _FIND, kind, key, merchant)


def glance(connection: Connection, kind: str, key: str, merchant: str) -> Session | None:
    """A merchant's object without what made it and when, for who only shows where it stands."""
    row = _GLANCE.row(connection, {"key": key, "of": kind})
    if row is None or row[0] != merchant:
        return None
    return Session(
        id=key, kind=kind, merchant=merchant, status=row[1], amount=row[2], currency=row[3], created_at=0, expires_at=row[4],
        data=from_json(row[5]),
    )  # fmt: skip


def take(connection: Connection, kind: str, key: str, *, merchant: str | None = None) -> Session | None:
    """The same, and nobody else changes it before the transaction ends."""
    return _one(connection, _TAKE, kind, key, merchant)


def _one(connection: Connection, query: Prepared, kind: str, key: str, merchant: str | None) -> Session | None:
    row = query.row(connection, {"key": key, "of": kind})
    if row is None or (merchant is not None and row[2] != merchant):
        return None
    return session_of(row)


def session_of(row: Any) -> Session:
    """From the columns, in the order of the table."""
    return Session(
        id=row[0], kind=row[1], merchant=row[2], parent=row[3], status=row[4], amount=row[5], currency=row[6], created_at=row[7],
        expires_at=row[8], request=row[9], data=from_json(row[10]),
    )  # fmt: skip


def listed(connection: Connection, kind: str, parent: str, *, merchant: str) -> list[Session]:
    """What was made of something, the newest first."""
    query = (
        select(*_COLUMNS)
        .where(_T.c.parent == parent, _T.c.kind == kind, _T.c.merchant == merchant)
        .order_by(_T.c.created_at.desc(), _T.c.id.desc())
    )
    return [session_of(row) for row in connection.execute(query)]


def any_of(connection: Connection, key: str) -> Session | None:
    """The object of an id, whatever its kind."""
    row = connection.execute(select(*_COLUMNS).where(_T.c.id == key)).first()
    return session_of(row) if row is not None else None


def newest(connection: Connection, most: int, *, merchant: str | None = None, kind: str | None = None) -> list[Session]:
    """What was made last, of a merchant's or of a kind."""
    query = select(*_COLUMNS)
    for column, value in ((_T.c.merchant, merchant), (_T.c.kind, kind)):
        query = query if value is None else query.where(column == value)
    # rows of SQLite lie in the order in which they came; PostgreSQL has an index
    last = text("sessions.rowid DESC") if connection.dialect.name == "sqlite" else _T.c.created_at.desc()
    return [session_of(row) for row in connection.execute(query.order_by(last).limit(most))]


def save(connection: Connection, session: Session) -> None:
    """Writes what may change of an object that was taken in this transaction: status, amount, currency, time and data."""
    connection.execute(
        _T.update().where(_T.c.id == session.id),
        {
            "status": session.status, "amount": session.amount, "currency": session.currency, "expires_at": session.expires_at,
            "ends_at": _ends_at(session), "data": json.dumps(session.data),
        },
    )  # fmt: skip


def _ends_at(session: Session) -> int | None:
    """When it has to be told that it has ended by itself; None where nobody is told, or nothing is to come."""
    expires = EXPIRES.get(session.kind)
    if expires is None or expires.state is None or _ended(session.kind, session.status):
        return None
    return session.expires_at


def overdue(connection: Connection, now: int, most: int) -> list[Session]:
    """Objects whose time is over and whose end nobody has written down, the oldest first. Nobody else gets the same ones."""
    query = select(*_COLUMNS).where(_T.c.ends_at <= now).order_by(_T.c.ends_at).limit(most).with_for_update(skip_locked=True)
    return [session_of(row) for row in connection.execute(query)]


def delete(connection: Connection, session: Session) -> None:
    """Removes an object for good."""
    connection.execute(_T.delete().where(_T.c.id == session.id))


class NotAllowed(Exception):
    """The lifecycle has no such move."""

    def __init__(self, session: Session, status: str, to: str) -> None:
        super().__init__(f"{session.id} is {status}, and cannot become {to}")
        self.status, self.to = status, to


def move(connection: Connection, session: Session, to: str, now: int) -> None:
    """Moves an object that was taken in this transaction to another state, and stores it. The surface tells whom it concerns.

    Raises:
        NotAllowed: its lifecycle has no such move from where it stands now.
    """
    status = session.status_at(now)
    if not LIFECYCLES[session.kind].allows(status, to):
        raise NotAllowed(session, status, to)
    session.status = to
    save(connection, session)
