"""Requests as they came and went, and what nobody may read in them."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from tillspec.sandbox import masks, schema, traffic
from tillspec.sandbox.faults import OPERATIONS

from .conftest import Running
from .test_control import UUID
from .test_vinr import MINIMAL, create

CARD = "4111111111111111"


def listed(sandbox: Running) -> list[dict[str, Any]]:
    with sandbox.control() as control:
        found: list[dict[str, Any]] = control.get("/requests", params={"limit": 1000}).json()["requests"]
    return found


def requests(sandbox: Running, *answers: httpx.Response) -> list[dict[str, Any]]:
    """What is shown of requests with these answers, once it is written; those of other tests may come late."""
    ids = [answer.headers["x-request-id"] for answer in answers]
    for _ in range(100):
        found = {one["id"]: one for one in listed(sandbox)}
        if found.keys() >= set(ids):
            return [found[each] for each in ids]
        time.sleep(0.05)
    raise AssertionError(f"not all of {ids} were written")


def test_a_request_and_its_answer_are_shown(sandbox: Running) -> None:
    with sandbox.vinr() as http:
        made = create(http, MINIMAL | {"amount": 4321}, idempotency_key="key-1")
        read = http.get(made.headers["location"])
        refused = create(http, {"amount": 0})
    found = requests(sandbox, made, read, refused)
    shown = found[0]
    assert (shown["method"], shown["target"], shown["status"]) == ("POST", "/checkout/session", 201)
    assert (shown["operation"], shown["surface"], shown["merchant"]) == ("createVinrSession", "vinr", sandbox.mine.id)
    assert shown["micros"] > 0
    assert json.loads(shown["request"]["body"])["amount"] == 4321
    assert json.loads(shown["answer"]["body"])["sessionId"] == made.json()["sessionId"]
    assert ["idempotency-key", "key-1"] in shown["request"]["headers"]
    assert ["x-api-key", "sk_test_***"] in shown["request"]["headers"]
    assert [one["status"] for one in found] == [201, 200, 400]
    with sandbox.control() as control:
        assert control.get(f"/requests/{shown['number']}").json() == shown
        assert control.get("/requests/999999").status_code == control.get("/requests/x").status_code == 404


def test_no_secret_is_stored(sandbox: Running) -> None:
    token = "eyJhbGciOiJFUzUxMiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl"
    with sandbox.vinr() as http, sandbox.client(authorization=f"Bearer {token}") as other:
        made = create(http, MINIMAL | {"successUrl": f"https://shop.example/?token={token}&card={CARD}"})
        fields = {"payment_method": {"method": "card", "number": CARD, "security_code": "737"}}
        put = other.put(f"/checkout/sessions/{UUID}/fields", json=fields)
        got = other.get(f"/checkout/sessions/{UUID}?access_token=abcdefgh")
        key = http.headers["x-api-key"]
    requests(sandbox, made, put, got)
    stored = sandbox.work(lambda connection: [repr(tuple(row)) for row in connection.execute(schema.requests.select())])
    text = "\n".join(stored)
    for secret in (key, made.json()["checkoutUrl"], token, CARD, "737", UUID, "abcdefgh"):
        assert secret not in text, secret
    assert made.json()["sessionId"] in text


def test_control_page_and_health_are_not_shown(sandbox: Running) -> None:
    with sandbox.client() as http, sandbox.vinr() as vinr:
        for path in ("/healthz", "/readyz", "/_sandbox", "/_sandbox/clock", "/pay/cs_nothing", "/pay/static/page.css"):
            http.get(path)
        last = vinr.get("/checkout/session/cs_nothing/result")
    requests(sandbox, last)
    assert not [
        one["target"] for one in listed(sandbox) if one["target"].startswith(("/_sandbox", "/pay", "/healthz", "/readyz"))
    ]


def test_what_a_test_has_done_to_a_request_is_shown(sandbox: Running) -> None:
    with sandbox.control() as control, sandbox.vinr() as http:
        control.post("/faults", json={"fault": "disconnect"})
        control.post("/faults", json={"fault": "429"})
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            http.get("/checkout/session/cs_lost/result")
        refused = create(http)
    assert [(one["status"], one["fault"]) for one in requests(sandbox, refused)] == [(429, "429")]
    lost = [(one["status"], one["fault"]) for one in listed(sandbox) if "cs_lost" in one["target"]]
    assert lost == [(None, "disconnect")]


def test_many_requests_are_counted_and_few_are_kept(sandbox: Running) -> None:
    with sandbox.vinr() as http:
        answers = [http.get("/checkout/session/cs_many/result").status_code for _ in range(400)]
    assert set(answers) == {404}
    for _ in range(100):
        found = [one for one in listed(sandbox) if "cs_many" in one["target"]]
        if len(found) + sum(one["more"] for one in found) >= 400:
            break
        time.sleep(0.05)
    assert len(found) + sum(one["more"] for one in found) == 400
    assert len(found) <= traffic.KEPT


def test_the_newest_are_kept(sandbox: Running) -> None:
    def many(connection: Connection) -> list[int]:
        for start in (0, 700):
            traffic.insert(connection, [{"at": start + each, "merchant": None, "data": "{}"} for each in range(700)])
        return [one["at"] for one in traffic.newest(connection, 2000)]

    assert sandbox.work(many) == list(range(1399, 399, -1))


def test_a_long_body_is_cut_and_still_masked(sandbox: Running) -> None:
    body = MINIMAL | {"password": "hunter22", "metadata": {"text": "x" * 20_000}}
    with sandbox.vinr() as http:
        answer = create(http, body)
    shown = requests(sandbox, answer)[0]["request"]
    assert (shown["cut"], len(shown["body"]) <= traffic.BODY) == (True, True)
    assert shown["size"] > 20_000
    assert "hunter22" not in shown["body"]


SECRETS = st.from_regex(r"[A-Za-z0-9_-]{12,40}", fullmatch=True)
NAMES = st.sampled_from(
    ["checkoutUrl", "access_token", "clientSecret", "number", "cvv", "X-Api-Key", "authorization", "session_id"]
)


@given(SECRETS, NAMES, st.sampled_from([None, *OPERATIONS.values()]), st.integers(0, 200))
def test_a_secret_is_masked_wherever_it_stands(secret: str, name: str, operation: Any, cut: int) -> None:
    body = json.dumps({"a": [{"b": {name: secret}}, f"see {secret}"], "c": "d" * 20, "id": "i"})
    mask = masks.Mask(operation)
    masked = mask.text(mask.body(body, json_like=True))
    assert secret not in masked
    half = masks.Mask(operation)
    # as it is stored when it was cut off; the name has to be there still
    if f'"{name}"' in body[: len(body) - cut]:
        assert secret not in half.text(half.body(body[: len(body) - cut], json_like=True))


@given(
    st.dictionaries(
        st.sampled_from(["amount", "title", "token_type", "expires_in", "sessionId", "status"]), st.integers() | st.text("ab ")
    )
)
def test_what_is_no_secret_stays_as_it_is(plain: dict[str, Any]) -> None:
    mask = masks.Mask(OPERATIONS["createVinrSession"])
    assert json.loads(mask.body(json.dumps(plain), json_like=True)) == plain
