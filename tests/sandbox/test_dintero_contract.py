"""The contract's own examples of Dintero, on a running sandbox."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from arazzo_run import SCENARIOS

from .conftest import Running
from .dintero import Json, bearer, client, contract_order, path

EXAMPLES: Json = yaml.safe_load((SCENARIOS.parent / "examples/dintero.yaml").read_text())
REQUESTS = ("DinteroSeedRequest", "DinteroPartRequest", "DinteroExpressRequest", "DinteroShipmentsRequest")
STEPS = {
    "addresses": ("DinteroAddressesGiven", "DinteroViewWithAddress"),
    "shipping_option": ("DinteroShippingOptionPicked", "DinteroViewWithShipping"),
}
"""The body of each Express step, and the view that comes of it."""


def test_the_examples_make_sessions_and_views_come_out_as_shown(sandbox: Running) -> None:
    made: dict[str, Any] = {}
    url = path(sandbox.mine, contract_order(sandbox))
    with bearer(sandbox) as http:
        for name in REQUESTS:
            body = copy.deepcopy(EXAMPLES[name]["value"])
            body.get("express", {}).pop("shipping_address_callback_url", None)  # nobody is asked who is not here
            answer = http.post(url, json=body)
            assert answer.status_code == 200, (name, answer.text)
            made[name] = answer.json()
    with client(sandbox) as http:
        for step, (given, shown) in STEPS.items():
            answer = http.put(f"/view/{made['DinteroExpressRequest']['id']}/session/order/{step}", json=EXAMPLES[given]["value"])
            assert answer.status_code == 200, answer.text
            order_now, expected = answer.json()["order"], EXAMPLES[shown]["value"]["order"]
            for name in ("merchant_reference", "amount", "currency", "vat_amount", "items"):
                assert order_now[name] == expected[name], name
            assert order_now.get("shipping_option", {}).items() >= expected.get("shipping_option", {}).items()
