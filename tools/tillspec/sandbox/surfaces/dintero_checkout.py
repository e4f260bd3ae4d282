"""Sessions of orders on the hosted page and for the control plane: what the buyer sees and picks, and how it ends."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Connection

from checkout_api import models
from checkout_api._runtime.behavior import Lifecycle
from tillspec.sandbox import hosted, ids, places, sessions
from tillspec.sandbox.context import Sandbox
from tillspec.sandbox.hosted import Choices, Outcome, Refused, Status, View
from tillspec.sandbox.merchants import Merchant
from tillspec.sandbox.sessions import NotAllowed, Session
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces import dintero_callbacks as callbacks
from tillspec.sandbox.surfaces import dintero_express as express
from tillspec.sandbox.surfaces import dintero_offers as offers
from tillspec.sandbox.surfaces import dintero_sessions as orders
from tillspec.sandbox.surfaces.dintero_callbacks import Failure
from tillspec.sandbox.surfaces.dintero_sessions import (
    AUTHORIZED,
    CANCELLED,
    DECLINED,
    EXPIRED,
    FAILED,
    OPEN,
    PAYMENT_INITIATED,
    SESSION,
    Plain,
)

_STATUSES: Final[dict[str, Status]] = {
    AUTHORIZED: "paid", FAILED: "failed", DECLINED: "failed", CANCELLED: "canceled", EXPIRED: "expired",
    PAYMENT_INITIATED: "challenge",
}  # fmt: skip
MOVES: Final[dict[Outcome, str]] = {
    "complete": AUTHORIZED, "fail": FAILED, "cancel": CANCELLED, "challenge": OPEN, "expire": EXPIRED,
}  # fmt: skip
"""The states that outcomes come to; a failure for want of the buyer's authorization comes to `DECLINED`."""

LIFECYCLE: Final = Lifecycle(field="", initial=OPEN, moves={OPEN: (AUTHORIZED, FAILED, DECLINED, CANCELLED)})
"""How sessions move. The contract shows no status of theirs, so it declares none."""

_NOT_AUTHORIZED: Final = frozenset({"authorization", "authentication_failed", "authentication_required"})
"""The reasons of a failure that mean that the buyer has not authorized the payment."""

_FIELDS: Final = {
    "first_name": "first_name", "last_name": "last_name", "line1": "address_line", "line2": "address_line_2",
    "city": "postal_place", "postal_code": "postal_code", "country": "country", "email": "email", "phone": "phone_number",
}  # fmt: skip
"""The fields of the page's address, and of `DinteroAddress`, which has no province."""

_HINTS: Final = {"phone_number": "Please enter the number with its country code, such as +47 99 99 99 99."}


