"""`tillspec prove` as a user runs it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers import Tillspec
from prove.conftest import HERE
from tillspec.diagnostics import Report
from tillspec.document.bundle import Bundle
from tillspec.pipeline import contract
from tillspec.prove import table
from tillspec.prove.package import Package, importing
from tillspec.prove.reader import Subject
from tillspec.prove.report import Failure, Proof, Result, Tally, grouped
from tillspec.prove.run import prove

ROOT = HERE.parent.parent


def test_our_contract_is_proved(tillspec: Tillspec) -> None:
    done = tillspec("prove", "--package", "checkout_api", "--most", "60", "--json", "-", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout[: done.stdout.rindex("\n}\n") + 3])
    total = found["total"]
    assert total["valid"] == total["accepted"] == total["round_tripped"] > 2000
    assert total["refused_by_rule"] > 0, "our contract has rules across fields, and instances that break them"
    assert total["structural"] > 5000
    assert total["format"] > 100
    assert total["stub"] > 500
    assert [subject["name"] for subject in found["subjects"] if subject["unmade"]] == []
    assert {subject["kind"] for subject in found["subjects"]} == {"component", "request", "response"}
    assert all({"pointer", "keyword", "clause", "valid"} <= case.keys() for case in found["disagreements"])


def test_every_keyword_is_proved(generated: Callable[[Path], Path], tillspec: Tillspec) -> None:
    spec = HERE / "constructs.yaml"
    done = tillspec("prove", str(spec), "--package", str(generated(spec)), cwd=ROOT)
    assert done.returncode == 0, done.stdout
    *_, last = done.stdout.splitlines()
    assert last.startswith(f"{spec}: proved: ")
    assert "accepted 100 %, round-tripped 100 %, wrongly accepted 0 of " in last
    assert "no valid instance was found, so mutants alone: Never" in done.stdout
    heads = done.stdout.splitlines()[:6]
    assert [line for line in heads if len(line) > 80] == []


def test_without_a_package_one_is_made_and_left_nowhere(tillspec: Tillspec, tmp_path: Path) -> None:
    done = tillspec("prove", str(HERE / "planted.yaml"), "--brief", cwd=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
    assert "proved_api" not in sys.modules


def test_the_same_is_found_each_time(generated: Callable[[Path], Path]) -> None:
    spec = HERE / "planted.yaml"
    folder = generated(spec)
    whole = contract(spec, (), Report())
    with importing(folder.parent, folder.name):
        first, second = (prove(whole, Package.of(folder.name), 90).as_json() for _ in range(2))
    assert first == second


def test_what_was_left_out_is_told(generated: Callable[[Path], Path], tillspec: Tillspec) -> None:
    spec = HERE / "planted.yaml"
    done = tillspec("prove", str(spec), "--package", str(generated(spec)), "--most", "20", cwd=ROOT)
    assert "left out: further edits of " in done.stdout
    assert "beyond --most 20 each" in done.stdout
    more = tillspec("prove", str(spec), "--package", str(generated(spec)), "--most", "5000", cwd=ROOT)
    assert "left out" not in more.stdout


def test_models_alone_can_be_proved(tillspec: Tillspec, tmp_path: Path) -> None:
    spec = HERE / "planted.yaml"
    made = tillspec("generate", "--spec", str(spec), "--out", "out", "--package", "alone", "--only", "models", cwd=tmp_path)
    assert made.returncode == 0
    done = tillspec("prove", str(spec), "--package", "out/python/alone", cwd=tmp_path)
    assert done.returncode == 0
    assert "not proved: 2 bodies; the package was made without operations" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--package", "no_such_package"), "no_such_package cannot be imported"),
        (("--package", "json"), "json cannot be imported"),
        (("--most", "0"), "0 is not in the range"),
    ],
)
def test_what_cannot_be_proved_is_wrong_usage(arguments: tuple[str, ...], told: str, tillspec: Tillspec, tmp_path: Path) -> None:
    done = tillspec("prove", str(HERE / "planted.yaml"), *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_contract_that_cannot_be_read_exits_2(tillspec: Tillspec, tmp_path: Path) -> None:
    done = tillspec("prove", "nowhere.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "nowhere.yaml" in done.stderr
    assert "nothing was proved" in done.stderr


def test_another_contracts_package_is_told_as_missing(generated: Callable[[Path], Path], constructs: Bundle) -> None:
    folder = generated(HERE / "planted.yaml")
    with importing(folder.parent, folder.name):
        result = prove(constructs, Package.of(folder.name), 10)
    assert {failure.check for failure in result.failures} == {"missing"}
    assert len(result.failures) == len(result.proofs)


# -- what is printed -------------------------------------------------------------------------------------------------------

SUBJECT = Subject("component", "A", "/components/schemas/A", "both")


def failure(said: str = "broken: type at /a", instance: object = None, kind: str = "type: null") -> Failure:
    return Failure("accepted", "A", "type", kind, "/components/schemas/A/type", "/a", instance, said)


def test_a_share_is_rounded_down() -> None:
    assert table.percent(3, 3) == "100 %"
    assert table.percent(99_999, 100_000) == "99.99 %"
    assert table.percent(0, 7) == "0 %"
    assert table.percent(0, 0) == "-"


def test_failures_of_one_kind_are_one_with_the_smallest_instance() -> None:
    found = grouped([failure(instance={"a": None, "b": 1}), failure(instance={"a": None}), failure(kind="type: 0", instance=0)])
    assert [(one.kind, one.instance, one.count) for one in found] == [("type: null", {"a": None}, 2), ("type: 0", 0, 1)]


def test_text_of_a_contract_cannot_move_the_terminal() -> None:
    proof = Proof(SUBJECT, Tally(valid=1), [failure(said="\x1b[2J", instance={"\x1b[2J": "\u202e"})])
    text = "\n".join(table.failures(Result(10, [proof])))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "not proved: 1 instances of 1 schemas" in table.verdict(Result(10, [proof]))
