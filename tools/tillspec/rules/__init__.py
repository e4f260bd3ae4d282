"""What is held against a bundle before anything is made from it."""

from __future__ import annotations

from dataclasses import replace

from tillspec.diagnostics import Diagnostic, Severity
from tillspec.document.bundle import Bundle
from tillspec.document.grammar import walk
from tillspec.rules.behavior_invalid import behavior_invalid
from tillspec.rules.context import Context
from tillspec.rules.links import links
from tillspec.rules.rule_syntax import rule_syntax
from tillspec.rules.structure import structure
from tillspec.rules.unfolding import unfolding


def check(bundle: Bundle) -> list[Diagnostic]:
    """All that the rules find which hold for everything that is made."""
    objects = list(walk("openapi", bundle.value, ""))
    return [*structure(bundle), *links(bundle, objects), *unfolding(bundle, objects)]


def check_behavior(bundle: Bundle) -> list[Diagnostic]:
    """What of a document's behaviour cannot be read, as warnings: another tool may mean something else by `x-behavior`."""
    if not any("x-behavior" in source.text for source in bundle.sources):
        return []
    context = Context(bundle)
    return [replace(found, severity=Severity.WARNING) for rule in (behavior_invalid, rule_syntax) for found in rule(context)]
