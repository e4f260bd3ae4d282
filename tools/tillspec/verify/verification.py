"""A whole verification: wait for the server, run both engines, and say what came of it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tillspec.api.model import Api
from tillspec.document.bundle import Bundle
from tillspec.verify.advice import advice
from tillspec.verify.contract import Contract
from tillspec.verify.engine import Engine
from tillspec.verify.profile import Profile
from tillspec.verify.random.coverage import Coverage
from tillspec.verify.run import Options, Run, Unreachable, check_names
from tillspec.verify.wire import Origin, Wire

MOST_WORKERS = 64


@dataclass(slots=True)
class Verification:
    """What a run came to: the run with its ledger, how long it took, and why it is not whole, if it is not."""

    run: Run
    seconds: float = 0.0
    requests: int = 0
    incomplete: list[str] = field(default_factory=list)
    coverage: dict[str, Coverage] = field(default_factory=dict)


def verify(
    bundle: Bundle, api: Api, origin: Origin, profile: Profile, options: Options, progress: Callable[[str, Run], None]
) -> Verification:
    """Verify a server.

    Args:
        bundle: the contract as one document.
        api: the API that it describes.
        origin: where the server is; nothing is sent elsewhere.
        profile: what of the server the contract cannot say.
        options: what the user asked for.
        progress: told what is being done, at every step.

    Raises:
        UnknownName: the user asked for what is not in the contract.
    """
    contract = Contract(bundle, api)
    check_names(contract, options)
    run = Run(contract, profile, Wire(origin, options.workers, profile.timeout), options)
    run.progress = lambda step: progress(step, run)
    return asyncio.run(_verify(run))


async def _verify(run: Run) -> Verification:
    made = Verification(run)
    engine = Engine(run)
    units = engine.units()
    try:
        await wait_until_reachable(run)
        run.ledger.began = time.perf_counter()
        await engine.carry_out(units)
        if run.options.random:
            made.coverage = await engine.randomly()
        await engine.carry_out_alone(units)
        made.incomplete += [said for said in (advice(run), *engine.untouched(units)) if said]
        if not run.targets:
            made.incomplete.append(f"there is no operation to verify{' that only reads' if run.options.safe else ''}")
    except Unreachable as error:
        made.incomplete.append(str(error))
    finally:
        await run.wire.close()
    made.seconds, made.requests = time.perf_counter() - run.ledger.began, run.wire.sent
    made.incomplete += engine.incomplete
    return made


async def wait_until_reachable(run: Run) -> None:
    """Wait for a server that is slow to start.

    Raises:
        Unreachable: it was not there in time.
    """
    origin, until = run.wire.origin, time.monotonic() + run.profile.wait
    while True:
        try:
            async with asyncio.timeout(min(run.profile.timeout, 5)):
                _, writer = await asyncio.open_connection(origin.host, origin.port)
            writer.close()
            return
        except (OSError, TimeoutError) as error:
            if time.monotonic() > until:
                told = os.strerror(error.errno).lower() if error.errno and error.errno > 0 else "there is no answer"
                within = f"within {run.profile.wait:g} s"
                raise Unreachable(f"{origin} cannot be reached {within}: {told}; start the server, or mend --url") from None
        run.progress(f"waiting for {origin}")
        await asyncio.sleep(0.2)
