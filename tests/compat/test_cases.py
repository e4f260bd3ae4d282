"""Single changes, each run forth and back: the rules that tell of it, how grave each is, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from compat_documents import READ, SENT, changes, with_value
from tillspec.compat.facets import FACETS
from tillspec.compat.released import VERSION_RULES
from tillspec.compat.rules import RULES
from tillspec.pointer import split

CASES = Path(__file__).with_name("cases")
SHORT = {
    "$post": "/paths/~1orders/post",
    "$get": "/paths/~1orders~1{id}/get",
    "$delete": "/paths/~1orders~1{id}/delete",
    "$hook": "/webhooks/orderMoved/post",
    "$new": "/components/schemas/NewOrder",
    "$order": "/components/schemas/Order",
}


def table(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load((CASES / f"{name}.yaml").read_text())  # type: ignore[no-any-return]


VALUES, EDITS, EQUAL, VERSIONS = (table(name) for name in ("values", "edits", "equal", "versions"))
SHOP = yaml.safe_load((CASES / "shop.openapi.yaml").read_text())


def told(old: Any, new: Any) -> list[str]:
    """The severities and rules of what is found, those of the version left out, since the tests do not move it."""
    rules = {change.rule for change in changes(old, new)} - set(VERSION_RULES)
    return sorted(f"{RULES[rule].severity} {rule}" for rule in rules)


# -- values ----------------------------------------------------------------------------------------------------------------


def expected(case: dict[str, Any], direction: str) -> dict[str, list[str]]:
    if "tight" not in case:
        return case[direction]  # type: ignore[no-any-return]
    facet = next(one for one in FACETS if one.name == case["tight"])
    assert facet.gentle == case.get("gentle", False)
    grave = "warning" if facet.gentle else "breaking"
    if direction == "request":
        return {"forth": [f"breaking request-{facet.name}-tightened"], "back": [f"info request-{facet.name}-loosened"]}
    return {"forth": [f"info response-{facet.name}-tightened"], "back": [f"{grave} response-{facet.name}-loosened"]}


@pytest.mark.parametrize("where", [*SENT, *READ])
@pytest.mark.parametrize("case", VALUES, ids=[case["name"] for case in VALUES])
def test_a_value(case: dict[str, Any], where: str) -> None:
    old, new = (with_value(case[side], where) for side in ("old", "new"))
    wanted = expected(case, "request" if where in SENT else "response")
    assert told(old, new) == sorted(wanted["forth"])
    assert told(new, old) == sorted(wanted["back"])


@pytest.mark.parametrize("direction", ["request", "response"])
@pytest.mark.parametrize("case", EQUAL, ids=[case["name"] for case in EQUAL])
def test_two_spellings_of_one_thing(case: dict[str, Any], direction: str) -> None:
    old, new = (with_value(case[side], direction, case.get(f"{side}-version", "3.1.0")) for side in ("old", "new"))
    assert told(old, new) == []
    assert told(new, old) == []


# -- edits -----------------------------------------------------------------------------------------------------------------


def edited(document: Any, edits: list[dict[str, Any]]) -> Any:
    value = copy.deepcopy(document)
    for edit in edits:
        above, last = place(value, edit["at"])
        if "set" in edit:
            put(above, last, copy.deepcopy(edit["set"]))
        elif "move" in edit:
            moved = above.pop(last)
            put(*place(value, edit["move"]), moved)
        else:
            del above[int(last) if isinstance(above, list) else last]
    return value


def put(above: Any, last: str, item: Any) -> None:
    if isinstance(above, list) and last == "-":
        above.append(item)
    else:
        above[int(last) if isinstance(above, list) else last] = item


def place(value: Any, pointer: str) -> tuple[Any, str]:
    head, _, rest = pointer.partition("/")
    *tokens, last = split(SHORT[head] + (f"/{rest}" if rest else "") if head else pointer)
    for token in tokens:
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value, last


def sides(case: dict[str, Any]) -> tuple[Any, Any]:
    old = edited(SHOP, case.get("first", []))
    return old, edited(old, case.get("edits") or [case])


@pytest.mark.parametrize("case", EDITS, ids=[case["name"] for case in EDITS])
def test_an_edit(case: dict[str, Any]) -> None:
    old, new = sides(case)
    assert told(old, new) == sorted(case["forth"])
    assert told(new, old) == sorted(case["back"])


def test_what_a_webhook_carries_is_called_an_event() -> None:
    case = next(case for case in EDITS if case["name"] == "what a webhook carries more")
    places = {change.place for change in changes(*sides(case)) if change.operation}
    assert places == {"event body /more"}


# -- versions --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "value", "least"),
    [
        ("$new/properties/note/maxLength", 50, "2.0.0"),
        ("$new/properties/note/maxLength", 200, "1.1.0"),
        ("$order/properties/note/maxLength", 200, "1.0.1"),
        ("$post/operationId", "makeOrder", "1.1.0"),
        ("$get/deprecated", True, "1.1.0"),
        ("$post/description", "Makes an order.", "1.0.0"),
    ],
)
def test_the_least_version_that_a_change_asks_for(at: str, value: Any, least: str) -> None:
    for version in ("1.0.0", "1.0.1", "1.1.0", "2.0.0"):
        new = edited(SHOP, [{"at": at, "set": value}, {"at": "/info/version", "set": version}])
        rules = [one.rule for one in changes(SHOP, new) if one.rule in VERSION_RULES]
        assert bool(rules) == (version < least), (version, rules)


CHANGES: dict[str, list[dict[str, Any]]] = {
    "breaks": [{"at": "/paths/~1health", "remove": True}],
    "adds": [{"at": "/paths/~1new", "set": {"get": {"responses": {"200": {"description": "Fine."}}}}}],
    "same": [],
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("case", VERSIONS, ids=[f"{case['old']} to {case['new']}" for case in VERSIONS])
def test_a_version(case: dict[str, str], change: str) -> None:
    old, new = edited(SHOP, []), edited(SHOP, CHANGES[change])
    old["info"]["version"], new["info"]["version"] = case["old"], case["new"]
    rules = [one.rule for one in changes(old, new) if one.rule in VERSION_RULES]
    assert (rules or ["-"]) == [case[change]]


# -- all of them -----------------------------------------------------------------------------------------------------------


def named() -> Iterator[str]:
    """The rules that the tables expect."""
    for case in VALUES:
        for direction in ("request", "response"):
            wanted = expected(case, direction)
            yield from (line.split()[1] for line in (*wanted["forth"], *wanted["back"]))
    for case in EDITS:
        yield from (line.split()[1] for line in (*case["forth"], *case["back"]))
    for case in VERSIONS:
        yield from (case[change] for change in CHANGES if case[change] != "-")


def test_every_rule_has_a_case() -> None:
    assert set(RULES) == set(named())


def test_there_are_enough_cases() -> None:
    assert 2 * len(VALUES) + len(EDITS) >= 150
