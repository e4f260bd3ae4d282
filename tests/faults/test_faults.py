"""Each fault is there where it is planted, and the sandbox without it is right: shown by the fault's own proof."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.all import FAULTS, KINDS
from faults.callers import Callers
from faults.exchange import all_operations
from faults.layer import FaultLayer
from faults.serving import served


class Planted:
    """A sandbox in this process, in which faults are planted and taken out."""

    def __init__(self, url: str, secret: str, layer: FaultLayer) -> None:
        self._url, self._secret, self._layer = url, secret, layer

    def shows(self, name: str, *, planted: bool) -> bool:
        self._layer.switch(name if planted else None)
        callers = Callers(self._url, self._secret)
        try:
            return bool(FAULTS[name].shows(callers))
        finally:
            callers.close()
            self._layer.switch(None)

    def reset(self) -> None:
        callers = Callers(self._url, self._secret)
        callers.reset()
        callers.close()


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    with served(tmp_path_factory.mktemp("faults")) as (ready, layer):
        yield Planted(ready.base_url, ready.secret, layer)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_there_and_only_where_it_is_planted(planted: Planted, name: str) -> None:
    planted.reset()
    assert not planted.shows(name, planted=False), "the sandbox without the fault shows it"
    planted.reset()
    assert planted.shows(name, planted=True), "the sandbox with the fault does not show it"
