"""The strangers are what they say: right as they are, and with each fault that they name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import httpx
import pytest
import yaml

from strangers.registry import HERE, STRANGERS, running
from strangers.run import outcome, verified
from tillspec.verify import profile

ROOT = HERE.parents[1]
SAMPLES = {
    "bookshop": ("read-foreign", "getBook"),
    "parcels": ("from-optional", "quoteRates"), "giftcards": ("balance-decimal", "readCard"),
    "labels": ("svg-script", "getLabelImage"), "kassa": ("sum-unchecked", "openPurchase"),
}  # fmt: skip
"""A fault of each, and the operation at which it is found; `python -m strangers.run` tries all."""


@pytest.fixture(autouse=True)
def node(request: pytest.FixtureRequest, require_engine: Callable[..., str]) -> None:
    """The tracker needs it."""
    if "parcels" in request.node.name:
        require_engine("node", install="apt-get install nodejs")


@pytest.mark.parametrize("name", STRANGERS)
def test_each_is_a_server_with_a_contract_a_profile_and_faults(name: str) -> None:
    stranger = STRANGERS[name]
    assert len(stranger.faults) >= 8
    given = profile.read(stranger.profile.read_text(encoding="utf-8"), {})
    assert len(given.tenants) == 2
    document = yaml.safe_load(stranger.contract.read_text(encoding="utf-8"))
    assert given.first.credentials.keys() == document["components"]["securitySchemes"].keys()
    code = "".join(path.read_text(encoding="utf-8") for path in (HERE / name).glob("server.*"))
    assert all(code.count(f"{fault}") >= 2 for fault in stranger.faults), "a fault is named and is there"


def test_one_contract_declares_behaviour_and_one_is_3_0() -> None:
    texts = {name: stranger.contract.read_text(encoding="utf-8") for name, stranger in STRANGERS.items()}
    assert [name for name, text in texts.items() if "x-behavior" in text] == ["kassa"]
    assert [name for name, text in texts.items() if text.startswith("openapi: 3.0")] == ["bookshop"]


def test_nothing_in_the_tool_knows_of_them() -> None:
    words = re.compile(
        "bookshop|giftcard|kassa|strangers|" + "|".join(fault for one in STRANGERS.values() for fault in one.faults)
    )
    told = [
        path for path in (ROOT / "tools" / "tillspec" / "verify").rglob("*.py") if words.search(path.read_text(encoding="utf-8"))
    ]
    assert told == []


@pytest.mark.slow
@pytest.mark.parametrize("name", STRANGERS)
def test_a_right_one_raises_no_alarm_and_a_fault_is_found(name: str) -> None:
    stranger = STRANGERS[name]
    right = verified(stranger, None, ["--no-random"])
    assert right.alarms == []
    assert right.status == 0
    fault, operation = SAMPLES[name]
    found = outcome(right, verified(stranger, fault, ["--no-random", "--only", operation]))
    assert found.word != "survives"


def test_a_retry_of_a_redemption_takes_nothing_more_off() -> None:
    """What the contract of the gift cards says in prose alone holds."""
    with (
        running(STRANGERS["giftcards"]) as url,
        httpx.Client(base_url=url, auth=("acme", "w9-Xt27qLbNe"), trust_env=False) as client,
    ):
        card = client.post("/cards", json={"amount": 900, "currency": "SEK"}, headers={"Idempotency-Key": "issue-001"}).json()
        path = f"/cards/{card['code']}/redemptions"
        taken = [
            client.post(path, json={"amount": 400, "currency": "SEK"}, headers={"Idempotency-Key": "redeem-01"}) for _ in range(3)
        ]
        assert {answer.content for answer in taken} == {taken[0].content}
        assert client.get(f"/cards/{card['code']}").json()["balance"] == 500
        late = client.post(path, json={"amount": 501, "currency": "SEK"}, headers={"Idempotency-Key": "redeem-02"})
        assert late.status_code == 422
        mismatched = client.post(path, json={"amount": 1, "currency": "SEK"}, headers={"Idempotency-Key": "redeem-01"})
        assert mismatched.status_code == 409


def test_what_a_till_opens_lapses_by_its_clock() -> None:
    with (
        running(STRANGERS["kassa"]) as url,
        httpx.Client(base_url=url, headers={"Till-Secret": "till-3c8f0be2d9175a64"}, trust_env=False) as client,
    ):
        example = {"sum": 100, "unit": "EUR", "rows": [{"what": "Te", "each": 50, "pieces": 2}]}
        ref = client.post("/purchases", json=example).json()["ref"]

        def advance(seconds: int) -> None:
            client.post("/hook/time", content=json.dumps({"s": seconds}), headers={"Hook": "kassa-hook-7719"})

        advance(29 * 60)
        assert client.get(f"/purchases/{ref}").json()["standing"] == "open"
        advance(60)
        assert client.get(f"/purchases/{ref}").json()["standing"] == "lapsed"
        assert client.post(f"/purchases/{ref}/void").json()["reason"] == "not_open"
        advance(12 * 3600)
        assert client.get(f"/purchases/{ref}").status_code == 410
