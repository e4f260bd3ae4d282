"""Sessions, whatever their surface: seen, and given an outcome."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy import Connection

from tillspec.sandbox import merchants, places, sessions, state
from tillspec.sandbox.checkouts import KINDS, status_of
from tillspec.sandbox.control.answers import Asked, Problem
from tillspec.sandbox.control.desk import Desk, Nothing, instant
from tillspec.sandbox.hosted import Address, Choices, Outcome, Refused
from tillspec.sandbox.sessions import NotAllowed, Session


class Listed(Asked):
    """Which sessions: of a merchant, of a kind; the newest `limit`."""

    merchant: str | None = None
    kind: str | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


_Text = Annotated[str, StringConstraints(max_length=255)]


class Where(Asked):
    """An address, as the buyer fills it in."""

    first_name: _Text = ""
    last_name: _Text = ""
    line1: _Text = ""
    line2: _Text = ""
    city: _Text = ""
    postal_code: _Text = ""
    province: _Text = ""
    country: _Text = ""
    email: _Text = ""
    phone: _Text = ""


class Chosen(Asked):
    """What the buyer chooses on the page before. What is left out stays as it is."""

    address: Where | None = None
    option: _Text | None = None
    promo_code: _Text | None = None
    currency: _Text | None = None
    quantities: Annotated[dict[str, int], Field(default_factory=dict)]

    def choices(self) -> Choices:
        """The same, as a checkout takes it."""
        address = Address(**self.address.model_dump()) if self.address is not None else None
        return Choices(**(self.model_dump(exclude={"address"}) | {"address": address}))


class Settle(Asked):
    """What becomes of a session, and what the buyer chooses before. `reason` is a code of the surface, where it is declined."""

    outcome: Outcome
    reason: Annotated[str, StringConstraints(max_length=100)] = ""
    choices: Chosen | None = None


def view(session: Session, now: int) -> dict[str, Any]:
    """A session in a list."""
    settled = KINDS.get(session.kind)
    return {
        "id": session.id, "kind": session.kind, "merchant": session.merchant, "status": status_of(session, now),
        "amount": session.amount, "currency": session.currency, "created_at": instant(session.created_at),
        "expires_at": instant(session.expires_at), "gone": session.is_gone(now),
        "outcomes": list(settled.allowed(session, now)) if settled else [],
    }  # fmt: skip


async def listed(desk: Desk, asked: Listed) -> dict[str, Any]:
    """The newest sessions."""
    now = (await desk.sandbox.store.state()).now()
    found = await desk.read(lambda connection: sessions.newest(connection, asked.limit, merchant=asked.merchant, kind=asked.kind))
    return {"sessions": [view(session, now) for session in found]}


async def one(desk: Desk, asked: Nothing, session: str) -> dict[str, Any]:
    """A session, with what it was made of."""
    now = (await desk.sandbox.store.state()).now()
    found = await desk.read(lambda connection: _find(connection, session))
    try:
        request = json.loads(found.request) if found.request else None
    except ValueError:
        request = None
    return {**view(found, now), "parent": found.parent, "request": request}


async def settle(desk: Desk, asked: Settle, session: str) -> dict[str, Any]:
    """Gives a session its outcome, and has the merchant told."""
    if asked.choices is not None:
        await places.ready()

    def settled(connection: Connection) -> dict[str, Any]:
        found = _find(connection, session)
        now = state.read(connection)
        kind = KINDS.get(found.kind)
        if kind is None:
            raise Problem(
                409, "no_outcome", f"A {found.kind} has no outcome that anybody chooses.",
                f"Kinds that have one: {', '.join(KINDS) or 'none'}. To let it expire, advance the clock.",
            )  # fmt: skip
        merchant = merchants.read(connection).get(found.merchant)
        assert merchant is not None, "sessions belong to merchants"
        taken = sessions.take(connection, found.kind, found.id)
        assert taken is not None, "it was there in the same transaction"
        try:
            if asked.choices is not None:
                kind.checkout.choose(connection, now, merchant, taken, asked.choices.choices())
            kind.checkout.settle(connection, now, merchant, taken, asked.outcome, reason=asked.reason)
        except Refused as error:
            hint = "Choose what the page of this session offers; nothing was changed."
            raise Problem(409, "not_on_offer", f"choices.{error.field}: {error}", hint) from None
        except NotAllowed as error:
            possible = ", ".join(kind.allowed(taken, now.now()))
            hint = f"Possible now: {possible}." if possible else "It has ended; make another session."
            raise Problem(409, "not_allowed", f"{found.id} is {error.status}; {asked.outcome} is not possible.", hint) from None
        after = sessions.find(connection, found.kind, found.id)
        return view(after or taken, now.now())

    return dict(await desk.write(settled))


def _find(connection: Connection, key: str) -> Session:
    found = sessions.any_of(connection, key)
    if found is None:
        raise Problem(404, "unknown_session", "No session has this id.", "GET /_sandbox/sessions lists them.")
    return found
