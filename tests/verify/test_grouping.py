"""Findings by cause: what belongs together, what does not, and that ids stay as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillspec.verify.checks import Kind
from tillspec.verify.exchange import Answer, Exchange
from tillspec.verify.findings import Clause, Finding, Ledger, Severity
from tillspec.verify.grouping import Group, groups

from .reported import NAMES, exchange

SURFACES = dict.fromkeys(NAMES, "shop") | {"createPage": "page", "getPage": "page", "other": None}


def found(operation: str, check: str = "no-crash", what: str = "is wrong", pointer: str = "", **given: object) -> Finding:
    words = {"expected": "", "observed": "", "aspect": "", **given}
    return Finding(check, operation, Clause(pointer or f"/{operation}"), what, **words)  # type: ignore[arg-type]


def grouped(*findings: Finding, passed: dict[tuple[str, Kind], int] | None = None) -> list[Group]:
    ledger = Ledger()
    ledger.passed.update(passed or {})
    for finding in findings:
        ledger.add(finding)
    return groups(ledger, SURFACES)


def told(made: list[Group]) -> list[tuple[str, tuple[str, ...]]]:
    return [(group.what, group.operations) for group in made]


def test_one_clause_is_one_cause() -> None:
    made = grouped(
        found("getThing", "body-schema", "breaks a", "/components/schemas/A", aspect="x"),
        found("listThings", "body-schema", "breaks a", "/components/schemas/A", aspect="x"),
        found("getThing", "body-schema", "breaks b", "/components/schemas/A", aspect="y"),
        found("getPage", "body-json", "breaks a", "/components/schemas/A", aspect="x"),
    )
    assert told(made) == [("breaks a", ("listThings", "getThing")), ("breaks b", ("getThing",)), ("breaks a", ("getPage",))]
    assert made[0].id == found("listThings", "body-schema", "", "/components/schemas/A", aspect="x").id


def test_what_is_wrong_with_the_answer_to_what_must_be_refused_follows_from_that() -> None:
    bad, good = exchange("POST", body=b'{"items": []}'), exchange("POST", body=b'{"items": [1, 2, 3]}')
    accepted = found("createThing", "invalid-body-refused", "accepts no items", "/items", steps=(bad,))
    echoed = found("createThing", "echo", "items is another", "/echo", steps=(bad,))
    assert told(grouped(accepted, echoed)) == [("accepts no items", ("createThing",))]
    assert [one.check for one in grouped(accepted, echoed)[0].findings] == ["invalid-body-refused", "echo"]
    shown_elsewhere = found("createThing", "echo", "items is another", "/echo", steps=(good,))
    assert len(grouped(accepted, shown_elsewhere)) == 2
    assert len(grouped(accepted, echoed, shown_elsewhere)) == 2, "it was seen more often than the request that must be refused"
    note = found("createThing", "invalid-body-refused", "accepts no items", "/items", steps=(bad,), severity=Severity.SHOULD)
    assert len(grouped(note, echoed)) == 2, "what must not be is not hidden below what should not"
    rule = found("createThing", "rule-enforced", "accepts what breaks a rule", "/rule", steps=(bad,))
    assert sorted(told(grouped(accepted, rule))) == [
        ("accepts no items", ("createThing",)), ("accepts what breaks a rule", ("createThing",)),
    ]  # fmt: skip


def test_scenarios_follow_from_what_is_found_where_they_end() -> None:
    wrong = found("getThing", "echo", "amount is another", "/things/properties/amount/x-behavior/same-as", steps=(exchange(),))
    amounts = [
        found(
            "getThing",
            "scenario",
            f"{name} ends",
            aspect=name,
            expected=f"$response.body#/{name}/amount == 5",
            steps=(exchange(),),
        )
        for name in ("a", "b")
    ]
    assert told(grouped(wrong, *amounts)) == [("amount is another", ("getThing",))]
    assert told(grouped(*amounts)) == [("does not run as 2 scenarios say", ("getThing",))]
    deleted = found("getThing", "read-after-delete", "a deleted one does not get 404", expected="404", steps=(exchange(),))
    status = found("getThing", "scenario", "ends", expected="$statusCode == 404", steps=(exchange(),))
    assert told(grouped(deleted, status)) == [("a deleted one does not get 404", ("getThing",))]
    elsewhere = found("listThings", "scenario", "ends", expected="$statusCode == 404", steps=(exchange(),))
    other = found("getThing", "scenario", "ends", expected="$response.body#/currency == 5", aspect="c", steps=(exchange(),))
    assert len(grouped(deleted, wrong, elsewhere, other)) == 4


def test_a_body_that_is_not_looked_at_is_one_finding() -> None:
    places = [found("createThing", "invalid-body-refused", f"accepts {at}", f"/{at}", aspect=str(at)) for at in range(6)]
    rule = found("createThing", "rule-enforced", "accepts what breaks a rule")
    other = found("updateThing", "rule-enforced", "accepts what breaks another rule")
    assert told(grouped(*places, rule, other)) == [
        ("validates nothing of the body", ("createThing",)),
        ("accepts what breaks another rule", ("updateThing",)),
    ]
    assert len(grouped(*places[:3])) == 3, "three places may be three mistakes"
    assert len(grouped(*places, passed={("createThing", Kind.BODY): 40})) == 6, "the rest of the body is validated"


def test_several_bodies_that_are_not_looked_at() -> None:
    """Two operations may be two mistakes; most of a surface is one."""
    bodies = [
        found(name, "invalid-body-refused", f"accepts {at}", f"/{name}/{at}", aspect=str(at)) for name in NAMES for at in range(5)
    ]
    assert told(grouped(*bodies)) == [("validates nothing of the body", NAMES)]
    two = [finding for finding in bodies if finding.operation in NAMES[:2]]
    passed = {(name, Kind.BODY): 9 for name in NAMES[2:]}
    assert told(grouped(*two, passed=passed)) == [("validates nothing of the body", (name,)) for name in NAMES[:2]]


def test_a_lenient_parser_is_one_finding() -> None:
    taken = [
        found("createThing", "malformed-refused", f"accepts {what}", aspect=what, severity=Severity.SHOULD) for what in "abcd"
    ]
    passed = {("createThing", Kind.WIRE): 40}
    assert told(grouped(*taken, passed=passed)) == [("takes bodies for JSON that are none", ("createThing",))]
    assert len(grouped(*taken[:3], passed=passed)) == 3


def test_an_operation_that_lets_anybody_in() -> None:
    attempts = [found("getThing", "credentials-checked", f"takes {what}", aspect=what) for what in "abc"]
    assert told(grouped(*attempts, found("getThing", "credentials-required", "needs none"))) == [
        ("checks no credentials", ("getThing",))
    ]


def test_credentials_that_do_not_work_are_one_finding() -> None:
    refused = [found(name, "valid-accepted", "refuses", observed="401 no", severity=Severity.SHOULD) for name in NAMES[:2]]
    other = found("getThing", "valid-accepted", "refuses", observed="400 no", severity=Severity.SHOULD)
    assert told(grouped(*refused, other)) == [
        ("refuses the credentials of the profile", NAMES[:2]),
        ("refuses", ("getThing",)),
    ]


def test_crashes_with_the_same_answer_and_what_follows_from_them() -> None:
    crash = exchange(status=500)
    crashes = [found(name, what="answers 500", observed=f"500 at line 3, id {name}7", steps=(crash,)) for name in NAMES[:2]]
    other = found("getThing", what="answers 500", observed="500 of another kind", steps=(crash,))
    follows = found(NAMES[0], "body-json", "the body of a 500 is not JSON", steps=(crash,))
    leaks = found(NAMES[0], "no-internals", "a stack trace", steps=(crash,))
    own = found(NAMES[0], "body-json", "the body of a 200 is not JSON", pointer="/200", steps=(exchange(),))
    made = grouped(*crashes, other, follows, leaks, own)
    assert [(group.check, len(group.findings)) for group in made] == [
        ("no-crash", 3),
        ("body-json", 1),
        ("no-internals", 1),
        ("no-crash", 1),
    ]


def test_a_header_that_is_missing_is_one_finding() -> None:
    missing = [found(name, "header-required", "the header X-Id is missing", f"/{name}/x") for name in NAMES[:2]]
    assert len(grouped(*missing, found("getThing", "header-required", "the header X-B is missing"))) == 2


def test_the_same_words_of_most_operations_are_one_finding() -> None:
    same = [found(name, "no-trace", "serves TRACE") for name in NAMES]
    passed = {("createPage", Kind.METHODS): 1, ("getPage", Kind.METHODS): 1}
    assert told(grouped(*same, passed=passed)) == [("serves TRACE", NAMES)]
    many = {(name, Kind.METHODS): 1 for name in [*map(str, range(30)), *NAMES, "createPage", "getPage"]}
    assert told(grouped(*same, passed=many)) == [("serves TRACE", NAMES)], "it is all of one surface"
    assert len(grouped(*same[:2], passed=many)) == 2, "two of five may be two mistakes"


def test_the_gravest_come_first_and_lead() -> None:
    made = grouped(
        found("listThings", "challenge", severity=Severity.INFO),
        found("getThing", "body-schema", "b", "/b", severity=Severity.SHOULD),
        found("deleteThing", "body-schema", "b", "/b"),
    )
    assert [group.severity for group in made] == ["MUST", "INFO"]
    assert made[0].lead.operation == "deleteThing"
    assert made[0].id == found("getThing", "body-schema", "b", "/b").id


SOME = [
    *(found(name, "invalid-body-refused", f"accepts {at}", f"/{at}", aspect=str(at)) for name in NAMES[:3] for at in range(4)),
    *(found(name, "no-crash", "answers 500", observed="500") for name in NAMES),
    *(found(name, "body-schema", "breaks", "/shared") for name in NAMES),
    *(found(name, "no-trace", "serves TRACE", severity=Severity.SHOULD) for name in (*NAMES, "getPage")),
]


@given(st.permutations(SOME))
def test_neither_groups_nor_ids_depend_on_when_something_was_found(findings: list[Finding]) -> None:
    def shown(made: list[Group]) -> list[tuple[str, str, list[str]]]:
        return [(group.id, group.what, [finding.id for finding in group.findings]) for group in made]

    assert shown(grouped(*findings)) == shown(grouped(*SOME))


@given(st.lists(st.sampled_from(SOME), unique=True))
def test_every_finding_is_in_one_group(findings: list[Finding]) -> None:
    members = [finding.id for group in grouped(*findings) for finding in group.findings]
    assert sorted(members) == sorted(finding.id for finding in findings)


def test_how_often_it_was_seen() -> None:
    ledger = Ledger()
    for seconds in (1, 2, 3):
        ledger.add(found("getThing", steps=(Exchange(exchange().call, Answer(500 + seconds)),)))
    (group,) = groups(ledger, SURFACES)
    assert group.seen == 3


@pytest.mark.parametrize("surface", [None, "shop"])
def test_without_surfaces_the_whole_is_one(surface: str | None, tmp_path: Path) -> None:
    ledger = Ledger()
    for name in NAMES:
        ledger.add(found(name, "no-trace", "serves TRACE"))
    assert len(groups(ledger, dict.fromkeys(NAMES, surface))) == 1
