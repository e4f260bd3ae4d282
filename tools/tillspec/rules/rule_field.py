"""Rules speak of fields that there are."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading import cel
from tillspec.rules.reading.conditions import check


def rule_field(context: Context) -> Iterator[Diagnostic]:
    """Each field that a rule names and its schema does not have; also behind `has(...)`, where nobody would notice."""
    for condition in context.conditions:
        try:
            fields = check(context.schemas, condition).fields
        except cel.SyntaxFault:
            continue
        for field in fields:
            name, _, hint = field.partition("; ")
            message = f"the rule names the field {name}, which the schema does not have there"
            yield context.found("rule-field", message, condition.node.pointer, hint)
