"""The contract's own examples and scenarios of Dintero, on a running sandbox."""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest
import yaml

from arazzo_run import SCENARIOS, WORKFLOWS, Run
from tillspec.sandbox import outside

from .conftest import Running
from .dintero import Json, at, bearer, path

EXAMPLES: Json = yaml.safe_load((SCENARIOS.parent / "examples/dintero.yaml").read_text())
REQUESTS = ("DinteroSeedRequest", "DinteroPartRequest", "DinteroExpressRequest", "DinteroShipmentsRequest")
STEPS = {
    "addresses": ("DinteroAddressesGiven", "DinteroViewWithAddress"),
    "shipping_option": ("DinteroShippingOptionPicked", "DinteroViewWithShipping"),
}
"""The body of each Express step, and the view that comes of it."""


def order(sandbox: Running) -> str:
    """The order that the contract's examples and scenarios have in mind."""
    lines = (
        outside.OrderLine(line_id="1", id="chair-1", description="Stool", amount=20_000, vat=25),
        outside.OrderLine(line_id="2", id="cushion-4", description="Cushion", quantity=2, amount=7_840, vat=25),
    )
    one = outside.DinteroOrder(id="order-2026-1017", currency="NOK", lines=lines)
    sandbox.work(lambda connection: outside.save(connection, sandbox.mine.id, one))
    return one.id


@pytest.mark.parametrize(
    ("document", "workflow"), [case for case in WORKFLOWS if str(case.id).startswith("dintero")]
)  # fmt: skip
def test_the_scenarios_come_out(sandbox: Running, document: Json, workflow: Json) -> None:
    client = at(sandbox.mine).clients[0]
    inputs = {
        "accountId": at(sandbox.mine).account, "orderId": order(sandbox),
        "client": base64.b64encode(f"{client.id}:{client.secret}".encode()).decode(),
    }  # fmt: skip
    with sandbox.client() as http:
        assert Run(http, document, inputs, lambda words: False).steps(workflow) == len(workflow["steps"])


def test_the_examples_make_sessions_and_views_come_out_as_shown(sandbox: Running) -> None:
    made: dict[str, Any] = {}
    url = path(sandbox.mine, order(sandbox))
    with bearer(sandbox) as http:
        for name in REQUESTS:
            body = copy.deepcopy(EXAMPLES[name]["value"])
            body.get("express", {}).pop("shipping_address_callback_url", None)  # nobody is asked who is not here
            answer = http.post(url, json=body)
            assert answer.status_code == 200, (name, answer.text)
            made[name] = answer.json()
    with sandbox.client() as http:
        for step, (given, shown) in STEPS.items():
            answer = http.put(f"/view/{made['DinteroExpressRequest']['id']}/session/order/{step}", json=EXAMPLES[given]["value"])
            assert answer.status_code == 200, answer.text
            order_now, expected = answer.json()["order"], EXAMPLES[shown]["value"]["order"]
            for name in ("merchant_reference", "amount", "currency", "vat_amount", "items"):
                assert order_now[name] == expected[name], name
            assert order_now.get("shipping_option", {}).items() >= expected.get("shipping_option", {}).items()
