"""Variants that take their time."""

from __future__ import annotations

import asyncio
import random

from starlette.types import Receive, Scope

from faults.variants.answers import Answer, Ask, around


async def _slow(scope: Scope, receive: Receive, ask: Ask) -> Answer:
    answer = await ask(scope, receive)
    await asyncio.sleep(random.uniform(0.08, 0.15))  # no secret
    return answer


slow = around(_slow)
