"""Requests that are repeated with the same key are the same request (`x-behavior: idempotency`).

A key is taken in the transaction that does what was asked, so whoever comes with it at the same moment waits for that
transaction, and then finds the answer. Only work that takes longer than a transaction holds a key as running, under a lease: if
its worker dies, the key is free again when the lease is over.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic_core import from_json
from sqlalchemy import Connection, bindparam, select, tuple_
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from checkout_api._runtime.behavior import Idempotency
from tillspec.sandbox import clock, schema
from tillspec.sandbox.prepared import Prepared

_T: Final = schema.idempotency
_HERE: Final = [_T.c.scope == bindparam("of"), _T.c.key == bindparam("used")]
_FIND: Final = Prepared(select(_T.c.fingerprint, _T.c.answer, _T.c.lease_until, _T.c.kept_until).where(*_HERE).with_for_update())
_DELETE: Final = Prepared(_T.delete().where(*_HERE))
_INSERTS: Final = {
    "sqlite": sqlite_insert(_T).on_conflict_do_nothing(),
    "postgresql": postgres_insert(_T).on_conflict_do_nothing(),
}
LEASE: Final = 30 * clock.SECOND
"""How long a key is held as running, in microseconds of the machine's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it is used: within a scope, for a body."""

    scope: str
    key: str
    fingerprint: str
    rule: Idempotency


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a key that is not free: `answer` is what is to be answered again."""

    state: Literal["replay", "mismatch", "running"]
    answer: Any = None


def fingerprint(body: bytes, rule: Idempotency) -> str:
    """What tells bodies apart: as JSON values, where `1` and `1.0` and members in any order are the same, or as bytes."""
    if rule.compare == "json":
        body = json.dumps(_plain(from_json(body)), sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(body).hexdigest()


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def look(connection: Connection, key: Key, now: int) -> Found | None:
    """What is known of a key; None if it is free, or not kept any more."""
    row = _FIND.row(connection, {"of": key.scope, "used": key.key})
    if row is None:
        return None
    known, answer, lease_until, kept_until = row
    if now >= kept_until or (answer is None and clock.real() >= (lease_until or 0)):
        _DELETE.run(connection, {"of": key.scope, "used": key.key})
        return None
    if known != key.fingerprint:
        return Found("mismatch")
    return Found("running") if answer is None else Found("replay", json.loads(answer))


def keep(connection: Connection, key: Key, now: int, answer: Any) -> Found | None:
    """Takes a free key with its answer (a JSON value). If somebody was quicker, what is now known of it.

    What the transaction has done by then has to be undone by the caller, who therefore takes the key first.
    """
    return _take(connection, key, now, json.dumps(answer), None)


def hold(connection: Connection, key: Key, now: int) -> Found | None:
    """Takes a free key as running. If somebody was quicker, what is now known of it."""
    return _take(connection, key, now, None, clock.real() + LEASE)


def _take(connection: Connection, key: Key, now: int, answer: str | None, lease_until: int | None) -> Found | None:
    row = {
        "scope": key.scope, "key": key.key, "fingerprint": key.fingerprint, "answer": answer, "lease_until": lease_until,
        "kept_until": now + clock.micros(key.rule.retention),
    }  # fmt: skip
    if connection.execute(_INSERTS[connection.dialect.name], row).rowcount:
        return None
    return look(connection, key, now) or _take(connection, key, now, answer, lease_until)


def free(connection: Connection, key: Key) -> None:
    """Lets go of a key that was held: within the transaction that then takes it with its answer."""
    _DELETE.run(connection, {"of": key.scope, "used": key.key})


def prune(connection: Connection, now: int, most: int = 500) -> int:
    """Removes keys that are not kept any more, no more than `most` at once; how many."""
    over = select(_T.c.scope, _T.c.key).where(_T.c.kept_until <= now).limit(most)
    return connection.execute(_T.delete().where(tuple_(_T.c.scope, _T.c.key).in_(over))).rowcount
