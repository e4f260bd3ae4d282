"""What VINR tells merchants: each move of a session to another status."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from checkout_api import models
from tillspec.sandbox import clock, ids, outbox
from tillspec.sandbox.merchants import Merchant
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces.vinr import result_of

OPERATION: Final = "vinrSessionStatusChanged"


def moved(connection: Connection, state: State, merchant: Merchant, session: Session, at: int) -> None:
    """Puts the event of a session's new status into the outbox, if the merchant wants to be told.

    `at` is when it moved, in microseconds by the sandbox's clock.
    """
    url = merchant.vinr.webhook.url if merchant.vinr is not None else None
    if url is None:
        return
    event_id = ids.token(connection, state, "evt_")
    event = models.VinrSessionEvent.model_validate(
        {
            "id": event_id, "type": f"checkout.session.{session.status}", "createdAt": rfc3339(at),
            "data": result_of(session, at).model_dump(mode="json", by_alias=True, exclude_unset=True),
        }
    )  # fmt: skip
    message = outbox.Message(
        merchant=merchant.id, operation=OPERATION, session=session.id, event=event_id, url=url,
        headers={"Content-Type": "application/json"}, body=event.model_dump_json(by_alias=True, exclude_unset=True).encode(),
    )  # fmt: skip
    outbox.add(connection, state, message)


def rfc3339(at: int) -> str:
    """A time in microseconds, in UTC (RFC 3339)."""
    return clock.moment(at).isoformat().replace("+00:00", "Z")
