"""Webhooks and callbacks on their way: each worker sends what is due, a number of them at once.

Times between tries, answers that count and signatures are those that `checkout_api.behavior` declares of the operation. When
something is due is told by the sandbox's clock. A signature holds the time by the machine's clock, since that is the one that
receivers hold it against: a delivery is taken also when the sandbox's clock was moved on or stands still.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from checkout_api import behavior
from checkout_api._runtime.behavior import Delivery as Declared
from tillspec.sandbox import clock, outbox, outgoing
from tillspec.sandbox.context import Sandbox
from tillspec.sandbox.merchants import Merchant
from tillspec.sandbox.outbox import Attempt, Delivery, Fate, Room
from tillspec.sandbox.outgoing import Letter, Outcome, Patience
from tillspec.sandbox.state import Switches
from tillspec.sandbox.store import Unavailable

AT_ONCE: Final = 32
"""How many deliveries a worker has under way."""
_PER_MERCHANT: Final = 8
_PER_RECEIVER: Final = 4

_MARGIN: Final = timedelta(seconds=2)
"""How much longer than a receiver may take to answer a delivery belongs to who sends it."""
_EVERY: Final = 0.25
"""How often it is looked for what other workers have added, and whether the clock was moved (seconds)."""
_GRACE: Final = 2.0
"""How long a worker that ends waits for receivers (seconds)."""
_PRUNE_EVERY: Final = 200
_ANSWER_KEPT: Final = 1000

_log: Final = logging.getLogger("tillspec.sandbox")


class NoSecret(Exception):
    """The merchant has nothing to sign with; the text says what is missing."""


# -- what the contract declares ----------------------------------------------------------------------------------------------


def declared(operation: str) -> Declared:
    """How an operation of the contract is delivered."""
    found = behavior.OPERATIONS[operation].delivery
    assert found is not None, "the outbox takes no others"
    return found


def lease_of(operation: str) -> int:
    """How long a delivery belongs to who sends it, in microseconds."""
    return clock.micros(declared(operation).timeout + _MARGIN)


def verdict(operation: str, status: int | None, tries: int) -> tuple[Fate, timedelta | None]:
    """What becomes of a delivery after its last try, of so many, and how long it waits for the next one.

    `status` is None where no answer came.
    """
    how = declared(operation)
    match how.outcome(status):
        case "delivered":
            return "delivered", None
        case "ended":
            return "ended", None
        case _:
            wait = how.wait(tries)
            return ("pending", wait) if wait is not None else ("failed", None)


def signed(merchant: Merchant, delivery: Delivery, now: float) -> dict[str, str]:
    """The headers that sign a delivery at a time (seconds since 1970).

    At Dintero nothing is signed as long as the account has no secret for it.

    Raises:
        NoSecret: the merchant is not at the surface any more.
        Refused: the URL is none that anything can be sent to.
    """
    from checkout_api import webhooks

    surface = behavior.OPERATIONS[delivery.operation].surface
    given: Mapping[str, str] = {}
    if surface == "dintero" and merchant.dintero is not None:
        secret, given = merchant.dintero.callback_secret, {"account": merchant.dintero.account}
        if secret is None:
            return {}
    else:
        webhook = merchant.webhook(surface)
        if webhook is None:
            raise NoSecret(f"{merchant.id} is not at {surface}")
        secret = webhook.secret
    return webhooks.sign(
        delivery.operation, delivery.body, secret=secret, headers=delivery.headers, url=outgoing.as_sent(delivery.url),
        given=given, now=now,
    )  # fmt: skip


async def _send(claimed: Delivery, merchant: Merchant | None, switches: Switches) -> tuple[Mapping[str, str], Outcome]:
    """Sends a delivery; the headers that were added, and what came of it."""
    headers: Mapping[str, str] = {}
    try:
        if merchant is None:
            raise NoSecret(f"there is no merchant {claimed.merchant} any more")
        headers = signed(merchant, claimed, clock.real() / clock.SECOND)
        letter = Letter(method=claimed.method, url=claimed.url, headers={**claimed.headers, **headers}, body=claimed.body)
        return headers, await outgoing.send(letter, switches, Patience(total=declared(claimed.operation).timeout))
    except (NoSecret, outgoing.Refused) as error:
        return headers, Outcome(error=f"refused: {error}")
    except Exception as error:  # it counts as a try; otherwise it would come again for ever
        return headers, Outcome(error=f"not sent: {type(error).__name__}")


# -- sending -----------------------------------------------------------------------------------------------------------------


class Courier:
    """Sends what is due, for one worker: from now on, and until `stop`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._under_way: dict[asyncio.Task[None], Delivery] = {}
        self._over = 0
        self._ending = False
        self._loop = asyncio.create_task(self._run(), name="deliveries")

    async def _run(self) -> None:
        stirred = self._sandbox.stirred
        while not self._ending:
            stirred.clear()
            try:
                await self._start_some()
            except Unavailable:
                await asyncio.sleep(1)
            except Exception as error:
                # the type alone: its text might hold what merchants keep to themselves
                _log.error("Deliveries could not be claimed: %s", type(error).__name__)
                await asyncio.sleep(1)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_EVERY):
                    await stirred.wait()

    async def stop(self) -> None:
        """Begins no more, waits a little for what is under way, and gives back the rest, for another worker to send."""
        self._ending = True
        self._sandbox.stirred.set()
        await self._loop  # not cancelled: it may just have claimed something
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_GRACE)
        rest = dict(self._under_way)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        for delivery in rest.values():
            with contextlib.suppress(Unavailable):
                await self._sandbox.store.write(partial(outbox.give_back, claimed=delivery))

    async def _start_some(self) -> None:
        room = self._room()
        if room.free <= 0:
            return
        now = (await self._sandbox.store.state()).now()
        if not await self._sandbox.read(lambda connection: outbox.something_due(connection, now, room)):
            return
        for claimed in await self._sandbox.store.write(lambda connection: outbox.claim(connection, now, room, lease_of)):
            task = asyncio.create_task(self._deliver(claimed), name=f"delivery {claimed.id}")
            self._under_way[task] = claimed
            task.add_done_callback(self._done)

    def _room(self) -> Room:
        busy: Counter[str | tuple[str, str]] = Counter()
        for one in self._under_way.values():
            busy.update([one.merchant, (one.merchant, one.receiver)])
        free = AT_ONCE - len(self._under_way)
        return Room(free=free, per_merchant=_PER_MERCHANT, per_receiver=_PER_RECEIVER, busy=busy)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._sandbox.stirred.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("%s was broken off: %s", task.get_name(), type(error).__name__)

    async def _deliver(self, claimed: Delivery) -> None:
        """Sends a delivery once, and writes down what came of it."""
        try:
            state = await self._sandbox.store.state()
            merchant = (await self._sandbox.directory(state)).get(claimed.merchant)
        except Unavailable:
            return  # somebody sends it when the lease is over
        with contextlib.suppress(OSError):  # sending tells of it
            await outgoing.ready()
        at, began = state.now(), time.monotonic()
        headers, outcome = await _send(claimed, merchant, state.switches)
        attempt = Attempt(
            at=at, duration=round((time.monotonic() - began) * clock.SECOND), status=outcome.status,
            error=outcome.error, headers=headers, answer=outcome.text[:_ANSWER_KEPT],
        )  # fmt: skip
        await self._note(claimed, attempt)

    async def _note(self, claimed: Delivery, attempt: Attempt) -> None:
        """Writes a try down; as long as the database cannot be used, again and again until somebody else may send it."""
        fate, wait = verdict(claimed.operation, attempt.status, claimed.tries + 1)
        while True:
            try:
                await self._sandbox.write(lambda connection: outbox.note(connection, claimed, attempt, fate, wait))
                break
            except Unavailable:
                if not claimed.sending:
                    return
                await asyncio.sleep(0.2)
        if wait is None:
            await self._prune()

    async def _prune(self) -> None:
        """Removes what is too old, now and then."""
        self._over += 1
        if self._over % _PRUNE_EVERY == 1:
            with contextlib.suppress(Unavailable):
                while await self._sandbox.store.write(outbox.prune):
                    await asyncio.sleep(0.05)
