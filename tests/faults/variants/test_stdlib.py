"""The server on the standard library keeps the contract: shown over HTTP, without the verifier."""

from __future__ import annotations

import json
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from faults.variants.held import bodies, contract, held
from faults.variants.serving import served
from tillspec.verify.credentials import sign
from tillspec.verify.profile import SignedToken

PROFILE = tomllib.loads((Path(__file__).parent / "stdlib" / "profile.toml").read_text(encoding="utf-8"))
SERVICE = PROFILE["tenants"]["first"]["objects"]["Gr4vyPaymentService"][0]
HOOK = {"X-Hook": "stdlib-hooks-41c7f0a2"}
CARD = {"method": "card", "number": "4242424242424242", "expiration_date": "12/49", "security_code": "123"}


def token(tenant: str = "first", group: str = "credentials", **claims: Any) -> dict[str, str]:
    words = PROFILE["tenants"][tenant][group]["Gr4vyBearer"]["jwt"]
    signed = sign(SignedToken(words["key"], words["algorithm"], words["claims"], {}, 3600), **claims)
    return {"Authorization": f"Bearer {signed}"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served("stdlib") as found:
        yield found.url


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers=token(), trust_env=False) as found:
        found.post("/hooks/empty", headers=HOOK)
        yield found


def made(client: httpx.Client, body: Any = None, **headers: str) -> httpx.Response:
    return held("createGr4vySession", client.post("/checkout/sessions", json=body or {}, headers=headers))


def shown(client: httpx.Client, session: str, **headers: str) -> httpx.Response:
    return held("getGr4vySession", client.get(f"/checkout/sessions/{session}", headers=headers))


def advance(client: httpx.Client, seconds: float) -> None:
    client.post("/hooks/clock", json={"seconds": seconds}, headers=HOOK)


def test_every_example_is_accepted_and_echoed(client: httpx.Client) -> None:
    form = contract().targets["createGr4vySession"].json_body
    assert form is not None
    for example in form.examples:
        body = {**example, "payment_service_id": SERVICE}
        answer = made(client, body)
        assert answer.status_code == 201, answer.text
        told = shown(client, answer.json()["id"]).json()
        for name in ("amount", "currency", "metadata", "cart_items", "buyer", "airline"):
            assert told.get(name) == body.get(name)
    assert held("createGr4vySession", client.post("/checkout/sessions")).status_code == 201, "the body may be left out"


@pytest.mark.parametrize(
    ("operation", "method", "every"),
    [("createGr4vySession", "POST", 17), ("updateGr4vySession", "PUT", 13), ("setGr4vySessionFields", "PUT", 2)],
)
def test_every_body_that_breaks_the_schema_is_refused(client: httpx.Client, operation: str, method: str, every: int) -> None:
    seen = {True: 0, False: 0}
    session = made(client).json()["id"]
    path = {"createGr4vySession": "", "updateGr4vySession": f"/{session}", "setGr4vySessionFields": f"/{session}/fields"}[
        operation
    ]
    for body, valid in bodies(operation, every, 150):
        answer = held(
            operation,
            client.request(
                method, f"/checkout/sessions{path}", content=json.dumps(body), headers={"Content-Type": "application/json"}
            ),
        )
        seen[valid] += 1
        if not valid:
            assert answer.status_code == 422, body
        else:
            assert answer.status_code in (200, 201, 204, 400, 404) or "payment method" in answer.text, (body, answer.text)
    assert seen[False] >= 50
    assert seen[True] >= 10


