"""The pytest plugin, as another project has it: a run of pytest of its own, where the fixture is simply there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROJECT = """
from datetime import datetime, timedelta, timezone

import httpx
import pytest

from tillspec.sandbox.control.client import NotDone

BODY = {"amount": 5000, "currency": "EUR", "successUrl": "https://shop.example/a", "cancelUrl": "https://shop.example/b"}


def check_out(sandbox, **headers):
    return httpx.post(f"{sandbox.url}/checkout/session", json=BODY, headers=sandbox.headers("vinr") | headers)


def test_a_session_is_paid(checkout_sandbox):
    made = check_out(checkout_sandbox).json()
    assert made["checkoutUrl"].startswith(checkout_sandbox.url)
    assert checkout_sandbox.outcome(made["sessionId"], "complete")["status"] == "completed"
    assert checkout_sandbox.session(made["sessionId"])["request"] == BODY
    other = check_out(checkout_sandbox).json()["sessionId"]
    with pytest.raises(NotDone, match="promo") as error:
        checkout_sandbox.outcome(other, "complete", choices={"promo_code": "SAVE20"})
    assert error.value.code == "not_on_offer"
    with pytest.raises(NotDone, match="is completed") as error:
        checkout_sandbox.outcome(made["sessionId"], "fail")
    assert (error.value.status, error.value.code) == (409, "not_allowed")


def test_each_test_finds_it_as_new(checkout_sandbox):
    assert checkout_sandbox.sessions() == []
    assert checkout_sandbox.merchant("meadow")["name"] == "Meadow Books"
    with pytest.raises(LookupError):
        checkout_sandbox.key("vinr", "nobody")


def test_time_passes(checkout_sandbox):
    before = checkout_sandbox.freeze()
    session = check_out(checkout_sandbox).json()["sessionId"]
    assert checkout_sandbox.advance("PT4M") == before + timedelta(minutes=4)
    assert checkout_sandbox.session(session)["status"] == "pending"
    assert checkout_sandbox.advance(timedelta(minutes=1)) == checkout_sandbox.now() == before + timedelta(minutes=5)
    assert checkout_sandbox.session(session)["status"] == "expired"
    assert checkout_sandbox.freeze(datetime(2199, 1, 1, tzinfo=timezone.utc)).year == 2199
    assert checkout_sandbox.unfreeze().year == 2199


def test_things_go_wrong(checkout_sandbox):
    checkout_sandbox.fault("503", operation="createVinrSession", span=timedelta(seconds=9))
    assert len(checkout_sandbox.faults()) == 1
    assert check_out(checkout_sandbox).headers["retry-after"] == "9"
    checkout_sandbox.fault("disconnect", carried_out=True)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        check_out(checkout_sandbox, **{"Idempotency-Key": "k"})
    assert check_out(checkout_sandbox, **{"Idempotency-Key": "k"}).headers["idempotent-replayed"] == "true"
    checkout_sandbox.rate_limit(1)
    assert [check_out(checkout_sandbox).status_code for _ in range(2)] == [201, 429]
    checkout_sandbox.rate_limit(None)
    assert check_out(checkout_sandbox).status_code == 201


def test_webhooks(checkout_sandbox):
    assert checkout_sandbox.send_webhooks("http://127.0.0.1:9/hook").startswith("whsec_")
    session = check_out(checkout_sandbox).json()["sessionId"]
    checkout_sandbox.outcome(session, "cancel")
    (webhook,) = checkout_sandbox.webhooks(session)
    assert session in checkout_sandbox.webhook(webhook["id"])["body"]
    assert checkout_sandbox.duplicate(webhook["id"])["event"] == webhook["event"]


def test_every_surface_lets_its_merchant_in(checkout_sandbox):
    cart = checkout_sandbox.merchant()["objects"]["DiddoTemplateCart"][0]["id"]
    begun = httpx.post(f"{checkout_sandbox.url}/checkout/begin/{cart}", headers=checkout_sandbox.headers("diddo"))
    assert begun.status_code == 200
    made = httpx.post(f"{checkout_sandbox.url}/checkout/sessions", json={}, headers=checkout_sandbox.headers("gr4vy"))
    assert made.status_code == 201
    merchant = checkout_sandbox.merchant()
    path = f"/accounts/{merchant['dintero']['account']}/shopping/orders/{merchant['objects']['DinteroOrder'][0]['id']}/sessions"
    assert httpx.get(checkout_sandbox.url + path, headers=checkout_sandbox.headers("dintero")).status_code == 200


def test_a_state_is_kept(checkout_sandbox):
    session = check_out(checkout_sandbox).json()["sessionId"]
    state = checkout_sandbox.export()
    checkout_sandbox.reset({"merchants": [{"id": "own", "name": "Own"}]})
    assert [one["id"] for one in checkout_sandbox.merchants()] == ["own"]
    checkout_sandbox.restore(state)
    assert [one["id"] for one in checkout_sandbox.sessions()] == [session]
"""

CONFTEST = """
import pytest


@pytest.fixture(scope="session")
def checkout_sandbox_options():
    return ("--seed-data", "merchants.json", "--freeze-clock")
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV", "PYTHONPATH"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_project_tests_against_it(tmp_path: Path) -> None:
    (tmp_path / "test_shop.py").write_text(PROJECT)
    result = run(tmp_path, "-W", "error")
    assert "7 passed" in result.stdout, result.stdout + result.stderr


def test_a_project_starts_it_otherwise(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "merchants.json").write_text('{"merchants": [{"id": "own", "name": "Own"}]}')
    (tmp_path / "test_shop.py").write_text(
        "def test_it(checkout_sandbox):\n"
        "    assert checkout_sandbox.merchant()['id'] == 'own'\n"
        "    assert checkout_sandbox.now() == checkout_sandbox.now()\n"
    )
    assert "1 passed" in run(tmp_path).stdout
    (tmp_path / "merchants.json").write_text("{")
    broken = run(tmp_path).stdout
    assert "tillspec sandbox did not start" in broken
    assert "merchants.json" in broken


def test_whoever_does_not_ask_for_it_pays_nothing() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import tillspec.sandbox.testing\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules.keys() - before}))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) <= {"tillspec", "__future__"}
