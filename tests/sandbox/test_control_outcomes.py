"""What tests decide by the control plane: what becomes of sessions, and of the webhooks that tell of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from . import dintero
from .conftest import Running
from .receiver import receiving, wait_until
from .test_control import UUID, error_of, now_of
from .test_vinr import create


def settle(control: httpx.Client, session: str, outcome: str, **more: Any) -> httpx.Response:
    return control.post(f"/sessions/{session}/outcome", json={"outcome": outcome, **more})


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("complete", "completed"),
        ("fail", "failed"),
        ("challenge", "authentication_required"),
        ("cancel", "canceled"),
        ("expire", "expired"),
    ],
)
def test_a_session_of_vinr_comes_to_its_outcome(sandbox: Running, outcome: str, status: str) -> None:
    with sandbox.control() as control, sandbox.vinr() as http:
        made = create(http)
        session = made.json()["sessionId"]
        before = control.get(f"/sessions/{session}").json()
        assert before["outcomes"] == ["complete", "fail", "challenge", "cancel", "expire"]
        settled = settle(control, session, outcome)
        assert settled.status_code == 200, settled.text
        assert settled.json()["status"] == http.get(made.headers["location"]).json()["status"] == status
        for each in set(before["outcomes"]) - set(settled.json()["outcomes"]):
            refused = settle(control, session, each)
            assert error_of(refused) == (409, "not_allowed"), each
        for each in settled.json()["outcomes"][:1]:
            assert settle(control, session, each).status_code == 200


def test_a_cart_of_diddo_comes_to_its_outcome(sandbox: Running) -> None:
    cart = sandbox.mine.template_carts[0].id
    with sandbox.control() as control, sandbox.diddo() as http:
        for outcome, status in (("complete", "succeeded"), ("cancel", "cancelled"), ("challenge", "in_progress")):
            live = http.post(f"/checkout/begin/{cart}").json()["cart_id"]
            settled = settle(control, live, outcome).json()
            assert settled["status"] == status
            assert ("challenge" in settled["outcomes"], bool(settled["outcomes"])) == (False, outcome == "challenge")


def test_a_session_of_dintero_comes_to_its_outcome(sandbox: Running) -> None:
    with sandbox.control() as control, dintero.bearer(sandbox) as http:
        for outcome, status in (("challenge", "PAYMENT_INITIATED"), ("complete", "AUTHORIZED"), ("expire", "EXPIRED")):
            session = dintero.make(http, sandbox.mine)["id"]
            assert len(control.get(f"/sessions/{session}").json()["outcomes"]) == 5
            settled = settle(control, session, outcome).json()
            assert settled["status"] == status
            expected = ["complete", "fail", "cancel", "expire"] if outcome == "challenge" else []
            assert settled["outcomes"] == expected
            if not expected:
                assert error_of(settle(control, session, "complete")) == (409, "not_allowed")


def test_what_nobody_settles_has_no_outcome(sandbox: Running) -> None:
    with sandbox.control() as control:
        token = control.post("/tokens", json={"merchant": sandbox.mine.id}).json()["token"]
        with sandbox.client(authorization=f"Bearer {token}") as http:
            session = http.post("/checkout/sessions", json={}).json()["id"]
        assert error_of(settle(control, session, "complete")) == (409, "no_outcome")
        assert control.get(f"/sessions/{session}").json()["outcomes"] == []
        assert error_of(control.post("/tokens", json={"merchant": "nobody"})) == (404, "unknown_merchant")
        assert error_of(control.post("/tokens", json={"merchant": "harbor", "lasts": "1y"})) == (422, "invalid_span")


def test_webhooks_are_seen_held_reordered_and_sent_again(sandbox: Running) -> None:
    with receiving() as receiver, sandbox.control() as control, sandbox.vinr() as http:
        path = f"/merchants/{sandbox.mine.id}"
        control.put(f"{path}/webhook", json={"surface": "vinr", "url": receiver.url}).raise_for_status()
        assert control.post(f"{path}/hold").json() == {"held": [sandbox.mine.id]}
        sessions = [create(http).json()["sessionId"] for _ in range(3)]
        for session in sessions:
            settle(control, session, "complete").raise_for_status()
        listed = control.get("/webhooks").json()["webhooks"]
        assert [one["session"] for one in listed] == sessions[::-1]
        ids = [one["id"] for one in listed]
        assert control.post(f"/webhooks/{ids[0]}/drop").json()["state"] == "dropped"
        control.post("/webhooks/reorder", json={"ids": ids[1:]}).raise_for_status()
        assert error_of(control.post("/webhooks/reorder", json={"ids": [ids[1], ids[0]]})) == (409, "not_possible")
        assert error_of(control.post(f"/webhooks/{ids[1]}/resend")) == (409, "not_possible")
        assert control.post(f"{path}/release").json() == {"held": []}
        assert [got.json()["data"]["sessionId"] for got in receiver.wait_for(2)] == [sessions[1], sessions[0]]
        wait_until(lambda: control.get(f"/webhooks/{ids[2]}").json()["state"] == "delivered", "the delivery's end")
        control.post(f"/webhooks/{ids[2]}/resend").raise_for_status()
        control.post(f"/webhooks/{ids[0]}/duplicate").raise_for_status()
        assert [got.json()["id"] for got in receiver.wait_for(4)].count(receiver.got[1].json()["id"]) == 2
        shown = control.get(f"/webhooks/{ids[2]}").json()
        assert json.loads(shown["body"])["data"]["sessionId"] == sessions[0]
        assert [one["status"] for one in shown["attempts"]][:1] == [200]
        assert error_of(control.post(f"/webhooks/{ids[2]}/delay", json={"by": "5m"})) == (409, "not_possible")
        assert error_of(control.post(f"{path}/release")) == (409, "not_possible")
        for what in ("resend", "duplicate", "drop"):
            assert error_of(control.post(f"/webhooks/dlv_nothing/{what}")) == (404, "unknown_webhook")
        assert error_of(control.post("/merchants/nobody/hold")) == (404, "unknown_merchant")


def test_a_webhook_that_is_delayed_waits_for_the_clock(sandbox: Running) -> None:
    with receiving() as receiver, sandbox.control() as control, sandbox.vinr() as http:
        control.post("/clock/freeze")
        path = f"/merchants/{sandbox.mine.id}"
        control.put(f"{path}/webhook", json={"surface": "vinr", "url": receiver.url})
        control.post(f"{path}/hold")
        settle(control, create(http).json()["sessionId"], "fail", reason="insufficient_funds")
        webhook = control.get("/webhooks").json()["webhooks"][0]["id"]
        delayed = control.post(f"/webhooks/{webhook}/delay", json={"by": "10m"}).json()
        now = now_of(control.get("/clock"))
        assert datetime.fromisoformat(delayed["due_at"]) == now + timedelta(minutes=10)
        control.post(f"{path}/release")
        assert error_of(control.post(f"/webhooks/{webhook}/delay", json={"by": "P1M"})) == (422, "invalid_span")
        assert receiver.got == []
        control.post("/clock/advance", json={"by": "10m"})
        receiver.wait_for(1)


def test_unknown_sessions_have_no_outcome(sandbox: Running) -> None:
    with sandbox.control() as control:
        for key in ("cs_nothing", UUID):
            assert error_of(control.get(f"/sessions/{key}")) == (404, "unknown_session")
            outcome = control.post(f"/sessions/{key}/outcome", json={"outcome": "complete"})
            assert error_of(outcome) == (404, "unknown_session")
        assert error_of(control.post("/sessions/a/outcome", json={"outcome": "win"})) == (422, "invalid_request")
