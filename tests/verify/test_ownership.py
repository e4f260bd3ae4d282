"""Owners: a server that keeps tenants apart passes; each leak between them is found."""

from __future__ import annotations

import pytest

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Contract
from tillspec.verify.probes.among import among
from tillspec.verify.probes.lists import lists
from tillspec.verify.probes.ownership import ownership

from .shop import PROFILE, VARIANTS, Shop, declared, plain
from .support import Verified, serving, verified

PROBES = (ownership, lists, among)
CHECKS = ("foreign-refused", "foreign-untouched", "foreign-listed")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return declared(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def plain_shop(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return plain(tmp_path_factory.mktemp("plain"))


def of(shop: Contract, *faults: str, profile: str = PROFILE, only: tuple[str, ...] = ()) -> Verified:
    with serving(Shop(*faults).app) as url:
        return verified(shop, url, profile, probes=PROBES, only=only)


def test_a_shop_that_keeps_tenants_apart_passes(shop: Contract) -> None:
    made = of(shop)
    assert made.found() == set(), str(made)
    assert (made.untested, made.incomplete) == ([], [])
    assert [check for check in (*CHECKS, "foreign-hidden", "among") if not made.passed(check)] == []


@pytest.mark.parametrize(
    ("fault", "operation", "check", "aspect"),
    [
        ("foreign things", "getThing", "foreign-refused", ""),
        ("foreign things", "changeThing", "foreign-refused", ""),
        ("foreign things", "changeThing", "foreign-untouched", ""),
        ("foreign things", "deleteThing", "foreign-untouched", ""),
        ("changes foreign ones", "changeThing", "foreign-untouched", ""),
        ("foreign is 403", "getThing", "foreign-refused", "another tenant's object"),
        ("told apart", "getThing", "foreign-hidden", ""),
        ("state told to all", "closeThing", "foreign-refused", "another tenant's object"),
        ("items in any box", "getItem", "foreign-refused", ""),
        ("items in foreign boxes", "createItem", "foreign-refused", ""),
        ("lists all", "listThings", "foreign-listed", ""),
        ("shows foreign ones", "showThing", "among", "a value that names another tenant's"),
    ],
)
def test_a_leak_is_found(shop: Contract, fault: str, operation: str, check: str, aspect: str) -> None:
    made = of(shop, fault, only=(operation,))
    assert ("MUST", aspect) in [(one.severity, one.aspect) for one in made.of(check)], str(made)


@pytest.mark.parametrize("variant", VARIANTS)
def test_another_way_of_keeping_the_contract_is_no_alarm(shop: Contract, variant: str) -> None:
    made = of(shop, variant)
    assert made.found("MUST", "SHOULD") == set(), str(made)
    assert made.incomplete == []


def test_a_finding_shows_what_was_asked(shop: Contract) -> None:
    [finding] = of(shop, "changes foreign ones", only=("changeThing",)).findings
    before, attack, after = finding.steps
    assert (before.call.tenant, attack.call.tenant, after.call.tenant) == ("second", "first", "second")
    assert (attack.answer.status, finding.observed) == (404, "/note")
    assert finding.clause.line


def test_without_a_word_on_owners_it_is_told_and_no_more(plain_shop: Contract) -> None:
    made = of(plain_shop)
    assert not made.found("MUST")
    assert not [one for one in made.findings if one.kind is Kind.OWNERSHIP], str(made)
    assert [check for check in CHECKS if not made.passed(check)] == []
    made = of(plain_shop, "foreign things", "lists all")
    assert {one.severity for one in made.findings if one.kind is Kind.OWNERSHIP} == {"SHOULD"}, str(made)
    assert {"foreign-refused", "foreign-listed"} <= {one.check for one in made.findings}


def test_what_is_refused_and_done_all_the_same_is_wrong_whatever_the_contract_says(plain_shop: Contract) -> None:
    made = of(plain_shop, "changes foreign ones", only=("changeThing",))
    assert [one.severity for one in made.of("foreign-untouched")] == ["MUST"], str(made)


def test_one_tenant_alone_is_told(shop: Contract) -> None:
    made = of(shop, profile=PROFILE.partition("[tenants.second.credentials]")[0], only=("getThing", "listThings"))
    assert {(one.operation, one.reason, one.fill) for one in made.untested if one.kind is Kind.OWNERSHIP} == {
        ("getThing", "there is one tenant alone", "tenants.second.credentials"),
        ("listThings", "there is one tenant alone", "tenants.second.credentials"),
    }


def test_two_tenants_with_one_object_are_told(shop: Contract) -> None:
    same = PROFILE + '[tenants.second.parameters]\nid = "t_1"\n[tenants.first.parameters]\nid = "t_1"\n'
    made = of(shop, profile=same, only=("getThing",))
    assert "both tenants have the same object" in {one.reason for one in made.untested}, str(made)
