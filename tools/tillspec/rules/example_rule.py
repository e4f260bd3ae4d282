"""Examples keep the rules that their schemas declare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.pointer import Pointer
from tillspec.rules.context import Context
from tillspec.rules.reading import cel
from tillspec.rules.reading.conditions import Condition


def example_rule(context: Context) -> Iterator[Diagnostic]:
    """Each rule that an example breaks. An example that does not fit its schema breaks that first."""
    rules: dict[Pointer, list[Condition]] = defaultdict(list)
    for condition in context.conditions:
        if condition.message:
            rules[condition.schema.pointer].append(condition)
    for example in context.examples if rules else ():
        if not context.validators.is_valid(example.schema, example.direction, example.node.value):
            continue
        for part in context.instances.parts(example.schema, example.direction, example.node.value):
            for condition in rules.get(part.schema.pointer, ()):
                problem = _broken(condition, part.value)
                if problem:
                    pointer = example.node.pointer + part.pointer
                    hint = f"mend the example, or the rule at {context.bundle.span(condition.node.pointer)}"
                    yield context.found("example-rule", f"this example breaks a rule: {problem}", pointer, hint)


def _broken(condition: Condition, value: object) -> str:
    try:
        return "" if cel.evaluate(condition.node.value, value) is not False else condition.message
    except cel.SyntaxFault:
        return ""
    except cel.EvaluationFault as fault:
        return f"{condition.message} (it cannot be carried out: {fault}; ask for what is optional with has())"
