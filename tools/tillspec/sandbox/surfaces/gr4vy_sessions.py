"""What a session of Gr4vy's holds, and how it is shown.

`data` of the stored object has `account`, the merchant account that it was made in; `values`, the fields of the requests, merged;
and `payment`, what `/fields` has put into it: of a card no more than may be shown.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic_core import from_json
from sqlalchemy import Connection

from checkout_api import behavior, models
from tillspec.sandbox import cards, clock, outside, sessions
from tillspec.sandbox.cards import CardRefusal
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.state import State

SESSION: Final = "Gr4vySession"
OPEN: Final = "open"
"""The state of every session: the contract knows of none."""

_SHOWN: Final = ("cart_items", "metadata", "buyer", "airline", "amount", "currency", "payment_service_id")
_SECRET: Final = behavior.GR4VY_CARD_FIELDS.properties["number"].secret
assert _SECRET is not None
assert _SECRET.lifetime is not None
CARD_LIFETIME: Final = clock.micros(_SECRET.lifetime)
"""How long card data is kept, in microseconds."""


class PaymentMethodGone(Exception):
    """There is no stored payment method of this id."""

    def __init__(self, key: str) -> None:
        super().__init__("There is no such payment method.")
        self.key = key


def values_of(body: bytes) -> dict[str, Any]:
    """The fields of a request that the session is to hold, as they were sent. The body has been found valid."""
    values: dict[str, Any] = from_json(body) if body else {}
    values.pop("expires_in", None)
    return values


def hold(session: Session, values: dict[str, Any]) -> None:
    """Gives a session these values."""
    session.data["values"] = values
    amount = values.get("amount")
    session.amount = None if amount is None else int(amount)  # 5000.0 is an integer to JSON Schema
    session.currency = values.get("currency")


def current(session: Session | None, account: str | None, now: int) -> Session | None:
    """The session, if it has not expired and is of the account; None for `account` asks for no account."""
    if session is None or session.is_gone(now) or (account is not None and session.data["account"] != account):
        return None
    return session


def shown(connection: Connection, session: Session, now: int) -> dict[str, Any]:
    """A session as it now is, in JSON's terms.

    Raises:
        PaymentMethodGone: it refers to a stored payment method that has been deleted.
    """
    assert session.expires_at is not None, "every session ends"
    values = session.data["values"]
    return {
        "type": "checkout-session",
        "id": session.id,
        "expires_at": clock.moment(session.expires_at).isoformat(),
        **{name: values.get(name) for name in _SHOWN},
        "payment_method": _payment_method(connection, session, now),
    }


# -- the payment method ------------------------------------------------------------------------------------------------------


def _payment_method(connection: Connection, session: Session, now: int) -> dict[str, Any] | None:
    payment = session.data.get("payment")
    if payment is None or (payment["until"] is not None and now >= payment["until"]):
        return None
    stored = payment.get("stored")
    if stored is None:
        found: dict[str, Any] = payment["shown"]
        return found
    method = outside.find(connection, outside.Gr4vyStoredPaymentMethod, session.merchant, stored)
    if method is None:
        raise PaymentMethodGone(stored)
    return _masked(scheme=method.scheme, label=method.label, bin_=method.bin, id_=stored)


def _masked(
    *,
    scheme: str | None = None,
    label: str | None = None,
    bin_: str | None = None,
    id_: str | None = None,
    print_: str | None = None,
) -> dict[str, Any]:
    """Funding, country and issuer of test cards are published nowhere, so they are not known."""
    details = {"bin": bin_, "card_type": None, "card_country": None, "card_issuer_name": None} if bin_ else None
    return {
        "type": "payment-method", "method": "card", "id": id_, "scheme": scheme, "label": label, "details": details,
        "fingerprint": print_,
    }  # fmt: skip


def put_payment(
    connection: Connection, state: State, session: Session, method: models.Gr4vySecurePaymentMethod
) -> CardRefusal | None:
    """Puts a payment method into a session that was taken in this transaction, in place of one that is there.

    What Click to Pay has given stands for a card, and goes when a card would. Security codes are dropped: nothing here needs
    them. The answer is why a card is refused.

    Raises:
        PaymentMethodGone: a stored one that the merchant does not have.
    """
    now = state.now()
    payment: dict[str, Any] = {"until": now + CARD_LIFETIME}
    if isinstance(method, models.Gr4vyCardFields):
        month, year = method.expiration_date.split("/")
        cvc = method.security_code if isinstance(method.security_code, str) else None
        verdict = cards.judge(method.number, int(month), int(year), cvc, now)
        if isinstance(verdict, CardRefusal):
            return verdict
        card, print_ = verdict.card, cards.fingerprint(state.secret, session.merchant, method.number)
        payment["shown"] = _masked(scheme=card.scheme, label=card.last_four, bin_=card.bin, print_=print_)
    elif isinstance(method, models.Gr4vyStoredPaymentMethodFields):
        key = str(method.id)
        if outside.find(connection, outside.Gr4vyStoredPaymentMethod, session.merchant, key) is None:
            raise PaymentMethodGone(key)
        payment = {"until": None, "stored": key}
    else:
        payment["shown"] = _masked()
    session.data["payment"] = payment
    sessions.save(connection, session)
    return None
