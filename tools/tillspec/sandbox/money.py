"""Money: integers in a currency's minor unit, beside an ISO 4217 code."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Final

from checkout_api._runtime.behavior import Rounding

_ROUNDINGS: Final = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN, "down": ROUND_DOWN}


def exponent(currency: str) -> int:
    """How many decimals the currency's minor unit stands for (ISO 4217): EUR 2, JPY 0, KWD 3; 2 where it is not known."""
    from babel.numbers import get_currency_precision

    return int(get_currency_precision(currency))


def display(amount: int, currency: str, locale: str = "en") -> str:
    """An amount as people read it: 5000 and EUR are `€50.00`, 5000 and JPY `¥5,000`."""
    from babel.numbers import format_currency

    return str(format_currency(Decimal(amount).scaleb(-exponent(currency)), currency, locale=locale))


def share(amount: int, percent: float, rounding: Rounding = "half-up") -> int:
    """A percentage of an amount, rounded to the minor unit."""
    exact = Decimal(amount) * Decimal(str(percent)) / 100
    return int(exact.quantize(Decimal(1), rounding=_ROUNDINGS[rounding]))
