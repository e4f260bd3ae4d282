"""Contracts that break the standard: whatever stands where it does not belong, they are compared, or refused in words."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from compat_documents import TODAY, bundled
from tillspec.compat.compare import compare
from tillspec.diagnostics import Refused, Report
from tillspec.document.bundle import bundle
from tillspec.document.load import Document
from tillspec.source import Source

SHOP = yaml.safe_load((Path(__file__).with_name("cases") / "shop.openapi.yaml").read_text())
JUNK: tuple[Any, ...] = (
    None, 1, -1, 1.5, "x", "", [], {}, True, False, [1], ["a"], [[]], {"a": 1}, {"$ref": "#/components/schemas/Order"},
    {"$ref": 1}, "2020-01-01", {"type": "string"}, [{}], [None], 10**30,
)  # fmt: skip


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a document, as what it stands in and its key there."""
    for key, item in list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()):
        yield value, key
        yield from places(item)


@pytest.mark.parametrize("seed", range(40))
def test_junk(seed: int) -> None:
    """Ten documents, each with up to four things where they do not belong, compared with the whole one, both ways."""
    chance, whole, compared = random.Random(seed), bundled(SHOP), 0
    for _ in range(10):
        value = copy.deepcopy(SHOP)
        for _ in range(chance.choice([1, 1, 2, 4])):
            above, key = chance.choice(list(places(value)))
            above[key] = copy.deepcopy(chance.choice(JUNK))
        broken = bundle(Document(Source("api.json", "/api.json", "", value)), Report())
        if broken is None:
            continue
        for old, new in ((whole, broken), (broken, whole)):
            try:
                compare(old, new, TODAY)
            except Refused as refused:
                assert refused.diagnostics
            compared += 1
    assert compared
