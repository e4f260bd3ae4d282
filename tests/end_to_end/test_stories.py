"""The scenarios of the contract, run against the shop.

The shop has a clock that a step can move on, and no buyers: a scenario is run up to the first step that needs one.
"""

from __future__ import annotations

import base64
import datetime
from typing import Any

import httpx
import pytest

from arazzo_run import WORKFLOWS, Run
from end_to_end import state
from end_to_end.conftest import Framework
from end_to_end.support import served
from tillspec.api.durations import duration

INPUTS: dict[str, Any] = {
    "apiKey": "sk_test_north",
    "otherApiKey": "sk_test_south",
    "idempotencyKey": "3f0b6c1e-9d53-4a8e-8f3a-6a1d2c7e5b90",
    "token": "sk_test_north",
    "client": base64.b64encode(b"north:north-secret").decode(),
    "accountId": "T12345678",
    "orderId": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "cartId": "01KERN71T0V3RS3DTR98H6BCFN",
}
RUN = {  # how many steps of each: all of them, where no buyer is needed
    "vinrPaid": 2,
    "vinrDeclined": 1,
    "vinrChallenged": 1,
    "vinrChallengeRunsOut": 1,
    "vinrCanceled": 1,
    "vinrExpired": 5,
    "vinrRetried": 5,
    "vinrForeign": 3,
    "gr4vySession": 9,
    "gr4vyCardKept": 4,
    "gr4vyExpired": 5,
    "dinteroOrderSession": 6,
    "dinteroExpress": 9,
    "diddoCheckout": 7,
    "diddoQr": 5,
}


@pytest.mark.parametrize(("document", "workflow"), WORKFLOWS)
def test_a_scenario_runs(document: dict[str, Any], workflow: dict[str, Any], framework: Framework) -> None:
    shop, later = state.demo(), datetime.timedelta()
    shop.now = lambda: datetime.datetime.now(datetime.UTC) + later

    def control(words: dict[str, Any]) -> bool:
        nonlocal later
        later += duration(words.get("advance")) or datetime.timedelta()
        return "move" not in words

    with served(framework.shop(shop)) as url, httpx.Client(base_url=url) as client:
        assert Run(client, document, INPUTS, control).steps(workflow) == RUN[workflow["workflowId"]]
