"""What is held against a bundle before anything is made from it."""

from __future__ import annotations

from tillspec.diagnostics import Diagnostic
from tillspec.document.bundle import Bundle
from tillspec.rules.links import links
from tillspec.rules.structure import structure

RULES = (structure, links)


def check(bundle: Bundle) -> list[Diagnostic]:
    """All that the rules find."""
    return [diagnostic for rule in RULES for diagnostic in rule(bundle)]
