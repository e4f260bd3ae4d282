"""Live carts from their beginning to their end: on the hosted page, for the control plane, and in what the merchant is told."""

from __future__ import annotations

from typing import Final

from pydantic import ValidationError
from sqlalchemy import Connection

from checkout_api import models
from tillspec.sandbox import clock, hosted, ids, outbox, sessions
from tillspec.sandbox.hosted import Choices, Outcome, Refused, Status, View
from tillspec.sandbox.merchants import Merchant
from tillspec.sandbox.outside import DiddoTemplateCart
from tillspec.sandbox.sessions import NotAllowed, Session
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces import diddo_carts as carts
from tillspec.sandbox.surfaces.diddo_carts import LIVE_CART, Buyer

_LIFECYCLE: Final = sessions.LIFECYCLES[LIVE_CART]
_LIFETIME: Final = 24 * 3600 * clock.SECOND
"""The contract says where a live cart shows its end, and not how long it lives; its examples live a day."""

_EVENT: Final = "diddoCheckoutEvent"
_IN_PROGRESS: Final = "in_progress"
_EXPIRED: Final = "expired"

_STATUSES: Final[dict[str, Status]] = {"succeeded": "paid", "failed": "failed", "cancelled": "canceled"}
MOVES: Final[dict[Outcome, str]] = {
    "complete": "succeeded", "fail": "failed", "cancel": "cancelled", "challenge": _IN_PROGRESS, "expire": _EXPIRED,
}  # fmt: skip
"""The states that outcomes come to."""

_FIELDS: Final = {
    "first_name": "first_name", "last_name": "last_name", "line1": "address1", "line2": "address2", "city": "city",
    "postal_code": "postal_code", "province": "province_code", "country": "country_code", "email": "email", "phone": "phone",
}  # fmt: skip
"""The fields of the page's address, and of `DiddoBuyerInfo`."""


class NotPurchasable(Exception):
    """The template cart cannot be bought; the text says why."""


def url_of(base_url: str, cart_id: str) -> str:
    """The hosted checkout of a cart: a live one, or a template, of which the page begins one."""
    return f"{base_url}/pay?cart_id={cart_id}"


def begin(connection: Connection, state: State, merchant: Merchant, template: DiddoTemplateCart, base_url: str) -> Session:
    """Makes a live cart of a merchant's template cart. `base_url` is where the pages are.

    Raises:
        NotPurchasable: something in it is not to be had, or it costs more than the contract can write.
    """
    if not all(line.available for line in template.lines):
        raise NotPurchasable("Something in this cart is not available any more.")
    goods = carts.subtotal(template)
    if goods > carts.MOST:
        raise NotPurchasable(f"This cart costs more than {carts.MOST}.")
    now = state.now()
    cart_id = ids.ulid(connection, state)
    cart = Session(
        id=cart_id, kind=LIVE_CART, merchant=merchant.id, parent=template.id, status=_LIFECYCLE.initial, amount=goods,
        currency=template.currency, created_at=now, expires_at=now + _LIFETIME,
        data={
            "template": template.model_dump(mode="json"), "buyer": {}, "method": None, "challenge": False,
            "checkout_url": url_of(base_url, cart_id),
        },
    )  # fmt: skip
    sessions.insert(connection, cart)
    _tell(connection, state, merchant, cart)
    return cart


def advance(connection: Connection, state: State, merchant: Merchant, cart: Session, to: str) -> None:
    """Stores a cart that was taken and changed in this transaction, moved to a state if it is not there already.

    Raises:
        NotAllowed: its lifecycle has no such move.
    """
    if cart.status == to:
        sessions.save(connection, cart)
        return
    sessions.move(connection, cart, to, state.now())
    _tell(connection, state, merchant, cart)


def _tell(connection: Connection, state: State, merchant: Merchant, cart: Session) -> None:
    """Puts the event of a cart's new status into the outbox, if the merchant wants to be told."""
    url = merchant.diddo.webhook.url if merchant.diddo is not None else None
    if url is None:
        return
    event_id = ids.token(connection, state, "evt_")
    plain = {
        "id": event_id, "type": f"checkout.{cart.status}", "created_at": carts.rfc3339(state.now()), "data": carts.shown(cart),
    }  # fmt: skip
    event = models.DiddoCheckoutEvent.model_validate(plain)
    message = outbox.Message(
        merchant=merchant.id, operation=_EVENT, session=cart.id, event=event_id, url=url,
        headers={"Content-Type": "application/json"}, body=event.model_dump_json(by_alias=True, exclude_unset=True).encode(),
    )  # fmt: skip
    outbox.add(connection, state, message)


