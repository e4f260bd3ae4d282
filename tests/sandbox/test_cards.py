"""Test cards: what becomes of a payment with each, and that nothing is kept of a number but its ends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillspec.sandbox import cards
from tillspec.sandbox.cards import Card, CardRefusal, CardVerdict, judge

NOW = int(datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC).timestamp()) * 1_000_000
SECOND = 1_000_000
PUBLISHED = {
    "4242 4242 4242 4242": ("approve", ""),
    "4000 0000 0000 0002": ("decline", "card_declined"),
    "4000 0000 0000 9995": ("decline", "insufficient_funds"),
    "4000 0000 0000 3220": ("challenge", ""),
    "4000 0000 0000 0069": ("decline", "expired_card"),
    "4000 0000 0000 0119": ("decline", "processing_error"),
}


@pytest.mark.parametrize(("number", "expected"), PUBLISHED.items())
@pytest.mark.parametrize("written", ["{}", " {} ", "4-4"])
def test_published_cards(number: str, expected: tuple[str, str], written: str) -> None:
    shown = number.replace(" ", "-") if written == "4-4" else written.format(number)
    verdict = judge(shown, 12, 30, "123", NOW)
    digits = number.replace(" ", "")
    assert isinstance(verdict, CardVerdict)
    assert (verdict.outcome, verdict.code) == expected
    assert verdict.card == Card(scheme="visa", bin=digits[:6], last_four=digits[-4:])
    assert digits not in repr(verdict)


def luhn(number: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10


@given(st.text("0123456789", min_size=0, max_size=25))
def test_no_other_number_is_taken_or_said(number: str) -> None:
    verdict = judge(number, 12, 2030, "123", NOW)
    if number in {known.replace(" ", "") for known in PUBLISHED}:
        return
    assert isinstance(verdict, CardRefusal)
    assert verdict.field == "number"
    assert ("add up" in verdict.message) == (12 <= len(number) <= 19 and luhn(number) != 0)
    assert len(number) < 4 or number not in repr(verdict)


@given(st.text(max_size=30), st.integers(), st.integers(), st.none() | st.text(max_size=6))
def test_whatever_is_filled_in_gets_an_answer(number: str, month: int, year: int, cvc: str | None) -> None:
    assert isinstance(judge(number, month, year, cvc, NOW), CardRefusal | CardVerdict)


def test_a_card_is_good_until_its_month_is_over() -> None:
    number = "4242424242424242"
    assert isinstance(judge(number, 3, 26, "123", NOW), CardVerdict)
    assert isinstance(judge(number, 3, 2026, "123", NOW), CardVerdict)
    past = CardRefusal(field="expiry", message="03/26 is past.")
    assert judge(number, 3, 26, "123", NOW + SECOND) == past == judge(number, 3, 2026, "123", NOW + SECOND)
    for month in (0, 13, -1):
        refused = judge(number, month, 30, "123", NOW)
        assert isinstance(refused, CardRefusal)
        assert refused.field == "expiry"


def test_a_security_code_has_three_or_four_digits_where_it_is_asked_for() -> None:
    assert isinstance(judge("4242424242424242", 12, 30, None, NOW), CardVerdict)
    assert isinstance(judge("4242424242424242", 12, 30, "1234", NOW), CardVerdict)
    for cvc in ("", "12", "12345", "12a", "²³¹", "١٢٣"):
        refused = judge("4242424242424242", 12, 30, cvc, NOW)
        assert isinstance(refused, CardRefusal)
        assert refused.field == "cvc"


def test_a_fingerprint_is_of_one_number_at_one_merchant() -> None:
    made = cards.fingerprint(b"secret", "harbor", "4242 4242 4242 4242")
    assert made == cards.fingerprint(b"secret", "harbor", "4242-4242-4242-4242")
    others = [
        cards.fingerprint(b"secret", "harbor", "4000000000000002"),
        cards.fingerprint(b"secret", "meadow", "4242424242424242"),
        cards.fingerprint(b"other", "harbor", "4242424242424242"),
    ]
    assert made not in others
