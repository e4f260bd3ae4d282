"""The table of kills: what counts, in which order it stands, and one fault that is really verified."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from faults.all import FAULTS, KINDS
from faults.exchange import all_operations
from faults.kill_table import Kill, Results, judged, known_of, table
from faults.running import Told, findings
from faults.serve import main

ROOT = Path(__file__).resolve().parents[2]
_ONE = {"id": "body-schema-1", "check": "body-schema", "severity": "MUST", "operation": "x", "seconds": 1.25}


def test_a_finding_has_the_ids_of_its_members_or_its_own() -> None:
    report = json.dumps({"findings": [_ONE, {**_ONE, "members": ["body-schema-2", "body-schema-3"]}]})
    assert [one.ids for one in findings(report)] == [("body-schema-1",), ("body-schema-2", "body-schema-3")]
    assert findings(report)[0].seconds == 1.25


def told(name: str, check: str, severity: str = "MUST", seconds: float = 1.0) -> Told:
    return Told((name,), check, severity, seconds)


def test_what_the_right_sandbox_is_told_of_kills_nothing() -> None:
    known = frozenset({"known"})
    assert judged([told("known", "echo")], known, 1) == Kill(status=1)
    assert judged([told("new", "echo", seconds=2.0), told("newer", "body-schema", seconds=0.5)], known, 1) == Kill(
        ("body-schema", "echo"), (), 0.5, 1
    )


def test_what_is_no_must_is_noted() -> None:
    known = known_of([told("elsewhere", "framing-refused", "SHOULD")])
    assert judged([told("here", "framing-refused", "SHOULD")], known, 0) == Kill()
    assert judged([told("new", "echo", "SHOULD")], frozenset(), 0) == Kill((), ("echo",), None, 0)


def some(**kills: Kill) -> dict[str, Kill]:
    return {name.replace("_", "-"): kill for name, kill in kills.items()}


def test_the_table_does_not_depend_on_the_order_of_the_runs() -> None:
    kills = {name: Kill(("body-schema",), (), 1.0, 1) for name in list(FAULTS)[::7]}
    assert table(kills) == table(dict(reversed(kills.items())))


def test_the_table_tells_survivors_and_what_one_check_alone_kills() -> None:
    kills = some(
        diddo_svg_with_a_script=Kill(("svg-inert",), (), 0.4, 1),
        vinr_amount_off_by_one=Kill(("echo", "total-kept"), (), 1.0, 1),
        gr4vy_ids_counted=Kill((), ("secret-entropy",), None, 0),
        hangs=Kill(status=2),
    )
    text = table(kills)
    assert "| **all** | **2 of 4** | 0.7 |" in text
    assert "| `svg-inert` | 1 | 1: `diddo-svg-with-a-script` |" in text
    assert "| `echo` | 1 | 0 |" in text
    assert "**survives** (noted by `secret-entropy`)" in text
    assert "| `secret-entropy` | 0 | 0; notes alone 1: `gr4vy-ids-counted` |" in text
    assert "**survives**, and the run is incomplete" in text


def test_results_are_kept_from_one_run_to_the_next(tmp_path: Path) -> None:
    path = tmp_path / "results"
    first = Results(path)
    first.know("--only x", frozenset({"known"}))
    first.add("hangs", Kill(("answers",), (), 3.0, 1))
    again = Results(path)
    assert (again.known, again.kills) == (first.known, first.kills)


def test_faults_are_listed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["serve", "--list"])
    main()
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == list(FAULTS)
    assert {row[1] for row in rows} == set(map(str, KINDS))
    assert {name for row in rows for name in row[2].split()} == {*all_operations(), "(all)"}


def test_a_fault_is_verified_and_killed(tmp_path: Path) -> None:
    results, written = tmp_path / "results", tmp_path / "KILLS.md"
    clean: dict[str, Any] = {"fault": "", "options": "--no-random --only getDiddoQrSvg", "known": []}
    results.write_text(json.dumps(clean) + "\n")
    command = [sys.executable, "-m", "faults.kill_table", "--focus", "--only", "diddo-svg-with-a-script"]
    paths = os.pathsep.join(str(ROOT / name) for name in ("tests", "tools", "generated/python"))
    done = subprocess.run(
        [*command, "--results", str(results), "--table", str(written)],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "`svg-inert`" in written.read_text()
