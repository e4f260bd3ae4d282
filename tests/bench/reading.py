"""Reading and writing one body, in one process: what of a request's cost belongs to the models."""

from __future__ import annotations

import statistics
import time
import timeit
from collections.abc import Callable
from typing import Any

import msgspec

from checkout_api import models, operations
from checkout_api._runtime.intake import BodyReader

from .apps import examples, msgspec_models, pydantic_models
from .measure import heading, in_turn, ratio

ROUNDS, CALLS = 9, 2_000


def per_call(call: Callable[[], Any]) -> Callable[[], float]:
    """A run that gives the CPU microseconds of one call."""
    timer = timeit.Timer(call, timer=time.process_time)
    return lambda: timer.timeit(CALLS) / CALLS * 1e6


def compare(title: str, calls: dict[str, Callable[[], Any]]) -> None:
    heading(title, "none of its own; see serving")
    times = in_turn(ROUNDS, {name: per_call(call) for name, call in calls.items()})
    first = next(iter(times.values()))
    for name, each in times.items():
        beside = "" if each is first else f"   tillspec / this = {ratio(first, each):.2f}"
        print(f"  {name:<52} {statistics.median(each):7.1f} CPU µs{beside}", flush=True)


def main() -> None:
    body = operations.CREATE_VINR_SESSION.body
    assert body
    _, read = BodyReader(body).choose("application/json")
    decode = msgspec.json.Decoder(msgspec_models.SessionRequest).decode
    compare(
        "Reading the body of the VINR create",
        {
            "tillspec's BodyReader": lambda: read(examples.REQUEST),
            "pydantic, models by hand, validate_json": lambda: pydantic_models.SessionRequest.model_validate_json(
                examples.REQUEST
            ),
            "msgspec, structs by hand, decode": lambda: decode(examples.REQUEST),
            "msgspec without a type: nothing is checked": lambda: msgspec.json.decode(examples.REQUEST),
        },
    )
    request = models.VinrSessionRequest.model_validate_json(examples.REQUEST)
    by_hand = pydantic_models.SessionRequest.model_validate_json(examples.REQUEST)
    struct = decode(examples.REQUEST)
    encode = msgspec.json.Encoder().encode
    compare(
        "Writing the same body",
        {
            "tillspec's model": lambda: request.__pydantic_serializer__.to_json(request, by_alias=True, exclude_unset=True),
            "pydantic, models by hand, to_json": lambda: by_hand.model_dump_json(by_alias=True, exclude_unset=True),
            "msgspec, structs by hand, encode": lambda: encode(struct),
        },
    )
