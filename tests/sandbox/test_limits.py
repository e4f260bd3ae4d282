"""Rate limits, switched on: counted as declared, and told of in every answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import httpx

from .conftest import Running
from .test_control import error_of
from .test_vinr import create

NAMES = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def switch(sandbox: Running, requests: int, per: str = "1m") -> int:
    """Switches limits on at the start of a window of a clock that stands still; when it ends, in seconds of the epoch."""
    with sandbox.control() as control:
        start = datetime.fromisoformat(control.post("/clock/freeze").json()["now"]).timestamp() // 60 * 60 + 60
        control.put("/clock", json={"now": f"{datetime.fromtimestamp(start).astimezone().isoformat()}"}).raise_for_status()
        control.put("/rate-limit", json={"requests": requests, "per": per}).raise_for_status()
    return int(start) + 60


def told(answer: httpx.Response) -> list[int]:
    return [int(answer.headers[name]) for name in NAMES]


def test_a_credential_has_so_many_requests_in_a_window(sandbox: Running) -> None:
    ends = switch(sandbox, 3)
    with sandbox.vinr() as mine, sandbox.vinr(sandbox.other) as other:
        made = create(mine)
        assert told(made) == [3, 2, ends]
        assert told(mine.get(made.headers["location"])) == [3, 1, ends]
        assert told(mine.get("/checkout/session/cs_nothing/result")) == [3, 0, ends]
        refused = create(mine)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert told(refused) == [3, 0, ends]
        assert refused.headers["retry-after"] == "60"
        assert refused.json()["error"]["request_id"] == refused.headers["x-request-id"]
        assert told(create(other)) == [3, 2, ends]
        with sandbox.control() as control:
            control.post("/clock/advance", json={"by": "59s"})
            assert create(mine).headers["retry-after"] == "1"
            control.post("/clock/advance", json={"by": "1s"})
        assert told(create(mine)) == [3, 2, ends + 60]


def test_workers_count_together(sandbox: Running) -> None:
    switch(sandbox, 10)
    with sandbox.vinr() as http, ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: create(http).status_code, range(40)))
    assert (statuses.count(201), statuses.count(429)) == (10, 30)


def test_an_object_has_a_limit_of_its_own(sandbox: Running) -> None:
    """Gr4vy declares 50 a minute for the fields of one session, whatever is usual."""
    ends = switch(sandbox, 1)
    path = "/checkout/sessions/6f1e0f5a-9a59-4b0e-8f0e-1c2d3e4f5a6b/fields"
    with sandbox.client() as http:
        assert told(http.put(path, json={})) == [50, 49, ends]
        assert told(http.put(path.replace("6f1e", "7f1e"), json={})) == [50, 49, ends]
        assert told(http.put(path, json={})) == [50, 48, ends]
        statuses = [http.put(path, json={}).status_code for _ in range(49)]
        refused = http.put(path, json={})
    assert 429 not in statuses[:48]
    assert statuses[48] == refused.status_code == 429
    assert refused.json()["code"] == "too_many_requests"


def test_off_again_nothing_is_said_of_them(sandbox: Running) -> None:
    switch(sandbox, 1)
    with sandbox.control() as control, sandbox.vinr() as http:
        assert control.get("/rate-limit").json() == {"on": True, "requests": 1, "per": "1m"}
        assert [create(http).status_code for _ in range(2)] == [201, 429]
        assert control.delete("/rate-limit").json()["on"] is False
        answer = create(http)
        assert answer.status_code == 201
        assert not any(name in answer.headers for name in NAMES)
        for body in ({}, {"requests": 0}, {"requests": 1, "per": "P1M"}, {"requests": 1, "per": "1ms"}, {"requests": 1, "to": 2}):
            assert error_of(control.put("/rate-limit", json=body))[0] == 422


def test_what_is_of_no_operation_is_not_counted(sandbox: Running) -> None:
    switch(sandbox, 1)
    with sandbox.vinr() as http:
        for path in ("/healthz", "/openapi.json", "/nothing"):
            assert not any(name in http.get(path).headers for name in NAMES)
        assert create(http).status_code == 201
