"""The flame of what remains: where the time of the stub goes under load, and that of a call of the client."""

from __future__ import annotations

import httpx
from pyinstrument import Profiler

from .calling import answered, sync_calls
from .profiled import flame
from .servers import profile, wanted
from .serving import OPERATIONS

SECONDS, CALLS = 6, 4_000


def main() -> None:
    missing = wanted()
    if missing:
        print(f"\nThe flame of the stub is left out: {missing}")
    else:
        for operation, (path, body) in OPERATIONS.items():
            print(f"\nThe stub under uvicorn and load, {operation}: what lies below the call of the application\n")
            print(profile(path, SECONDS, body), flush=True)
    http = httpx.Client(transport=httpx.MockTransport(answered))
    for operation, calls in sync_calls("http://checkout.test", http, http).items():
        call = next(iter(calls.values()))
        call()
        with Profiler(interval=0.0005, async_mode="disabled") as profiler:
            for _ in range(CALLS):
                call()
        print(f"\nA call of the client over httpx.MockTransport, {operation}\n\n{flame(profiler, call.__name__)}", flush=True)
