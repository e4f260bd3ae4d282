"""Requests as they came and went, and what nobody may read in them."""

from __future__ import annotations

import json
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tillspec.sandbox import masks, schema, traffic
from tillspec.sandbox.faults import OPERATIONS

from .conftest import Running
from .test_control import UUID
from .test_vinr import MINIMAL, create

CARD = "4111111111111111"


def requests(sandbox: Running, count: int, **wanted: Any) -> list[dict[str, Any]]:
    """The newest requests, once so many are written."""
    with sandbox.control() as control:
        for _ in range(100):
            found: list[dict[str, Any]] = control.get("/requests", params={"limit": 1000}).json()["requests"]
            found = [one for one in found if wanted.items() <= one.items()]
            if len(found) >= count:
                return found
            time.sleep(0.05)
    raise AssertionError(f"{len(found)} of {count} requests were written")


def test_a_request_and_its_answer_are_shown(sandbox: Running) -> None:
    with sandbox.vinr() as http:
        made = create(http, MINIMAL | {"amount": 4321}, idempotency_key="key-1")
        http.get(made.headers["location"])
        create(http, {"amount": 0})
    found = {one["id"]: one for one in requests(sandbox, 3)}
    shown = found[made.headers["x-request-id"]]
    assert (shown["method"], shown["target"], shown["status"]) == ("POST", "/checkout/session", 201)
    assert (shown["operation"], shown["surface"], shown["merchant"]) == ("createVinrSession", "vinr", sandbox.mine.id)
    assert shown["micros"] > 0
    assert json.loads(shown["request"]["body"])["amount"] == 4321
    assert json.loads(shown["answer"]["body"])["sessionId"] == made.json()["sessionId"]
    assert ["idempotency-key", "key-1"] in shown["request"]["headers"]
    assert ["x-api-key", "sk_test_***"] in shown["request"]["headers"]
    assert sorted(one["status"] for one in found.values()) == [200, 201, 400]
    with sandbox.control() as control:
        assert control.get(f"/requests/{shown['number']}").json() == shown
        assert control.get("/requests/999999").status_code == control.get("/requests/x").status_code == 404


def test_no_secret_is_stored(sandbox: Running) -> None:
    token = "eyJhbGciOiJFUzUxMiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl"
    with sandbox.vinr() as http, sandbox.client(authorization=f"Bearer {token}") as other:
        made = create(http, MINIMAL | {"successUrl": f"https://shop.example/?token={token}&card={CARD}"})
        fields = {"payment_method": {"method": "card", "number": CARD, "security_code": "737"}}
        other.put(f"/checkout/sessions/{UUID}/fields", json=fields)
        other.get(f"/checkout/sessions/{UUID}?access_token=abcdefgh")
        key = http.headers["x-api-key"]
    requests(sandbox, 3)
    stored = sandbox.work(lambda connection: [repr(tuple(row)) for row in connection.execute(schema.requests.select())])
    text = "\n".join(stored)
    for secret in (key, made.json()["checkoutUrl"], token, CARD, "737", UUID, "abcdefgh"):
        assert secret not in text, secret
    assert made.json()["sessionId"] in text


def test_control_page_and_health_are_not_shown(sandbox: Running) -> None:
    with sandbox.client() as http:
        for path in ("/healthz", "/readyz", "/_sandbox", "/_sandbox/clock", "/nothing/at/all"):
            http.get(path)
    assert [one["target"] for one in requests(sandbox, 1)] == ["/nothing/at/all"]


def test_what_had_no_answer_is_shown_as_such(sandbox: Running) -> None:
    with sandbox.control() as control:
        control.post("/faults", json={"fault": "429"})
    with sandbox.vinr() as http:
        create(http)
    assert [(one["status"], one["fault"]) for one in requests(sandbox, 1)] == [(429, "429")]


def test_many_requests_are_counted_and_few_are_kept(sandbox: Running) -> None:
    with sandbox.vinr() as http:
        answers = [http.get("/checkout/session/cs_many/result").status_code for _ in range(400)]
    assert set(answers) == {404}
    for _ in range(40):
        found = requests(sandbox, 1)
        if len(found) + sum(one["more"] for one in found) >= 400:
            break
        time.sleep(0.05)
    assert len(found) + sum(one["more"] for one in found) == 400
    assert len(found) <= traffic.KEPT


def test_a_long_body_is_cut_and_still_masked(sandbox: Running) -> None:
    body = MINIMAL | {"password": "hunter22", "metadata": {"text": "x" * 20_000}}
    with sandbox.vinr() as http:
        create(http, body)
    shown = requests(sandbox, 1)[0]["request"]
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
