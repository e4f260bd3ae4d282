"""The table of rules, and the page that is made from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tillspec.compat import explain, rules
from tillspec.compat.rules import FAMILIES, RULES

PAGE = Path(explain.__file__).with_name("RULES.md")


def test_the_page_is_what_the_table_says(accept: bool) -> None:
    if accept:
        PAGE.write_text(explain.whole(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == explain.whole()


def test_each_rule_has_an_anchor_of_its_own() -> None:
    anchors = re.findall(r'<a id="([^"]+)">', PAGE.read_text(encoding="utf-8"))
    assert sorted(anchors) == sorted(RULES)
    assert {rule.family for rule in RULES.values()} == set(FAMILIES)


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_is_explained(name: str) -> None:
    rule = RULES[name]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", name)
    assert rule.summary.endswith(".")
    page = explain.page(name)
    assert page.startswith(f"# {name} ({rule.severity})\n\n{rule.summary}\n\n")
    assert len(page) > 200


def test_no_rule_stands_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    line = " + operation-added | An operation is new.\n"
    monkeypatch.setitem(rules._TABLE, "version", rules._TABLE["version"] + line)
    with pytest.raises(KeyError, match="operation-added stands twice"):
        rules._rules()
