"""Other people's contracts: each has a whole site, or is refused for the reason that lint gives."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from docs.checker import problems
from tillspec.diagnostics import Refused
from tillspec.publish import Wanted, publish

DOCUMENTS = [
    "acp-checkout", "acp-delegate-payment", "adyen-binlookup", "adyen-payout", "adyen-transfers", "box-2025", "museum",
    "oai-callback", "oai-link", "oai-petstore", "oai-petstore-exp", "oai-tictactoe", "oai-uspto", "oai-webhook",
    "openbanking-events", "openbanking-vrp", "oxide-gateway", "paypal-orders", "paypal-payments", "redocly-cafe", "redocly-pets",
    "resend", "spotify", "swagger-petstore", "train-travel", "twilio-pricing", "ucp-shopping",
    pytest.param("stripe", marks=pytest.mark.slow),
]  # fmt: skip
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_contract_has_a_whole_site(name: str, shared: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    publish(Wanted(spec=shared / f"{name}.json", out=site))
    assert list(problems(site, every=10 if name == "stripe" else 1)) == []
    document = json.loads((shared / f"{name}.json").read_bytes())
    declared = sum(method in METHODS for item in document.get("paths", {}).values() for method in item)
    assert len(list(site.glob("operations/*.html"))) == declared
    first = ("index.html", "assets/site.css", "assets/site.js")
    assert sum(len(gzip.compress((site / one).read_bytes())) for one in first) <= 30_000


def test_a_contract_that_cannot_be_read_has_none(shared: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        publish(Wanted(spec=shared / "acp-webhook.json", out=tmp_path / "site"))
    assert [item.code for item in refused.value.diagnostics] == ["file-missing"]
    assert list(tmp_path.iterdir()) == []
