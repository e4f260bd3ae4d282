"""Gr4vy's sessions on a running sandbox: what they hold, who may see it, and what `/fields` puts into them."""

from __future__ import annotations

import json
import re
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
from sqlalchemy import Connection, select

from checkout_api import models
from tillspec.sandbox import outside, schema, state
from tillspec.sandbox.seed import SeedMerchant
from tillspec.sandbox.surfaces.gr4vy_tokens import sign_token

from .conftest import Running

SCOPES = ("checkout-sessions.read", "checkout-sessions.write")
SESSIONS = "/checkout/sessions"
EXAMPLES: dict[str, Any] = json.loads(Path(models.__file__).with_name("openapi.json").read_text(encoding="utf-8"))
CARD = {"method": "card", "number": "4242424242424242", "expiration_date": "12/39", "security_code": "737"}
NUMBERS = ["4242424242424242", "4000000000000002", "4000000000009995", "4000000000003220", "4000000000000069", "4000000000000119"]
ITEM = {"name": "GoPro HERO9 Camcorder", "quantity": 2, "unit_amount": 37999, "discount_amount": 5000, "tax_amount": 14200}


def now_of(sandbox: Running) -> int:
    return sandbox.work(lambda connection: state.read(connection).now())


def token(sandbox: Running, merchant: SeedMerchant | None = None, scopes: tuple[str, ...] = SCOPES, hours: int = 72) -> str:
    return sign_token(merchant or sandbox.mine, scopes, now_of(sandbox), timedelta(hours=hours))


def client(sandbox: Running, merchant: SeedMerchant | None = None, **options: Any) -> httpx.Client:
    return sandbox.client(authorization=f"Bearer {token(sandbox, merchant, **options)}")


@pytest.fixture
def http(sandbox: Running) -> Iterator[httpx.Client]:
    with client(sandbox) as mine:
        yield mine


def create(http: httpx.Client, **values: Any) -> str:
    made = http.post(SESSIONS, json=values)
    assert made.status_code == 201, made.text
    return f"{SESSIONS}/{made.json()['id']}"


def put_card(http: httpx.Client, path: str, **changes: Any) -> httpx.Response:
    return http.put(f"{path}/fields", json={"payment_method": CARD | changes})


