"""What is to be told to merchants: written in the transaction that made it happen, and sent afterwards.

A delivery is due at a time of the sandbox's clock. Who sends it holds it under a lease by the machine's clock, which runs on
where the sandbox's stands still: when a lease is over, its worker has died, and another sends the delivery again. So it comes at
least once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from checkout_api import behavior
from tillspec.sandbox import clock, ids, schema
from tillspec.sandbox.state import State
from tillspec.sandbox.state import read as read_state

PENDING: Final = "pending"

Fate = Literal["pending", "delivered", "ended", "failed", "dropped"]
"""What became of a delivery: it is still to be sent; delivered; given up at an answer that ends it, or after the last try; or
dropped by the control plane, and not sent."""

Method = Literal["GET", "POST"]

KEPT: Final = 10_000
"""How many of those are kept of which nothing is to come."""

_ATTEMPTS_KEPT: Final = 50
_T: Final = schema.deliveries
_HELD: Final = select(schema.holds.c.merchant)

_made = 0


def made() -> int:
    """A number that grows with whatever this worker makes due; what it says may be undone again."""
    return _made


def stir() -> None:
    """Notes that something has become due."""
    global _made  # noqa: PLW0603  # a hint for this worker alone, so that it need not wait to look
    _made += 1


# -- what is sent ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A webhook or callback: of an operation of the contract, about a session, to the address that the merchant gave.

    `event` is the same in every delivery of it. The signature is made when it is sent, because it holds the time of sending.
    """

    merchant: str
    operation: str
    session: str
    event: str
    url: str
    method: Method = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def add(connection: Connection, state: State, message: Message, *, due_at: int | None = None) -> str:
    """Puts a message into the outbox, to be sent at once or at a time (microseconds); the id of its delivery.

    Raises:
        ValueError: the contract does not say how the operation is delivered.
    """
    if behavior.OPERATIONS[message.operation].delivery is None:
        raise ValueError(f"the contract does not say how {message.operation} is delivered")
    now = state.now()
    row: dict[str, Any] = {
        "id": ids.token(connection, state, "dlv_"), "merchant": message.merchant, "operation": message.operation,
        "session": message.session, "event": message.event, "method": message.method, "url": message.url,
        "receiver": receiver_of(message.url), "headers": json.dumps(dict(message.headers)), "body": message.body,
        "state": PENDING, "tries": 0, "attempts": "[]", "created_at": now, "due_at": now if due_at is None else due_at,
    }  # fmt: skip
    connection.execute(_T.insert(), row)
    stir()
    return str(row["id"])


def receiver_of(url: str) -> str:
    """Who answers a URL, so that one that is slow holds up nobody else."""
    try:
        split = urlsplit(url)
        return f"{split.scheme}://{split.hostname}:{split.port or ''}"[:255]
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message on its way, as it is stored.

    `attempts` are the latest tries, the oldest first, each as `Attempt.shown` gives it; `tries` counts those since it was made or
    sent anew by hand. It is sent at `due_at` (microseconds), None when nothing is to come. `waits_for` is the delivery that has
    to be tried before.
    """

    number: int
    id: str
    merchant: str
    operation: str
    session: str
    event: str
    method: Method
    url: str
    receiver: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    state: Fate
    tries: int
    attempts: Sequence[Mapping[str, Any]]
    created_at: int
    due_at: int | None
    lease_until: int | None
    waits_for: str | None

    @property
    def sending(self) -> bool:
        """Whether some worker is sending it now."""
        return self.lease_until is not None and self.lease_until > clock.real()


def delivery_of(row: Any) -> Delivery:
    """From a row of the table."""
    plain: dict[str, Any] = dict(row._mapping)
    plain["headers"], plain["attempts"] = json.loads(plain["headers"]), json.loads(plain["attempts"])
    plain["body"] = bytes(plain["body"])
    return Delivery(**plain)


def find(connection: Connection, delivery: str) -> Delivery | None:
    """The delivery of an id."""
    row = connection.execute(_T.select().where(_T.c.id == delivery)).first()
    return delivery_of(row) if row is not None else None


def take(connection: Connection, delivery: str) -> Delivery | None:
    """The same, and nobody else changes it before the transaction ends."""
    row = connection.execute(_T.select().where(_T.c.id == delivery).with_for_update()).first()
    return delivery_of(row) if row is not None else None


def listed(
    connection: Connection, *, merchant: str | None = None, session: str | None = None, before: int | None = None, most: int = 50
) -> list[Delivery]:
    """Deliveries, the newest first: all, or those of a merchant or about a session; the page after the one that ended `before`
    that number.
    """
    query = _T.select().order_by(_T.c.number.desc()).limit(most)
    for column, value in ((_T.c.merchant, merchant), (_T.c.session, session)):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(_T.c.number < before)
    return [delivery_of(row) for row in connection.execute(query)]


# -- sending ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much one worker may take: so many in all, and none of these merchants and receivers (each a pair with its merchant).

    Of one merchant and one receiver it takes no more than `per_merchant` and `per_receiver` at once; `busy` counts what it has.
    """

    free: int
    per_merchant: int
    per_receiver: int
    busy: Mapping[str | tuple[str, str], int] = field(default_factory=dict)

    def full(self) -> tuple[list[str], list[tuple[str, str]]]:
        """The merchants of whom nothing more is taken, and the receivers."""
        merchants = [key for key, count in self.busy.items() if isinstance(key, str) and count >= self.per_merchant]
        receivers = [key for key, count in self.busy.items() if not isinstance(key, str) and count >= self.per_receiver]
        return merchants, receivers

    def less(self, taken: Delivery) -> Room:
        """What is left when a delivery was taken."""
        busy = dict(self.busy)
        for key in (taken.merchant, (taken.merchant, taken.receiver)):
            busy[key] = busy.get(key, 0) + 1
        return Room(free=self.free - 1, per_merchant=self.per_merchant, per_receiver=self.per_receiver, busy=busy)


