"""What a session of an order is: lines of the order as it was then, the ways of shipping on offer, and what the buyer has said.

A session is kept as a `Session` whose `parent` is the order. Its `data` has `order` (as it was when the session was made),
`items` (each a `line_id` with its `amount`), `link` (its page), `created_by`, `offers` (an Express session's ways of shipping, as
the merchant gave them; None in others), `option` (the one that is picked), `shipping_address`, `billing_address`, `province` (of
the shipping address; the contract's has none, and only the page asks for it), `calls` (how often addresses were given), `set_by`
(which of these calls has set which address), `answer` (what the merchant offers for an address that the buyer is about to give on
the page), `challenge` (whether the buyer has yet to answer one), `transaction` (its `id`, its `status`, and `created_at` in
microseconds) and `processed_at`. What is not known is None.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from pydantic import MISSING
from pydantic_core import from_json
from sqlalchemy import Connection

from checkout_api import behavior, models
from tillspec.sandbox import clock, ids, outside
from tillspec.sandbox.outside import DinteroOrder, OrderLine
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces.declared import code_of
from tillspec.sandbox.surfaces.dintero_errors import Item, error, invalid, item
from tillspec.sandbox.surfaces.dintero_tokens import Caller

SESSION: Final = "DinteroOrderSession"
MOST: Final = 99_999_999
"""The largest amount there is (`Amount` of the contract)."""

OPEN: Final = "OPEN"
AUTHORIZED: Final = "AUTHORIZED"
FAILED: Final = "FAILED"
DECLINED: Final = "DECLINED"
CANCELLED: Final = "CANCELLED"
"""Where a session stands. All but the first are causes of the contract; it has none for a session that is open."""
EXPIRED: Final = "EXPIRED"
PAYMENT_INITIATED: Final = "PAYMENT_INITIATED"
"""Causes of the contract as well; that a session has come to them is never written down."""

_LIFETIME: Final = 3600 * clock.SECOND
"""The contract says where a session shows its end, and not how long it lives; its example lives an hour."""

_TOO_HIGH: Final = "amount_too_high"
_CREATED_BY: Final = 40
"""How long the id of who created a session may be."""

Plain = dict[str, Any]


def storable(key: str) -> bool:
    """Whether it may be an id: PostgreSQL stores no NUL."""
    return "\0" not in key and len(key) <= 255


def order_of(connection: Connection, merchant: str, order_id: str) -> DinteroOrder | None:
    """A merchant's order."""
    return outside.find(connection, DinteroOrder, merchant, order_id) if storable(order_id) else None


# -- making one ------------------------------------------------------------------------------------------------------------


def refused(
    connection: Connection, merchant: str, order: DinteroOrder, body: models.DinteroOrderSessionRequest
) -> models.DinteroError | None:
    """What is wrong with a request that the stub could not judge; None where nothing is."""
    lines = {line.line_id: line for line in order.lines}
    if unknown := [(n, one.line_id) for n, one in enumerate(body.items) if one.line_id not in lines]:
        code = _unknown_line()
        told = [item(f"/items/{n}/line_id", f"The order has no line {line}.", code) for n, line in unknown]
        return error(code, "The order has no such line.", told)
    if too_high := _too_high(body, lines):
        return error(_TOO_HIGH, "No more can be paid of a line than it comes to.", too_high)
    profile = body.profile_id
    if not storable(profile) or outside.find(connection, outside.DinteroProfile, merchant, profile) is None:
        return invalid(item("/profile_id", "There is no such profile.", "unknown_profile"))
    total = sum(one.amount if isinstance(one.amount, int) else lines[one.line_id].amount for one in body.items)
    shipping = body.shipping_option.amount if body.shipping_option is not MISSING else 0
    if total + shipping > MOST:
        at = "/items" if total > MOST else "/shipping_option/amount"
        return error(_TOO_HIGH, "The session comes to too much.", [item(at, f"No more than {MOST} can be paid.", _TOO_HIGH)])
    return None


def _unknown_line() -> str:
    among = behavior.DINTERO_SESSION_ITEM_REQUEST.properties["line_id"].among
    return code_of(among.otherwise if among is not None else None)


def _too_high(body: models.DinteroOrderSessionRequest, lines: dict[str, OrderLine]) -> list[Item]:
    return [
        item(f"/items/{n}/amount", f"Line {one.line_id} comes to {lines[one.line_id].amount}.", _TOO_HIGH)
        for n, one in enumerate(body.items)
        if isinstance(one.amount, int) and one.amount > lines[one.line_id].amount
    ]


