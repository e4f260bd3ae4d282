"""Behaviour as typed constants, read from the contract and carried by the generated code."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tillspec.api.durations import duration
from tillspec.diagnostics import Report
from tillspec.emit.behavior import behavior, object_behaviors
from tillspec.emit.options import Options
from tillspec.emit.records import record
from tillspec.pipeline import read
from tillspec.runtime import behavior as records

SPEC = Path(__file__).resolve().parents[2] / "spec" / "openapi.yaml"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT5M", 300),
        ("PT24H", 86400),
        ("P1D", 86400),
        ("P1W", 604800),
        ("P1DT1H1M1S", 90061),
        ("P", None),
        ("PT", None),
        ("5m", None),
        (5, None),
    ],
)
def test_durations(text: object, seconds: int | None) -> None:
    assert duration(text) == (timedelta(seconds=seconds) if seconds is not None else None)


def test_a_record_is_the_source_that_makes_it() -> None:
    made = records.ObjectBehavior(
        object="It's",
        lifecycle=records.Lifecycle(field="/status", initial="a", moves={"a": ("b", "c"), "b": ()}),
        expires=records.Expiry(after=timedelta(minutes=5), kept=timedelta(days=1)),
        rules=(records.Rule(rule='self.a == "\\n"', message='\'"""', status=400),),
        properties={"amount": records.PropertyBehavior(currency="/currency")},
    )
    delivery = records.Delivery(timeout=timedelta(seconds=5), retries=(timedelta(hours=2),), ends=("4XX",))
    names = {name: getattr(records, name) for name in dir(records)} | {"timedelta": timedelta}
    assert eval(record(made), names) == made
    assert eval(record(delivery), names) == delivery


def test_the_constants_are_what_the_contract_declares() -> None:
    report = Report()
    _, api = read(SPEC, frozenset(), (), report)
    files = behavior(api, Options())
    checks = ModuleType("_checks")
    names: dict[str, object] = {"_checks": checks}
    exec(files["_checks.py"].replace("from ._runtime", "from tillspec.runtime"), vars(checks))
    text = files["behavior.py"].replace("from . import _checks\n", "").replace("from ._runtime", "from tillspec.runtime")
    exec(text, names)
    declared = {operation.id: operation.behavior for operation in api.operations if operation.behavior}
    assert names["OPERATIONS"] == declared
    assert names["OBJECTS"] == {name: made for name, made in object_behaviors(api).items() if made != records.ObjectBehavior()}
    create = declared["createVinrSession"]
    assert create.idempotency is not None and not isinstance(create.idempotency, str)
    assert create.idempotency.retention == timedelta(hours=24)
    assert names["VINR_SESSION_STATUS_CHANGED_DELIVERY"] == declared["vinrSessionStatusChanged"].delivery


def test_the_constant_of_a_part_is_nothing_elses(tmp_path: Path) -> None:
    told = {"x-behavior": {"delivery": {"timeout": "PT5S", "retries": []}}, "responses": {"204": {"description": "Yes."}}}
    hooks = {name: {"post": {"operationId": name, **told}} for name in ("parcel", "parcelDelivery", "parcelDelivery_2")}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "webhooks": hooks}
    (tmp_path / "contract.json").write_text(json.dumps(document))
    _, api = read(tmp_path / "contract.json", frozenset(), (), Report())
    names: dict[str, Any] = {}
    exec(behavior(api, Options())["behavior.py"].replace("from ._runtime", "from tillspec.runtime"), names)
    assert names["OPERATIONS"] == {operation.id: operation.behavior for operation in api.operations}
    assert isinstance(names["PARCEL_DELIVERY"], records.Delivery)
    assert {name for name in names if name.startswith("PARCEL") and not name.endswith("_DELIVERY")} == {
        "PARCEL",
        "PARCEL_DELIVERY_2",
        "PARCEL_DELIVERY_3",
    }


def test_every_word_of_the_contract_is_read() -> None:
    """No word that the contract uses is lost on the way into the records."""
    _, api = read(SPEC, frozenset(), (), Report())
    for operation in api.operations:
        path = api.document["paths"] if operation.role == "path" else api.document["webhooks"]
        words = path[operation.path][operation.method.lower()]["x-behavior"]  # type: ignore[index,call-overload]
        made = asdict(operation.behavior) if operation.behavior else {}
        for word, value in words.items():
            assert made[word.replace("-", "_")] not in (None, (), {}), f"{operation.id}: {word}: {json.dumps(value)}"
