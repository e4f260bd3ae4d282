"""VINR's sessions and their results, on a running sandbox."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import select

from tillspec.sandbox import idempotency, schema, state

from .conftest import Running

MINIMAL: dict[str, Any] = {
    "amount": 5000,
    "currency": "EUR",
    "successUrl": "https://shop.example/success",
    "cancelUrl": "https://shop.example/cancel",
}


def create(http: httpx.Client, body: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
    return http.post("/checkout/session", json=body or MINIMAL, headers={k.replace("_", "-"): v for k, v in headers.items()})


def test_a_session_is_made_and_its_result_read(sandbox: Running) -> None:
    customer = {"customerId": "cust_1", "email": "jane@example.com", "name": "Jane", "phone": "+12125551234"}
    with sandbox.vinr() as http:
        made = create(http, MINIMAL | {"customer": customer})
        assert made.status_code == 201
        assert made.json()["checkoutUrl"] == f"{sandbox.url}/pay/{made.json()['sessionId']}"
        assert made.headers["cache-control"] == "no-store"
        result = http.get(made.headers["location"])
    assert result.status_code == 200
    assert result.json() == {
        "sessionId": made.json()["sessionId"],
        "status": "pending",
        "amount": 5000,
        "currency": "EUR",
        "customer": {"customerId": "cust_1", "email": "jane@example.com", "name": "Jane"},
    }


def test_expired_first_and_gone_a_day_later(sandbox: Running) -> None:
    sandbox.freeze()
    with sandbox.vinr() as http:
        made = create(http)
        sandbox.advance(timedelta(minutes=5, microseconds=-1))
        assert http.get(made.headers["location"]).json()["status"] == "pending"
        sandbox.advance(timedelta(microseconds=1))
        assert http.get(made.headers["location"]).json()["status"] == "expired"
        sandbox.advance(timedelta(hours=24, microseconds=-1))
        assert http.get(made.headers["location"]).status_code == 200
        sandbox.advance(timedelta(microseconds=1))
        gone = http.get(made.headers["location"])
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "session_expired")


def test_anothers_session_is_as_none(sandbox: Running) -> None:
    with sandbox.vinr() as mine, sandbox.vinr(sandbox.other) as other:
        path = create(mine).headers["location"]
        foreign, unknown = other.get(path), other.get("/checkout/session/cs_nothing/result")
    assert foreign.status_code == unknown.status_code == 404
    strip = lambda answer: json.dumps(answer.json()).replace(answer.headers["x-request-id"], "")  # noqa: E731
    assert strip(foreign) == strip(unknown)


def test_a_key_makes_a_retry_safe(sandbox: Running) -> None:
    with sandbox.vinr() as http:
        first = create(http, idempotency_key="k")
        again = http.post(
            "/checkout/session",
            content=json.dumps(dict(reversed(MINIMAL.items())), indent=2).replace("5000", "5000.0"),
            headers={"Idempotency-Key": "k", "Content-Type": "application/json"},
        )
        other = create(http, MINIMAL | {"amount": 1}, idempotency_key="k")
        free = create(http, MINIMAL | {"amount": 0}, idempotency_key="free")
        taken = create(http, idempotency_key="free")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")
    assert (free.status_code, taken.status_code) == (400, 201)


def test_a_key_is_of_one_api_key_and_ends(sandbox: Running) -> None:
    sandbox.freeze()
    with sandbox.vinr() as mine, sandbox.vinr(sandbox.other) as other:
        first, foreign = create(mine, idempotency_key="k"), create(other, idempotency_key="k")
        sandbox.advance(timedelta(hours=24))
        later = create(mine, idempotency_key="k")
    assert len({answer.json()["sessionId"] for answer in (first, foreign, later)}) == 3


def test_keys_that_may_not(sandbox: Running) -> None:
    assert sandbox.mine.vinr is not None
    _, reading, expired = sandbox.mine.vinr.keys
    with sandbox.client(x_api_key=reading.key) as http:
        refused = create(http)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "permission_denied")
        assert http.get("/checkout/session/cs_nothing/result").status_code == 404
    for key, code in ((expired.key, "expired_api_key"), ("sk_test_unknown", "invalid_api_key")):
        with sandbox.client(x_api_key=key) as http:
            answer = create(http)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
        assert answer.headers["www-authenticate"] == 'ApiKey realm="vinr"'
        assert key not in answer.text


def test_what_is_wrong_is_named(sandbox: Running) -> None:
    item = {"id": "a", "name": "A", "price": 100, "quantity": 1}
    cases: list[tuple[Any, str, str]] = [
        (MINIMAL | {"amount": 0}, "parameter_invalid", "amount"),
        (MINIMAL | {"amount": 99, "cartItems": [item]}, "amount_mismatch", "amount"),
        (MINIMAL | {"amount": 100, "cartItems": [item | {"maxQuantity": 0}]}, "parameter_invalid", "cartItems[0].maxQuantity"),
        ({name: MINIMAL[name] for name in ("amount", "currency", "successUrl")}, "parameter_missing", "cancelUrl"),
        (MINIMAL | {"extra": 1}, "parameter_unknown", "extra"),
    ]
    with sandbox.vinr() as http:
        for body, code, param in cases:
            error = create(http, body).json()["error"]
            assert (error["code"], error["param"]) == (code, param)
        broken = http.post("/checkout/session", content=b"{", headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["error"]["code"]) == (400, "invalid_json")


def test_every_answer_has_an_id(sandbox: Running) -> None:
    with sandbox.vinr() as http:
        answers = [
            create(http), create(http, MINIMAL | {"amount": 0}), http.get("/nothing"), http.put("/checkout/session"),
            http.options("/checkout/session"), http.get("/checkout/session/x/result"),
        ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [201, 400, 404, 405, 204, 404]
    named = {answer.headers["x-request-id"] for answer in answers}
    assert len(named) == len(answers)


def test_keys_that_are_over_are_removed(sandbox: Running) -> None:
    sandbox.freeze()
    with sandbox.vinr() as http:
        create(http, idempotency_key="old")
        sandbox.advance(timedelta(hours=24))
        create(http, idempotency_key="new")
    sandbox.work(lambda connection: idempotency.prune(connection, state.read(connection).now()))
    kept = sandbox.work(lambda connection: connection.execute(select(schema.idempotency.c.key)).scalars().all())
    assert kept == ["new"]
