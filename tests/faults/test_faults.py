"""Each fault is there where it is planted, and the sandbox without it is right: shown by the fault's own proof."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from faults.all import FAULTS, KINDS
from faults.callers import Callers
from faults.exchange import all_operations
from faults.layer import FaultLayer
from faults.registry import Kind
from faults.serving import served


class Planted:
    """A sandbox in this process, in which faults are planted and taken out."""

    def __init__(self, url: str, secret: str, layer: FaultLayer) -> None:
        self._callers, self._layer = (url, secret), layer
        self._dirty = False

    def shows(self, name: str, *, planted: bool) -> bool:
        fault = FAULTS[name]
        callers = Callers(*self._callers, alone=fault.kind is Kind.HTTP)  # connections that were broken are not for others
        if self._dirty or fault.kind is Kind.IDEMPOTENCY:  # keys are the same in all proofs
            callers.reset()
        self._layer.switch(name if planted else None)
        try:
            return bool(fault.shows(callers))
        finally:
            self._layer.switch(None)
            callers.close()
            self._dirty = callers.moved_the_clock


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    with served(tmp_path_factory.mktemp("faults")) as (ready, layer):
        yield Planted(ready.base_url, ready.secret, layer)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_there_and_only_where_it_is_planted(planted: Planted, name: str) -> None:
    assert not planted.shows(name, planted=False), "the sandbox without the fault shows it"
    assert planted.shows(name, planted=True), "the sandbox with the fault does not show it"


def test_faults_are_of_all_classes_and_operations() -> None:
    kinds = Counter(fault.kind for fault in FAULTS.values())
    operations = Counter(name for fault in FAULTS.values() for name in fault.operations)
    assert len(FAULTS) >= 160
    assert all(kinds[kind] >= 12 for kind in KINDS), kinds
    assert all(operations[name] >= 4 for name in all_operations()), operations


def test_every_fault_says_what_is_broken_in_a_sentence() -> None:
    said = [fault.what for fault in FAULTS.values()]
    assert all(one.endswith(".") and len(one) < 110 for one in said), [one for one in said if len(one) >= 110]
    assert len(set(said)) == len(said), [one for one, count in Counter(said).items() if count > 1]
