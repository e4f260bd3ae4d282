"""The deterministic engine: learn what is accepted, send what the contract forbids, and hold all answers to it."""

from __future__ import annotations

import asyncio
import time

from tillspec.verify.control import carry_out
from tillspec.verify.exchange import NOTHING
from tillspec.verify.expressions import evaluate
from tillspec.verify.learn import learn
from tillspec.verify.oracles import ORACLES
from tillspec.verify.probes.bodies import bodies
from tillspec.verify.probes.idempotency import idempotency
from tillspec.verify.probes.repeats import repeats
from tillspec.verify.profile import FromOperation, FromRequest, Tenant
from tillspec.verify.run import Run
from tillspec.verify.world import Unavailable, World

PROBES = (bodies, idempotency, repeats)
"""Probes of one operation that leave other operations' objects alone, so that they can run side by side."""

_BESIDE = 4


async def deterministic(run: Run) -> None:
    """Run every probe.

    Raises:
        Unreachable: there is no server.
    """
    run.oracles = ORACLES
    world = World(run)
    await _authenticate(run, world)
    targets = run.targets
    for target in targets:
        run.progress(f"learning what {target.id} accepts")
        await learn(run, world, target)
    waiting = [(probe, target) for probe in PROBES for target in targets]

    async def work() -> None:
        while waiting:
            probe, target = waiting.pop(0)
            run.progress(f"{probe.__name__} of {target.id}")
            await probe(run, world, target)

    async with asyncio.TaskGroup() as group:
        for _ in range(_BESIDE):
            group.create_task(work())


async def _authenticate(run: Run, world: World) -> None:
    async def ask(tenant: Tenant, source: FromOperation | FromRequest) -> str | None:
        if isinstance(source, FromRequest):
            exchange = await carry_out(run, source.request, {})
            value = evaluate(source.value, exchange)
            return str(value) if exchange.answer.succeeded and value is not NOTHING else None
        target = run.contract.targets.get(source.operation)
        if target is None:
            return None
        made = await world.fresh(target, tenant)
        if isinstance(made, Unavailable):
            return None
        exchange = await run.send(made.draft)
        value = evaluate(source.value, exchange)
        return str(value) if exchange.answer.succeeded and value is not NOTHING else None

    await run.credentials.fetch(ask)


class Unreachable(Exception):
    """No server could be reached in the time that it was given."""


async def wait_until_reachable(run: Run) -> None:
    """Wait for a server that is slow to start.

    Raises:
        Unreachable: it was not there in time.
    """
    until = time.monotonic() + run.profile.wait
    while True:
        try:
            async with asyncio.timeout(min(run.profile.timeout, 5)):
                _, writer = await asyncio.open_connection(run.wire.origin.host, run.wire.origin.port)
            writer.close()
            return
        except (OSError, TimeoutError) as error:
            if time.monotonic() > until:
                raise Unreachable(f"{run.wire.origin} cannot be reached: {error or 'no answer'}") from None
        await asyncio.sleep(0.2)