class DinteroCheckout:
    """A session of an order on the hosted page; see `hosted.Checkout`."""

    kind: str = SESSION

    def view(self, connection: Connection, state: State, merchant: Merchant, session: Session) -> View:
        """What the page shows. In an Express session the buyer gives an address and picks a way of shipping.

        The amounts of lines include their tax. Nothing is to be paid where the buyer pays in the shop.
        """
        data, is_express = session.data, session.data["offers"] is not None
        address, option = data["shipping_address"] or {}, data["option"]
        cause = orders.cause(session, state.now())
        return View(
            id=session.id, status=_STATUSES[cause] if cause is not None else "open", merchant=merchant.name,
            currency=session.currency or "", subtotal=session.amount or 0, shipping=orders.shipping(session),
            total=orders.due(session), lines=tuple(_line(one) for one in express.items_of(session)),
            options=tuple(_option(one) for one in orders.on_offer(session)) if is_express else (), address_first=True,
            chosen=option["line_id"] if option is not None else None,
            address=hosted.Address(
                **{ours: address.get(theirs, "") for ours, theirs in _FIELDS.items()}, province=data["province"] or ""
            ),
            asks=_asks(session), countries=_countries(session), expires_at=session.expires_at,
            success_url=callbacks.return_url(session, None), cancel_url=callbacks.return_url(session, _failure(session)),
            reason=data.get("reason", ""),
        )  # fmt: skip

    def choose(self, connection: Connection, state: State, merchant: Merchant, session: Session, choices: Choices) -> None:
        """Takes an address and a way of shipping, in an Express session. What is on offer for the address is what the merchant
        has said of it (`consult`), or last said.

        An address is taken as a whole: a field that is empty is not known. A way that a new address does not allow is dropped,
        as the one picked before is: the buyer saw it beside the old address.

        Raises:
            Refused: one of them cannot be taken, or the session has no such choice.
            NotAllowed: the session is over, or its payment under way.
        """
        cause = orders.cause(session, state.now())
        if cause is not None:
            raise NotAllowed(session, cause, OPEN)
        _has_choice(session, choices)
        before = orders.on_offer(session) if session.data["offers"] is not None else []
        if choices.address is not None:
            _put_address(session, choices.address)
        if choices.option:
            _pick(session, before, choices.option)
        sessions.save(connection, session)

    def settle(
        self, connection: Connection, state: State, merchant: Merchant, session: Session, outcome: Outcome, *, reason: str = ""
    ) -> None:
        """Moves a session, with its transaction, and tells the merchant.

        There is a transaction from the moment that the buyer has tried to pay: at a challenge, at a failure, at a payment.

        Raises:
            NotAllowed: the session is over, or is in that challenge already.
        """
        now = state.now()
        _is_open(session, now, MOVES[outcome])
        if outcome == "challenge" and session.data["challenge"]:
            raise NotAllowed(session, PAYMENT_INITIATED, PAYMENT_INITIATED)
        if outcome == "expire":
            session.expires_at = now
            sessions.save(connection, session)
            return
        session.data["challenge"] = outcome == "challenge"
        if reason:
            session.data["reason"] = reason
        if outcome != "cancel":
            _begin_transaction(connection, state, merchant, session)
        if outcome == "challenge":
            sessions.save(connection, session)
            return
        session.status = DECLINED if outcome == "fail" and reason in _NOT_AUTHORIZED else MOVES[outcome]
        transaction = session.data["transaction"]
        if transaction is not None:
            transaction["status"] = FAILED if outcome == "cancel" else session.status
        if outcome == "complete":
            session.data["processed_at"] = orders.rfc3339(now)
        sessions.save(connection, session)
        callbacks.tell(connection, state, session, None if outcome == "complete" else _failure(session))


def _begin_transaction(connection: Connection, state: State, merchant: Merchant, session: Session) -> None:
    if session.data["transaction"] is None:
        assert merchant.dintero is not None, "who has sessions of orders is at Dintero"
        key = ids.token(connection, state, f"{merchant.dintero.account}.")
        session.data["transaction"] = {"id": key, "status": "INITIATED", "created_at": state.now()}


def _failure(session: Session) -> Failure:
    """Why a session's payment came to nothing; one that is open or has expired was given up."""
    if session.status == DECLINED:
        return "authorization"
    return "failed" if session.status == FAILED else "cancelled"


def _is_open(session: Session, now: int, to: str) -> None:
    """A challenge that the buyer has yet to answer is no end."""
    cause = orders.cause(session, now)
    if cause is not None and cause != PAYMENT_INITIATED:
        raise NotAllowed(session, cause, to)


async def consult(sandbox: Sandbox, state: State, session_id: str, address: hosted.Address) -> None:
    """Asks the merchant what is on offer for an address that the buyer is about to give on the page, if they wish so.

    Nothing is locked meanwhile. The answer is kept for `DinteroCheckout.choose`, which is called with that address.

    Raises:
        Unavailable: the database cannot be used.
    """
    found = await sandbox.read(lambda connection: sessions.find(connection, SESSION, session_id))
    if found is None or found.data["offers"] is None or orders.cause(found, state.now()) is not None:
        return
    url = express.callback_of(found)
    try:
        given = address_of(address)
    except Refused:  # as `choose` will say
        return
    if url is None or given == found.data[express.SHIPPING]:
        return
    express.put_addresses(found, express.number_call(found), {express.SHIPPING: given})  # in what the merchant is shown alone
    offered = await offers.ask(found.merchant, url, express.view_of(found), state.switches)
    if offered is None:
        return

    def keep(connection: Connection) -> None:
        session = sessions.take(connection, SESSION, session_id)
        if session is not None:
            session.data["answer"] = {"address": given, "offers": offered}
            sessions.save(connection, session)

    await sandbox.write(keep)


