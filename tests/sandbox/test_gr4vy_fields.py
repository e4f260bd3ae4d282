"""What `/fields` puts into a session of Gr4vy's, and for how long: never the number of a card."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from tillspec.sandbox import schema

from .conftest import Running
from .gr4vy import CARD, NUMBERS, client, create, is_error, is_invalid, put_card


@pytest.fixture
def http(sandbox: Running) -> Iterator[httpx.Client]:
    with client(sandbox) as mine:
        yield mine


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
