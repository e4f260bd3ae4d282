"""What the shop remembers: merchants, and what each of them owns."""

from __future__ import annotations

import datetime
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from checkout_api import models, responses

ModelT = TypeVar("ModelT", bound=BaseModel)

VINR_WINDOW = datetime.timedelta(minutes=5)
CARD_KEPT = datetime.timedelta(minutes=5)
VINR_RETENTION = datetime.timedelta(hours=24)

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(cart_id: str) -> str:
    """A cart's id as answers give it: a UUID names the same 128 bits as a ULID does."""
    if "-" not in cart_id:
        return cart_id.upper()
    number = uuid.UUID(cart_id).int
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


@dataclass
class VinrSession:
    request: models.VinrSessionRequest
    expires_at: datetime.datetime


@dataclass
class FirstAnswer:
    """What the first request with an Idempotency-Key said and was told."""

    body: Any
    answer: responses.CreateVinrSession201
    kept_until: datetime.datetime


@dataclass
class Order:
    """A Dintero order, which exists before any session does."""

    currency: str
    lines: dict[str, int]
    sessions: list[OrderSession] = field(default_factory=list)


@dataclass
class OrderSession:
    order: Order
    session: models.DinteroOrderSession
    request: models.DinteroOrderSessionRequest
    reference: str
    shipping_address: models.DinteroAddress | None = None
    billing_address: models.DinteroAddress | None = None
    shipping: models.DinteroChosenShippingOption | None = None


@dataclass
class LiveCart:
    cart: models.DiddoLiveCart
    payment_intent: str
    buyer: dict[str, Any] = field(default_factory=dict)


@dataclass
class Merchant:
    """One tenant. What belongs to it is found through it alone, so another's object is as unknown as one that never was."""

    account: str
    vinr_sessions: dict[str, VinrSession] = field(default_factory=dict)
    first_answers: dict[str, FirstAnswer] = field(default_factory=dict)
    gr4vy_sessions: dict[uuid.UUID, models.Gr4vySession] = field(default_factory=dict)
    cards_until: dict[uuid.UUID, datetime.datetime] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    templates: dict[str, list[models.DiddoCartLine]] = field(default_factory=dict)
    carts: dict[str, LiveCart] = field(default_factory=dict)


_NEVER = datetime.datetime.max.replace(tzinfo=datetime.UTC)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclass
class Shop:
    """Merchants by their API key, Dintero's clients and tokens, and a clock that a test may set."""

    merchants: dict[str, Merchant]
    clients: dict[tuple[str, str], Merchant]
    tokens: dict[str, Merchant] = field(default_factory=dict)
    now: Callable[[], datetime.datetime] = _now

    def keep_card(self, session_id: uuid.UUID) -> None:
        """Note that a session's card data is new."""
        for merchant in self.merchants.values():
            if session_id in merchant.gr4vy_sessions:
                merchant.cards_until[session_id] = self.now() + CARD_KEPT

    def gr4vy_session(self, session_id: uuid.UUID) -> models.Gr4vySession | None:
        """A session by its id alone, which is what permits `/fields`."""
        for merchant in self.merchants.values():
            if session := self.gr4vy_session_of(merchant, session_id):
                return session
        return None

    def gr4vy_session_of(self, merchant: Merchant, session_id: uuid.UUID) -> models.Gr4vySession | None:
        session = merchant.gr4vy_sessions.get(session_id)
        if session and merchant.cards_until.get(session_id, _NEVER) <= self.now():
            session.payment_method = None
        return session if session and session.expires_at > self.now() else None

    def order_session(self, session_id: str) -> OrderSession | None:
        """A session by its id alone, which is what permits the Express steps."""
        orders = [order for merchant in self.merchants.values() for order in merchant.orders.values()]
        return next((found for order in orders for found in order.sessions if found.session.id == session_id), None)


def demo() -> Shop:
    """Two merchants; the first owns an order and a template cart, those of the contract's examples."""
    north, south = Merchant("T12345678"), Merchant("T87654321")
    north.orders["7c9e6679-7425-40de-944b-e07fc1f90ae7"] = Order("NOK", {"1": 20000, "2": 7840})
    north.templates["01KERN71T0V3RS3DTR98H6BCFN"] = [
        models.DiddoCartLine(id="line_1", title="Linen overshirt", quantity=1, unit_amount=6400, total_amount=6400),
        models.DiddoCartLine(id="line_2", title="Canvas tote", quantity=2, unit_amount=1250, total_amount=2500),
    ]
    return Shop(
        merchants={"sk_test_north": north, "sk_test_south": south},
        clients={("north", "north-secret"): north, ("south", "south-secret"): south},
    )


def new_id(prefix: str) -> str:
    return prefix + secrets.token_hex(8)


def new_ulid() -> str:
    return ulid(str(uuid.UUID(int=secrets.randbits(128))))


def answer(kind: type[ModelT], given: BaseModel, without: frozenset[str] = frozenset(), **more: Any) -> ModelT:
    """What a request said, as an answer says it."""
    return kind.model_validate({**given.model_dump(exclude=set(without)), **more})
