"""Express sessions as the buyer sees them, and the two steps: addresses, and a way of shipping.

Whoever knows a session's id may take the steps. Where the merchant has to be asked what is on offer for an address, nothing is
locked meanwhile: of several calls that set one address, the one that came last has its way, whichever is answered first.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from checkout_api import models, responses
from checkout_api.server import Request
from tillspec.sandbox import places, sessions
from tillspec.sandbox.context import Sandbox, comes_from, state_of
from tillspec.sandbox.merchants import Directory
from tillspec.sandbox.outside import DinteroOrder
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces import dintero_offers as offers
from tillspec.sandbox.surfaces import dintero_sessions as orders
from tillspec.sandbox.surfaces.declared import available
from tillspec.sandbox.surfaces.dintero_errors import (
    Item,
    error,
    invalid,
    item,
    no_session,
    session_over,
    unavailable,
)
from tillspec.sandbox.surfaces.dintero_sessions import SESSION, Plain

SHIPPING: Final = "shipping_address"
_NOT_OFFERED: Final = "shipping_option_not_offered"
_MERCHANT_ONLY: Final = frozenset({"splits", "fee_split"})
"""What the buyer's view of a way of shipping does not show."""

_OVER: Final = {
    orders.EXPIRED: "The session has expired.",
    orders.AUTHORIZED: "The session is paid already.",
    orders.CANCELLED: "The session was cancelled.",
    orders.FAILED: "The session's payment has failed.",
    orders.DECLINED: "The session's payment was declined.",
    orders.PAYMENT_INITIATED: "The session's payment is under way.",
}

Refused = models.DinteroError | responses.DinteroSessionNotFound


# -- what is shown ---------------------------------------------------------------------------------------------------------


def view_of(session: Session) -> models.DinteroSessionView:
    """An Express session as the buyer sees it."""
    assert session.expires_at is not None, "a session ends"
    mode = orders.request_of(session)["express"].get("shipping_mode", "shipping_required")
    plain = {
        "id": session.id,
        "order": _order(session),
        "express": {"shipping_options": [shown_option(one) for one in orders.on_offer(session)], "shipping_mode": mode},
        "expires_at": orders.rfc3339(session.expires_at),
    }
    return models.DinteroSessionView.model_validate(plain)


def _order(session: Session) -> Plain:
    data = session.data
    items = items_of(session)
    option = data["option"]
    vat = sum(one["vat_amount"] for one in items) + (_vat(option) if option is not None else 0)
    plain: Plain = {
        "merchant_reference": orders.reference(session), "amount": orders.total(session), "currency": session.currency,
        "items": items, "vat_amount": vat,
    }  # fmt: skip
    if option is not None:
        plain["shipping_option"] = shown_option(option)
    return plain | {name: data[name] for name in (SHIPPING, "billing_address") if data[name] is not None}


def items_of(session: Session) -> list[Plain]:
    """The lines that are paid, with what the order says of them."""
    lines = {line.line_id: line for line in DinteroOrder.model_validate(session.data["order"]).lines}
    shown = []
    for one in session.data["items"]:
        line = lines[one["line_id"]]
        about: Plain = {
            "description": line.description, "quantity": line.quantity, "vat": line.vat,
            "vat_amount": orders.vat_in(one["amount"], line.vat),
        }  # fmt: skip
        shown.append(one | ({"id": line.id} if line.id is not None else {}) | about)
    return shown


def _vat(option: Plain) -> int:
    return int(option["vat_amount"]) if "vat_amount" in option else orders.vat_in(option["amount"], option.get("vat", 0))


def shown_option(option: Plain) -> Plain:
    """A way of shipping as the buyer sees it, and each of its shipments."""
    plain = {name: value for name, value in option.items() if name not in _MERCHANT_ONLY}
    if "shipments" in plain:
        plain["shipments"] = [shown_option(one) for one in plain["shipments"]]
    return plain


# -- the steps, each in a transaction ----------------------------------------------------------------------------------------