def is_error(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """That it is the envelope of the contract, whole."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"], body["status"], body["type"]) == (status, code, status, "error"), answer.text
    assert set(body) == {"type", "code", "status", "message", "details"}
    for detail in body["details"]:
        assert set(detail) == {"location", "pointer", "message", "type"}
    assert answer.headers["x-request-id"]
    return body


def is_invalid(answer: httpx.Response) -> list[dict[str, Any]]:
    """That it is a 422 of its documented shape; what it tells."""
    assert answer.status_code == 422, answer.text
    models.Gr4vyValidationError.model_validate(answer.json())
    found: list[dict[str, Any]] = answer.json()["detail"]
    return found


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


def test_the_contracts_own_examples_are_taken(sandbox: Running, http: httpx.Client) -> None:
    (service,) = sandbox.mine.payment_services
    operation = EXAMPLES["paths"][SESSIONS]["post"]
    for name, found in operation["requestBody"]["content"]["application/json"]["examples"].items():
        example = EXAMPLES["components"]["examples"][found["$ref"].rpartition("/")[2]] if "$ref" in found else found
        body = example["value"] | ({"payment_service_id": service.id} if "payment_service_id" in example["value"] else {})
        assert http.post(SESSIONS, json=body).status_code == 201, name


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


# -- /fields ---------------------------------------------------------------------------------------------------------------


def test_a_card_is_shown_masked_and_kept_for_five_minutes(sandbox: Running, http: httpx.Client) -> None:
    sandbox.freeze()
    path = create(http, expires_in=86400)
    with sandbox.client() as browser:
        put = put_card(browser, path)
    assert (put.status_code, put.content) == (204, b"")
    method = http.get(path).json()["payment_method"]
    assert re.fullmatch("[0-9a-f]{64}", method.pop("fingerprint"))
    assert method == {
        "type": "payment-method", "method": "card", "id": None, "scheme": "visa", "label": "4242",
        "details": {"bin": "424242", "card_type": None, "card_country": None, "card_issuer_name": None},
    }  # fmt: skip
    sandbox.advance(timedelta(minutes=5, microseconds=-1))
    assert http.get(path).json()["payment_method"]["label"] == "4242"
    sandbox.advance(timedelta(microseconds=1))
    assert http.get(path).json()["payment_method"] is None
    assert put_card(http, path, number=NUMBERS[1]).status_code == 204
    sandbox.advance(timedelta(minutes=4))
    assert http.get(path).json()["payment_method"]["label"] == "0002"


def test_a_fingerprint_tells_numbers_apart_and_nothing_else(sandbox: Running, http: httpx.Client) -> None:
    def fingerprint(mine: httpx.Client, number: str, **changes: Any) -> str:
        path = create(mine)
        assert put_card(mine, path, number=number, **changes).status_code == 204
        return str(mine.get(path).json()["payment_method"]["fingerprint"])

    with client(sandbox, sandbox.other) as other:
        seen = [fingerprint(http, number) for number in NUMBERS] + [fingerprint(other, NUMBERS[0])]
    assert len(set(seen)) == len(NUMBERS) + 1
    assert fingerprint(http, NUMBERS[0], expiration_date="11/38", security_code=None) == seen[0]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "5555555555554444"}, "number"),
        ({"number": "4242424242424241"}, "number"),
        ({"expiration_date": "12/25"}, "expiration_date"),
        ({"expiration_date": "13/39"}, "expiration_date"),
    ],
)
def test_a_card_that_cannot_be_used_is_refused(http: httpx.Client, changes: dict[str, str], field: str) -> None:
    path = create(http)
    answer = put_card(http, path, **changes)
    (detail,) = is_error(answer, 400, "bad_request")["details"]
    assert (detail["location"], detail["pointer"]) == ("body", f"/payment_method/{field}")
    assert (CARD | changes)["number"] not in answer.text
    assert http.get(path).json()["payment_method"] is None


def test_click_to_pay_and_stored_methods(sandbox: Running, http: httpx.Client) -> None:
    sandbox.freeze()
    path = create(http, expires_in=86400)
    ids = {name: str(uuid.uuid4()) for name in ("merchant_transaction_id", "src_correlation_id", "src_dpa_id")}
    assert http.put(f"{path}/fields", json={"payment_method": {"method": "click-to-pay", **ids}}).status_code == 204
    method = http.get(path).json()["payment_method"]
    assert {name for name, value in method.items() if value is not None} == {"type", "method"}
    (stored,), (foreign,) = sandbox.mine.payment_methods, sandbox.other.payment_methods
    for unknown in (foreign.id, str(uuid.uuid4())):
        answer = http.put(f"{path}/fields", json={"payment_method": {"method": "id", "id": unknown}})
        (entry,) = is_invalid(answer)
        assert entry["loc"] == ["body", "payment_method", "id"]
    assert http.get(path).json()["payment_method"] == method
    body = {"payment_method": {"method": "id", "id": stored.id, "security_code": "123"}, "postal_code": "0349"}
    assert http.put(f"{path}/fields", json=body).status_code == 204
    sandbox.advance(timedelta(hours=23))
    method = http.get(path).json()["payment_method"]
    assert (method["id"], method["label"], method["details"]["bin"]) == (stored.id, "4242", "424242")


def test_a_stored_method_that_has_been_deleted_is_told(sandbox: Running, http: httpx.Client) -> None:
    (stored,) = sandbox.mine.payment_methods
    path = create(http, amount=1)
    assert http.put(f"{path}/fields", json={"payment_method": {"method": "id", "id": stored.id}}).status_code == 204

    def delete(connection: Connection) -> None:
        table = schema.objects
        connection.execute(table.delete().where(table.c.kind == stored.kind, table.c.id == stored.id))

    sandbox.work(delete)
    (entry,) = is_invalid(http.get(path))
    assert (entry["loc"], entry["input"]) == (["body", "payment_method", "id"], stored.id)
    is_invalid(http.put(path, json={"amount": 2}))
    assert put_card(http, path).status_code == 204
    assert http.get(path).json()["amount"] == 1


def test_no_card_number_is_stored_or_said(sandbox: Running, http: httpx.Client) -> None:
    said = []
    for number in NUMBERS:
        path = create(http)
        said += [put_card(http, path, number=number, security_code="7373"), http.get(path), http.put(path, json={"amount": 1})]
        bad: list[dict[str, Any]] = [
            {"payment_method": CARD | {"number": number, "expiration_date": "1/2"}},
            {"payment_method": CARD | {"number": number + "x"}},
            {"payment_method": {"method": number, "number": number}},
            {"payment_method": CARD | {number: number}},
            {"payment_method": number, number: 1},
        ]
        said += [http.put(f"{path}/fields", json=body) for body in bad]
        assert [answer.status_code for answer in said[-5:]] == [422] * 5
    for answer in said:
        assert not any(number in answer.text + str(answer.headers) for number in NUMBERS)
        assert "7373" not in answer.text
    kept = b"".join(file.read_bytes() for file in files(sandbox)) + repr(dump(sandbox)).encode()
    assert b'"bin": "424242"' in kept
    assert not any(number.encode() in kept for number in NUMBERS)
    assert b"7373" not in re.sub(rb"[0-9a-f-]{36}|[0-9a-f]{64}|\d{10,}", b"", repr(dump(sandbox)).encode())


def files(sandbox: Running) -> list[Path]:
    """The database's files, where it has any: the log too."""
    return [] if "://" in sandbox.database else list(Path(sandbox.database).parent.glob(f"{Path(sandbox.database).name}*"))


def dump(sandbox: Running) -> list[Any]:
    """All rows of all tables; as tuples, since rows shorten long texts when they are shown."""

    def rows_of_all(connection: Connection) -> list[Any]:
        return [tuple(row) for table in schema.metadata.sorted_tables for row in connection.execute(table.select())]

    return sandbox.work(rows_of_all)


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


# -- refusals ----------------------------------------------------------------------------------------------------------------


def test_what_a_schema_tells_is_422(http: httpx.Client) -> None:
    cases: list[tuple[Any, list[Any], str]] = [
        ({"cart_items": [ITEM, ITEM | {"quantity": 0}]}, ["body", "cart_items", 1, "quantity"], "greater_than_equal"),
        ({"cart_items": [{"name": "A", "quantity": 1}]}, ["body", "cart_items", 0, "unit_amount"], "missing"),
        ({"cart_item": []}, ["body", "cart_item"], "extra_forbidden"),
        ({"metadata": {"0": 1}}, ["body", "metadata", "0"], "string_type"),
        ({"expires_in": 3599}, ["body", "expires_in"], "greater_than_equal"),
    ]
    path = create(http)
    for body, loc, kind in cases:
        for answer in (http.post(SESSIONS, json=body), http.put(path, json=body)):
            (entry,) = is_invalid(answer)
            assert (entry["loc"], entry["type"]) == (loc, kind)
    assert is_invalid(http.post(SESSIONS, json={"expires_in": 3599}))[0]["input"] == 3599
    for at in (f"{SESSIONS}/cs_123", f"{SESSIONS}/cs_123/fields"):
        entries = is_invalid(http.put(at, json={"amount": "x"}))
        assert ["path", "session_id"] in [entry["loc"] for entry in entries]
    assert is_invalid(http.put(path))[0]["loc"] == ["body"]
    assert is_invalid(http.get(path, headers={"x-gr4vy-merchant-account-id": ""}))[0]["loc"][0] == "header"


def test_what_only_a_rule_tells_is_400(http: httpx.Client) -> None:
    negative = {"cart_items": [ITEM, {"name": "Sticker", "quantity": 1, "unit_amount": 1000, "discount_amount": 1001}]}
    (detail,) = is_error(http.post(SESSIONS, json=negative), 400, "bad_request")["details"]
    assert (detail["location"], detail["pointer"], detail["type"]) == ("body", "/cart_items/1/discount_amount", "value_error")
    assert len(is_invalid(http.post(SESSIONS, json=negative | {"amount": -1}))) == 2
    for content in (b"{", b'{"amount": 1, "amount": 2}', b"\xff", b'{"amount": NaN}'):
        answer = http.post(SESSIONS, content=content, headers={"Content-Type": "application/json"})
        body = is_error(answer, 400, "bad_request")
        assert (body["message"], body["details"][0]["type"]) == ("The body is not JSON.", "value_error.jsondecode")


def test_what_the_surface_refuses_before_it_reads_the_body(http: httpx.Client) -> None:
    path = create(http)
    not_allowed = http.patch(path, json={})
    is_error(not_allowed, 405, "method_not_allowed")
    assert set(re.split(", *", not_allowed.headers["allow"])) >= {"GET", "PUT", "DELETE"}
    form = http.post(SESSIONS, content=b"a=1", headers={"Content-Type": "application/x-www-form-urlencoded"})
    (detail,) = is_error(form, 415, "unsupported_media_type")["details"]
    assert (detail["location"], detail["pointer"]) == ("header", "/content-type")
    is_error(http.post(SESSIONS, json={"metadata": {"a": "a" * 1_100_000}}), 400, "bad_request")
    for answer in (
        http.post(SESSIONS, json={}, headers={"Early-Data": "1"}),
        http.put(path, json={}, headers={"Early-Data": "1"}),
        http.put(f"{path}/fields", json={"payment_method": CARD}, headers={"Early-Data": "1"}),
        http.delete(path, headers={"Early-Data": "1"}),
    ):
        is_error(answer, 425, "too_early")
    assert http.get(path, headers={"Early-Data": "1"}).status_code == 200


# -- tokens ------------------------------------------------------------------------------------------------------------------


def test_scopes(sandbox: Running, http: httpx.Client) -> None:
    path = create(http)
    with client(sandbox, scopes=SCOPES[:1]) as reader, client(sandbox, scopes=SCOPES[1:]) as writer:
        assert (reader.get(path).status_code, writer.get(path).status_code) == (200, 403)
        for call, at in (("POST", SESSIONS), ("PUT", path), ("DELETE", path)):
            refused = reader.request(call, at, json={} if call != "DELETE" else None)
            assert "checkout-sessions.write" in is_error(refused, 403, "forbidden")["message"]
        assert writer.put(path, json={}).status_code == 200
    with client(sandbox, scopes=("*.read", "transactions.write")) as every:
        assert (every.get(path).status_code, every.delete(path).status_code) == (200, 403)


def test_a_token_counts_by_the_sandboxs_clock(sandbox: Running) -> None:
    sandbox.freeze()
    with client(sandbox, hours=1) as mine:
        path = create(mine, expires_in=86400)
        sandbox.advance(timedelta(hours=1, microseconds=-1))
        assert mine.get(path).status_code == 200
        sandbox.advance(timedelta(microseconds=1))
        expired = mine.get(path)
    body = is_error(expired, 401, "unauthorized")
    assert body["message"] == "There is no valid bearer token: it has expired."
    assert expired.headers["www-authenticate"].startswith('Bearer realm="gr4vy", error="invalid_token"')
    with client(sandbox, hours=1) as mine:
        assert mine.get(path).status_code == 200
        sandbox.advance(timedelta(seconds=-1))
        assert "not valid yet" in is_error(mine.get(path), 401, "unauthorized")["message"]


def test_without_a_token_there_is_nothing_but_fields(sandbox: Running, http: httpx.Client) -> None:
    path = create(http)
    for authorization in ("", "Basic YTpi", "Bearer", "Bearer abc", f"Bearer {token(sandbox)[:-1]}"):
        with sandbox.client(authorization=authorization) as nobody:
            for call, at in (("POST", SESSIONS), ("GET", path), ("PUT", path), ("DELETE", path)):
                answer = nobody.request(call, at, json={} if call in ("POST", "PUT") else None)
                is_error(answer, 401, "unauthorized")
                assert answer.headers["www-authenticate"].startswith('Bearer realm="gr4vy"')
            assert put_card(nobody, path).status_code == 204


def test_a_merchant_whose_key_is_taken_away_is_out_at_once(sandbox: Running, http: httpx.Client) -> None:
    from tillspec.sandbox import merchants

    path = create(http)
    assert sandbox.mine.gr4vy is not None
    gone = sandbox.mine.alone().model_copy(update={"gr4vy": sandbox.mine.gr4vy.model_copy(update={"keys": ()})})

    def replaced(connection: Connection) -> None:
        merchants.save(connection, gone, 0)
        state.change(connection, epoch=state.next_epoch)

    sandbox.work(replaced)
    assert "kid" in is_error(http.get(path), 401, "unauthorized")["message"]
