"""Sessions: made, read, changed and deleted, with a payment method in them."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from faults.variants.stdlib.tokens import Merchant

SHOWN = ("cart_items", "metadata", "buyer", "airline", "amount", "currency", "payment_service_id")
_LEAST = 3600
_CARD = 300


class Broken(Exception):
    """A rule that a request breaks, with the place of it."""

    def __init__(self, message: str, at: str) -> None:
        super().__init__(message)
        self.at = at


class NotFound(Exception):
    """There is no such object."""


class MethodGone(Exception):
    """There is no such stored payment method."""


@dataclass(slots=True)
class Session:
    """What is kept of a session. Times are in seconds."""

    id: str
    merchant: Merchant
    account: str
    values: dict[str, Any]
    expires: float
    payment: dict[str, Any] | None = None
    payment_until: float | None = None


def obeys(values: dict[str, Any]) -> None:
    """Holds the values of a session against the rules across fields.

    Raises:
        Broken: one is broken.
    """
    for at, line in enumerate(values.get("cart_items") or []):
        total = line["unit_amount"] * line["quantity"] - (line.get("discount_amount") or 0) + (line.get("tax_amount") or 0)
        if total < 0:
            raise Broken("A line comes to less than nothing.", f"/cart_items/{at}/discount_amount")
    source = values.get("payment_source")
    later = source in ("recurring", "installment") and values.get("is_subsequent_payment") is True
    if values.get("merchant_initiated") is True and not (source == "card_on_file" or later):
        raise Broken("Such a payment has another source.", "/is_subsequent_payment")


@dataclass(slots=True)
class Sessions:
    """All sessions, by `now`, a clock in seconds."""

    now: Callable[[], float]
    held: dict[str, Session] = field(default_factory=dict)

    def make(self, merchant: Merchant, account: str, values: dict[str, Any]) -> dict[str, Any]:
        obeys(values)
        self._service(merchant, values)
        kept = {name: value for name, value in values.items() if name != "expires_in"}
        ends = self.now() + int(values.get("expires_in", _LEAST))
        session = Session(str(uuid.uuid4()), merchant, account, kept, ends)
        self.held[session.id] = session
        return self.shown(session)

    def find(self, key: str, merchant: Merchant | None, account: str | None) -> Session:
        session = self.held.get(key.lower())
        foreign = session is not None and merchant is not None and (session.merchant, session.account) != (merchant, account)
        if session is None or foreign or self.now() >= session.expires:
            raise NotFound("There is no such session.")
        return session

    def change(self, session: Session, values: dict[str, Any]) -> dict[str, Any]:
        obeys(values)
        self._service(session.merchant, values)
        whole = {**session.values, **{name: value for name, value in values.items() if name != "expires_in"}}
        obeys(whole)
        session.values = whole
        if "expires_in" in values:
            session.expires = self.now() + int(values["expires_in"])
        return self.shown(session)

    def delete(self, session: Session) -> None:
        del self.held[session.id]

    def shown(self, session: Session) -> dict[str, Any]:
        """A session in JSON's terms; what is empty is left out."""
        ends = datetime.fromtimestamp(session.expires, UTC).isoformat(timespec="milliseconds")
        values = {name: session.values[name] for name in SHOWN if session.values.get(name) is not None}
        shown = {"id": session.id, "type": "checkout-session", **values, "expires_at": ends}
        if session.payment is not None and (session.payment_until is None or self.now() < session.payment_until):
            shown["payment_method"] = session.payment
        return shown

    def pay_with(self, session: Session, method: dict[str, Any]) -> None:
        """Puts a payment method into a session.

        Raises:
            Broken: the card cannot be used.
            MethodGone: there is no such stored method.
        """
        until: float | None = self.now() + _CARD
        if method["method"] == "card":
            payment = self._card(method)
        elif method["method"] == "id":
            if method["id"].lower() not in session.merchant.methods:
                raise MethodGone
            payment, until = {"type": "payment-method", "method": "card", "id": method["id"].lower()}, None
        else:
            payment = {"type": "payment-method", "method": "card"}
        session.payment, session.payment_until = payment, until

    def _card(self, method: dict[str, Any]) -> dict[str, Any]:
        number = method["number"]
        digits = [int(digit) for digit in reversed(number)]
        luhn = sum(digits[0::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
        if luhn % 10:
            raise Broken("The digits of this number do not add up.", "/payment_method/number")
        month, year = map(int, method["expiration_date"].split("/"))
        today = datetime.fromtimestamp(self.now(), UTC)
        if not 1 <= month <= 12 or (2000 + year, month) < (today.year, today.month):
            raise Broken("The card has expired.", "/payment_method/expiration_date")
        mark = hashlib.sha256(f"stdlib {number}".encode()).hexdigest()
        return {
            "type": "payment-method", "method": "card", "label": number[-4:], "details": {"bin": number[:6]}, "fingerprint": mark,
        }  # fmt: skip

    def _service(self, merchant: Merchant, values: dict[str, Any]) -> None:
        service = values.get("payment_service_id")
        if service is not None and service.lower() not in merchant.services:
            raise NotFound("There is no such payment service.")