def put_addresses(session: Session, call: int, given: Plain, offered: list[Plain] | None = None) -> None:
    """Sets addresses in a session, and what is on offer for them if the merchant has said so.

    `call` numbers the call that brings them: what a later one has set stays. A way of shipping that is picked, and is not on
    offer any more, is dropped.
    """
    set_by = session.data["set_by"]
    for name, address in given.items():
        if call <= set_by.get(name, 0):
            continue
        session.data[name], set_by[name] = address, call
        if name == SHIPPING:
            session.data |= {"province": None} | ({"offers": offered} if offered is not None else {})
    option = session.data["option"]
    if option is not None:
        session.data["option"] = orders.offer_of(orders.on_offer(session), option)


def number_call(session: Session) -> int:
    """The number of a call that is about to set addresses."""
    session.data["calls"] += 1
    return int(session.data["calls"])


def callback_of(session: Session) -> str | None:
    """Where the merchant is asked what is on offer for an address."""
    url: str | None = orders.request_of(session)["express"].get("shipping_address_callback_url")
    return url


def pick(session: Session, wanted: Plain) -> models.DinteroError | None:
    """Picks one of the ways of shipping on offer, or says why that cannot be."""
    if session.data[SHIPPING] is None:
        return error("shipping_address_missing", "A way of shipping can be picked once there is a shipping address.")
    offered = orders.on_offer(session)
    found = orders.offer_of(offered, wanted)
    if found is None:
        said = "This way of shipping is not on offer, or not at this price."
        return error(_NOT_OFFERED, said, [_why_not(offered, session.data["offers"], wanted)])
    session.data["option"] = found
    return None


def _why_not(offered: list[Plain], anywhere: list[Plain], wanted: Plain) -> Item:
    def named(among: list[Plain]) -> list[Plain]:
        return [one for one in among if (one["id"], one["line_id"]) == (wanted["id"], wanted["line_id"])]

    if same := named(offered):
        return item("/amount", f"It is on offer at {same[0]['amount']}.", _NOT_OFFERED)
    said = "It is not on offer for the shipping address." if named(anywhere) else "There is no such option."
    return item("/line_id", said, _NOT_OFFERED)


def _taken(connection: Connection, state: State, directory: Directory, key: str) -> Session | Refused:
    """The Express session of an id, in which something can be done."""
    session = sessions.take(connection, SESSION, key) if orders.storable(key) else None
    if session is None:
        return no_session()
    why = orders.cause(session, state.now())
    if why is not None:
        return session_over(why, _OVER[why], _details(session, directory))
    return session if session.data["offers"] is not None else error("not_express", "The session is not an Express session.")


def _details(session: Session, directory: Directory) -> Plain:
    transaction, merchant = session.data["transaction"], directory.get(session.merchant)
    plain: Plain = {
        "merchant_reference": orders.reference(session), "return_url": orders.request_of(session)["url"]["return_url"],
    }  # fmt: skip
    if transaction is not None:
        plain["transaction_id"] = transaction["id"]
    return plain | ({"merchant": {"name": merchant.name}} if merchant is not None else {})


# -- the operations ----------------------------------------------------------------------------------------------------------


