"""An amount says of which currency it is."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.money import amounts, has_currency
from tillspec.rules.reading.nodes import at


def money_without_currency(context: Context) -> Iterator[Diagnostic]:
    """Each amount without a currency in its object, nor in any object that has that one, nor in what is asked with it."""
    if any("currency" in node.text("name").lower() for operation in context.operations for node in operation.parameters):
        return
    for amount in amounts(context):
        if amount.declared or not amount.is_certain or not context.schemas.types(amount.schema) & {"integer", "number"}:
            continue
        waiting, seen = [amount.owner.pointer], {amount.owner.pointer}
        while waiting and not has_currency(context, at(context.document, waiting[-1])):
            above = context.above.get(waiting.pop(), set()) - seen
            seen |= above
            waiting += above
        if not waiting:
            message = f"{amount.name!r} is an amount of money, and neither its object nor one around it has a currency"
            hint = "put a field currency with the ISO 4217 code beside it, or declare x-behavior: {money: ...}"
            yield context.found("money-without-currency", message, amount.schema.pointer, hint, key=True)
