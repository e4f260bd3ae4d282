"""What the control plane does to deliveries, on a running sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from checkout_api import webhooks
from tillspec.sandbox import clock, delivery_overrides, merchants, outbox, state

from .conftest import Running
from .receiver import Receiver, receiving
from .told import DIDDO, VINR, events, fates, listed, listen, look, over, put, tried


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def test_held_back_put_in_another_order_and_released(sandbox: Running, receiver: Receiver) -> None:
    sandbox.freeze()
    sandbox.work(lambda connection: delivery_overrides.hold(connection, "harbor"))
    first, second, third, fourth, fifth = put(sandbox, receiver.url, "evt_1", "evt_2", "evt_3", "evt_4", "evt_5")
    [other] = put(sandbox, receiver.url, "evt_other", merchant=sandbox.other.id)
    over(sandbox, other)
    assert events(receiver.got) == ["evt_other"]

    def arranged(connection: Connection) -> str:
        now = state.read(connection)
        twice = delivery_overrides.duplicate(connection, now, first)
        delivery_overrides.reorder(connection, [third, fourth, twice.id, second, first])
        delivery_overrides.drop(connection, fourth)
        delivery_overrides.delay(connection, now, fifth, timedelta(minutes=10))
        assert delivery_overrides.held(connection) == ["harbor"]
        delivery_overrides.release(connection, "harbor")
        return twice.id

    receiver.answers.append(500)  # the first of them: the next ones wait for its first try alone
    twice = sandbox.work(arranged)
    assert fates(sandbox, [twice, second, first]) == {"delivered"}
    assert events(receiver.got[1:]) == ["evt_3", "evt_1", "evt_2", "evt_1"]
    assert (look(sandbox, fourth).state, look(sandbox, third).state) == ("dropped", "pending")
    sandbox.advance(timedelta(minutes=10))
    assert fates(sandbox, [third, fifth]) == {"delivered"}
    assert [one.event for one in listed(sandbox, merchant="harbor")] == ["evt_1", "evt_5", "evt_4", "evt_3", "evt_2", "evt_1"]
    page = listed(sandbox, most=2)
    assert [one.id for one in listed(sandbox, most=2, before=page[-1].number)] == [fifth, fourth]


def test_an_override_that_cannot_be_applied_says_why(sandbox: Running, receiver: Receiver) -> None:
    [delivery] = put(sandbox, receiver.url, "evt_1")
    over(sandbox, delivery)
    with receiving() as slow:
        slow.gate.clear()
        [sending] = put(sandbox, slow.url, "evt_2", operation=DIDDO)
        slow.wait_for(1)

        def refused(work: Callable[[Connection, state.State], Any]) -> str:
            with pytest.raises((ValueError, LookupError)) as caught:
                sandbox.work(lambda connection: work(connection, state.read(connection)))
            return str(caught.value)

        minute = timedelta(minutes=1)
        do = delivery_overrides
        assert "has been delivered" in refused(lambda c, s: do.delay(c, s, delivery, minute))
        assert "has been delivered" in refused(lambda c, _: do.drop(c, delivery))
        assert "has been delivered" in refused(lambda c, _: do.reorder(c, [delivery]))
        assert "being sent" in refused(lambda c, s: do.resend(c, s, sending))
        assert "being sent" in refused(lambda c, _: do.drop(c, sending))
        assert "named twice" in refused(lambda c, _: do.reorder(c, [sending, sending]))
        assert "no delivery dlv_x" in refused(lambda c, s: do.duplicate(c, s, "dlv_x"))
        assert "no merchant nobody" in refused(lambda c, _: do.hold(c, "nobody"))
        assert "no merchant nobody" in refused(lambda c, _: merchants.set_webhook(c, "nobody", "vinr", None))
        assert "no webhook at dintero" in refused(lambda c, _: merchants.set_webhook(c, "harbor", "dintero", None))
        assert "credentials" in refused(lambda c, _: merchants.set_webhook(c, "harbor", "vinr", "http://me:pw@x.example/"))
        short = refused(lambda c, _: merchants.set_webhook(c, "harbor", "vinr", None, "abc"))
        assert short.startswith("secret: ")
        assert "abc" not in short
        sandbox.work(lambda connection: do.hold(connection, "harbor"))
        assert "kept back" in refused(lambda c, s: do.resend(c, s, delivery))
        slow.gate.set()
        over(sandbox, sending)


def test_a_webhook_that_was_mended_gets_what_is_sent_again(sandbox: Running, receiver: Receiver) -> None:
    with receiving() as wrong:
        wrong.answers.append(404)
        listen(sandbox, wrong.url)
        [delivery] = put(sandbox, wrong.url, "evt_1")
        tried(sandbox, delivery, 1)
    changed = "whsec_another_secret"
    sandbox.work(lambda connection: merchants.set_webhook(connection, "harbor", "vinr", receiver.url, changed))
    sandbox.work(lambda connection: delivery_overrides.resend(connection, state.read(connection), delivery))
    [got] = receiver.wait_for(1)
    webhooks.verify(VINR, got.headers, got.body, secrets=[changed])


def test_only_so_many_of_those_that_are_over_are_kept(sandbox: Running) -> None:
    def many(connection: Connection) -> list[str]:
        now = state.read(connection)
        message = outbox.Message(merchant="harbor", operation=VINR, session="cs_1", event="evt_1", url="http://127.0.0.1:9/")
        far = now.now() + clock.micros(timedelta(days=1))
        made = [outbox.add(connection, now, message, due_at=far) for _ in range(20)]
        for one in made[5:]:
            delivery_overrides.drop(connection, one)
        return made

    made = sandbox.work(many)
    removed = [sandbox.work(lambda connection: outbox.prune(connection, keep=4, most=8)) for _ in range(3)]
    assert removed == [8, 3, 0]
    assert [one.id for one in reversed(listed(sandbox))] == made[:5] + made[-4:]
    assert sandbox.work(outbox.prune) == 0
