"""What ends by itself: objects, tokens and idempotency keys, just before their end and just after, by the server's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tillspec.verify import control
from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.probes.keys.keyed import Keyed
from tillspec.verify.probes.keys.retention import key_retention
from tillspec.verify.probes.times.ends import Ends, shown_time
from tillspec.verify.probes.times.lives import Life, Nursery
from tillspec.verify.probes.times.token_ends import token_ends
from tillspec.verify.run import Run
from tillspec.verify.timeline import Boundary, Timeline, as_new
from tillspec.verify.world import Unavailable, World


async def expiry(run: Run, world: World, target: Target) -> None:
    """Let time pass until everything that an operation makes has ended."""
    time = Timeline(run)
    nursery, keyed = Nursery.of(run, world, target, time), Keyed.of(run, world, target)
    if nursery is None and (keyed is None or keyed.declared is None):
        return
    try:
        async with as_new(run, world) as took:
            time.margin = max(time.margin, 2 * took)
            boundaries = []
            if nursery is not None:
                boundaries += await _boundaries(nursery)
            if keyed is not None and keyed.declared is not None:
                boundaries += await key_retention(keyed, time)
            await _pass(run, target, time, boundaries)
    except control.NotDone as error:
        run.skip(target, Kind.EXPIRY, str(error), str(error).partition(":")[0].rpartition(" ")[2])


async def _pass(run: Run, target: Target, time: Timeline, boundaries: Sequence[Boundary]) -> None:
    """Go from one end to the next; the clock is moved twice for all that end after the same time."""
    for seconds in sorted({round(one.seconds) for one in boundaries}):
        here = [one for one in boundaries if round(one.seconds) == seconds]
        if not time.can_pass(seconds):
            reason = f"the clock cannot be moved on, and {seconds} s are too long to wait"
            run.skip(target, Kind.EXPIRY, reason, "control.advance")
            return
        first = min((one.began for one in here), key=lambda moment: moment.own)
        last = max((one.made for one in here), key=lambda moment: moment.own)
        await time.until_before(first, min(one.seconds - one.slack for one in here))
        await asyncio.gather(*(one.before() for one in here))
        await time.until_after(last, max(one.seconds + one.slack for one in here))
        await asyncio.gather(*(one.after() for one in here))


async def _boundaries(nursery: Nursery) -> list[Boundary]:
    """The ends of all objects that are of interest; all of them are made now."""
    first = await nursery.born()
    if isinstance(first, Unavailable):
        nursery.run.skip(nursery.target, Kind.EXPIRY, first.reason, first.fill)
        return []
    await shown_time(nursery, first)
    ends = Ends(nursery)
    found = [_boundary(nursery, ends, life) for life in [first, *await _lives(nursery, first)]]
    if nursery.expires.kept is not None:
        found.append(_kept(nursery, ends, first, nursery.expires.kept.total_seconds()))
    return [*found, *await token_ends(nursery, first)]


async def _lives(nursery: Nursery, first: Life) -> list[Life]:
    """Further objects: with other lifetimes, in other states, and one for each operation that changes one."""
    lives: list[Life | None] = []
    for body in list(nursery.bodies())[1:]:
        life = await nursery.born(body)
        if not isinstance(life, Unavailable):
            await shown_time(nursery, life)
            lives.append(life)
    shortest = min([first, *filter(None, lives)], key=lambda life: life.seconds)
    body = shortest.steps[0].call.value
    for target in nursery.actors:
        lives += await nursery.acts(target, body)
    lives += await nursery.overtaken()
    if nursery.life is not None:
        for state in nursery.life.states:
            ends = nursery.life.is_terminal(state) and nursery.expires.state is None
            if state not in (nursery.life.initial, nursery.expires.state) and not ends:
                lives.append(await nursery.led(state))
    return [life for life in lives if life is not None]


def _boundary(nursery: Nursery, ends: Ends, life: Life) -> Boundary:
    return Boundary(life.seconds, life.began, life.made, lambda: ends.alive(life), lambda: ends.ended(life), life.slack)


def _kept(nursery: Nursery, ends: Ends, life: Life, kept: float) -> Boundary:
    """The end of an object that had expired, and was kept."""
    return Boundary(life.seconds + kept, life.began, life.made, lambda: ends.kept(life), lambda: ends.gone(life), life.slack)
