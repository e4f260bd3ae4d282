"""Sessions, and the answers that keys are kept for: in memory, so that all is gone when the process ends."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from checkout_server import behavior, models

EXPIRES = behavior.VINR_SESSION_EXPIRES
IDEMPOTENCY = behavior.CREATE_VINR_SESSION_IDEMPOTENCY

MERCHANTS = {
    os.environ.get("FIRST_KEY", "sk_test_first"): "first",
    os.environ.get("SECOND_KEY", "sk_test_second"): "second",
}
"""The merchants, by their keys."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it was made; nobody pays here, so it is pending until it expires."""

    id: str
    merchant: str
    amount: int
    currency: str
    made: datetime
    customer: dict[str, Any]

    @property
    def expires(self) -> datetime:
        return self.made + EXPIRES.after

    def is_expired(self, now: datetime) -> bool:
        return now >= self.expires

    def is_gone(self, now: datetime) -> bool:
        return EXPIRES.kept is not None and now >= self.expires + EXPIRES.kept


@dataclass(frozen=True, slots=True)
class Kept:
    """What was answered to a key, and to what body."""

    body: Any
    answer: models.VinrSession
    until: datetime


@dataclass(slots=True)
class Store:
    """All of it. Handlers do not await while they use it, so no two of them are in it at once."""

    sessions: dict[str, Session] = field(default_factory=dict)
    kept: dict[tuple[str, str], Kept] = field(default_factory=dict)

    def add(self, merchant: str, body: models.VinrSessionRequest, now: datetime) -> Session:
        """A new session."""
        known = isinstance(body.customer, models.VinrCustomer)
        given = body.customer.model_dump(by_alias=True, exclude_unset=True) if known else {}
        customer = {name: given[name] for name in ("customerId", "email", "name") if name in given}
        session = Session("cs_" + secrets.token_urlsafe(18), merchant, body.amount, body.currency, now, customer)
        self.sessions[session.id] = session
        return session

    def of(self, merchant: str, session_id: str) -> Session | None:
        """A merchant's session; another merchant's is none."""
        found = self.sessions.get(session_id)
        return found if found is not None and found.merchant == merchant else None

    def answered(self, credential: str, key: str, now: datetime) -> Kept | None:
        """What a key was answered, for as long as that is kept."""
        found = self.kept.get((credential, key))
        return found if found is not None and now < found.until else None

    def keep(self, credential: str, key: str, body: bytes, answer: models.VinrSession, now: datetime) -> None:
        """Keep what a key was answered."""
        self.kept[credential, key] = Kept(json.loads(body), answer, now + IDEMPOTENCY.retention)


STORE = Store()


def now() -> datetime:
    return datetime.now(UTC)
