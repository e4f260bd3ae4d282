"""Examples add up."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading import cel
from tillspec.rules.reading.nodes import Node
from tillspec.rules.reading.totals import added, values


def example_total(context: Context) -> Iterator[Diagnostic]:
    """Each example whose total is not the sum that x-behavior declares it to be."""
    totals = {one.on.pointer: one.node.get("totals").list() for one in context.behaviors.on("schema", "totals")}
    for example in context.examples if totals else ():
        for part in context.instances.parts(example.schema, example.direction, example.node.value):
            for total in totals.get(part.schema.pointer, ()):
                shown = values(part.value, total.text("total"))
                sum_ = added(total, part.value) if shown and _holds(total, part.value) else None
                if sum_ is not None and shown[0][1] != sum_:
                    message = f"the total is {shown[0][1]}, and what it sums comes to {sum_}"
                    pointer = example.node.pointer + part.pointer + total.text("total")
                    hint = f"mend one of the amounts, or the total that is declared at {context.bundle.span(total.pointer)}"
                    yield context.found("example-total", message, pointer, hint)


def _holds(total: Node, value: object) -> bool:
    """Whether the total is one under the given circumstances."""
    if not total.text("when"):
        return True
    try:
        return cel.evaluate(total.text("when"), value) is True
    except (cel.SyntaxFault, cel.EvaluationFault):
        return False
