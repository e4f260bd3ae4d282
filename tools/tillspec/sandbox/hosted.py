"""A session as the buyer sees it on the hosted page, whatever its surface.

Each surface whose sessions have a page has a `Checkout`. The page and the control plane act on sessions through it alone, so a
status changes in one place, and whoever has to be told is told in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from sqlalchemy import Connection

from tillspec.sandbox.merchants import Merchant
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.state import State

Status = Literal["open", "challenge", "paid", "failed", "canceled", "expired"]
"""Where a session stands, in the page's words."""

Outcome = Literal["complete", "fail", "challenge", "cancel", "expire"]
"""What becomes of a session. A `challenge` is one of 3-D Secure, which the buyer has yet to answer."""


class Refused(Exception):
    """The buyer's choice cannot be taken; the text is for the buyer. `field` is the form's field at fault."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the cart. The buyer may raise the quantity to `most`; None: it is fixed. `image` is somebody else's URL."""

    id: str
    title: str
    quantity: int
    unit_amount: int
    amount: int
    description: str = ""
    image: str | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A way to get the goods: `shipping` to an address, or `pickup` at a place."""

    id: str
    name: str
    amount: int
    way: Literal["shipping", "pickup"] = "shipping"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the goods go. `country` is ISO 3166-1 alpha-2, `province` ISO 3166-2 without the country."""

    first_name: str = ""
    last_name: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    postal_code: str = ""
    province: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that the page shows. Amounts are in the minor unit of `currency`; `expires_at` is in microseconds.

    `total` is what the buyer pays: `subtotal - discount + shipping + tax`. `address_first`: nothing can be picked before it is
    known where the goods go. `countries` are those that goods can go to, empty for all. `asks` is what has to be filled in before
    paying. `success_url` and `cancel_url` are where the buyer goes afterwards.
    `reason` is the code of why a payment failed.
    """

    id: str
    status: Status
    merchant: str
    currency: str
    subtotal: int
    total: int
    currencies: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    options: tuple[Option, ...] = ()
    chosen: str | None = None
    promo: bool = False
    promo_code: str | None = None
    promo_label: str = ""
    address: Address = Address()
    asks: frozenset[Literal["address", "option", "email"]] = frozenset()
    address_first: bool = False
    countries: tuple[str, ...] = ()
    subscription: bool = False
    expires_at: int | None = None
    success_url: str | None = None
    cancel_url: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the buyer has chosen anew; None leaves it as it was. An empty `promo_code` takes a code away again."""

    address: Address | None = None
    option: str | None = None
    promo_code: str | None = None
    currency: str | None = None
    quantities: dict[str, int] = field(default_factory=dict)


class Checkout(Protocol):
    """One surface's sessions on the page. All methods work within the caller's transaction, on a session that was taken in it."""

    kind: str

    def view(self, connection: Connection, state: State, merchant: Merchant, session: Session) -> View:
        """What the page shows."""
        ...

    def choose(self, connection: Connection, state: State, merchant: Merchant, session: Session, choices: Choices) -> None:
        """Takes the buyer's choices, all or none.

        Raises:
            Refused: one of them cannot be taken.
            NotAllowed: the session is over.
        """
        ...

    def settle(
        self, connection: Connection, state: State, merchant: Merchant, session: Session, outcome: Outcome, *, reason: str = ""
    ) -> None:
        """Moves the session, and puts what the merchant is told of it into the outbox. `reason` is a code.

        Raises:
            NotAllowed: its lifecycle has no such move.
        """
        ...