def test_rules_are_400(client: httpx.Client) -> None:
    line = {"name": "A", "quantity": 1, "unit_amount": 100, "discount_amount": 101}
    for body in (
        {"cart_items": [line]},
        {"merchant_initiated": True},
        {"merchant_initiated": True, "payment_source": "recurring"},
    ):
        answer = made(client, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert made(client, {"cart_items": [{**line, "tax_amount": 1}]}).status_code == 201
    assert made(client, {"merchant_initiated": True, "payment_source": "card_on_file"}).status_code == 201


def test_an_update_leaves_replaces_and_empties(client: httpx.Client) -> None:
    session = made(client, {"amount": 5, "currency": "EUR", "metadata": {"a": "1", "b": "2"}, "expires_in": 7200}).json()
    path = f"/checkout/sessions/{session['id']}"
    told = held("updateGr4vySession", client.put(path, json={"metadata": {"c": "3"}, "amount": None})).json()
    assert told == {**{name: value for name, value in session.items() if name != "amount"}, "metadata": {"c": "3"}}
    assert shown(client, session["id"]).json() == told


def test_credentials(client: httpx.Client, url: str) -> None:
    session = made(client).json()["id"]
    with httpx.Client(base_url=url, trust_env=False) as nobody:
        for headers, status in (
            ({}, 401), (token(exp=1), 401), (token(nbf=4e9), 401), (token(iss="south"), 401),
            ({"Authorization": "Bearer a.b.c"}, 401), (token(group="limited"), 403),
        ):  # fmt: skip
            assert made(nobody, **headers).status_code == status
        assert shown(nobody, session, **token(group="limited")).status_code == 200
        foreign = shown(nobody, session, **token("second"))
        assert foreign.status_code == 404
        assert foreign.json() == shown(nobody, str(uuid.uuid4()), **token("second")).json()
        assert shown(nobody, "none", **token()).status_code == 422
    assert shown(client, session, **{"x-gr4vy-merchant-account-id": "other"}).status_code == 404
    assert made(client, **{"x-gr4vy-merchant-account-id": "nothing"}).status_code == 404
    assert made(client, {"payment_service_id": str(uuid.uuid4())}).status_code == 404


def test_a_payment_method_is_put_in_and_goes(client: httpx.Client, url: str) -> None:
    session = made(client).json()["id"]
    with httpx.Client(base_url=url, trust_env=False) as buyer:

        def put(**method: Any) -> httpx.Response:
            path = f"/checkout/sessions/{session}/fields"
            return held("setGr4vySessionFields", buyer.put(path, json={"payment_method": method}))

        assert put(**CARD | {"number": "4242424242424241"}).status_code == 400
        assert put(**CARD | {"expiration_date": "01/20"}).status_code == 400
        assert put(method="id", id=str(uuid.uuid4())).status_code == 422
        assert put(**CARD).status_code == 204
    told = shown(client, session)
    assert told.json()["payment_method"]["label"] == "4242"
    assert CARD["number"] not in told.text
    advance(client, 300)
    assert "payment_method" not in shown(client, session).json()


def test_a_session_ends_by_the_clock_and_by_deletion(client: httpx.Client) -> None:
    first, second = made(client).json()["id"], made(client, {"expires_in": 86400}).json()["id"]
    assert held("deleteGr4vySession", client.delete(f"/checkout/sessions/{second}")).status_code == 204
    assert held("deleteGr4vySession", client.delete(f"/checkout/sessions/{second}")).status_code == 404
    advance(client, 3500)
    now = token(iat=0, nbf=0, exp=4e9)
    assert shown(client, first, **now).status_code == 200
    advance(client, 100)
    assert shown(client, first, **now).status_code == 404


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400), (b"\xef\xbb\xbf{}", "application/json", 400),
        (b'{"metadata":{"a":"\\ud800"}}', "application/json", 400),
        (b'{"amount":NaN}', "application/json", 400), (b"{}", "text/plain", 415), (b"null", "application/json", 422),
        (b"[" * 90_000 + b"]" * 90_000, "application/json", 400),
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(client: httpx.Client, content: bytes, kind: str, status: int) -> None:
    answer = held(
        "createGr4vySession", client.post("/checkout/sessions", content=content, headers=token() | {"Content-Type": kind})
    )
    assert answer.status_code == status


def test_other_methods(client: httpx.Client) -> None:
    answer = held("createGr4vySession", client.get("/checkout/sessions"))
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert client.options("/checkout/sessions").status_code == 204
