"""The stub under uvicorn with a profiler around it: `python -m bench.profiled PORT` prints the flame once it is ended."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator

import httpx
import uvicorn
from pyinstrument import Profiler
from pyinstrument.frame import Frame
from pyinstrument.processors import aggregate_repeated_calls

from .apps import examples, ours

LEAST = 0.015
"""The share below which a frame is not shown; it counts to the one above it."""


def flame(profiler: Profiler, top: str) -> str:
    """What lies below a function as a tree: the share of each frame, its own share, and its name."""
    session = profiler.last_session
    root = aggregate_repeated_calls(session.root_frame() if session else None, {})
    assert root is not None, "nothing was recorded"
    found = max(_named(root, top), key=lambda frame: frame.time)
    return "\n".join(_lines(found, found.time, 0))


def _named(frame: Frame, name: str) -> Iterator[Frame]:
    if frame.function == name:
        yield frame
    for child in frame.children:
        yield from _named(child, name)


def _lines(frame: Frame, whole: float, depth: int) -> Iterator[str]:
    children = [each for each in frame.children if not each.is_synthetic and each.time >= LEAST * whole]
    own = frame.time - sum(each.time for each in children)
    file = (frame.file_path_short or "").removeprefix("checkout_api/")
    yield f"{frame.time / whole:6.1%} {own / whole:6.1%}  {'  ' * depth}{frame.function}  {file}".rstrip()
    for child in sorted(children, key=lambda each: -each.time):
        yield from _lines(child, whole, depth + 1)


async def warm() -> None:
    """The first requests build validators, which the later ones find."""
    transport, headers = httpx.ASGITransport(app=ours.app), {"X-Api-Key": examples.KEY, "Content-Type": "application/json"}
    async with httpx.AsyncClient(transport=transport, base_url="http://checkout.test", headers=headers) as http:
        (await http.post("/checkout/session", content=examples.REQUEST)).raise_for_status()
        (await http.get(examples.RESULT_PATH)).raise_for_status()


def main(port: int) -> None:
    asyncio.run(warm())
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # uvicorn raises the signal again once it has ended well
    config = uvicorn.Config(ours.app, port=port, http="httptools", loop="uvloop", access_log=False, log_level="warning")
    with Profiler(interval=0.0005, async_mode="disabled") as profiler:
        uvicorn.Server(config).run()
    print(flame(profiler, "run_asgi"))


if __name__ == "__main__":
    main(int(sys.argv[1]))
