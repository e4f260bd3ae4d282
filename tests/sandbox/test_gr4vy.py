"""Gr4vy's sessions on a running sandbox: what they hold, how they change and end, and who may see them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from checkout_api import models
from tillspec.sandbox import outside, schema, state

from .conftest import Running
from .gr4vy import ITEM, SESSIONS, client, create, is_error, now_of, put_card


@pytest.fixture
def http(sandbox: Running) -> Iterator[httpx.Client]:
    with client(sandbox) as mine:
        yield mine


# -- what a session holds --------------------------------------------------------------------------------------------------


def test_a_session_shows_what_it_was_given(sandbox: Running, http: httpx.Client) -> None:
    sandbox.freeze()
    (service,) = sandbox.mine.payment_services
    buyer = {
        "display_name": "Kari Nordmann",
        "billing_details": {"email_address": "kari@example.com", "address": {"country": "NO"}},
    }
    airline = {"legs": [{"departure_airport": "OSL", "departure_at": "2026-05-04t09:40:00.50+02:00"}]}
    given = {
        "cart_items": [ITEM], "metadata": {"order_id": "order-12345"}, "buyer": buyer, "airline": airline, "amount": 90098,
        "currency": "NOK", "payment_service_id": service.id.upper(),
    }  # fmt: skip
    apart = {"country": "NO", "intent": "authorize", "payment_source": "ecommerce", "merchant_initiated": False}
    made = http.post(SESSIONS, json={**given, **apart, "expires_in": 7200})
    shown = made.json()
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    assert {name: shown[name] for name in given} == given
    assert set(shown) == {*given, "type", "id", "expires_at", "payment_method"}
    assert (shown["type"], shown["payment_method"], uuid.UUID(shown["id"]).version) == ("checkout-session", None, 4)
    expires = datetime.fromisoformat(shown["expires_at"])
    assert expires == datetime.fromtimestamp(now_of(sandbox) / 1e6, UTC) + timedelta(hours=2)
    read = http.get(f"{SESSIONS}/{shown['id'].upper()}")
    assert (read.status_code, read.json(), read.headers["cache-control"]) == (200, shown, "no-store")


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_the_body_may_be_left_out(http: httpx.Client, body: bytes) -> None:
    made = http.post(SESSIONS, content=body, headers={"Content-Type": "application/json"} if body else {})
    assert made.status_code == 201
    assert {name for name, value in made.json().items() if value is not None} == {"type", "id", "expires_at"}
    assert [http.post(SESSIONS, json=body).status_code for body in (None, [], "{}")] == [201, 422, 422]


def examples(path: str, method: str) -> dict[str, Any]:
    """The bodies that the contract shows of a request."""
    contract = json.loads(Path(models.__file__).with_name("openapi.json").read_text(encoding="utf-8"))
    found = contract["paths"][path][method]["requestBody"]["content"]["application/json"]["examples"]
    shown = contract["components"]["examples"]
    return {name: (shown[one["$ref"].rpartition("/")[2]] if "$ref" in one else one)["value"] for name, one in found.items()}


def test_the_contracts_own_examples_are_taken(sandbox: Running) -> None:
    march = int(datetime(2026, 3, 2, 10, 15, tzinfo=UTC).timestamp()) * 1_000_000
    sandbox.work(lambda connection: state.change(connection, clock_frozen=march))
    sandbox.work(lambda connection: [outside.save(connection, sandbox.mine.id, one) for one in OF_THE_EXAMPLES])
    path = f"{SESSIONS}/{{session_id}}"
    with client(sandbox) as http:
        for body in examples(SESSIONS, "post").values():
            made = create(http, **body)
            assert [http.put(made, json=update).status_code for update in examples(path, "put").values()] == [200, 200]
            put = [http.put(f"{made}/fields", json=method).status_code for method in examples(f"{path}/fields", "put").values()]
            assert put == [204, 204, 204]
            assert http.get(made).status_code == 200


OF_THE_EXAMPLES = (
    outside.Gr4vyPaymentService(id="a3c1f0de-7b52-4e0c-9d51-2f7a6a1f0c44"),
    outside.Gr4vyStoredPaymentMethod(id="ef9496d8-53a5-4aad-8ca2-00eb68334389", label="4242", bin="424242"),
)


def test_an_expired_session_is_as_one_that_never_was(sandbox: Running, http: httpx.Client) -> None:
    sandbox.freeze()
    path = create(http)
    sandbox.advance(timedelta(hours=1, microseconds=-1))
    assert http.get(path).status_code == 200
    assert http.put(path, json={"expires_in": 7200}).status_code == 200
    sandbox.advance(timedelta(hours=2, microseconds=-1))
    assert http.get(path).status_code == 200
    sandbox.advance(timedelta(microseconds=1))
    assert alike(http, path) == alike(http, f"{SESSIONS}/{uuid.uuid4()}")


def alike(http: httpx.Client, path: str) -> list[Any]:
    """What every operation on a session that is not there answers, all but the request's id."""
    answers = [http.get(path), http.put(path, json={"amount": 1}), http.delete(path), put_card(http, path)]
    for answer in answers:
        assert is_error(answer, 404, "not_found")["details"] == []
    return [(answer.json(), sorted({*answer.headers} - {"date"})) for answer in answers]


def test_a_deleted_session_is_gone_for_good_with_its_card(sandbox: Running, http: httpx.Client) -> None:
    path = create(http, metadata={"order_id": "order-12345"})
    assert put_card(http, path).status_code == 204
    deleted = http.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert alike(http, path) == alike(http, f"{SESSIONS}/{uuid.uuid4()}")
    assert rows(sandbox) == []


