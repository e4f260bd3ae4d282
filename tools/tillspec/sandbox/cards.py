"""The test cards that buyers may pay with, and what becomes of a payment with each of them.

They are those that VINR publishes, and there are no others. What is kept of a card is its `Card`: no answer, error or
representation made here holds its number.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final, Literal

from tillspec.sandbox import clock

Outcome = Literal["approve", "decline", "challenge"]
"""What becomes of a payment. A `challenge` is one of 3-D Secure, which the buyer has yet to answer."""

Field = Literal["number", "expiry", "cvc"]
"""What a buyer fills in."""

_CARDS: Final[dict[str, tuple[Outcome, str]]] = {
    "4242424242424242": ("approve", ""),
    "4000000000000002": ("decline", "card_declined"),
    "4000000000009995": ("decline", "insufficient_funds"),
    "4000000000003220": ("challenge", ""),
    "4000000000000069": ("decline", "expired_card"),
    "4000000000000119": ("decline", "processing_error"),
}
_LENGTHS: Final = range(12, 20)
"""How many digits a card number has (ISO/IEC 7812-1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What may be kept and shown of a card: `bin` is its first six digits, `last_four` its last four."""

    scheme: Literal["visa"] = "visa"
    bin: str
    last_four: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardVerdict:
    """What becomes of a payment with a card. `code` says why it is declined, and is empty otherwise."""

    outcome: Outcome
    code: str = ""
    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRefusal:
    """What was filled in is no card that can be used: the field at fault, and a text for the buyer."""

    field: Field
    message: str


def judge(number: str, month: int, year: int, cvc: str | None, now: int) -> CardVerdict | CardRefusal:
    """What becomes of a payment with a card.

    Args:
        number: Its digits; spaces and dashes between them are fine.
        month: The month of its expiry, 1 to 12. It is good until that month is over, in UTC.
        year: The year of its expiry; below 100 it is one of this century.
        cvc: Its security code; None where nobody asks for it.
        now: The time, in microseconds by the sandbox's clock.
    """
    digits = digits_of(number)
    if not (digits.isascii() and digits.isdigit() and len(digits) in _LENGTHS):
        return CardRefusal(field="number", message="This is not a card number.")
    if not _adds_up(digits):
        return CardRefusal(field="number", message="The digits of this card number do not add up. Check them.")
    known = _CARDS.get(digits)
    if known is None:
        return CardRefusal(field="number", message="This is not the number of a test card. Real cards are not taken here.")
    if not 1 <= month <= 12:
        return CardRefusal(field="expiry", message="The month is one of 01 to 12.")
    today = clock.moment(now)
    if (year + 2000 if year < 100 else year, month) < (today.year, today.month):
        return CardRefusal(field="expiry", message=f"{month:02}/{year % 100:02} is past.")
    if cvc is not None and not (cvc.isascii() and cvc.isdigit() and len(cvc) in (3, 4)):
        return CardRefusal(field="cvc", message="The security code has three or four digits.")
    outcome, code = known
    return CardVerdict(outcome=outcome, code=code, card=Card(bin=digits[:6], last_four=digits[-4:]))


def digits_of(number: str) -> str:
    """A card number without the spaces and dashes that people write in it."""
    return "".join(number.split()).replace("-", "")


def fingerprint(secret: bytes, merchant: str, number: str) -> str:
    """A hash of a card number in hex, the same for the same number at one merchant; who lacks the secret cannot undo it."""
    return hmac.digest(secret, f"{merchant} card {digits_of(number)}".encode(), hashlib.sha256).hex()


def _adds_up(digits: str) -> bool:
    """Luhn's check (ISO/IEC 7812-1, annex B)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(int(digit) for digit in digits[::-2])) % 10 == 0
