"""Calling: the generated client beside the same calls written by hand with httpx."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from checkout_api import models
from checkout_api.client import AsyncClient, Client, Credentials

from .apps import examples
from .apps.pydantic_models import Session, SessionRequest, SessionResult
from .measure import heading, in_turn, ratio
from .servers import serving

ROUNDS, CALLS = 9, 300
TARGET = "at most 1.3 times plain httpx"
KEYED = {"X-Api-Key": examples.KEY}
CREDENTIALS = Credentials(vinr_api_key=examples.KEY)
REQUEST = models.VinrSessionRequest.model_validate_json(examples.REQUEST)
PLAIN = REQUEST.model_dump(mode="json", by_alias=True, exclude_unset=True)
BY_HAND = SessionRequest.model_validate_json(examples.REQUEST)

Call = Callable[[], Any]


def answered(request: httpx.Request) -> httpx.Response:
    """What the server of an in-process transport says."""
    headers = {"content-type": "application/json", "cache-control": "no-store", "x-request-id": "req_4kTq9ZbW2mXv7LhR"}
    if request.method == "POST":
        return httpx.Response(201, headers=headers | {"location": examples.RESULT_PATH}, content=examples.SESSION)
    return httpx.Response(200, headers=headers, content=examples.RESULT)


def successful(answer: httpx.Response, status: int) -> httpx.Response:
    if answer.status_code != status:
        raise RuntimeError(f"{answer.status_code} {answer.text}")
    return answer


def sync_calls(url: str, http: httpx.Client, own: httpx.Client | None) -> dict[str, dict[str, Call]]:
    """The calls of each operation. `own` is what our client is given; left out, it makes its own, as most users have it."""
    client = Client(url, credentials=CREDENTIALS, http=own)
    create, result = url + "/checkout/session", url + examples.RESULT_PATH
    text = {**KEYED, "Content-Type": "application/json"}
    return {
        "create": {
            "tillspec's client": lambda: client.sessions.create_vinr_session(REQUEST),
            "httpx alone": lambda: successful(http.post(create, json=PLAIN, headers=KEYED), 201).json(),
            "httpx and pydantic, by hand": lambda: Session.model_validate_json(
                successful(
                    http.post(create, content=BY_HAND.model_dump_json(by_alias=True, exclude_unset=True), headers=text), 201
                ).content
            ),
        },
        "result": {
            "tillspec's client": lambda: client.results.get_vinr_session_result(session_id=examples.ID),
            "httpx alone": lambda: successful(http.get(result, headers=KEYED), 200).json(),
            "httpx and pydantic, by hand": lambda: SessionResult.model_validate_json(
                successful(http.get(result, headers=KEYED), 200).content
            ),
        },
    }


def async_calls(url: str, http: httpx.AsyncClient, own: httpx.AsyncClient | None) -> dict[str, dict[str, Call]]:
    client = AsyncClient(url, credentials=CREDENTIALS, http=own)
    create, result = url + "/checkout/session", url + examples.RESULT_PATH

    async def create_by_httpx() -> Any:
        return successful(await http.post(create, json=PLAIN, headers=KEYED), 201).json()

    async def result_by_httpx() -> Any:
        return successful(await http.get(result, headers=KEYED), 200).json()

    return {
        "create": {
            "tillspec's client": lambda: client.sessions.create_vinr_session(REQUEST),
            "httpx alone": create_by_httpx,
        },
        "result": {
            "tillspec's client": lambda: client.results.get_vinr_session_result(session_id=examples.ID),
            "httpx alone": result_by_httpx,
        },
    }


def cpu(call: Call) -> float:
    """The CPU microseconds of one call, of many."""
    started = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - started) / CALLS * 1e6


async def async_cpu(call: Callable[[], Awaitable[Any]]) -> float:
    started = time.process_time()
    for _ in range(CALLS):
        await call()
    return (time.process_time() - started) / CALLS * 1e6


def report(operation: str, found: dict[str, list[float]]) -> None:
    print(f"  {operation}")
    first = next(iter(found.values()))
    for name, each in found.items():
        beside = "" if each is first else f"   tillspec / this = {ratio(first, each):.2f}"
        print(f"    {name:<32} {statistics.median(each):7.0f} CPU µs{beside}", flush=True)


def compare_sync(title: str, url: str, http: httpx.Client, own: httpx.Client | None) -> None:
    heading(f"Calling, sync, {title}", TARGET)
    with http:
        for operation, calls in sync_calls(url, http, own).items():
            report(operation, in_turn(ROUNDS, {name: lambda call=call: cpu(call) for name, call in calls.items()}))


def compare_async(title: str, url: str, http: httpx.AsyncClient, own: httpx.AsyncClient | None) -> None:
    heading(f"Calling, async, {title}", TARGET)
    with asyncio.Runner() as runner:
        for operation, calls in async_calls(url, http, own).items():
            runs = {name: lambda call=call: runner.run(async_cpu(call)) for name, call in calls.items()}
            report(operation, in_turn(ROUNDS, runs))
        runner.run(http.aclose())


def main() -> None:
    transport, url = httpx.MockTransport(answered), "http://checkout.test"
    http, async_http = httpx.Client(transport=transport), httpx.AsyncClient(transport=transport)
    compare_sync("in process (httpx.MockTransport), both with the same httpx.Client", url, http, http)
    compare_async("in process (httpx.MockTransport), both with the same httpx.AsyncClient", url, async_http, async_http)
    with serving("bench.apps.bare_msgspec:app") as server:
        compare_sync("over loopback, each with a client of its own", server.url, httpx.Client(), None)
        compare_async("over loopback, each with a client of its own", server.url, httpx.AsyncClient(), None)
