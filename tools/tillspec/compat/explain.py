"""What is said of each rule: its line in the table, and the page of its family."""

from __future__ import annotations

from pathlib import Path

from tillspec.compat.rules import FAMILIES, RULES, Rule

_PAGES = Path(__file__).with_name("pages")


def page(name: str) -> str:
    """What a rule finds, why, and what to do.

    Raises:
        KeyError: there is no such rule.
    """
    rule = RULES[name]
    return f"# {rule.id} ({rule.severity})\n\n{rule.summary}\n\n{_family(rule.family)}"


def summaries() -> list[str]:
    """A line for each rule."""
    width = max(map(len, RULES))
    return [f"{rule.id:{width}}  {rule.severity:8}  {rule.summary}" for rule in RULES.values()]


def whole() -> str:
    """All rules on one page, each with an anchor that is its id."""
    note = "<!-- Made from the table of rules and the pages beside it; do not edit. -->"
    parts = [f"# Rules of `tillspec diff`\n\n{note}\n\n{_page('index')}"]
    for family in FAMILIES:
        parts.append(f"## {family.capitalize()}\n\n{_family(family)}")
        parts += [_row(rule) for rule in RULES.values() if rule.family == family]
    return "\n".join(parts)


def _row(rule: Rule) -> str:
    return f'### <a id="{rule.id}"></a>{rule.id}\n\n{rule.severity.capitalize()}. {rule.summary}\n'


def _family(family: str) -> str:
    return _page(family.replace(" ", "-"))


def _page(name: str) -> str:
    return (_PAGES / f"{name}.md").read_text(encoding="utf-8")