def _ready(now: int, room: Room) -> ColumnElement[bool]:
    """What is due, free, and not kept back."""
    merchants, receivers = room.full()
    return and_(
        _T.c.due_at <= now,
        or_(_T.c.lease_until.is_(None), _T.c.lease_until <= clock.real()),
        _T.c.waits_for.is_(None),
        _T.c.merchant.not_in(_HELD),
        *([_T.c.merchant.not_in(merchants)] if merchants else []),
        *(or_(_T.c.merchant != merchant, _T.c.receiver != receiver) for merchant, receiver in receivers),
    )


def something_due(connection: Connection, now: int, room: Room) -> bool:
    """Whether there is something to claim."""
    return connection.execute(select(_T.c.number).where(_ready(now, room)).limit(1)).first() is not None


def claim(connection: Connection, now: int, room: Room, lease: Callable[[str], int]) -> list[Delivery]:
    """Takes what is due, the oldest first, each for the span that `lease` gives its operation (microseconds).

    Nobody else gets the same ones before that is over.
    """
    claimed: list[Delivery] = []
    while room.free > 0:
        query = _T.select().where(_ready(now, room)).order_by(_T.c.due_at, _T.c.number).limit(room.free)
        rows = connection.execute(query.with_for_update(skip_locked=True)).all()
        for found in map(delivery_of, rows):
            merchants, receivers = room.full()
            if found.merchant in merchants or (found.merchant, found.receiver) in receivers:
                continue
            until = clock.real() + lease(found.operation)
            connection.execute(_T.update().where(_T.c.number == found.number).values(lease_until=until))
            claimed.append(replace(found, lease_until=until))
            room = room.less(found)
        if not rows:
            break
    return claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try: when it began (microseconds by the sandbox's clock), how long it took (microseconds), and what came of it.

    `headers` are those that were added for this try, the signature among them, which is no secret. `answer` is the beginning of
    what was answered.
    """

    at: int
    duration: int
    status: int | None = None
    error: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: str = ""

    def shown(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def note(connection: Connection, claimed: Delivery, attempt: Attempt, fate: Fate, wait: timedelta | None) -> bool:
    """Writes down a try of a delivery that was claimed, and gives the delivery back: to be sent again after a wait, or for good.

    Whether it still belonged to who claimed it; otherwise nothing is written.
    """
    mine = (_T.c.number == claimed.number, _T.c.lease_until == claimed.lease_until)
    known = connection.execute(select(_T.c.attempts).where(*mine).with_for_update()).scalar_one_or_none()
    if known is None:
        return False
    attempts = [*json.loads(known), attempt.shown()][-_ATTEMPTS_KEPT:]
    due_at = read_state(connection).now() + clock.micros(wait) if wait is not None else None
    values = {"state": fate, "tries": claimed.tries + 1, "attempts": json.dumps(attempts), "due_at": due_at, "lease_until": None}
    connection.execute(_T.update().where(*mine).values(values))
    let_follow(connection, claimed.id)
    return True


def give_back(connection: Connection, claimed: Delivery) -> None:
    """Lets go of a delivery that was claimed and could not be tried to the end."""
    mine = (_T.c.number == claimed.number, _T.c.lease_until == claimed.lease_until)
    connection.execute(_T.update().where(*mine).values(lease_until=None))


def let_follow(connection: Connection, delivery: str, instead: str | None = None) -> None:
    """Lets those go that waited for a delivery, or has them wait for another."""
    if connection.execute(_T.update().where(_T.c.waits_for == delivery).values(waits_for=instead)).rowcount:
        stir()


def prune(connection: Connection, keep: int = KEPT, most: int = 500) -> int:
    """Removes the oldest of those of which nothing is to come, beyond so many, and no more than `most` at once; how many."""
    over = _T.c.due_at.is_(None)
    oldest_kept = select(_T.c.number).where(over).order_by(_T.c.number.desc()).offset(keep).limit(1).scalar_subquery()
    chosen = select(_T.c.number).where(over, _T.c.number <= oldest_kept).order_by(_T.c.number).limit(most)
    return connection.execute(_T.delete().where(_T.c.number.in_(chosen))).rowcount
