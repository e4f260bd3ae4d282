"""Other people's contracts: the models that are made of each are proved, and what the proof finds is within the targets.

`make test` makes a few edits of each schema and leaves Stripe out; `make prove` makes nearly all, of every contract.
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
MOST = {"stripe": 40}
"""Edits of each schema in full; Stripe has 1,743 schemas."""
MOST_IN_FULL, MOST_QUICKLY = 1000, 8

ACCEPTED, ROUND_TRIPPED, STRUCTURAL, FORMAT = 0.999, 0.999, 0.001, 0.005
"""The targets: valid instances accepted and given back, at least; mutants of two families let through, at most."""

NAMES = [one if isinstance(one, str) else str(one.values[0]) for one in DOCUMENTS]


@pytest.mark.parametrize("name", [name for name in NAMES if FULL or name != "stripe"])
def test_the_models_of_a_contract_are_within_the_targets(name: str, shared: Path, tmp_path: Path) -> None:
    result = proof(shared / f"{name}.json", tmp_path, MOST.get(name, MOST_IN_FULL) if FULL else MOST_QUICKLY)
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
