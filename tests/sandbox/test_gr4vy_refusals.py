"""What Gr4vy's operations refuse, in the shapes of the contract, and whom."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from tillspec.sandbox import seed, state
from tillspec.sandbox.app import SandboxApp, Settings
from tillspec.sandbox.store import open_store
from tillspec.sandbox.surfaces.gr4vy_tokens import sign_token

from .conftest import SEED, Running, built_in
from .gr4vy import CARD, ITEM, SCOPES, SESSIONS, client, create, is_error, is_invalid, put_card, token


@pytest.fixture
def http(sandbox: Running) -> Iterator[httpx.Client]:
    with client(sandbox) as mine:
        yield mine


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


def test_a_database_that_is_gone_is_503_and_one_that_is_back_is_used(tmp_path: Path) -> None:
    database, away = tmp_path / "sandbox.db", tmp_path / "away.db"
    merchant = built_in().merchants[0]

    async def answers(http: httpx.AsyncClient, path: str) -> list[httpx.Response]:
        bodies = {"POST": {}, "PUT": {"amount": 1}}
        calls = [("POST", SESSIONS), ("GET", path), ("PUT", path), ("DELETE", path)]
        found = [await http.request(call, at, json=bodies.get(call)) for call, at in calls]
        return [*found, await http.put(f"{path}/fields", json={"payment_method": CARD})]

    async def done() -> tuple[list[httpx.Response], list[httpx.Response]]:
        store = await open_store(str(database))
        await store.write(lambda connection: seed.plant(connection, built_in(), SEED, state.Switches(), None))
        await store.close()
        app = SandboxApp(Settings(database=str(database), base_url="http://sandbox"))
        async with app.running() as running:
            signed = sign_token(merchant, SCOPES, (await running.store.state()).now(), timedelta(hours=1))
            transport = httpx.ASGITransport(app)
            headers = {"Authorization": f"Bearer {signed}"}
            async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as http:
                path = f"{SESSIONS}/{(await http.post(SESSIONS, json={})).json()['id']}"
                database.rename(away)
                gone = await answers(http, path)
                away.rename(database)
                return gone, await answers(http, path)

    gone, back = asyncio.run(done())
    for answer in gone:
        is_error(answer, 503, "service_unavailable")
        assert answer.headers["retry-after"] == "1"
    assert [answer.status_code for answer in back] == [201, 200, 200, 204, 404]