def new(
    connection: Connection, state: State, caller: Caller, order: DinteroOrder, body: models.DinteroOrderSessionRequest
) -> Session:
    """A session of an order, of a request that was found good; it is not stored, and has neither `request` nor `link`."""
    plain, now = body.model_dump(mode="json", by_alias=True, exclude_unset=True), state.now()
    lines = {line.line_id: line.amount for line in order.lines}
    items = [{"line_id": one["line_id"], "amount": one.get("amount", lines[one["line_id"]])} for one in plain["items"]]
    offers = plain["express"]["shipping_options"] if "express" in plain else None
    option = plain.get("shipping_option")
    if offers is not None and option is not None:
        option = offer_of(offers, option)  # the other fields are those of the offer
    return Session(
        id=str(ids.uuid4(connection, state)), kind=SESSION, merchant=caller.merchant.id, parent=order.id, status=OPEN,
        amount=sum(one["amount"] for one in items), currency=order.currency, created_at=now, expires_at=now + _LIFETIME,
        data={
            "order": order.model_dump(mode="json"), "items": items, "created_by": caller.client, "offers": offers,
            "option": option, "shipping_address": None, "billing_address": None, "province": None, "calls": 0, "set_by": {},
            "answer": None, "challenge": False, "transaction": None, "processed_at": None,
        },
    )  # fmt: skip


def offer_of(offers: list[Plain], wanted: Plain) -> Plain | None:
    """The offer that a choice names, at its price; None where there is none."""
    key = (wanted["id"], wanted["line_id"], wanted["amount"])
    return next((one for one in offers if (one["id"], one["line_id"], one["amount"]) == key), None)


# -- what is known of one --------------------------------------------------------------------------------------------------


def request_of(session: Session) -> Plain:
    """The body that made it."""
    plain: Plain = from_json(session.request)
    return plain


def reference(session: Session) -> str:
    """The merchant's reference for the payment; the order's id, if none was given."""
    return str(request_of(session).get("merchant_reference", session.parent))


def shipping(session: Session) -> int:
    """What the way of shipping costs that is picked."""
    option = session.data["option"]
    return int(option["amount"]) if option is not None else 0


def total(session: Session) -> int:
    """What the lines and the shipping come to."""
    return (session.amount or 0) + shipping(session)


def due(session: Session) -> int:
    """What the session takes: nothing where the buyer pays in the shop."""
    option = session.data["option"]
    return 0 if option is not None and "pay_in_store" in option else total(session)


def on_offer(session: Session) -> list[Plain]:
    """An Express session's ways of shipping, for the address as it now is. One that the total has no room for is none of them."""
    country = (session.data["shipping_address"] or {}).get("country")
    room = MOST - (session.amount or 0)
    return [one for one in session.data["offers"] if _goes(one, country) and one["amount"] <= room]


def _goes(offer: Plain, country: str | None) -> bool:
    return country is None or "countries" not in offer or country in offer["countries"]


def cause(session: Session, now: int) -> str | None:
    """Why nothing can be done in a session any more; None where it is open."""
    if session.status != OPEN:
        return session.status
    if session.expires_at is not None and now >= session.expires_at:
        return EXPIRED
    return PAYMENT_INITIATED if session.data["challenge"] else None


def vat_in(amount: int, percent: float) -> int:
    """The tax in an amount that includes it, rounded half up to the minor unit."""
    rate = Decimal(str(percent))
    return int((Decimal(amount) * rate / (100 + rate)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def rfc3339(at: int) -> str:
    """A time in microseconds as answers write it."""
    return clock.moment(at).isoformat().replace("+00:00", "Z")


# -- what is shown ---------------------------------------------------------------------------------------------------------


def shown(session: Session) -> models.DinteroOrderSession:
    """The session as the merchant sees it."""
    data, given = session.data, request_of(session)
    plain: Plain = {
        "id": session.id, "items": data["items"], "amount": session.amount, "created_at": rfc3339(session.created_at),
        "_links": [{"href": data["link"], "rel": "session_link"}],
    }  # fmt: skip
    if len(data["created_by"]) <= _CREATED_BY:
        plain["created_by"] = data["created_by"]
    if "metadata" in given:
        plain["metadata"] = given["metadata"]
    if (processed_at := given.get("processed_at", data["processed_at"])) is not None:
        plain["processed_at"] = processed_at
    return models.DinteroOrderSession.model_validate(plain)
