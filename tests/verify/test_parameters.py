"""Parameters: each keyword broken, required ones left out, and texts that are none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillspec.runtime.operation import Text
from tillspec.runtime.texts import read, write
from tillspec.verify.contract import Contract
from tillspec.verify.judging.readings import readings, scalars
from tillspec.verify.probes.parameters import parameters

from .support import Verified, contract, serving, verified
from .things import CONTRACT, PROFILE, Things

Run = Callable[..., Verified]


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return contract(tmp_path_factory.mktemp("things"), CONTRACT)


@pytest.fixture
def run(things: Contract) -> Run:
    def of(*faults: str, **options: object) -> Verified:
        with serving(Things.having(*faults)) as url:
            return verified(things, url, PROFILE, probes=(parameters,), **options)

    return of


def test_a_server_that_reads_parameters_as_declared_is_left_alone(run: Run) -> None:
    found = run()
    assert not found.findings, str(found)
    assert not found.incomplete
    for check in ("invalid-parameter-refused", "valid-edit-accepted"):
        assert found.passed(check), check


@pytest.mark.parametrize(
    ("fault", "check", "operation", "severity", "what"),
    [
        ("limit not checked", "invalid-parameter-refused", "listThings", "MUST", "limit"),
        ("limit read up to its first letter", "invalid-parameter-refused", "listThings", "MUST", "limit"),
        ("tags not checked", "invalid-parameter-refused", "listThings", "MUST", "tags"),
        ("theme not checked", "invalid-parameter-refused", "listThings", "MUST", "theme"),
        ("id read leniently", "invalid-parameter-refused", "readThing", "MUST", "id"),
        ("kind not required", "invalid-parameter-refused", "listThings", "MUST", "kind"),
        ("shop not required", "invalid-parameter-refused", "listThings", "MUST", "X-Shop"),
        ("highest limit refused", "valid-edit-accepted", "listThings", "SHOULD", "limit"),
        ("fails at bad UTF-8", "no-crash", "listThings", "MUST", "500"),
        ("fails at no value", "no-crash", "listThings", "MUST", "500"),
    ],
)
def test_a_parameter_that_is_read_otherwise_is_told(
    run: Run, fault: str, check: str, operation: str, severity: str, what: str
) -> None:
    found = run(fault)
    told = [one for one in found.of(check) if one.operation == operation]
    assert told, str(found)
    assert severity in {str(one.severity) for one in told}, str(found)
    assert all(what in one.what for one in told), str(found)
    assert found.found("MUST") <= {(check, operation), ("invalid-parameter-refused", "replaceThing")}, str(found)


def test_the_clause_is_the_keyword_that_was_broken(run: Run) -> None:
    found = run("limit not checked")
    pointers = {one.clause.pointer.rpartition("/")[2] for one in found.of("invalid-parameter-refused")}
    assert {"minimum", "maximum", "type"} <= pointers
    assert all(one.clause.line for one in found.of("invalid-parameter-refused"))


def test_a_parameter_of_which_no_value_is_known_is_not_tested(tmp_path: Path) -> None:
    text = CONTRACT.replace(
        "schema: {type: string, enum: [light, dark]}", "schema: {type: string, format: uri, pattern: '^(?!.*)$'}"
    )
    with serving(Things()) as url:
        found = verified(contract(tmp_path, text), url, PROFILE, probes=(parameters,), only=("listThings",))
    assert any("theme" in one.reason for one in found.untested), str(found)


@given(st.one_of(st.integers(-(10**15), 10**15), st.booleans(), st.text(max_size=8), st.none()))
def test_what_a_value_is_written_as_may_be_read_as_it(value: object) -> None:
    found = list(readings(value, value))
    assert any(one == value and type(one) is type(value) for one in found)


@given(st.one_of(st.integers(-(10**15), 10**15), st.floats(allow_nan=False, allow_infinity=False), st.booleans()))
def test_what_the_runtime_reads_is_among_the_readings(value: float) -> None:
    text = write(value)
    kinds = Text(("integer", "number", "boolean"))
    assert any(one == read(kinds, text) for one in scalars(text))


def test_lists_may_be_read_item_by_item() -> None:
    assert [1, 2] in list(readings(["1", "2"], [1]))
    assert ["5"] in list(readings(5, ["a"]))
    assert not list(readings({"a": 1}, "text"))
