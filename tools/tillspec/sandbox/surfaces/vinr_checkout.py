"""VINR's sessions from the buyer's first choice to their end: on the hosted page, and for the control plane."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Final, Literal

from pydantic import ValidationError
from sqlalchemy import Connection

from checkout_api import models
from tillspec.sandbox import places, sessions
from tillspec.sandbox.hosted import Address, Choices, Outcome, Refused, Status, View
from tillspec.sandbox.merchants import Merchant
from tillspec.sandbox.sessions import NotAllowed, Session
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces import vinr_events
from tillspec.sandbox.surfaces.vinr import SESSION
from tillspec.sandbox.surfaces.vinr_offer import MOST, Chosen, Offer, chosen_of, settled, way_of

_INITIAL: Final = sessions.LIFECYCLES[SESSION].initial
_STATUSES: Final[dict[str, Status]] = {
    "pending": "open", "authentication_required": "challenge", "completed": "paid", "failed": "failed", "canceled": "canceled",
    "expired": "expired",
}  # fmt: skip
MOVES: Final[dict[Outcome, str]] = {
    "complete": "completed", "fail": "failed", "challenge": "authentication_required", "cancel": "canceled", "expire": "expired",
}  # fmt: skip
"""The states that outcomes come to."""

_LONGEST: Final = 255


class VinrCheckout:
    """A session on the hosted page; see `hosted.Checkout`."""

    kind: str = SESSION

    def view(self, connection: Connection, state: State, merchant: Merchant, session: Session) -> View:
        """What the page shows."""
        offer = Offer(session)
        chosen = chosen_of(session, offer)
        cost, currencies = offer.cost(chosen), offer.currencies()
        return View(
            id=session.id, status=_STATUSES[session.status_at(state.now())], merchant=offer.merchant_name or merchant.name,
            currency=chosen.currency, currencies=currencies if len(currencies) > 1 else (),
            lines=cost.lines, subtotal=cost.subtotal, discount=cost.discount, shipping=cost.shipping, total=cost.total,
            options=offer.options(chosen.currency), chosen=chosen.option,
            promo=offer.takes_codes, promo_code=chosen.promo_code,
            promo_label=offer.promo_label(chosen.promo_code, chosen.currency) if chosen.promo_code else "",
            address=Address(**chosen.address) if chosen.address else offer.address(),
            asks=_asks(offer, chosen), subscription=offer.subscription,
            expires_at=session.expires_at, success_url=_with_session(offer.success_url, session.id), cancel_url=offer.cancel_url,
            reason=session.data.get("reason", ""),
        )  # fmt: skip

    def choose(self, connection: Connection, state: State, merchant: Merchant, session: Session, choices: Choices) -> None:
        """Takes the buyer's choices; the amount and the currency of the result follow at once.

        With another currency every amount is converted at the sandbox's test rates, and a way of shipping that has its price in
        the currency before is not chosen any more.

        Raises:
            Refused: one of them cannot be taken.
            NotAllowed: the session is over, or being paid.
        """
        status = session.status_at(state.now())
        if status != _INITIAL:
            raise NotAllowed(session, status, "changed")
        offer = Offer(session)
        chosen = _chosen(offer, chosen_of(session, offer), choices)
        cost = offer.cost(chosen)
        if max(cost.subtotal, cost.total) > MOST:
            raise Refused("quantities" if choices.quantities else "currency", "This is more than can be paid at once.")
        if choices.address is not None:
            _tell_of(session, choices.address)
        session.data["choices"] = chosen.kept()
        session.amount, session.currency = cost.total, chosen.currency
        sessions.save(connection, session)

    def settle(
        self, connection: Connection, state: State, merchant: Merchant, session: Session, outcome: Outcome, *, reason: str = ""
    ) -> None:
        """Moves a session, and puts the event of it into the outbox.

        Raises:
            NotAllowed: its lifecycle has no such move.
        """
        if reason:
            session.data["reason"] = reason
        now = state.now()
        sessions.move(connection, session, MOVES[outcome], now)
        vinr_events.moved(connection, state, merchant, session, now)


def _asks(offer: Offer, chosen: Chosen) -> frozenset[Literal["address", "option", "email"]]:
    """What has to be filled in. Nobody needs the address of a buyer who fetches the goods."""
    found: set[Literal["address", "option", "email"]] = set()
    if offer.collects:
        found.add("email")
        if way_of(offer, chosen) != "pickup":
            found.add("address")
    if offer.delivers:
        found.add("option")
    return frozenset(found)


def _chosen(offer: Offer, before: Chosen, choices: Choices) -> Chosen:
    """What is chosen now.

    Raises:
        Refused: one of the choices cannot be taken.
    """
    currency = choices.currency or before.currency
    if currency not in offer.currencies():
        raise Refused("currency", "Please choose one of the currencies.")
    chosen = replace(before, currency=currency)
    if choices.option is not None:
        chosen = replace(chosen, option=_option(offer, before, currency, choices.option))
    if choices.promo_code is not None:
        chosen = replace(chosen, promo_code=_promo(offer, choices.promo_code.strip()))
    if choices.quantities:
        chosen = replace(chosen, quantities=_quantities(offer, before, choices.quantities))
    if choices.address is not None:
        chosen = replace(chosen, address=_address(choices.address))
    return settled(offer, chosen)


def _option(offer: Offer, before: Chosen, currency: str, option: str) -> str | None:
    if not option or any(one.id == option for one in offer.options(currency)):
        return option or None
    if any(one.id == option for one in offer.options(before.currency)):
        return None  # the buyer saw it beside the currency before
    raise Refused("option", "Please choose one of the ways to get the goods.")


def _promo(offer: Offer, code: str) -> str | None:
    if not code:
        return None
    found = offer.promo(code)
    if found is None:
        raise Refused(
            "promo_code", "This promo code is not valid here." if offer.takes_codes else "There are no promo codes here."
        )
    return str(found["code"])


def _quantities(offer: Offer, before: Chosen, wanted: dict[str, int]) -> dict[str, int]:
    lines = {line.id: line for line in offer.lines(before)}
    for name, quantity in wanted.items():
        line = lines.get(name)
        if line is None:
            raise Refused("quantities", "There is no such line in this cart.")
        if line.most is None and quantity != line.quantity:
            raise Refused("quantities", f"The quantity of {line.title} is fixed.")
        if line.most is not None and not 1 <= quantity <= line.most:
            raise Refused("quantities", f"Please choose between 1 and {line.most} of {line.title}.")
    return {**before.quantities, **wanted}


def _address(address: Address) -> dict[str, str]:
    """An address as it is kept, which need not be complete yet."""
    plain = {name: str(value).strip() for name, value in asdict(address).items()}
    for name, value in plain.items():
        if len(value) > _LONGEST:
            raise Refused(name, f"This is too long; {_LONGEST} characters are the most.")
    wrong = places.check(plain)
    if wrong:
        name, message = wrong[0]
        raise Refused(name, f"This {message}.")
    return plain


def _tell_of(session: Session, address: Address) -> None:
    """Puts into the result what the buyer has filled in; what is left empty stays as the merchant named it."""
    name = " ".join(filter(None, (address.first_name.strip(), address.last_name.strip())))
    told = {"name": name, "email": address.email.strip()}
    customer = {**session.data.get("customer", {}), **{key: value for key, value in told.items() if value}}
    try:
        models.VinrResultCustomer.model_validate(customer)
    except ValidationError:
        raise Refused("email", "Please enter an e-mail address, such as jane@example.com.") from None
    session.data["customer"] = customer


def _with_session(url: str, session_id: str) -> str:
    """The URL with `sessionId` in its query; what else stands there is left as it is, letter by letter."""
    before, hash_, fragment = url.partition("#")
    before, asked, query = before.partition("?")
    kept = [part for part in query.split("&") if part and part.partition("=")[0] != "sessionId"] if asked else []
    return f"{before}?{'&'.join([*kept, f'sessionId={session_id}'])}{hash_}{fragment}"
