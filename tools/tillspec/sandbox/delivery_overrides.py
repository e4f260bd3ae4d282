"""What the control plane may do to deliveries: send again, twice, later, in another order, or never.

What cannot be done is an error. Each works on a connection, within the caller's transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Connection

from checkout_api import behavior
from tillspec.sandbox import clock, merchants, outbox, schema
from tillspec.sandbox.outbox import PENDING, Delivery
from tillspec.sandbox.state import State

_T: Final = schema.deliveries
_FATES: Final = {
    "delivered": "has been delivered", "ended": "was given up", "failed": "was given up", "dropped": "was dropped",
}  # fmt: skip


class UnknownDelivery(LookupError):
    """There is no such delivery."""


class NotPossible(ValueError):
    """It cannot be done to this delivery; the text says why."""


def resend(connection: Connection, state: State, delivery: str) -> Delivery:
    """Has a delivery sent now: one that waits for its next try does not wait any longer; one that was over begins anew.

    A webhook goes to the address that the merchant has by now, a callback to that of its session.

    Raises:
        UnknownDelivery, NotPossible: it is being sent at the moment, or what is for its merchant is kept back.
    """
    found = _idle(connection, delivery)
    if found.merchant in held(connection):
        raise NotPossible(f"what is for {found.merchant} is kept back; release it first")
    url = _url_now(connection, found)
    values: dict[str, Any] = {"state": PENDING, "due_at": state.now(), "waits_for": None, "url": url}
    if found.state != PENDING:
        values["tries"] = 0
    return _changed(connection, found, **values, receiver=outbox.receiver_of(url))


def duplicate(connection: Connection, state: State, delivery: str) -> Delivery:
    """Has a message delivered a second time, now, as a delivery of its own with the same event.

    Raises:
        UnknownDelivery: there is no such delivery.
    """
    found = _known(outbox.find(connection, delivery), delivery)
    message = outbox.Message(
        merchant=found.merchant, operation=found.operation, session=found.session, event=found.event,
        url=_url_now(connection, found), method=found.method, headers=found.headers, body=found.body,
    )  # fmt: skip
    made = outbox.add(connection, state, message)
    return _known(outbox.find(connection, made), made)


def delay(connection: Connection, state: State, delivery: str, span: timedelta) -> Delivery:
    """Puts off the next try of a delivery: so long after it was due, or after now if that is over.

    Raises:
        UnknownDelivery, NotPossible: nothing of it is to come, it is being sent at the moment, or the span is not positive.
    """
    if span <= timedelta():
        raise NotPossible("a delivery can be delayed by a positive span alone")
    found = _to_come(connection, delivery)
    assert found.due_at is not None
    return _changed(connection, found, due_at=max(found.due_at, state.now()) + clock.micros(span))


def drop(connection: Connection, delivery: str) -> Delivery:
    """Has a delivery never sent, or not again.

    Raises:
        UnknownDelivery, NotPossible: nothing of it is to come, or it is being sent at the moment.
    """
    found = _to_come(connection, delivery)
    outbox.let_follow(connection, found.id, found.waits_for)
    return _changed(connection, found, state="dropped", due_at=None, waits_for=None)


def reorder(connection: Connection, deliveries: Sequence[str]) -> list[Delivery]:
    """Has deliveries sent in an order: each is first tried when the one before it has been, or was dropped.

    Those that are due at once are sent at once, so this is for some that are held back (`hold`), delayed, or wait for a retry.

    Raises:
        UnknownDelivery, NotPossible: one is named twice, nothing of it is to come, or it is being sent at the moment.
    """
    twice = [one for one, count in Counter(deliveries).items() if count > 1]
    if twice:
        raise NotPossible(f"{twice[0]} is named twice")
    found = {one: _to_come(connection, one) for one in sorted(deliveries)}  # sorted, so that two never lock in a ring
    before: str | None = None
    changed = []
    for one in deliveries:
        changed.append(_changed(connection, found[one], waits_for=before))
        before = one
    return changed


def hold(connection: Connection, merchant: str) -> None:
    """Keeps back whatever is to be sent to a merchant from now on, until `release`. What is under way is not stopped.

    Raises:
        merchants.UnknownMerchant: there is no such merchant.
    """
    merchants.take(connection, merchant)
    release(connection, merchant)
    connection.execute(schema.holds.insert(), {"merchant": merchant})


def release(connection: Connection, merchant: str) -> None:
    """Sends what was kept back, each when it is due.

    Raises:
        merchants.UnknownMerchant: there is no such merchant.
    """
    merchants.take(connection, merchant)
    connection.execute(schema.holds.delete().where(schema.holds.c.merchant == merchant))
    outbox.stir()


def held(connection: Connection) -> list[str]:
    """The merchants whose deliveries are kept back."""
    return list(connection.execute(schema.holds.select().order_by(schema.holds.c.merchant)).scalars())


# -- what they share -------------------------------------------------------------------------------------------------------


def _known(found: Delivery | None, delivery: str) -> Delivery:
    if found is None:
        raise UnknownDelivery(f"there is no delivery {delivery}")
    return found


def _idle(connection: Connection, delivery: str) -> Delivery:
    found = _known(outbox.take(connection, delivery), delivery)
    if found.sending:
        raise NotPossible(f"{delivery} is being sent at the moment; try again when the receiver has answered")
    return found


def _to_come(connection: Connection, delivery: str) -> Delivery:
    found = _idle(connection, delivery)
    if found.state != PENDING:
        raise NotPossible(f"{delivery} {_FATES[found.state]}, so nothing of it is to come; it can be sent again or duplicated")
    return found


def _changed(connection: Connection, found: Delivery, **values: Any) -> Delivery:
    connection.execute(_T.update().where(_T.c.number == found.number).values(values))
    outbox.stir()
    return _known(outbox.find(connection, found.id), found.id)


def _url_now(connection: Connection, found: Delivery) -> str:
    """Where a message goes now: to the merchant's webhook as it is by now, if it went to the merchant's webhook."""
    merchant = merchants.read(connection).get(found.merchant)
    surface = behavior.OPERATIONS[found.operation].surface
    webhook = merchant.webhook(surface) if merchant is not None else None
    return webhook.url if webhook is not None and webhook.url is not None else found.url