# -- what the page shows -----------------------------------------------------------------------------------------------------


def _line(one: Plain) -> hosted.Line:
    """A part of a line that does not come to whole pieces is shown as one piece."""
    quantity, amount = int(one["quantity"]), int(one["amount"])
    pieces = quantity if amount % quantity == 0 else 1
    return hosted.Line(
        id=one["line_id"], title=one["description"], quantity=pieces, unit_amount=amount // pieces, amount=amount
    )  # fmt: skip


def _option(offer: Plain) -> hosted.Option:
    return hosted.Option(
        id=offer["line_id"], name=offer["title"], amount=offer["amount"],
        way="pickup" if offer.get("delivery_method") == "pick_up" else "shipping",
        note=str(offer.get("description", offer["operator"])),
    )  # fmt: skip


def _asks(session: Session) -> frozenset[Any]:
    if session.data["offers"] is None:
        return frozenset()
    optional = orders.request_of(session)["express"].get("shipping_mode") == "shipping_not_required"
    return frozenset({"address"} if optional else {"address", "option"})


def _countries(session: Session) -> tuple[str, ...]:
    """The countries that some way of shipping goes to; empty where one goes everywhere, or another address may bring others."""
    found = session.data["offers"] or []
    if not found or any("countries" not in one for one in found) or express.callback_of(session) is not None:
        return ()
    return tuple(sorted({country for one in found for country in one["countries"]}))


# -- what the buyer chooses --------------------------------------------------------------------------------------------------


def _has_choice(session: Session, choices: Choices) -> None:
    """That nothing is chosen anew that is fixed in a session."""
    if choices.promo_code:
        raise Refused("promo_code", "There are no promo codes here.")
    if choices.currency not in (None, session.currency):
        raise Refused("currency", f"This order is paid in {session.currency}.")
    fixed = {one["line_id"]: _line(one).quantity for one in express.items_of(session)} if choices.quantities else {}
    if any(fixed.get(line) != quantity for line, quantity in choices.quantities.items()):
        raise Refused("quantities", "The quantities of this order are fixed.")
    if session.data["offers"] is None and choices.address is not None:
        raise Refused("line1", "This order has no address to give.")
    if session.data["offers"] is None and choices.option:
        raise Refused("option", "The way of shipping of this order is fixed.")


def _put_address(session: Session, address: hosted.Address) -> None:
    given, answer = address_of(address), session.data["answer"]
    offered = answer["offers"] if answer is not None and answer["address"] == given else None
    express.put_addresses(session, express.number_call(session), {express.SHIPPING: given}, offered)
    session.data |= {"province": address.province or None, "answer": None}
    if not orders.on_offer(session) and offered is None and session.data["offers"]:
        raise Refused("country", "Nothing can be sent to this country.")


def _pick(session: Session, before: list[Plain], line_id: str) -> None:
    offered = next((one for one in orders.on_offer(session) if one["line_id"] == line_id), None)
    if offered is None:
        if all(one["line_id"] != line_id for one in before):
            raise Refused("option", "Please choose one of the ways of shipping.")
        return
    if express.pick(session, offered) is not None:
        raise Refused("option", "Please give an address first.")


def address_of(address: hosted.Address) -> dict[str, str]:
    """What the form says, as the contract takes it; a phone number may be written with spaces and the like.

    Raises:
        Refused: it is not of the contract's form.
    """
    plain = {theirs: str(getattr(address, ours)).strip() for ours, theirs in _FIELDS.items()}
    plain["phone_number"] = plain["phone_number"].translate({ord(each): None for each in " -./()"})
    given = {name: value for name, value in plain.items() if value}
    try:
        models.DinteroAddressRequest.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "address_line"
        field = next((ours for ours, theirs in _FIELDS.items() if theirs == name), name)
        raise Refused(field, _HINTS.get(name, "Please check this field.")) from None
    if "country" in given and not places.is_country(given["country"]):
        raise Refused("country", "Please choose a country.")
    return given
