"""When a call is sent again, and how long it waits: no test sleeps."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillspec.runtime.retry import Attempts, Retry, retry_after

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC).timestamp()
REQUEST = httpx.Request("POST", "https://api.example/")


def attempts(*, repeatable: bool = True, keyed: bool = False, random: float = 1.0, **options: float) -> Attempts:
    retry = Retry(random=lambda: random, clock=lambda: NOW, **options)  # type: ignore[arg-type]
    return Attempts(retry, repeatable, keyed)


def headers(retry_after: str | None = None) -> httpx.Headers:
    return httpx.Headers({} if retry_after is None else {"Retry-After": retry_after})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("9" * 5000, 999_999_999_999.0),
        ("Sun, 22 Nov 2026 09:00:30 GMT", 30.0),
        ("Sunday, 22-Nov-26 09:00:30 GMT", 30.0),
        ("Sun Nov 22 09:00:30 2026", 30.0),
        ("Sun, 22 Nov 2026 08:00:00 GMT", 0.0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("\u0661\u0662", None),
        ("Sun, 99 Nov 2026 09:00:30 GMT", None),
    ],
)
def test_retry_after_in_both_forms(text: str, seconds: float | None) -> None:
    assert retry_after(text, NOW) == seconds


@given(st.text())
def test_retry_after_never_fails(text: str) -> None:
    seconds = retry_after(text, NOW)
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


def test_waits_grow_to_the_cap() -> None:
    state = attempts(attempts=9, total=1000)
    assert [state.after_answer(503, headers()) for _ in range(9)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 8.0, 8.0, None]


def test_jitter_is_full() -> None:
    assert attempts(random=0.0).after_answer(503, headers()) == 0.0
    assert attempts(random=0.5).after_answer(503, headers()) == 0.1


def test_many_attempts_do_not_overflow() -> None:
    state = attempts(attempts=5000, total=math.inf)
    assert {state.after_answer(503, headers()) for _ in range(4999)} >= {8.0}


def test_the_sum_of_waits_is_bounded() -> None:
    state = attempts(attempts=9, total=1.0)
    assert [state.after_answer(503, headers()) for _ in range(3)] == [0.2, 0.4, None]


def test_retry_after_is_waited_for_and_given_up_when_longer_than_the_cap() -> None:
    assert attempts().after_answer(429, headers("5")) == 5.2
    assert (
        attempts(random=0.0).after_answer(503, headers(format_datetime(datetime.fromtimestamp(NOW + 3, UTC), usegmt=True))) == 3
    )
    assert attempts().after_answer(429, headers("9")) is None
    assert attempts().after_answer(429, headers("rubbish")) == 0.2


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_temporary_answers_of_repeatable_calls(status: int) -> None:
    assert attempts().after_answer(status, headers()) is not None


@pytest.mark.parametrize("status", [200, 304, 400, 401, 404, 408, 409, 410, 425, 500, 501])
def test_answers_that_stand(status: int) -> None:
    assert attempts(keyed=True).after_answer(status, headers()) is None
    assert status == 409 or attempts(keyed=True).after_answer(status, headers("1")) is None


@pytest.mark.parametrize(("status", "again"), [(429, True), (502, False), (503, False), (504, False)])
def test_what_may_not_be_repeated_is_sent_again_only_after_429(status: int, again: bool) -> None:
    assert (attempts(repeatable=False).after_answer(status, headers("1")) is not None) is again


def test_409_is_sent_again_only_with_a_key_and_a_retry_after() -> None:
    assert attempts(keyed=True).after_answer(409, headers("1")) == 1.2
    assert attempts(keyed=True).after_answer(409, headers()) is None
    assert attempts(keyed=False).after_answer(409, headers("1")) is None


@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
def test_what_was_never_sent_is_sent_again(kind: type[httpx.TransportError]) -> None:
    assert attempts(repeatable=False).after_error(kind("", request=REQUEST)) is not None


@pytest.mark.parametrize(
    "kind", [httpx.ReadTimeout, httpx.WriteTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError]
)
def test_what_may_have_been_sent_is_sent_again_only_where_repeatable(kind: type[httpx.TransportError]) -> None:
    assert attempts(repeatable=False).after_error(kind("", request=REQUEST)) is None
    assert attempts(repeatable=True).after_error(kind("", request=REQUEST)) is not None


@pytest.mark.parametrize("kind", [httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.DecodingError])
def test_what_is_hopeless_is_not(kind: type[httpx.RequestError]) -> None:
    assert attempts().after_error(kind("", request=REQUEST)) is None


def test_attempts_counts_the_first() -> None:
    assert attempts(attempts=1).after_answer(503, headers()) is None
    with pytest.raises(ValueError, match="at least 1"):
        Retry(attempts=0)
    with pytest.raises(ValueError, match="at least 0"):
        Retry(base=-1)
    with pytest.raises(ValueError, match="at least 0"):
        Retry(cap=math.nan)
