"""Any answer: what its headers tell of the rate limit, when to try again, and whether it came in time."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from tillspec.runtime.behavior import RateLimit
from tillspec.verify.contract import Target
from tillspec.verify.exchange import Answer, Exchange
from tillspec.verify.expressions import at
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told, passed

_ODD = 1 << 16
"""Bytes of a request from which on its answer may take longer."""
_EPOCH = (10**9, 10**11)
"""Between which seconds since 1970 lie that are no milliseconds, and no seconds from now."""


def http(run: Run, target: Target, exchange: Exchange) -> Iterator[Told]:
    """Hold an answer to the rate limit that its operation declares, to `Retry-After`, and to the latency budget."""
    answer, call = exchange.answer, exchange.call
    if answer.fault is not None or call.raw is not None:
        return
    yield from _latency(run, target, exchange)
    yield from _retry_after(target, answer)
    limit = target.operation.behavior.rate_limit if target.operation.behavior else None
    if limit is not None:
        yield from _rate_limit(target, limit, answer)


def _latency(run: Run, target: Target, exchange: Exchange) -> Iterator[Told]:
    budget, seconds = run.profile.latency, exchange.answer.seconds
    if budget is None or len(exchange.call.body or b"") > _ODD:
        return
    if seconds <= budget:
        yield passed("latency")
    else:
        yield Told(
            "latency", "answers later than the latency budget allows", target.pointer, f"an answer within {budget:g} s",
            f"{seconds:.3f} s",
        )  # fmt: skip


def _retry_after(target: Target, answer: Answer) -> Iterator[Told]:
    """Seconds, or a date (RFC 9110, section 10.2.3)."""
    text = answer.header("retry-after")
    if text is None:
        return
    if (text.isascii() and text.isdigit()) or _is_date(text):
        yield passed("rate-limit-told")
    else:
        yield Told(
            "rate-limit-told", "gives a Retry-After that is neither seconds nor a date", target.pointer,
            "a whole number of seconds, or an HTTP date", text, "retry-after",
        )  # fmt: skip


def _is_date(text: str) -> bool:
    try:
        parsedate_to_datetime(text)
    except ValueError:
        return False
    return True


def _rate_limit(target: Target, declared: RateLimit, answer: Answer) -> Iterator[Told]:
    limit, remaining = _number(answer, declared.limit), _number(answer, declared.remaining)
    found = []
    if limit is not None and remaining is not None and not 0 <= remaining <= limit:
        found.append(("tells of more requests left than there are", f"0 to {limit}", str(remaining), "remaining"))
    reset = _number(answer, declared.reset)
    if reset is not None and not _is_plausible(declared, reset):
        found.append(("tells a reset that is none in its unit", str(declared.reset_unit), str(reset), "reset"))
    exceeded = declared.exceeded
    if answer.status == (exceeded.status or 429):
        if exceeded.code is not None and exceeded.at is not None and at(answer.value, exceeded.at) != exceeded.code:
            told = at(answer.value, exceeded.at)
            found.append(("refuses one request too many with another code", str(exceeded.code), repr(told), "code"))
        missing = [name for name in exceeded.headers if answer.header(name) is None]
        found += [(f"refuses one request too many without {name}", name, "it is not there", name) for name in missing]
        if answer.header("retry-after") is None and "Retry-After" not in missing:
            what = "refuses one request too many without saying when to try again"
            yield _told(target, what, "Retry-After", "it is not there", "again", Severity.SHOULD)
        if remaining:
            yield _told(
                target, "refuses a request while it tells that some are left", "0", str(remaining), "left", Severity.SHOULD
            )
    for what, expected, observed, aspect in found:
        yield _told(target, what, expected, observed, aspect)
    if not found and (limit is not None or remaining is not None or reset is not None):
        yield passed("rate-limit-told")


def _is_plausible(declared: RateLimit, reset: int) -> bool:
    """Whether a number can be what its unit says. A server may have a clock of its own, so no time is compared with ours."""
    if declared.reset_unit == "epoch-seconds":
        return _EPOCH[0] <= reset < _EPOCH[1]
    return 0 <= reset < _EPOCH[0] and (declared.per is None or reset <= declared.per.total_seconds() + 1)


def _number(answer: Answer, name: str | None) -> int | None:
    text = answer.header(name) if name is not None else None
    return int(text) if text is not None and text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() else None


def _told(target: Target, what: str, expected: str, observed: str, aspect: str, severity: Severity = Severity.MUST) -> Told:
    return Told("rate-limit-told", what, target.pointer, expected, observed, aspect, severity)