class ExpressHandlers:
    """The Express steps."""

    _sandbox: Sandbox

    @available(unavailable)
    async def set_dintero_addresses(
        self, request: Request, *, body: models.DinteroAddressesRequest, session_id: str
    ) -> (
        responses.SetDinteroAddresses200
        | responses.DinteroAddressesBadRequest
        | responses.DinteroSessionNotFound
        | responses.DinteroServiceUnavailable
    ):
        given = body.model_dump(mode="json", by_alias=True, exclude_unset=True)
        found = await _addressed(self._sandbox, request, session_id, given)
        if isinstance(found, Session):
            return responses.SetDinteroAddresses200(body=view_of(found))
        return responses.DinteroAddressesBadRequest(body=found) if isinstance(found, models.DinteroError) else found

    @available(unavailable)
    async def set_dintero_shipping_address(
        self, request: Request, *, body: models.DinteroAddressRequest, session_id: str
    ) -> (
        responses.SetDinteroShippingAddress200
        | responses.DinteroShippingAddressBadRequest
        | responses.DinteroSessionNotFound
        | responses.DinteroServiceUnavailable
    ):
        given = {SHIPPING: body.model_dump(mode="json", by_alias=True, exclude_unset=True)}
        found = await _addressed(self._sandbox, request, session_id, given, at=f"/{SHIPPING}")
        if isinstance(found, Session):
            return responses.SetDinteroShippingAddress200(body=view_of(found))
        return responses.DinteroShippingAddressBadRequest(body=found) if isinstance(found, models.DinteroError) else found

    @available(unavailable)
    async def set_dintero_shipping_option(
        self, request: Request, *, body: models.DinteroChosenShippingOptionRequest, session_id: str
    ) -> (
        responses.SetDinteroShippingOption200
        | responses.DinteroShippingOptionBadRequest
        | responses.DinteroSessionNotFound
        | responses.DinteroServiceUnavailable
    ):
        state = state_of(request)
        directory = await self._sandbox.directory(state)
        wanted = {"id": body.id, "line_id": body.line_id, "amount": body.amount}

        def work(connection: Connection) -> Session | Refused:
            session = _taken(connection, state, directory, session_id)
            if not isinstance(session, Session):
                return session
            if (refused := pick(session, wanted)) is not None:
                return refused
            sessions.save(connection, session)
            return session

        found = await self._sandbox.write(work)
        if isinstance(found, Session):
            _note(request, directory, found)
            return responses.SetDinteroShippingOption200(body=view_of(found))
        return responses.DinteroShippingOptionBadRequest(body=found) if isinstance(found, models.DinteroError) else found


def _note(request: Request, directory: Directory, session: Session) -> None:
    if (merchant := directory.get(session.merchant)) is not None:
        comes_from(request, merchant)


async def _addressed(sandbox: Sandbox, request: Request, key: str, given: Plain, at: str = "") -> Session | Refused:
    """Sets the addresses of a request, if their countries are countries. `at` is what pointers leave out."""
    await places.ready()
    if wrong := _no_countries(given, at):
        return invalid(*wrong)
    state = state_of(request)
    found = await set_addresses(sandbox, state, key, given)
    if isinstance(found, Session):
        _note(request, await sandbox.directory(state), found)
    return found


async def set_addresses(sandbox: Sandbox, state: State, key: str, given: Plain) -> Session | Refused:
    """Sets addresses, by their names, in an Express session, and has the merchant asked what is on offer if they wish so.

    Raises:
        Unavailable: the database cannot be used; no address was set.
    """
    directory = await sandbox.directory(state)

    def begin(connection: Connection) -> Session | Refused:
        session = _taken(connection, state, directory, key)
        if isinstance(session, Session):
            call = number_call(session)
            if SHIPPING not in given or callback_of(session) is None:
                put_addresses(session, call, given)
            sessions.save(connection, session)
        return session

    begun = await sandbox.write(begin)
    if not isinstance(begun, Session):
        return begun
    url = callback_of(begun)
    if url is None or SHIPPING not in given:
        return begun
    call = begun.data["calls"]
    put_addresses(begun, call, given)  # in what the merchant is shown alone
    offered = await offers.ask(begun.merchant, url, view_of(begun), state.switches)
    later = await sandbox.store.state()

    def end(connection: Connection) -> Session | Refused:
        session = _taken(connection, later, directory, key)
        if isinstance(session, Session):
            put_addresses(session, call, given, offered)
            sessions.save(connection, session)
        return session

    return await sandbox.write(end)


def _no_countries(given: Plain, at: str) -> list[Item]:
    """The countries among addresses that there are not."""
    said = "is not a country (ISO 3166-1 alpha-2)"
    return [
        item(f"/{name}/country".removeprefix(at), f"{address['country']} {said}.", "unknown_country")
        for name, address in given.items()
        if "country" in address and not places.is_country(address["country"])
    ]
