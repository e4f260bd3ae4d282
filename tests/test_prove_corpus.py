"""Other people's contracts: the models that are made of each are proved, and what the proof finds is within the targets.

`make test` makes a few edits of each schema; `make prove` all of them, with the slow ones.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from test_corpus import DOCUMENTS
from tillspec.diagnostics import Report
from tillspec.pipeline import contract, generate
from tillspec.prove.package import Package, importing
from tillspec.prove.report import Result
from tillspec.prove.run import prove
from tillspec.prove.table import failures, verdict
from tillspec.request import Request

FULL = bool(os.environ.get("PROVE_FULL"))
MOST, MOST_OF_STRIPE, MOST_QUICKLY = 1000, 40, 20
QUICK = {
    "acp-checkout", "adyen-binlookup", "museum", "oai-callback", "oai-link", "oai-petstore", "oai-petstore-exp", "oai-tictactoe",
    "oai-uspto", "oai-webhook", "openbanking-events", "redocly-cafe", "redocly-pets", "train-travel", "twilio-pricing",
}  # fmt: skip
"""What takes about a second each."""

ACCEPTED, ROUND_TRIPPED, STRUCTURAL, FORMAT = 0.999, 0.999, 0.001, 0.005
"""The targets: valid instances accepted and given back, at least; mutants of two families let through, at most."""

NAMES = [one if isinstance(one, str) else str(one.values[0]) for one in DOCUMENTS]


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in NAMES])
def test_the_models_of_a_contract_are_within_the_targets(name: str, shared: Path, tmp_path: Path) -> None:
    if not FULL and name not in QUICK:
        pytest.skip("larger contracts are proved by make prove")
    most = MOST_OF_STRIPE if name == "stripe" else MOST
    result = proof(shared / f"{name}.json", tmp_path, most if FULL else MOST_QUICKLY)
    total = result.total
    told = "\n".join([verdict(result), *failures(result)])
    print(f"{name}: {verdict(result)}")
    assert [one for one in result.failures if one.check in ("crashed", "missing", "stub crashed", "refused leniently")] == [], (
        told
    )
    assert total.accepted >= ACCEPTED * total.valid, told
    assert total.round_tripped >= ROUND_TRIPPED * total.valid, told
    assert total.structural_accepted <= STRUCTURAL * total.structural, told
    assert total.format_accepted <= FORMAT * total.format, told
    assert total.stub_wrong <= STRUCTURAL * total.stub, told
    assert total.valid > 0 and total.structural > 0


def proof(spec: Path, folder: Path, most: int) -> Result:
    generate(Request(spec, folder / "out", "corpus_api"))
    with importing(folder / "out" / "python", "corpus_api"):
        return prove(contract(spec, (), Report()), Package.of("corpus_api"), most)
