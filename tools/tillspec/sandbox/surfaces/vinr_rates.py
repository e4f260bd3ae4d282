"""What an amount is in another currency, at rates that never change.

The contract lets the buyer choose a currency and says nothing of rates. The sandbox has test rates of its own: near enough to
life that an amount in the wrong currency is noticed, and fixed, so that a test can expect a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Final

from tillspec.sandbox import money

RATES: Final[Mapping[str, Decimal]] = MappingProxyType(
    {
        code: Decimal(rate)
        for code, rate in (
            ("EUR", "1"), ("USD", "1.1"), ("GBP", "0.85"), ("CHF", "0.95"), ("NOK", "11.5"), ("SEK", "11.2"), ("DKK", "7.45"),
            ("ISK", "150"), ("PLN", "4.3"), ("CZK", "25"), ("HUF", "400"), ("RON", "5"), ("TRY", "40"), ("CAD", "1.5"),
            ("AUD", "1.65"), ("NZD", "1.8"), ("JPY", "160"), ("KRW", "1500"), ("CNY", "7.8"), ("HKD", "8.6"), ("SGD", "1.45"),
            ("INR", "92"), ("BRL", "6"), ("MXN", "20"), ("ZAR", "20"), ("AED", "4"), ("ILS", "4"), ("BHD", "0.41"),
            ("KWD", "0.33"),
        )
    }
)  # fmt: skip
"""How much of a currency one euro is. A currency that is not named is worth a euro."""

_ONE: Final = Decimal(1)


def converted(amount: int, source: str, target: str) -> int:
    """An amount of one currency in another, both in minor units, rounded half up."""
    if source == target:
        return amount
    euros = Decimal(amount).scaleb(-money.exponent(source)) / RATES.get(source, _ONE)
    exact = (euros * RATES.get(target, _ONE)).scaleb(money.exponent(target))
    return int(exact.quantize(_ONE, rounding=ROUND_HALF_UP))
