"""Deliveries of webhooks: what an answer means, when the next try is, and how both are read from a contract."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillspec.api.delivery import delivery
from tillspec.runtime.behavior import Delivery

MINUTE = timedelta(minutes=1)


def declared(**words: Any) -> Delivery:
    made = delivery({"timeout": "PT5S", "retries": [], **words})
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("words", "outcomes"),
    [
        ({}, {200: "delivered", 299: "delivered", 301: "again", 404: "again", 500: "again", None: "again"}),
        ({"delivered": [200, 204]}, {204: "delivered", 202: "again", 410: "again"}),
        ({"ends": ["3XX", "4XX"]}, {202: "delivered", 302: "ended", 404: "ended", 101: "again", 503: "again", None: "again"}),
        ({"delivered": ["2XX", 410], "ends": ["4XX", 204]}, {410: "delivered", 404: "ended", 204: "ended", 200: "delivered"}),
    ],
)
def test_what_an_answer_means(words: dict[str, Any], outcomes: dict[int | None, str]) -> None:
    policy = declared(**words)
    assert {status: policy.outcome(status) for status in outcomes} == outcomes


def test_each_try_but_the_last_is_followed_by_a_wait() -> None:
    policy = declared(retries=["PT1M", "PT5M"])
    assert [policy.wait(tries) for tries in (1, 2, 3, 4)] == [MINUTE, 5 * MINUTE, None, None]
    assert declared(retries=[]).wait(1) is None
    with pytest.raises(ValueError, match="there were 0"):
        policy.wait(0)


def test_waits_that_do_not_grow() -> None:
    assert declared(retries={"times": 3, "first": "PT1M"}).retries == (MINUTE, MINUTE, MINUTE)


@given(
    times=st.integers(1, 100),
    first=st.integers(1, 10**6),
    factor=st.integers(2, 10) | st.floats(1, 10, exclude_min=True),
    longest=st.integers(1, 10**9),
)
def test_waits_grow_up_to_the_longest(times: int, first: int, factor: float, longest: int) -> None:
    growing = {"times": times, "first": f"PT{first}S", "factor": factor, "longest": f"PT{longest}S"}
    waits = declared(retries=growing).retries
    assert len(waits) == times
    assert waits[0] == timedelta(seconds=min(first, longest))
    assert list(waits) == sorted(waits)
    assert max(waits) <= timedelta(seconds=longest)
    assert all(wait == timedelta(seconds=int(wait.total_seconds())) for wait in waits)
    for before, after in pairwise(waits):
        exact = min(before.total_seconds() * factor, longest)
        assert abs(after.total_seconds() - exact) <= 1 + factor / 2, "each is the factor longer, but for whole seconds"


def test_all_that_is_declared_is_read() -> None:
    words = {"delivered": [200, "3XX"], "ends": [410], "event-id": "$request.body#/id"}
    assert declared(**words) == Delivery(
        timeout=timedelta(seconds=5), retries=(), delivered=("200", "3XX"), ends=("410",), event_id="$request.body#/id"
    )


GROWING = {"times": 3, "first": "PT1M", "factor": 2, "longest": "PT1H"}


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"timeout": "PT5S"},
        {"timeout": "PT0S", "retries": []},
        {"timeout": "5s", "retries": []},
        {"timeout": "PT5S", "retries": 3},
        {"timeout": "PT5S", "retries": ["PT1M", "PT0S"]},
        {"timeout": "PT5S", "retries": ["PT1M"] * 101},
        *(
            {"timeout": "PT5S", "retries": GROWING | wrong}
            for wrong in (
                {"times": 0},
                {"times": 10**9},
                {"times": "3"},
                {"factor": 10.5},
                {"factor": float("nan")},
                {"factor": "2"},
                {"first": "PT0S"},
                {"longest": None},
            )
        ),
    ],
)
def test_what_is_not_of_the_published_form_is_left_out(value: Any) -> None:
    assert delivery(value) is None
