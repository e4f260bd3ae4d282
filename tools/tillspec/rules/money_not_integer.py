"""Money is counted in whole units, which no computer rounds."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.money import amounts, has_currency


def money_not_integer(context: Context) -> Iterator[Diagnostic]:
    """Each amount that is a JSON number with a fraction: declared as money, or so named and beside a currency."""
    for amount in amounts(context):
        types = context.schemas.types(amount.schema) - {"null"}
        if "number" in types and "string" not in types and (amount.declared or has_currency(context, amount.owner)):
            message = f"{amount.name!r} is an amount of money, and may have a fraction"
            hint = "count it in the currency's minor unit: type: integer"
            yield context.found("money-not-integer", message, amount.schema.pointer, hint, key=True)
