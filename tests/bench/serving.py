"""Serving: the stub beside three applications of the same two operations, each on one core under uvicorn."""

from __future__ import annotations

import json
import statistics
from contextlib import ExitStack

import httpx

from .apps import examples
from .measure import heading, in_turn, ratio
from .servers import Load, Server, load, serving, wanted

APPS = {
    "tillspec's stub": "bench.apps.ours:app",
    "FastAPI, by hand": "bench.apps.fastapi_by_hand:app",
    "ASGI and msgspec, by hand": "bench.apps.bare_msgspec:app",
    "Starlette and pydantic, by hand": "bench.apps.starlette_by_hand:app",
}
SETTINGS = {
    "uvicorn[standard] (httptools, uvloop); the targets are read here": ("--http", "httptools", "--loop", "uvloop"),
    "uvicorn without extras (h11, asyncio)": ("--http", "h11", "--loop", "asyncio"),
}
OPERATIONS: dict[str, tuple[str, bytes | None]] = {
    "create": ("/checkout/session", examples.REQUEST),
    "result": (examples.RESULT_PATH, None),
}
ROUNDS, SECONDS = 5, 2


def check(server: Server) -> None:
    """That an application answers as the contract says, and refuses what is wrong: a quick answer is worth nothing otherwise."""
    keyed = {"X-Api-Key": examples.KEY, "Content-Type": "application/json"}
    with httpx.Client(base_url=server.url) as http:
        made = http.post("/checkout/session", content=examples.REQUEST, headers=keyed)
        assert (made.status_code, made.json()) == (201, json.loads(examples.SESSION)), made.text
        assert made.headers["location"] == examples.RESULT_PATH
        result = http.get(examples.RESULT_PATH, headers=keyed)
        assert (result.status_code, result.json()) == (200, json.loads(examples.RESULT)), result.text
        for answer in (made, result):
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-request-id"].startswith("req_")
        assert http.get(examples.RESULT_PATH).status_code in (401, 403)
        assert http.get(examples.RESULT_PATH.replace(examples.ID, "x" * 256), headers=keyed).status_code in (400, 422)
        for wrong in ({"amount": 0}, {"currency": "eur"}, {"unknown": 1}, {"successUrl": "ftp://a.example"}):
            body = json.dumps(json.loads(examples.REQUEST) | wrong)
            assert http.post("/checkout/session", content=body, headers=keyed).status_code in (400, 422), wrong


def compare(title: str, options: tuple[str, ...]) -> None:
    heading(f"Serving, {title}", "at least 2.2 times FastAPI, and 0.55 of ASGI and msgspec, in requests per CPU second")
    with ExitStack() as stack:
        servers = {name: stack.enter_context(serving(app, options)) for name, app in APPS.items()}
        for server in servers.values():
            check(server)
        for operation, (path, body) in OPERATIONS.items():
            found = in_turn(
                ROUNDS,
                {name: lambda server=server: load(server, path, SECONDS, body) for name, server in servers.items()},  # noqa: B023
            )
            report(operation, found)


def report(operation: str, found: dict[str, list[Load]]) -> None:
    """One operation. What else runs on the server's core shows in the requests a second, hardly in those per CPU second."""
    ours = next(iter(found.values()))
    print(f"  {operation:<34} per second  per CPU second   stub / this, per second  per CPU second")
    for name, loads in found.items():
        rate, cpu = [each.rate for each in loads], [each.cpu for each in loads]
        beside = ""
        if loads is not ours:
            beside = f"  {ratio([each.rate for each in ours], rate):22.2f}  {ratio(cpu, [each.cpu for each in ours]):14.2f}"
        print(f"    {name:<32} {statistics.median(rate):10,.0f}  {1 / statistics.median(cpu):14,.0f}{beside}")
    everything = [each for loads in found.values() for each in loads]
    print(f"    (of their core the servers had {min(each.busy for each in everything):.0%} or more,", end=" ")
    print(f"of its own wrk used {max(each.own_busy for each in everything):.0%} or less)", flush=True)


def main() -> None:
    missing = wanted()
    if missing:
        print(f"\nServing is left out: {missing}")
        return
    for title, options in SETTINGS.items():
        compare(title, options)
