"""Faults that tests choose, on a running sandbox: each happens as often as said, as the contract declares it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from checkout_api import operations
from checkout_api._runtime.operation import Operation
from tillspec.sandbox.declared import refuse
from tillspec.sandbox.faults import OPERATIONS

from . import dintero
from .conftest import Running
from .test_control import error_of
from .test_vinr import create


def inject(sandbox: Running, **fault: Any) -> dict[str, Any]:
    with sandbox.control() as control:
        answer = control.post("/faults", json=fault)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def left(sandbox: Running) -> list[dict[str, Any]]:
    with sandbox.control() as control:
        found: list[dict[str, Any]] = control.get("/faults").json()["faults"]
    return found


def test_too_many_requests_twice_and_then_no_more(sandbox: Running) -> None:
    inject(sandbox, fault="429", times=2, span="7s")
    with sandbox.vinr() as http:
        answers = [create(http) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 201]
    assert answers[0].json()["error"]["code"] == "rate_limit_exceeded"
    assert answers[0].json()["error"]["request_id"] == answers[0].headers["x-request-id"]
    assert answers[0].headers["retry-after"] == "7"
    assert left(sandbox) == []


def test_a_fault_is_of_an_operation_and_of_a_merchant(sandbox: Running) -> None:
    inject(sandbox, fault="500", operation="getVinrSessionResult", merchant=sandbox.mine.id)
    inject(sandbox, fault="503", operation="getVinrSessionResult")
    with sandbox.vinr() as mine, sandbox.vinr(sandbox.other) as other:
        location = create(mine).headers["location"]
        assert other.get(location).status_code == 503
        assert mine.get(location).status_code == 500
        assert mine.get(location).status_code == 200


def test_the_merchant_is_known_by_every_credential(sandbox: Running) -> None:
    mine, other = sandbox.mine, sandbox.other
    cart, order = mine.template_carts[0].id, f"/accounts/{dintero.at(mine).account}/shopping/orders/{mine.orders[0].id}/sessions"
    with sandbox.control() as control:
        tokens = [control.post("/tokens", json={"merchant": one.id}).json()["token"] for one in (mine, other)]
    gr4vy, their = (sandbox.client(authorization=f"Bearer {token}") for token in tokens)
    vinr, diddo, bearer, basic = sandbox.vinr(), sandbox.diddo(), dintero.bearer(sandbox), sandbox.dintero_basic()
    with gr4vy, their, vinr, diddo, bearer, basic:
        asked = [
            lambda: create(vinr), lambda: diddo.post(f"/checkout/begin/{cart}"), lambda: bearer.get(order),
            lambda: dintero.ask(basic, mine), lambda: gr4vy.post("/checkout/sessions", json={}),
        ]  # fmt: skip
        for ask in asked:
            inject(sandbox, fault="503", merchant=mine.id)
            assert their.post("/checkout/sessions", json={}).status_code == 201
            assert ask().status_code == 503
            assert ask().status_code < 300
    assert left(sandbox) == []


def test_each_happens_once_whoever_comes_first(sandbox: Running) -> None:
    inject(sandbox, fault="500", times=5)
    with sandbox.vinr() as http, ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: create(http).status_code, range(32)))
    assert (statuses.count(500), statuses.count(201)) == (5, 27)
    assert left(sandbox) == []


def test_the_answers_are_those_that_every_operation_declares(sandbox: Running) -> None:
    for operation in OPERATIONS.values():
        for status, kind in operation.responses.items():
            if status not in ("429", "500", "502", "503", "504"):
                continue
            scope = {
                "type": "http", "method": operation.method, "path": operation.path, "headers": [], "query_string": b"",
                "state": {"tillspec.request_id": "req_1"},
            }  # fmt: skip
            reply = refuse(scope, operation, int(status))
            content = kind.wire.contents["application/json"].value
            assert content is not None
            content.adapter.validate_json(reply.body)
            assert (b"x-request-id", b"req_1") in reply.headers
            assert reply.status == int(status)
    assert len(OPERATIONS) == len([one for one in vars(operations).values() if isinstance(one, Operation)]) - 4


def test_no_answer_comes_and_the_connection_ends(sandbox: Running) -> None:
    inject(sandbox, fault="timeout", span="200ms")
    inject(sandbox, fault="disconnect")
    inject(sandbox, fault="timeout", span="10m")
    with sandbox.vinr() as http:
        for _ in range(2):  # whether it is closed or reset depends on what was read by then
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                create(http)
        with pytest.raises(httpx.ReadTimeout):
            http.get("/checkout/session/cs_a/result", timeout=0.2)
        assert create(http).status_code == 201
    with sandbox.control() as control:
        assert len(control.get("/sessions").json()["sessions"]) == 1


def test_what_was_carried_out_before_the_answer_was_lost_is_replayed(sandbox: Running) -> None:
    inject(sandbox, fault="disconnect", carried_out=True)
    with sandbox.vinr() as http:
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            create(http, idempotency_key="k")
        again = create(http, idempotency_key="k")
    assert again.headers["idempotent-replayed"] == "true"
    with sandbox.control() as control:
        assert [one["id"] for one in control.get("/sessions").json()["sessions"]] == [again.json()["sessionId"]]


def test_what_is_slow_holds_its_key(sandbox: Running) -> None:
    inject(sandbox, fault="slow", span="1500ms", operation="createVinrSession")
    slow: list[httpx.Response] = []
    with sandbox.vinr() as http, sandbox.vinr() as other:
        waiting = threading.Thread(target=lambda: slow.append(create(http, idempotency_key="k")))
        waiting.start()
        while left(sandbox):
            time.sleep(0.02)
        running = create(other, idempotency_key="k")
        waiting.join()
        again = create(other, idempotency_key="k")
    assert (running.status_code, running.json()["error"]["code"]) == (409, "idempotency_key_in_use")
    assert int(running.headers["retry-after"]) >= 1
    assert slow[0].status_code == 201
    assert again.json() == slow[0].json()


def test_what_has_no_key_is_late_as_well(sandbox: Running) -> None:
    inject(sandbox, fault="slow", span="600ms")
    with sandbox.vinr() as http:
        with pytest.raises(httpx.ReadTimeout):
            http.get("/checkout/session/cs_a/result", timeout=0.2)
        assert http.get("/checkout/session/cs_a/result").status_code == 404


def test_a_fault_that_cannot_happen_is_an_error(sandbox: Running) -> None:
    cases: list[tuple[dict[str, Any], tuple[int, str]]] = [
        ({"fault": "418"}, (422, "invalid_request")),
        ({"fault": "500", "operation": "createVinrSessions"}, (404, "unknown_operation")),
        ({"fault": "500", "operation": "vinrSessionStatusChanged"}, (404, "unknown_operation")),
        ({"fault": "502"}, (422, "impossible_fault")),
        ({"fault": "502", "operation": "createVinrSession"}, (422, "impossible_fault")),
        ({"fault": "500", "merchant": "nobody"}, (404, "unknown_merchant")),
        ({"fault": "500", "times": 0}, (422, "invalid_request")),
        ({"fault": "500", "span": "1s"}, (422, "impossible_fault")),
        ({"fault": "slow", "span": "soon"}, (422, "invalid_span")),
        ({"fault": "slow", "span": "1h"}, (422, "impossible_fault")),
        ({"fault": "slow", "carried_out": True}, (422, "impossible_fault")),
    ]
    with sandbox.control() as control:
        for body, expected in cases:
            assert error_of(control.post("/faults", json=body)) == expected, body
        assert control.get("/faults").json() == {"faults": []}
        made = control.post("/faults", json={"fault": "502", "operation": "createGr4vySession"}).json()
        assert control.delete(f"/faults/{made['id']}").json() == {"removed": 1}
        assert error_of(control.delete(f"/faults/{made['id']}")) == (404, "unknown_fault")
        control.post("/faults", json={"fault": "500", "times": 9})
        assert control.delete("/faults").json() == {"removed": 1}
    with sandbox.vinr() as http:
        assert create(http).status_code == 201
