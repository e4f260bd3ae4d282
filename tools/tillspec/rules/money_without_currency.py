"""An amount says of which currency it is."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.money import Amount, amounts, has_currency, is_told
from tillspec.rules.reading.nodes import at


def money_without_currency(context: Context) -> Iterator[Diagnostic]:
    """Each amount without a currency in its object, nor in any object that has that one, nor in what is asked with it."""
    if any("currency" in node.text("name").lower() for operation in context.operations for node in operation.parameters):
        return
    for amount in amounts(context):
        if _is_doubtless(context, amount) and not _is_covered(context, amount):
            message = f"{amount.name!r} is an amount of money, and neither its object nor one around it has a currency"
            hint = "put a field currency with the ISO 4217 code beside it, or declare x-behavior: {money: ...}"
            yield context.found("money-without-currency", message, amount.schema.pointer, hint, key=True)


def _is_doubtless(context: Context, amount: Amount) -> bool:
    """Whether an amount is money by its name, a number, and in use; and its description names no currency."""
    is_number = bool(context.schemas.types(amount.schema) & {"integer", "number"})
    in_use = bool(context.directions(amount.owner.pointer))
    return amount.is_certain and not amount.declared and is_number and in_use and not is_told(context, amount)


def _is_covered(context: Context, amount: Amount) -> bool:
    """Whether its object, or one around it, has a currency."""
    waiting, seen = [amount.owner.pointer], {amount.owner.pointer}
    while waiting:
        pointer = waiting.pop()
        if has_currency(context, at(context.document, pointer)):
            return True
        around = context.above.get(pointer, set()) - seen
        seen |= around
        waiting += around
    return False