def rows(sandbox: Running) -> list[Any]:
    return sandbox.work(lambda connection: list(connection.execute(select(schema.sessions))))


# -- updates ---------------------------------------------------------------------------------------------------------------

LINE = st.fixed_dictionaries({"name": st.just("A"), "quantity": st.just(1), "unit_amount": st.integers(0, 9)})
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "metadata": st.none() | st.dictionaries(st.sampled_from("abc"), st.text(max_size=5), max_size=3),
    "amount": st.none() | st.integers(0, 99_999_999),
    "currency": st.none() | st.sampled_from(["EUR", "JPY"]),
    "cart_items": st.none() | st.lists(LINE, max_size=2),
    "buyer": st.none() | st.fixed_dictionaries({}, optional={"display_name": st.just("Kari"), "account_number": st.just("1")}),
}  # fmt: skip
BODIES = st.fixed_dictionaries({}, optional=VALUES)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=BODIES, updates=st.lists(BODIES, min_size=1, max_size=3))
def test_an_update_is_a_shallow_merge(http: httpx.Client, first: dict[str, Any], updates: list[dict[str, Any]]) -> None:
    path = create(http, **first)
    before = http.get(path).json()
    whole = dict.fromkeys(VALUES) | first
    for update in updates:
        whole |= update
        answer = http.put(path, json=update)
        assert answer.status_code == 200
        assert {name: answer.json()[name] for name in VALUES} == whole
        assert answer.json()["expires_at"] == before["expires_at"]
        assert http.get(path).json() == answer.json()


def test_rules_hold_on_the_whole_that_an_update_would_make(http: httpx.Client) -> None:
    path = create(http, payment_source="card_on_file", merchant_initiated=True, amount=1)
    body = is_error(http.put(path, json={"payment_source": "ecommerce", "amount": 2}), 400, "bad_request")
    assert [detail["pointer"] for detail in body["details"]] == ["/is_subsequent_payment"]
    assert http.get(path).json()["amount"] == 1
    assert http.put(path, json={"payment_source": "recurring"}).status_code == 400
    assert http.put(path, json={"payment_source": "recurring", "is_subsequent_payment": True}).status_code == 200
    assert http.put(path, json={"is_subsequent_payment": None}).status_code == 400
    assert http.put(path, json={"merchant_initiated": None}).status_code == 200
    assert http.put(path, json={"is_subsequent_payment": None}).status_code == 200


def test_a_refused_update_changes_nothing_and_leaves_the_card(http: httpx.Client) -> None:
    path = create(http, amount=1)
    assert put_card(http, path).status_code == 204
    before = http.get(path).json()
    assert http.put(path, json={"amount": 2, "payment_service_id": str(uuid.uuid4())}).status_code == 404
    assert http.put(path, json={"amount": -1}).status_code == 422
    assert http.put(path, json={"payment_method": None}).status_code == 422
    assert http.get(path).json() == before
    assert http.put(path, json={"amount": 3}).json()["payment_method"] == before["payment_method"]


def test_updates_at_once_are_all_kept(http: httpx.Client) -> None:
    path = create(http)
    updates = [
        {"amount": 7},
        {"currency": "EUR"},
        {"metadata": {"a": "b"}},
        {"buyer": {"display_name": "Kari"}},
        {"cart_items": [ITEM]},
    ]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda update: http.put(path, json=update), updates * 2))
        answers += list(pool.map(lambda _: put_card(http, path), range(2)))
    assert {answer.status_code for answer in answers} == {200, 204}
    shown = http.get(path).json()
    for update in updates:
        assert shown | update == shown
    assert shown["payment_method"]["label"] == "4242"


# -- tenants -----------------------------------------------------------------------------------------------------------------


def test_anothers_session_is_as_none(sandbox: Running, http: httpx.Client) -> None:
    path = create(http, amount=1)
    with client(sandbox, sandbox.other) as other:
        for call in ("GET", "PUT", "DELETE"):
            body = {"amount": 2} if call == "PUT" else None
            foreign, unknown = (other.request(call, at, json=body) for at in (path, f"{SESSIONS}/{uuid.uuid4()}"))
            assert is_error(foreign, 404, "not_found") == unknown.json()
        theirs = {"payment_service_id": sandbox.mine.payment_services[0].id}
        assert is_error(other.post(SESSIONS, json=theirs), 404, "not_found")["details"][0]["pointer"] == "/payment_service_id"
    assert http.get(path).json()["amount"] == 1


def test_accounts_of_one_merchant_are_apart(sandbox: Running, http: httpx.Client) -> None:
    second = outside.Gr4vyMerchantAccount(id="second")
    sandbox.work(lambda connection: outside.save(connection, sandbox.mine.id, second))
    header = "x-gr4vy-merchant-account-id"
    path = create(http)
    assert http.get(path, headers={header: "default"}).status_code == 200
    made = http.post(SESSIONS, json={}, headers={header: "second"})
    theirs = f"{SESSIONS}/{made.json()['id']}"
    assert http.get(theirs, headers={header: "second"}).status_code == 200
    for at, account in ((theirs, "default"), (path, "second")):
        assert is_error(http.get(at, headers={header: account}), 404, "not_found")["details"] == []
        assert http.delete(at, headers={header: account}).status_code == 404
    for call, at in (("POST", SESSIONS), ("GET", path), ("PUT", path), ("DELETE", path)):
        answer = http.request(call, at, json={} if call in ("POST", "PUT") else None, headers={header: "nobody"})
        (detail,) = is_error(answer, 404, "not_found")["details"]
        assert (detail["location"], detail["pointer"]) == ("header", f"/{header}")
