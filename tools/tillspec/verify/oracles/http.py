"""Any answer: how long it took, and what it says of limits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from tillspec.runtime.behavior import RateLimit
from tillspec.verify.contract import Target
from tillspec.verify.exchange import Answer, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told

_YEAR = 366 * 86_400


def latency(run: Run, target: Target, exchange: Exchange) -> Iterator[Told]:
    """An answer is within the budget of the profile."""
    budget = run.profile.latency
    if budget is None or exchange.answer.fault is not None:
        return
    if exchange.answer.seconds <= budget:
        yield Told("latency")
        return
    yield Told("latency", "answers later than the profile promises", target.pointer, f"{budget:g} s",
               f"{exchange.answer.seconds:.2f} s", severity=Severity.SHOULD)  # fmt: skip


def limits(run: Run, target: Target, exchange: Exchange) -> Iterator[Told]:
    """What the headers say of the rate limit agrees, and a 429 says when to try again."""
    answer, behavior = exchange.answer, target.operation.behavior
    declared = behavior.rate_limit if behavior else None
    if answer.fault is not None:
        return
    if answer.status == 429:
        yield from _again(target, answer)
    if declared is not None:
        yield from _numbers(target, declared, answer)


def _again(target: Target, answer: Answer) -> Iterator[Told]:
    text = answer.header("retry-after")
    response = target.response(429)
    pointer = target.response_pointer(response) if response is not None else target.pointer
    if text is None:
        severity = Severity.MUST if target.operation.behavior and target.operation.behavior.rate_limit else Severity.SHOULD
        yield Told("rate-limit-told", "a 429 has no Retry-After", pointer, "Retry-After", "not there", "again", severity)
    elif not _is_time(text):
        yield Told(
            "rate-limit-told", "Retry-After is neither seconds nor a date", pointer, "RFC 9110, section 10.2.3", text, "form"
        )
    else:
        yield Told("rate-limit-told")


def _is_time(text: str) -> bool:
    if text.isascii() and text.isdigit():
        return True
    try:
        parsedate_to_datetime(text)
    except ValueError:
        return False
    return True


def _numbers(target: Target, declared: RateLimit, answer: Answer) -> Iterator[Told]:
    limit, remaining, reset = (_number(answer, name) for name in (declared.limit, declared.remaining, declared.reset))
    pointer = f"{target.pointer}/x-behavior/rate-limit"
    if limit is None and remaining is None and reset is None:
        return
    if limit is not None and remaining is not None and not 0 <= remaining <= limit:
        yield Told(
            "rate-limit-told", "more requests remain than there are", pointer, f"at most {limit:g}", f"{remaining:g}", "remaining"
        )
        return
    if reset is not None:
        ahead = reset - time.time() if declared.reset_unit == "epoch-seconds" else reset
        if not -_YEAR < ahead < _YEAR:
            yield Told(
                "rate-limit-told",
                "the limit's reset is in another unit",
                pointer,
                declared.reset_unit or "",
                f"{reset:g}",
                "reset",
            )
            return
    yield Told("rate-limit-told")


def _number(answer: Answer, name: str | None) -> float | None:
    text = answer.header(name) if name else None
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None
