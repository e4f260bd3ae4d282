"""Webhooks and callbacks: from a change of status to the merchant's endpoint, on a running sandbox."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from checkout_api import behavior, webhooks
from tillspec.sandbox import clock, deliveries, delivery_overrides, merchants, outbox, schema, seed, state
from tillspec.sandbox.context import Sandbox
from tillspec.sandbox.outbox import Delivery
from tillspec.sandbox.store import open_store

from .conftest import Running, start, stop
from .receiver import Got, Receiver, receiving, wait_until
from .test_vinr import create

VINR, DIDDO = "vinrSessionStatusChanged", "diddoCheckoutEvent"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


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
    there = lambda: [one for one in listed(sandbox) if one.id in deliveries]  # noqa: E731
    wait_until(lambda: all(one.due_at is None for one in there()), "all deliveries to be over")
    found = there()
    assert len(found) == len(deliveries)
    return {one.state for one in found}


def tried(sandbox: Running, delivery: str, times: int) -> Delivery:
    return wait_for(sandbox, delivery, lambda one: len(one.attempts) == times and not one.sending, f"was tried {times} times")


def events(got: list[Got]) -> list[str]:
    return [one.json()["id"] for one in got]


# -- what is told --------------------------------------------------------------------------------------------------------------


def test_sessions_that_end_by_themselves_are_told_once_each(sandbox: Running, receiver: Receiver) -> None:
    listen(sandbox, f"{receiver.url}/hook")
    with sandbox.vinr() as http, sandbox.vinr(sandbox.other) as other:
        made = [create(http).json() for _ in range(60)]  # more than are ended in one transaction
        create(other)  # who has no endpoint
    sandbox.advance(timedelta(hours=5))
    got = receiver.wait_for(60)
    assert {(one.method, one.url) for one in got} == {("POST", f"{receiver.url}/hook")}
    # the sandbox's clock is hours ahead, and the receiver's is not
    told = [webhooks.parse_vinr_session_status_changed(one.headers, one.body, secrets=[secret_of(sandbox)]) for one in got]
    assert {str(one.type) for one in told} == {"checkout.session.expired"}
    assert {(one.data.session_id, one.created_at) for one in told} == {
        (one["sessionId"], datetime.fromisoformat(one["expiresAt"])) for one in made
    }
    assert len({one.id for one in told}) == 60
    wait_until(lambda: all(one.state == "delivered" for one in listed(sandbox)), "all to be noted as delivered")
    assert len(receiver.got) == 60


def listed(sandbox: Running, **options: Any) -> list[Delivery]:
    return sandbox.work(lambda connection: outbox.listed(connection, **{"most": 100, **options}))


def test_who_waits_as_long_as_declared_is_told_again(sandbox: Running, receiver: Receiver) -> None:
    sandbox.freeze()
    receiver.answers.extend([500, 302, 200])
    receiver.headers["Location"] = f"{receiver.url}/elsewhere"
    [delivery] = put(sandbox, f"{receiver.url}/hook", "evt_1")
    for times, wait in enumerate((timedelta(minutes=1), timedelta(minutes=5)), 1):
        one = tried(sandbox, delivery, times)
        assert (one.state, one.due_at) == ("pending", one.attempts[-1]["at"] + clock.micros(wait))
        sandbox.advance(wait)
    one = over(sandbox, delivery)
    assert one.state == "delivered"
    assert [attempt["status"] for attempt in one.attempts] == [500, 302, 200]
    assert [(each.url, each.json()["id"]) for each in receiver.got] == [(f"{receiver.url}/hook", "evt_1")] * 3
    for each, attempt in zip(receiver.got, one.attempts, strict=True):
        webhooks.verify(VINR, each.headers, each.body, secrets=[secret_of(sandbox)])
        assert attempt["headers"]["X-Vinr-Signature"] == each.headers["X-Vinr-Signature"]
    assert secret_of(sandbox) not in repr(one)
    assert secret_of(sandbox) not in json.dumps(list(one.attempts))


def test_after_the_last_try_it_is_given_up_and_can_be_sent_anew(sandbox: Running, receiver: Receiver) -> None:
    sandbox.freeze()
    how = behavior.OPERATIONS[DIDDO].delivery
    assert how is not None
    receiver.answers.extend([500] * 6 + [410])
    [delivery] = put(sandbox, receiver.url, "evt_1", operation=DIDDO)
    for times, wait in enumerate(how.retries, 1):
        tried(sandbox, delivery, times)
        sandbox.advance(wait)
    assert (over(sandbox, delivery).state, len(receiver.got)) == ("failed", 6)
    sandbox.work(lambda connection: delivery_overrides.resend(connection, state.read(connection), delivery))
    again = tried(sandbox, delivery, 7)
    assert again.due_at == again.attempts[-1]["at"] + clock.micros(how.retries[0])
    sandbox.advance(how.retries[0])
    assert over(sandbox, delivery).state == "delivered"
    assert set(events(receiver.got)) == {"evt_1"}
    assert sandbox.mine.diddo is not None
    webhooks.verify(DIDDO, receiver.got[-1].headers, receiver.got[-1].body, secrets=[sandbox.mine.diddo.webhook.secret])


@pytest.mark.parametrize("status", [404, 302])
def test_some_answers_end_a_callback_of_dintero(sandbox: Running, receiver: Receiver, status: int) -> None:
    assert sandbox.mine.dintero is not None
    receiver.answers.append(status)
    receiver.headers["Location"] = f"{receiver.url}/elsewhere"
    url = f"{receiver.url}/callback?b=1&a=x+y&event-delivery=d1"
    options = {"method": "GET", "body": b"", "operation": "dinteroCallback", "headers": {"event-delivery": "d1"}}
    [delivery] = put(sandbox, url, "d1", **options)
    assert over(sandbox, delivery).state == "ended"
    [got] = receiver.got
    assert (got.method, got.url, got.headers["event-delivery"], got.body) == ("GET", url, "d1", b"")
    given = {"account": sandbox.mine.dintero.account}
    secret = sandbox.mine.dintero.callback_secret
    assert secret is not None
    webhooks.verify("dinteroCallback", got.headers, got.body, secrets=[secret], url=url, given=given)


def test_dinteros_published_vector() -> None:
    dintero = merchants.Dintero.model_construct(account="P00000000", clients=(), callback_secret="123")
    merchant = merchants.Merchant(id="harbor", name="Harbor", dintero=None).model_copy(update={"dintero": dintero})
    url = "https://example.com/callback?B=123&A=992"
    one = Delivery(
        number=1, id="dlv_1", merchant="harbor", operation="dinteroCallback", session="", event="", method="GET", url=url,
        receiver="", headers={}, body=b"", state="pending", tries=0, attempts=(), created_at=0, due_at=0, lease_until=None,
        waits_for=None,
    )  # fmt: skip
    digest = "6bed2ab1b919d460ef7465a20dc6c97260dca73fab6647106ca525f0908df64a"
    assert deliveries.signed(merchant, one, 1582236537) == {"Dintero-Signature": f"t=1582236537,v0-hmac-sha256={digest}"}


def test_what_is_refused_is_told(sandbox: Running, receiver: Receiver) -> None:
    [private] = put(sandbox, "http://10.255.255.1/hook", "evt_1")
    one = tried(sandbox, private, 1)
    assert (one.state, one.attempts[0]["status"]) == ("pending", None)
    assert one.attempts[0]["error"] == "refused: 10.255.255.1 is a private address, and the switch `private` is off"
    sandbox.switch(loopback=False)
    [loopback] = put(sandbox, receiver.url, "evt_2")
    assert "the switch `loopback` is off" in tried(sandbox, loopback, 1).attempts[0]["error"]
    sandbox.switch()
    sandbox.work(lambda connection: delivery_overrides.resend(connection, state.read(connection), loopback))
    assert over(sandbox, loopback).state == "delivered"
    assert events(receiver.got) == ["evt_2"]


def test_who_is_slow_holds_up_nobody_else(sandbox: Running, receiver: Receiver) -> None:
    with receiving() as slow:
        slow.gate.clear()
        waiting = put(sandbox, slow.url, *(f"evt_{n}" for n in range(30)), operation=DIDDO)
        slow.wait_for(4)
        mine = put(sandbox, receiver.url, "evt_mine")
        other = put(sandbox, receiver.url, "evt_other", merchant=sandbox.other.id)
        assert fates(sandbox, [*mine, *other]) == {"delivered"}
        assert sorted(events(receiver.got)) == ["evt_mine", "evt_other"]
        assert not any(one.attempts for one in listed(sandbox) if one.id in waiting)
        slow.gate.set()
        assert fates(sandbox, waiting) == {"delivered"}
        assert set(Counter(events(slow.got)).values()) == {1}


# -- workers that share, and die -----------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def crew(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Running, Callable[[], Running]]]:
    """Two workers, and what kills them and starts two others."""
    database = str(tmp_path / "sandbox.db") if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))
    running = [start(database, workers=2)]

    def again() -> Running:
        os.killpg(running[0].process.pid, signal.SIGKILL)
        running[0].process.wait(10)
        assert running[0].process.stdout is not None
        running[0].process.stdout.close()
        running[0] = start(database, workers=2)
        return running[0]

    yield running[0], again
    stop(running[0])


def test_two_workers_send_each_once_and_killed_ones_again(
    crew: tuple[Running, Callable[[], Running]], receiver: Receiver
) -> None:
    sandbox, killed = crew
    many = put(sandbox, receiver.url, *(f"evt_{n}" for n in range(100)))
    assert fates(sandbox, many) == {"delivered"}
    assert Counter(events(receiver.got)) == Counter(f"evt_{n}" for n in range(100))

    receiver.got.clear()
    receiver.gate.clear()
    [delivery] = put(sandbox, receiver.url, "evt_again", operation=DIDDO)
    receiver.wait_for(1)
    sandbox = killed()
    left = look(sandbox, delivery)
    assert (left.state, left.sending, left.attempts, len(receiver.got)) == ("pending", True, [], 1)
    receiver.gate.set()
    # as if the lease of the worker that died were over
    sandbox.work(lambda connection: connection.execute(schema.deliveries.update().values(lease_until=clock.real())) and None)
    done = over(sandbox, delivery)
    assert (done.state, len(done.attempts)) == ("delivered", 1)
    assert events(receiver.got) == ["evt_again"] * 2


def test_a_worker_that_ends_gives_back_what_is_under_way(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "_GRACE", 0.05)
    receiver.gate.clear()

    async def live() -> Delivery | None:
        store = await open_store(str(tmp_path / "sandbox.db"))
        await store.write(lambda connection: seed.plant(connection, None, "1", state.Switches(), None))
        courier = deliveries.Courier(Sandbox(store, "http://localhost"))
        now = await store.state()
        message = outbox.Message(merchant="harbor", operation=VINR, session="cs_1", event="evt_1", url=receiver.url)
        made = await store.write(lambda connection: outbox.add(connection, now, message))
        await asyncio.to_thread(receiver.wait_for, 1)
        await courier.stop()
        found = await store.read(lambda connection: outbox.find(connection, made))
        await store.close()
        return found

    left = asyncio.run(live())
    assert left is not None
    assert (left.state, left.lease_until, left.attempts) == ("pending", None, [])


# -- what the control plane does -----------------------------------------------------------------------------------------------


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
