"""Dintero's tokens and the sessions of orders, on a running sandbox."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from tillspec.sandbox import merchants, outside, state

from .conftest import Running
from .dintero import Json, ask, at, at_fault, bearer, make, order_session, path, told

# -- tokens ----------------------------------------------------------------------------------------------------------------


def test_a_client_gets_a_token_for_a_day(sandbox: Running) -> None:
    sandbox.freeze()
    account = at(sandbox.mine).account
    with sandbox.dintero_basic() as http:
        answer = ask(http, sandbox.mine)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json().keys() == {"access_token", "token_type", "expires_in"}
        assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 86400)
        again = ask(http, sandbox.mine).json()["access_token"]
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 86400
    assert (claims["iss"], claims["sub"]) == (sandbox.url, at(sandbox.mine).clients[0].id)
    assert (claims["aud"], claims["scope"]) == (f"https://api.dintero.com/v1/accounts/{account}", "admin:shopping")
    assert claims["jti"] != jwt.decode(again, options={"verify_signature": False})["jti"]
    with bearer(sandbox) as http:
        sandbox.advance(timedelta(hours=24) - timedelta(seconds=1))
        assert http.get(path(sandbox.mine)).status_code == 200
        sandbox.advance(timedelta(seconds=1))
        expired = http.get(path(sandbox.mine))
    assert told(expired) == (401, "unauthorized")
    assert expired.headers["www-authenticate"].startswith('Bearer realm="dintero", error="invalid_token"')
    assert "expired" in expired.json()["error"]["message"]


def test_who_may_not_have_a_token(sandbox: Running) -> None:
    mine, other = at(sandbox.mine), at(sandbox.other)
    url, body = f"/accounts/{mine.account}/auth/token", {"grant_type": "client_credentials"}
    audience = "https://api.dintero.com/v1/accounts/"
    wrong = {(mine.clients[0].id, other.clients[0].secret), (other.clients[0].id, mine.clients[0].secret), ("nobody", "x")}
    with sandbox.client() as http:
        answers = [http.post(url, auth=one, json={**body, "audience": audience + mine.account}) for one in wrong]
        answers.append(http.post(url, json={**body, "audience": audience + mine.account}))
    for answer in answers:
        assert told(answer) == (401, "unauthorized")
        assert answer.headers["www-authenticate"] == 'Basic realm="dintero", charset="UTF-8"'
    assert len({answer.text for answer in answers[:3]}) == 1, "an unknown client cannot be told from a wrong secret"
    with sandbox.dintero_basic() as http:
        for oid in (other.account, other.partner, "T99999999"):
            answer = http.post(f"/accounts/{oid}/auth/token", json={**body, "audience": audience + mine.account})
            assert told(answer) == (404, "not_found")
        foreign = ask(http, sandbox.mine, audience=audience + other.account)
        assert (told(foreign), at_fault(foreign)) == ((400, "invalid_audience"), [("/audience", "invalid_audience")])
        grant = ask(http, sandbox.mine, grant_type="password")
        assert (told(grant), at_fault(grant)) == ((400, "validation_error"), [("/grant_type", "const")])
        assert told(http.post(url, content=b"{", headers={"content-type": "application/json"})) == (400, "invalid_json")
        assert told(http.post(url, content=b"{}", headers={"content-type": "text/plain"})) == (415, "unsupported_media_type")
        assert http.post(f"/accounts/{mine.partner}/auth/token", json={**body, "audience": audience + mine.account}).is_success
        assert told(http.put(url)) == (405, "method_not_allowed")


def test_a_client_without_scopes_gets_no_token(sandbox: Running) -> None:
    part = at(sandbox.mine)
    idle = part.model_copy(update={"clients": (part.clients[0].model_copy(update={"scopes": ()}), *part.clients[1:])})
    changed = sandbox.mine.alone().model_copy(update={"dintero": idle})

    def store(connection: Any) -> None:
        merchants.save(connection, changed, 0)
        state.change(connection, epoch=state.next_epoch)

    with bearer(sandbox) as http, sandbox.dintero_basic() as basic:
        gone = idle.model_copy(update={"clients": idle.clients[1:]})
        sandbox.work(store)
        assert told(ask(basic, sandbox.mine)) == (403, "forbidden")
        assert http.get(path(sandbox.mine)).status_code == 200, "a token keeps what it was given"
        changed = changed.model_copy(update={"dintero": gone})
        sandbox.work(store)
        assert told(ask(basic, sandbox.mine)) == (401, "unauthorized")
        assert told(http.get(path(sandbox.mine))) == (401, "unauthorized")


@pytest.mark.parametrize("change", [{"exp": 9_999_999_999}, {"sub": "x"}, {"scope": "admin:shopping"}, {"aud": None}])
def test_a_token_that_was_tampered_with_opens_nothing(sandbox: Running, change: Json) -> None:
    with bearer(sandbox, client=1) as http:
        text = http.headers["authorization"].removeprefix("Bearer ")
        claims = jwt.decode(text, options={"verify_signature": False}) | change
        for forged in (
            jwt.encode(claims, "0" * 32, algorithm="HS256"),
            jwt.encode(claims, None, algorithm="none"),
            f"{jwt.encode(claims, '0' * 32, algorithm='HS256').rpartition('.')[0]}.{text.rpartition('.')[2]}",
        ):
            assert told(http.get(path(sandbox.mine), headers={"authorization": f"Bearer {forged}"})) == (401, "unauthorized")


def test_scopes_say_what_a_token_permits(sandbox: Running) -> None:
    with bearer(sandbox, client=1) as reader:
        refused = reader.post(path(sandbox.mine), json=order_session())
        assert told(refused) == (403, "forbidden")
        assert "admin:shopping or write:shopping" in refused.json()["error"]["message"]
        assert reader.get(path(sandbox.mine)).json() == {"sessions": []}


# -- sessions ----------------------------------------------------------------------------------------------------------------


def test_a_session_pays_lines_of_an_order(sandbox: Running) -> None:
    sandbox.freeze()
    metadata = {"ext_order_source": "web", "ext_campaign": 1921}
    with bearer(sandbox) as http:
        answer = http.post(path(sandbox.mine), json=order_session(metadata=metadata), headers={"Dintero-System-Name": "shop"})
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        made = answer.json()
        assert http.get(f"{path(sandbox.mine)}/{made['id']}").json() == made
        sandbox.advance(timedelta(hours=3))
        assert http.get(f"{path(sandbox.mine)}/{made['id']}").json() == made, "it is shown after its end"
    assert made["items"] == [{"line_id": "1", "amount": 29_990}, {"line_id": "2", "amount": 49_900}]
    assert (made["amount"], made["metadata"]) == (79_890, metadata)
    assert made["created_by"] == at(sandbox.mine).clients[0].id
    assert made["_links"] == [{"href": f"{sandbox.url}/pay/{made['id']}", "rel": "session_link"}]
    assert uuid.UUID(made["id"]).version == 4
    assert abs(datetime.fromisoformat(made["created_at"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert made.keys() == {"id", "items", "amount", "created_at", "created_by", "metadata", "_links"}


def test_a_part_of_a_line_may_be_paid_and_no_more_than_the_line(sandbox: Running) -> None:
    with bearer(sandbox) as http:
        part = make(http, sandbox.mine, items=[{"line_id": "2", "amount": 0}, {"line_id": "1", "amount": 29_990}])
        assert (part["amount"], part["items"][0]) == (29_990, {"line_id": "2", "amount": 0})
        too_high = http.post(path(sandbox.mine), json=order_session(items=[{"line_id": "2"}, {"line_id": "1", "amount": 29_991}]))
        assert (told(too_high), at_fault(too_high)) == ((400, "amount_too_high"), [("/items/1/amount", "amount_too_high")])
        unknown = http.post(path(sandbox.mine), json=order_session(items=[{"line_id": "1"}, {"line_id": "9"}]))
        assert (told(unknown), at_fault(unknown)) == ((400, "unknown_line"), [("/items/1/line_id", "unknown_line")])
        twice = http.post(path(sandbox.mine), json=order_session(items=[{"line_id": "1"}, {"line_id": "1"}]))
        assert told(twice) == (400, "validation_error")
        for profile in ("mine", "\0"):
            refused = http.post(path(sandbox.mine), json=order_session(profile_id=profile))
            assert (told(refused), at_fault(refused)) == ((400, "validation_error"), [("/profile_id", "unknown_profile")])
        lacking = http.post(path(sandbox.mine), json={"items": [{"line_id": "1"}], "profile_id": "default"})
        assert at_fault(lacking) == [("/url", "required")]
        assert at_fault(http.get("/accounts/X1/shopping/orders/1/sessions"))[0][0] == "/aid"
        assert http.get(path(sandbox.mine)).json()["sessions"] == [part]


def test_no_session_comes_to_more_than_the_contract_can_write(sandbox: Running) -> None:
    dear = tuple(outside.OrderLine(line_id=str(n), description="Gem", amount=50_000_000) for n in (1, 2))
    order = outside.DinteroOrder(id="gems", currency="NOK", lines=dear)
    sandbox.work(lambda connection: outside.save(connection, sandbox.mine.id, order))
    option = {"id": "a", "line_id": "b", "amount": 60_000_000, "title": "Armoured", "operator": "Bring"}
    one = {"items": [{"line_id": "1"}]}
    with bearer(sandbox) as http:
        both = http.post(path(sandbox.mine, "gems"), json=order_session())
        assert (told(both), at_fault(both)) == ((400, "amount_too_high"), [("/items", "amount_too_high")])
        shipped = http.post(path(sandbox.mine, "gems"), json=order_session(**one, shipping_option=option))
        assert at_fault(shipped) == [("/shipping_option/amount", "amount_too_high")]
        assert make(http, sandbox.mine, "gems", **one)["amount"] == 50_000_000


def test_sessions_are_listed_the_newest_first(sandbox: Running) -> None:
    sandbox.freeze()
    with bearer(sandbox) as http:
        made = []
        for line in ("1", "2", "1"):
            made.append(make(http, sandbox.mine, items=[{"line_id": line}]))
            sandbox.advance(timedelta(seconds=1))
        make(http, sandbox.mine, sandbox.mine.orders[1].id, items=[{"line_id": "1"}])
        assert http.get(path(sandbox.mine)).json() == {"sessions": made[::-1]}


def test_nothing_of_another_account_can_be_told_from_what_does_not_exist(sandbox: Running) -> None:
    mine, other = sandbox.mine, sandbox.other
    account, order = at(mine).account, mine.orders[0].id
    with bearer(sandbox) as http:
        session = make(http, mine)["id"]
    answers: dict[str, set[str]] = {"/sessions": set(), "/sessions/id": set()}
    with bearer(sandbox, other) as http, bearer(sandbox, other, client=1) as reader:
        theirs = make(http, other)["id"]
        accounts = {account: (order, other.orders[0].id), "T99999999": (order,), at(other).account: (order, "none", "a%00b")}
        for aid, orders in accounts.items():
            for one in orders:
                url = f"/accounts/{aid}/shopping/orders/{one}/sessions"
                found = [http.get(url), reader.get(url), http.post(url, json=order_session())]
                found += [reader.post(url, json=order_session())] if aid != at(other).account else []
                assert {told(answer) for answer in found} == {(404, "not_found")}
                answers["/sessions"] |= {answer.text for answer in found}
                for key in (session, theirs, "none", "a%00b"):
                    answer = http.get(f"{url}/{key}")
                    assert told(answer) == (404, "session_not_found")
                    answers["/sessions/id"].add(answer.text)
        assert told(http.get(f"{path(other)}/{session}")) == (404, "session_not_found")
        assert http.get(f"{path(other)}/{theirs}").status_code == 200
        assert told(http.get(f"{path(other, other.orders[1].id)}/{theirs}")) == (404, "session_not_found")
    assert {name: len(texts) for name, texts in answers.items()} == {"/sessions": 1, "/sessions/id": 1}


def test_no_token_no_answer(sandbox: Running) -> None:
    with sandbox.client() as http:
        answer: httpx.Response = http.get(path(sandbox.mine))
        assert told(answer) == (401, "unauthorized")
        assert answer.headers["www-authenticate"] == 'Bearer realm="dintero"'
        assert answer.headers["x-request-id"]
