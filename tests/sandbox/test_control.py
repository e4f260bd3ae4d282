"""The control plane: the clock, merchants, reset, state, and who may use it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Scope

from tillspec.sandbox import dump, schema, spans
from tillspec.sandbox.control.access import Entrance
from tillspec.sandbox.control.answers import Problem

from .conftest import Running
from .test_vinr import create

AS_JSON = {"Content-Type": "application/json"}
UUID = "6f1e0f5a-9a59-4b0e-8f0e-1c2d3e4f5a6b"


def error_of(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error.keys() == {"code", "message", "hint"}
    assert all(error.values())
    return answer.status_code, error["code"]


def now_of(answer: httpx.Response) -> datetime:
    assert answer.status_code == 200, answer.text
    return datetime.fromisoformat(answer.json()["now"])


# -- the clock -------------------------------------------------------------------------------------------------------------


def test_the_clock_is_frozen_moved_on_and_let_run(sandbox: Running) -> None:
    with sandbox.control() as control:
        frozen = now_of(control.post("/clock/freeze"))
        assert now_of(control.get("/clock")) == frozen
        assert now_of(control.post("/clock/advance", json={"by": "1h30m"})) == frozen + timedelta(minutes=90)
        assert now_of(control.post("/clock/advance", json={"by": "PT30M"})) == frozen + timedelta(hours=2)
        later = frozen + timedelta(days=3)
        assert now_of(control.put("/clock", json={"now": later.isoformat()})) == later
        assert control.get("/clock").json()["frozen"] is True
        assert later <= now_of(control.post("/clock/unfreeze")) < later + timedelta(minutes=1)
        assert control.get("/clock").json()["frozen"] is False
        assert now_of(control.post("/clock/freeze", json={"at": "2199-01-01T00:00:00Z"})) == datetime(2199, 1, 1, tzinfo=UTC)


def test_a_session_expires_by_the_clock(sandbox: Running) -> None:
    with sandbox.control() as control, sandbox.vinr() as http:
        control.post("/clock/freeze")
        made = create(http)
        control.post("/clock/advance", json={"by": "5m"})
        assert http.get(made.headers["location"]).json()["status"] == "expired"
        shown = control.get(f"/sessions/{made.json()['sessionId']}").json()
        assert (shown["status"], shown["kind"], shown["merchant"]) == ("expired", "VinrSession", sandbox.mine.id)
        assert shown["request"]["amount"] == 5000
        assert [one["id"] for one in control.get("/sessions").json()["sessions"]] == [shown["id"]]
        assert control.get("/sessions", params={"merchant": sandbox.other.id}).json() == {"sessions": []}


def test_a_clock_that_would_go_back_or_nowhere_is_an_error(sandbox: Running) -> None:
    with sandbox.control() as control:
        frozen = now_of(control.post("/clock/freeze"))
        refused = [
            (control.put("/clock", json={"now": (frozen - timedelta(seconds=1)).isoformat()}), (409, "clock_goes_forwards")),
            (control.put("/clock", json={"now": "2030-01-01T00:00:00"}), (422, "invalid_request")),
            (control.post("/clock/advance", json={"by": "-5m"}), (422, "invalid_span")),
            (control.post("/clock/advance", json={"by": "0s"}), (422, "invalid_span")),
            (control.post("/clock/advance", json={"by": "P9999Y"}), (422, "too_late")),
            (control.post("/clock/advance", json={}), (422, "invalid_request")),
            (control.post("/clock/advance", json={"by": "5m", "of": 1}), (422, "invalid_request")),
            (control.post("/clock/advance", content=b'{"by": "5m"}'), (415, "not_json")),
            (
                control.post("/clock/advance", content=b"{", headers={"Content-Type": "application/json"}),
                (422, "invalid_request"),
            ),
            (control.post("/clock"), (405, "method_not_allowed")),
            (control.post("/clocks"), (404, "not_found")),
        ]
        for answer, expected in refused:
            assert error_of(answer) == expected, answer.text
        assert now_of(control.get("/clock")) == frozen


@given(st.timedeltas(min_value=timedelta(milliseconds=1), max_value=timedelta(days=9999)))
def test_a_span_is_read_as_it_is_shown(span: timedelta) -> None:
    whole = span // timedelta(milliseconds=1) * timedelta(milliseconds=1)
    assert spans.exact(spans.shown(whole)) == whole


def test_months_are_as_long_as_the_calendar_says() -> None:
    start = datetime(2028, 1, 31, 12, tzinfo=UTC)
    assert spans.Span.read("P1M").after(start) == datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert spans.Span.read("P1Y1DT1H").after(start) == datetime(2029, 2, 1, 13, tzinfo=UTC)
    for text in ("", "P", "PT", "5", "5x", "m5", "P1M2", "1h 5m", "5m1h"):
        with pytest.raises(spans.BadSpan):
            spans.Span.read(text)


# -- merchants, reset, state -----------------------------------------------------------------------------------------------


def test_merchants_say_their_keys_and_get_an_address(sandbox: Running) -> None:
    with sandbox.control() as control:
        path = f"/merchants/{sandbox.mine.id}/webhook"
        told = control.put(path, json={"surface": "vinr", "url": "http://127.0.0.1:9/hook"}).json()
        assert sandbox.mine.vinr is not None
        assert told["secret"] == sandbox.mine.vinr.webhook.secret
        changed = control.put(path, json={"surface": "diddo", "url": None, "secret": "whsec_another"}).json()
        assert (changed["url"], changed["secret"]) == (None, "whsec_another")
        shown = control.get("/merchants").json()["merchants"][0]
        assert shown["vinr"]["webhook"]["url"] == "http://127.0.0.1:9/hook"
        assert shown["vinr"]["keys"][0]["key"] == sandbox.mine.vinr.keys[0].key
        assert [one["id"] for one in shown["objects"]["DinteroOrder"]] == [one.id for one in sandbox.mine.orders]
        assert error_of(control.put("/merchants/nobody/webhook", json={"surface": "vinr", "url": None})) == (
            404,
            "unknown_merchant",
        )
        for body in ({"surface": "gr4vy", "url": None}, {"surface": "vinr", "url": "ftp://a"}, {"surface": "vinr"}):
            assert error_of(control.put(path, json=body)) == (422, "invalid_request")


def test_reset_empties_and_the_keys_stay(sandbox: Running) -> None:
    with sandbox.control() as control, sandbox.vinr() as http:
        made = create(http)
        control.post("/clock/freeze")
        control.put("/rate-limit", json={"requests": 5})
        control.post("/faults", json={"fault": "500"})
        assert control.post("/reset", json={}).json() == {"merchants": [sandbox.mine.id, sandbox.other.id]}
        assert http.get(made.headers["location"]).status_code == 404
        assert control.get("/clock").json()["frozen"] is False
        assert control.get("/faults").json() == {"faults": []}
        assert control.get("/rate-limit").json()["on"] is False
        assert create(http).status_code == 201
        assert control.post("/reset", json={"freeze": True}).status_code == 200
        assert control.get("/clock").json()["frozen"] is True


def test_reset_with_seed_data_of_ones_own(sandbox: Running) -> None:
    merchant = {"id": "mine", "name": "Mine", "vinr": {"keys": [{"key": "sk_test_mine"}], "webhook": {"secret": "whsec_mine"}}}
    with sandbox.control() as control:
        twice = control.post("/reset", json={"seed_data": {"merchants": [merchant, merchant]}})
        assert error_of(twice) == (422, "bad_seed_data")
        wrong = control.post("/reset", json={"seed_data": {"merchants": [merchant | {"vinr": {"keys": []}}]}})
        assert error_of(wrong) == (422, "invalid_request")
        assert "seed_data.merchants[0].vinr.webhook" in wrong.json()["error"]["message"]
        assert len(control.get("/merchants").json()["merchants"]) == 2
        assert control.post("/reset", json={"seed_data": {"merchants": [merchant]}}).json() == {"merchants": ["mine"]}
        with sandbox.client(x_api_key="sk_test_mine") as http:
            assert create(http).status_code == 201


def test_a_state_is_put_back_as_it_was(sandbox: Running) -> None:
    with sandbox.control() as control, sandbox.vinr() as http:
        control.post("/clock/freeze")
        control.post("/faults", json={"fault": "500", "times": 3, "operation": "beginDiddoCheckout"})
        made = create(http, idempotency_key="k")
        state = control.get("/state").json()
        control.post("/reset", json={})
        create(http)
        counts = control.put("/state", json=state)
        assert counts.status_code == 200, counts.text
        assert counts.json()["imported"]["sessions"] == 1
        again = control.get("/state").json()
        for document in (state, again):
            document["tables"].pop("requests")
            for fault in document["tables"]["faults"]:
                del fault["id"]  # counted by the database
        assert again == state
        replayed = create(http, idempotency_key="k")
        assert (replayed.json(), replayed.headers["idempotent-replayed"]) == (made.json(), "true")
        assert "secret" not in state["tables"]["state"][0]


def test_a_running_clock_goes_on_from_where_it_was_written(sandbox: Running) -> None:
    with sandbox.control() as control, sandbox.vinr() as http:
        made = create(http)
        state = control.get("/state").json()
        control.post("/clock/advance", json={"by": "P400D"})
        assert http.get(made.headers["location"]).status_code == 410
        control.put("/state", json=state)
        assert http.get(made.headers["location"]).json()["status"] == "pending"


def test_a_state_that_is_not_whole_is_refused_and_changes_nothing(sandbox: Running) -> None:
    with sandbox.control() as control, sandbox.vinr() as http:
        made = create(http)
        state = control.get("/state").json()

        def put(**changes: Any) -> httpx.Response:
            return control.put("/state", json=state | changes)

        tables = state["tables"]
        row = tables["sessions"][0]
        assert error_of(put(tillspec_sandbox=2)) == (422, "not_a_state")
        assert error_of(put(version=schema.VERSION + 1)) == (422, "other_version")
        broken = [
            ({}, "tables"),
            (tables | {"more": []}, "tables"),
            (tables | {"sessions": [row | {"status": 1}]}, "tables.sessions[0].status"),
            (tables | {"sessions": [row | {"data": "{"}]}, "tables.sessions[0]"),
            (tables | {"sessions": [{"id": "a"}]}, "tables.sessions[0]"),
            (tables | {"merchants": []}, "merchants"),
            (tables | {"merchants": [{"id": "a", "position": 1, "data": "{}"}]}, "tables.merchants[0]"),
        ]
        for changed, place in broken:
            answer = put(tables=changed)
            assert error_of(answer) == (422, "broken_state")
            assert place in answer.json()["error"]["message"]
        assert http.get(made.headers["location"]).status_code == 200


def test_a_state_too_large_is_not_written(monkeypatch: pytest.MonkeyPatch, sandbox: Running) -> None:
    monkeypatch.setattr(dump, "MOST", 1)
    with pytest.raises(dump.TooMuch, match="a document takes 1"):
        sandbox.work(dump.dumped)


# -- who may ---------------------------------------------------------------------------------------------------------------


def test_without_its_secret_nothing_is_told(sandbox: Running) -> None:
    with sandbox.control() as control:
        secret = control.headers["authorization"]
    for said in (None, "Bearer ctl_sandbox_wrong", f"{secret}x", secret.replace("Bearer", "Basic"), "Bearer \xff"):
        headers = {"Authorization": said.encode("latin-1")} if said is not None else {}
        answer = httpx.get(f"{sandbox.url}/_sandbox/merchants", headers=headers)
        assert error_of(answer) == (401, "secret_required")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert sandbox.mine.vinr is not None
    with sandbox.vinr() as http:
        assert http.get("/_sandbox/merchants").status_code == 401


def test_other_names_and_other_sites_are_kept_out(sandbox: Running) -> None:
    port = httpx.URL(sandbox.url).port
    with sandbox.control() as control:
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "", "[::1"):
            assert error_of(control.get("/clock", headers={"Host": host})) == (421, "foreign_host")
        for host in (f"localhost:{port}", "shop.localhost", "127.0.0.1", "[::1]:80"):
            assert control.get("/clock", headers={"Host": host}).status_code == 200
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1", f"file://127.0.0.1:{port}"):
            assert error_of(control.get("/clock", headers={"Origin": origin})) == (403, "foreign_origin")
        assert control.get("/clock", headers={"Origin": sandbox.url}).status_code == 200


@pytest.mark.parametrize(
    ("client", "allowed"),
    [
        *((client, True) for client in ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1")),
        *((client, False) for client in ("10.0.0.1", "::ffff:10.0.0.1", "192.168.1.5", "fe80::1", "", "unknown", None)),
    ],
)
def test_other_machines_are_kept_out_unless_told_otherwise(client: str | None, allowed: bool) -> None:
    scope: Scope = {"type": "http", "headers": [(b"host", b"127.0.0.1")], "client": (client, 1) if client is not None else None}
    Entrance("http://127.0.0.1:8787", from_anywhere=True).check(scope)
    if allowed:
        Entrance("http://127.0.0.1:8787", from_anywhere=False).check(scope)
    else:
        with pytest.raises(Problem, match="this machine alone"):
            Entrance("http://127.0.0.1:8787", from_anywhere=False).check(scope)


def test_a_large_body_is_not_read(sandbox: Running) -> None:
    with sandbox.control() as control:
        answer = control.post("/faults", content=b" " * 1_100_000, headers=AS_JSON)
    assert error_of(answer) == (413, "too_large")
