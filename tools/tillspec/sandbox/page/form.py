"""What a buyer has sent: a form of bounded size, as choices and a card.

A card's number is held here for one request, and is part of nothing that is stored, shown or logged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Final, Literal
from urllib.parse import parse_qsl

from starlette.requests import Request

from tillspec.sandbox import cards, places
from tillspec.sandbox.hosted import Address, Choices, Line, View

MOST_BYTES: Final = 64 * 1024
_MOST_FIELDS: Final = 200
_TYPE: Final = "application/x-www-form-urlencoded"
_EXPIRY: Final = re.compile(r"(\d{1,2})\s*[/.\- ]?\s*(\d{4}|\d{2})", re.ASCII)
_ADDRESS: Final = tuple(each.name for each in fields(Address))

Deed = Literal["update", "remove", "pay", "cancel", "approve", "decline"]
"""What a buyer wants; `remove` takes a promo code away."""

_DEEDS: Final[Mapping[str, Deed]] = {
    "update": "update", "remove": "remove", "pay": "pay", "cancel": "cancel", "approve": "approve", "decline": "decline",
}  # fmt: skip


class BadForm(Exception):
    """What was sent is no form of the page; `status` is that of the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, for the buyer, and the form's field that it is about; empty if it is about none."""

    field: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card as it was typed."""

    number: str = field(default="", repr=False)
    expiry: str = field(default="", repr=False)
    cvc: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form as it was sent. `seen` is the total that the buyer saw above the button."""

    deed: Deed
    token: str
    seen: str
    card: Card
    given: Mapping[str, str]

    def address(self, view: View) -> Address:
        """The address as it is filled in now; fields that the form does not have stay as they were."""
        filled = {name: self.given[name].strip() for name in _ADDRESS if name in self.given}
        address = replace(view.address, **filled)
        moved = address.country != view.address.country
        if moved and address.province and not places.is_province(address.country, address.province):
            address = replace(address, province="")  # the list was that of the country before
        return address

    def choices(self, view: View) -> Choices | None:
        """What the buyer has chosen anew; None if that is nothing. Quantities that cannot be are left out: see `problems`."""
        address, option, currency = self.address(view), self.given.get("option"), self.given.get("currency")
        promo = "" if self.deed == "remove" else self.given.get("promo_code", "").strip() or None
        choices = Choices(
            address=address if address != view.address else None,
            option=option if option != view.chosen else None,
            currency=currency if currency != view.currency else None,
            promo_code=promo if promo != view.promo_code else None,
            quantities={
                line.id: int(text)
                for _, line, text in self._quantities(view)
                if _is_within(text, line.most or 0) and int(text) != line.quantity
            },
        )
        return choices if choices != Choices() else None

    def problems(self, view: View) -> list[Problem]:
        """What is wrong with the quantities."""
        return [
            Problem(f"quantity-{number}", f"Please choose between 1 and {line.most} of {line.title}.")
            for number, line, text in self._quantities(view)
            if not _is_within(text, line.most or 0)
        ]

    def _quantities(self, view: View) -> list[tuple[int, Line, str]]:
        """The lines whose quantity may be changed, with what stands in their field."""
        found = ((number, line, self.given.get(f"quantity-{number}")) for number, line in enumerate(view.lines))
        return [(number, line, text.strip()) for number, line, text in found if line.most is not None and text is not None]


def _is_within(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most


async def read(request: Request) -> Form:
    """The form of a request.

    Raises:
        BadForm: it is too large, or none.
        ClientDisconnect: the browser has gone away.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise BadForm(415, "The page takes what its own forms send.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise BadForm(413, f"A form has at most {MOST_BYTES // 1024} kB.")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace")
    except ValueError:
        raise BadForm(400, "The form cannot be read.") from None
    given = dict(reversed(pairs))
    deed = _DEEDS.get(given.get("do", ""))
    if deed is None:
        raise BadForm(400, "The form does not say what to do.")
    card = Card(number=given.pop("number", ""), expiry=given.pop("expiry", ""), cvc=given.pop("cvc", ""))
    return Form(deed=deed, token=given.pop("token", ""), seen=given.pop("seen", ""), card=card, given=given)


def judge(card: Card, now: int) -> cards.CardVerdict | list[Problem]:
    """What becomes of a payment with a card, or what is wrong with it; `now` is in microseconds by the sandbox's clock."""
    found = []
    if not card.number.strip():
        found.append(Problem("number", "Please enter a card number."))
    expiry = _EXPIRY.fullmatch(card.expiry.strip())
    if expiry is None:
        found.append(Problem("expiry", "Please enter when the card expires, such as 12/30."))
    if not card.cvc.strip():
        found.append(Problem("cvc", "Please enter the security code."))
    if found or expiry is None:
        return found
    verdict = cards.judge(card.number, int(expiry[1]), int(expiry[2]), card.cvc.strip(), now)
    return [Problem(verdict.field, verdict.message)] if isinstance(verdict, cards.CardRefusal) else verdict