class DiddoCheckout:
    """A live cart on the hosted page; see `hosted.Checkout`."""

    kind: str = LIVE_CART

    def view(self, connection: Connection, state: State, merchant: Merchant, session: Session) -> View:
        """What the page shows. Where something is shipped, the buyer gives an address and chooses a way of shipping."""
        template, cost, data = carts.template_of(session), carts.cost(session), session.data
        options = carts.methods(template, data["buyer"])
        return View(
            id=session.id, status=_status(session, state.now()), merchant=merchant.name, currency=template.currency,
            subtotal=cost["subtotal"], shipping=cost["shipping"], tax=cost["tax"], total=cost["total"],
            lines=tuple(
                hosted.Line(
                    id=line.id, title=line.title, quantity=line.quantity, unit_amount=line.unit_amount,
                    amount=line.unit_amount * line.quantity, image=line.image_url,
                )
                for line in template.lines
            ),
            options=tuple(hosted.Option(id=str(one.id), name=one.name, amount=one.amount) for one in options),
            chosen=str(data["method"]) if data["method"] is not None else None,
            address=hosted.Address(**{ours: data["buyer"].get(theirs, "") for ours, theirs in _FIELDS.items()}),
            asks=frozenset({"address", "option"}) if template.shipping_methods else frozenset(),
            countries=carts.countries(template), expires_at=session.expires_at, reason=data.get("reason", ""),
        )  # fmt: skip

    def choose(self, connection: Connection, state: State, merchant: Merchant, session: Session, choices: Choices) -> None:
        """Takes an address and a way of shipping. An address is taken as a whole: a field that is empty is not known.

        A way that a new address does not allow is dropped, as the one chosen before is: the buyer saw it beside the old address.

        Raises:
            Refused: one of them cannot be taken, or the cart has no such choice.
            NotAllowed: the cart is over.
        """
        _is_open(session, state.now(), _IN_PROGRESS)
        _has_choice(session, choices)
        before = session.data["buyer"]
        buyer = before if choices.address is None else _buyer(choices.address)
        method = _option(carts.template_of(session), before, buyer, choices.option)
        declined = carts.address(session, buyer)
        if declined is not None:
            raise _refused(declined)
        if method is not None:
            carts.choose_method(session, method)
        if choices.address is not None or choices.option:
            advance(connection, state, merchant, session, _IN_PROGRESS)

    def settle(
        self, connection: Connection, state: State, merchant: Merchant, session: Session, outcome: Outcome, *, reason: str = ""
    ) -> None:
        """Moves a live cart, by way of `in_progress`: that is where its payment is on its way.

        Diddo has no state for a challenge, and none for a cart whose time is over: that is simply not found any more.

        Raises:
            NotAllowed: the cart is over, or is in that challenge already.
        """
        now = state.now()
        to = MOVES[outcome]
        _is_open(session, now, to)
        if outcome == "challenge" and session.data["challenge"]:
            raise NotAllowed(session, "challenge", "challenge")
        if outcome == "expire":
            session.expires_at = now
            sessions.save(connection, session)
            return
        session.data["challenge"] = outcome == "challenge"
        if reason:
            session.data["reason"] = reason
        for step in dict.fromkeys((_IN_PROGRESS, to)):
            advance(connection, state, merchant, session, step)


def _status(session: Session, now: int) -> Status:
    if session.is_over(now):
        return "expired"
    return _STATUSES.get(session.status, "challenge" if session.data["challenge"] else "open")


def _is_open(session: Session, now: int, to: str) -> None:
    if session.is_over(now):
        raise NotAllowed(session, _EXPIRED, to)
    if _LIFECYCLE.is_terminal(session.status):
        raise NotAllowed(session, session.status, to)


def _has_choice(session: Session, choices: Choices) -> None:
    """That nothing is chosen anew that is fixed in a live cart."""
    if choices.promo_code:
        raise Refused("promo_code", "There are no promo codes here.")
    if choices.currency not in (None, session.currency):
        raise Refused("currency", f"This cart is paid in {session.currency}.")
    fixed = {line.id: line.quantity for line in carts.template_of(session).lines}
    if any(fixed.get(line) != quantity for line, quantity in choices.quantities.items()):
        raise Refused("quantities", "The quantities of this cart are fixed.")


def _option(template: DiddoTemplateCart, before: Buyer, buyer: Buyer, option: str | None) -> int | None:
    """The method of an option; None where none was chosen, or one that the address before allowed and this one does not."""
    if not option:
        return None
    found = next((one.id for one in carts.methods(template, buyer) if str(one.id) == option), None)
    if found is None and all(str(one.id) != option for one in carts.methods(template, before)):
        raise Refused("option", "Please choose one of the ways of shipping.")
    return found


def _buyer(address: hosted.Address) -> dict[str, str]:
    """What the form says, as the contract takes it; a phone number may be written with spaces and the like."""
    plain = {theirs: str(getattr(address, ours)).strip() for ours, theirs in _FIELDS.items()}
    plain["phone"] = plain["phone"].translate({ord(each): None for each in " -./()"})
    given = {name: value for name, value in plain.items() if value}
    try:
        models.DiddoBuyerInfo.model_validate(given)
    except ValidationError as error:
        raise _not_of_the_form(error) from None
    return given


def _not_of_the_form(error: ValidationError) -> Refused:
    first = error.errors(include_url=False, include_input=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "address1"
    return Refused(_field_of(name), _HINTS.get(name, "Please check this field."))


_HINTS: Final = {
    "email": "Please enter an e-mail address, such as jane@example.com.",
    "phone": "Please enter the number with its country code, such as +1 415 555 0137.",
    "country_code": "Please choose a country.",
    "province_code": "Please enter the province's code, such as CA.",
}


def _field_of(name: str) -> str:
    return next((ours for ours, theirs in _FIELDS.items() if theirs == name), name)


def _refused(declined: carts.Declined) -> Refused:
    name, message = declined.fields[0]
    field = _field_of(name.removeprefix("buyer_info."))
    return Refused(field, f"This {message}.")
