"""Webhooks and callbacks: from a change of status to the merchant's endpoint, on a running sandbox."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from checkout_api import behavior, webhooks
from tillspec.sandbox import clock, deliveries, delivery_overrides, merchants, outbox, schema, seed, state
from tillspec.sandbox.context import Sandbox
from tillspec.sandbox.outbox import Delivery
from tillspec.sandbox.store import open_store

from .conftest import Running, start, stop
from .receiver import Receiver, receiving, wait_until
from .test_vinr import create
from .told import DIDDO, VINR, events, fates, listed, listen, look, over, put, secret_of, tried


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


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
    options: dict[str, Any] = {"method": "GET", "body": b"", "operation": "dinteroCallback", "headers": {"event-delivery": "d1"}}
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


async def under_way(path: Path, receiver: Receiver, then: Callable[[deliveries.Courier], Awaitable[None]]) -> Delivery | None:
    """What became of a delivery that a receiver has got and not answered, after something has happened."""
    store = await open_store(str(path))
    await store.write(lambda connection: seed.plant(connection, None, "1", state.Switches(), None))
    courier = deliveries.Courier(Sandbox(store, "http://localhost"))
    now = await store.state()
    message = outbox.Message(merchant="harbor", operation=DIDDO, session="cs_1", event="evt_1", url=receiver.url)
    made = await store.write(lambda connection: outbox.add(connection, now, message))
    await asyncio.to_thread(receiver.wait_for, 1)
    await then(courier)
    await courier.stop()
    found = await store.read(lambda connection: outbox.find(connection, made))
    await store.close()
    return found


def test_a_worker_that_ends_gives_back_what_is_under_way(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "_GRACE", 0.05)
    receiver.gate.clear()

    async def nothing(_: deliveries.Courier) -> None: ...

    left = asyncio.run(under_way(tmp_path / "sandbox.db", receiver, nothing))
    assert left is not None
    assert (left.state, left.lease_until, left.attempts) == ("pending", None, [])


def test_a_database_that_is_locked_meanwhile_costs_no_second_delivery(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tillspec.sandbox.store.sqlite.PATIENCE", 0.05)
    receiver.gate.clear()

    async def locked(_: deliveries.Courier) -> None:
        with contextlib.closing(sqlite3.connect(tmp_path / "sandbox.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            receiver.gate.set()
            await asyncio.sleep(0.6)
            other.execute("ROLLBACK")

    done = asyncio.run(under_way(tmp_path / "sandbox.db", receiver, locked))
    assert done is not None
    assert (done.state, len(done.attempts), len(receiver.got)) == ("delivered", 1, 1)
