"""Deliveries of a running sandbox: put in as surfaces do, and looked at beside its workers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from tillspec.sandbox import merchants, outbox, state
from tillspec.sandbox.outbox import Delivery

from .conftest import Running
from .receiver import Got, wait_until

VINR, DIDDO = "vinrSessionStatusChanged", "diddoCheckoutEvent"


def secret_of(sandbox: Running) -> str:
    assert sandbox.mine.vinr is not None
    return sandbox.mine.vinr.webhook.secret


def listen(sandbox: Running, url: str, surface: str = "vinr") -> None:
    sandbox.work(lambda connection: merchants.set_webhook(connection, sandbox.mine.id, surface, url))


def put(sandbox: Running, url: str, *events: str, merchant: str = "harbor", **message: Any) -> list[str]:
    """Puts messages into the outbox, as surfaces do; the ids of their deliveries."""

    def put_all(connection: Connection) -> list[str]:
        now = state.read(connection)
        made = []
        for event in events:
            body = json.dumps({"id": event}).encode()
            plain = {"operation": VINR, "session": "cs_1", "event": event, "url": url, "body": body, **message}
            made.append(outbox.add(connection, now, outbox.Message(merchant=merchant, **plain)))
        return made

    return sandbox.work(put_all)


def look(sandbox: Running, delivery: str) -> Delivery:
    found = sandbox.work(lambda connection: outbox.find(connection, delivery))
    assert found is not None
    return found


def wait_for(sandbox: Running, delivery: str, true: Callable[[Delivery], Any], what: str) -> Delivery:
    wait_until(lambda: true(look(sandbox, delivery)), f"a delivery that {what}")
    return look(sandbox, delivery)


def over(sandbox: Running, delivery: str) -> Delivery:
    return wait_for(sandbox, delivery, lambda one: one.due_at is None and not one.sending, "is over")


def fates(sandbox: Running, deliveries: list[str]) -> set[str]:
    """What became of them, when all are over."""

    def there() -> list[Delivery]:
        return [one for one in listed(sandbox) if one.id in deliveries]

    wait_until(lambda: all(one.due_at is None for one in there()), "all deliveries to be over")
    found = there()
    assert len(found) == len(deliveries)
    return {one.state for one in found}


def tried(sandbox: Running, delivery: str, times: int) -> Delivery:
    return wait_for(sandbox, delivery, lambda one: len(one.attempts) == times and not one.sending, f"was tried {times} times")


def events(got: list[Got]) -> list[str]:
    return [one.json()["id"] for one in got]


def listed(sandbox: Running, **options: Any) -> list[Delivery]:
    return sandbox.work(lambda connection: outbox.listed(connection, **{"most": 100, **options}))
