"""Rules are expressions."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading import cel


def rule_syntax(context: Context) -> Iterator[Diagnostic]:
    """Each rule, and each condition of a total, that does not compile."""
    for condition in context.conditions:
        try:
            cel.compiles(condition.node.value)
        except cel.SyntaxFault as fault:
            hint = "see https://github.com/google/cel-spec; beside CEL's own there is sum(list)"
            yield context.found("rule-syntax", f"this is no CEL expression: {fault}", condition.node.pointer, hint)
