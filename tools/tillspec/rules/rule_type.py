"""Rules compare what can be compared, and come to true or false."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading import cel
from tillspec.rules.reading.conditions import Condition, check


def rule_type(context: Context) -> Iterator[Diagnostic]:
    """Each rule whose types do not fit: by its schema, or when it is carried out on a value with every field."""
    for condition in context.conditions:
        try:
            problem = next(iter(check(context.schemas, condition).types), "") or _tried(context, condition)
        except cel.SyntaxFault:
            continue
        if problem:
            hint = "compare a number with a number and a text with a text; int(), double() and string() convert"
            yield context.found("rule-type", f"the rule does not fit its schema: {problem}", condition.node.pointer, hint)


def _tried(context: Context, condition: Condition) -> str:
    """What goes wrong with the types on a value that has every field."""
    try:
        result = cel.evaluate(condition.node.value, context.instances.maximal(condition.schema))
    except cel.EvaluationFault as fault:
        return str(fault) if fault.kind == "type" else ""
    return "" if isinstance(result, bool) else "it comes to a value that is neither true nor false"
