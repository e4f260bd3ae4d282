"""Every scenario of the contract, run to its end: clock and buyers are the control plane's."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from arazzo_run import WORKFLOWS, Run
from tillspec.sandbox import seed
from tillspec.sandbox.control.access import secret_of
from tillspec.sandbox.control.client import ControlClient

from .conftest import SEED, Running

OUTCOMES = {
    "completed": "complete", "failed": "fail", "canceled": "cancel", "authentication_required": "challenge",
    "succeeded": "complete", "cancelled": "cancel",
}  # fmt: skip
"""By the status that a scenario wants."""

CHOICES = {"promoCode": "promo_code", "shippingMethod": "option", "currency": "currency"}


def inputs(sandbox: Running) -> dict[str, Any]:
    mine, other = sandbox.mine, sandbox.other
    assert mine.vinr and other.vinr and mine.dintero and mine.diddo
    client = mine.dintero.clients[0]
    return {
        "apiKey": mine.vinr.keys[0].key,
        "otherApiKey": other.vinr.keys[0].key,
        "idempotencyKey": "3f0b6c1e-9d53-4a8e-8f3a-6a1d2c7e5b90",
        "client": base64.b64encode(f"{client.id}:{client.secret}".encode()).decode(),
        "accountId": mine.dintero.account,
        "orderId": mine.orders[2].id,
        "cartId": mine.template_carts[0].id,
    }


@pytest.mark.parametrize(("document", "workflow"), WORKFLOWS)
def test_a_scenario_runs_to_its_end(document: dict[str, Any], workflow: dict[str, Any], sandbox: Running) -> None:
    with ControlClient(sandbox.url, secret_of(bytes.fromhex(seed.secret_of(SEED)))) as control:
        run(document, workflow, sandbox, control)


def run(document: dict[str, Any], workflow: dict[str, Any], sandbox: Running, control: ControlClient) -> None:
    token = control.call("POST", "/tokens", {"merchant": "harbor", "lasts": "1d"})["token"]
    assert sandbox.mine.diddo is not None
    surface = workflow["x-behavior"]["surface"]
    given = inputs(sandbox) | {"token": token}
    if surface == "diddo":
        given["apiKey"] = sandbox.mine.diddo.keys[0].key

    def act(words: dict[str, Any]) -> bool:
        if "advance" in words:
            control.call("POST", "/clock/advance", {"by": words["advance"]})
        if "move" in words:
            move = words["move"]
            choices = {CHOICES[name]: value for name, value in move.get("with", {}).items()} or None
            asked = {"outcome": OUTCOMES[move["to"]], "choices": choices}
            told = control.call("POST", f"/sessions/{move['id']}/outcome", asked)
            assert told["status"] == move["to"]
        return True

    with sandbox.client() as client:
        assert Run(client, document, given, act).steps(workflow) == len(workflow["steps"])
