"""What the templates print: a session's view, in words and formatted amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from tillspec.sandbox import clock, money, places
from tillspec.sandbox.hosted import Address, Line, Option, Status, View
from tillspec.sandbox.page import required
from tillspec.sandbox.page.form import Form, Problem
from tillspec.sandbox.page.guard import web_url
from tillspec.sandbox.places import Place

REASONS: Final = {
    "card_declined": "Your bank declined the card.",
    "insufficient_funds": "There is not enough money on the card.",
    "expired_card": "The card has expired.",
    "processing_error": "The bank could not process the card.",
    "authentication_failed": "You declined the check of your bank.",
}
TEST_CARDS: Final = (
    ("4242 4242 4242 4242", "is paid"),
    ("4000 0000 0000 3220", "asks for 3-D Secure"),
    ("4000 0000 0000 0002", "is declined"),
    ("4000 0000 0000 9995", "has insufficient funds"),
    ("4000 0000 0000 0069", "has expired"),
    ("4000 0000 0000 0119", "meets a processing error"),
)
"""Numbers that may be shown: they are nobody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineShown:
    """A line of the cart. `field` is the name of its quantity's field; None: it is fixed."""

    title: str
    description: str
    image: str | None
    quantity: str
    most: int | None
    field: str | None
    each: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionShown:
    """A way to get the goods."""

    id: str
    name: str
    note: str
    amount: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the sum. `kind` is `part` or `total`."""

    label: str
    amount: str
    kind: str = "part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The open page. `address` is as it was typed, `problems` by field, `required` the names of what must be filled in.

    `deliver_first` says that the way is chosen before the address, because goods that are fetched need none.
    """

    view: View
    merchant: str
    heading: str
    button: str
    seen: str
    total: str
    lines: tuple[LineShown, ...]
    rows: tuple[Row, ...]
    shipping: tuple[OptionShown, ...]
    pickup: tuple[OptionShown, ...]
    no_options: str
    deliver_first: bool
    currencies: tuple[Place, ...]
    asks_address: bool
    asks_email: bool
    asks_option: bool
    address: Address
    countries: tuple[Place, ...]
    provinces: tuple[Place, ...]
    required: frozenset[str]
    problems: dict[str, str]
    summary: tuple[Problem, ...]
    promo_typed: str
    until: str
    free: bool


def checkout(view: View, problems: Sequence[Problem] = (), form: Form | None = None) -> Checkout:
    """The page of an open session, with what is wrong and what was typed, after a form that was not taken."""
    address = view.address if form is None else form.address(view)
    options = {way: tuple(_option(view, one) for one in view.options if one.way == way) for way in ("shipping", "pickup")}
    total = money.display(view.total, view.currency)
    return Checkout(
        view=view, merchant=view.merchant, heading=("Subscribe to" if view.subscription else "Pay"), button=_button(view, total),
        seen=required.seen(view), total=total,
        lines=tuple(_line(view, number, line, form) for number, line in enumerate(view.lines)),
        rows=_rows(view, total),
        shipping=options["shipping"], pickup=options["pickup"], no_options=_no_options(view),
        deliver_first=_delivers_first(view),
        currencies=tuple(Place(code=code, name=_currency(code)) for code in view.currencies),
        asks_address="address" in view.asks, asks_email="email" in view.asks, asks_option="option" in view.asks,
        address=address, countries=_countries(view), provinces=places.provinces(address.country),
        required=required.fields(view, address),
        problems={one.field: one.message for one in reversed(problems) if one.field}, summary=_linked(view, problems),
        promo_typed=form.given.get("promo_code", "") if form is not None and problems else "",
        until=until(view.expires_at), free=view.total == 0,
    )  # fmt: skip


def _button(view: View, total: str) -> str:
    if view.total == 0:
        return "Complete order"
    return f"Subscribe for {total}" if view.subscription else f"Pay {total}"


def _line(view: View, number: int, line: Line, form: Form | None) -> LineShown:
    name = f"quantity-{number}"
    return LineShown(
        title=line.title, description=line.description, image=web_url(line.image), most=line.most,
        quantity=form.given.get(name, str(line.quantity)) if form is not None else str(line.quantity),
        field=name if line.most is not None else None,
        each=money.display(line.unit_amount, view.currency), amount=money.display(line.amount, view.currency),
    )  # fmt: skip


def _option(view: View, option: Option) -> OptionShown:
    amount = money.display(option.amount, view.currency) if option.amount else "Free"
    return OptionShown(id=option.id, name=option.name, note=option.note, amount=amount, chosen=option.id == view.chosen)


def _rows(view: View, total: str) -> tuple[Row, ...]:
    """The sum; where there is nothing to add up, the total alone, or nothing where that is the one line's amount."""
    rows = []
    if view.promo_code:
        rows.append(Row(label=f"Promo code {view.promo_code}", amount=f"−{money.display(view.discount, view.currency)}"))
    if "option" in view.asks or view.shipping:
        rows.append(Row(label="Delivery", amount=_delivery(view)))
    if view.tax:
        rows.append(Row(label="Tax", amount=money.display(view.tax, view.currency)))
    if not rows and len(view.lines) == 1:
        return ()
    if rows:
        rows.insert(0, Row(label="Subtotal", amount=money.display(view.subtotal, view.currency)))
    return (*rows, Row(label="Total", amount=total, kind="total"))


def _delivery(view: View) -> str:
    if view.chosen is None:
        return "Not chosen yet"
    return money.display(view.shipping, view.currency) if view.shipping else "Free"


def _no_options(view: View) -> str:
    """Why there is no way to get the goods."""
    if view.options or "option" not in view.asks:
        return ""
    if "address" in view.asks and not view.address.country:
        return "Choose a country to see how the goods can get to you."
    if view.currencies:
        return f"Nothing is delivered for {view.currency}. Choose another currency."
    return "Nothing is delivered to this address."


def _countries(view: View) -> tuple[Place, ...]:
    if "address" not in view.asks:
        return ()
    return tuple(one for one in places.countries() if not view.countries or one.code in view.countries)


def _currency(code: str) -> str:
    from babel.numbers import get_currency_name

    return str(get_currency_name(code, locale="en"))


def _linked(view: View, problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """What is wrong in the order of the page, each with the id of the element to go to."""
    places_of = {name: place for place, name in enumerate(_order(view))}
    inside = sorted(problems, key=lambda one: places_of.get(one.field, -1))
    return tuple(replace(one, field=_target(view, one.field)) for one in inside)


def _order(view: View) -> tuple[str, ...]:
    """The names of the form's fields, as they follow on each other."""
    address = (
        "email", "first_name", "last_name", "country", "line1", "line2", "postal_code", "city", "province", "phone",
    )  # fmt: skip
    cart = (*(f"quantity-{number}" for number in range(len(view.lines))), "promo_code", "currency")
    middle = ("option", *address) if _delivers_first(view) else (*address, "option")
    return (*cart, *middle, "number", "expiry", "cvc")


def _delivers_first(view: View) -> bool:
    """Whether the way is chosen before the address: goods that are fetched need none."""
    return not view.address_first and any(one.way == "pickup" for one in view.options)


def _target(view: View, field: str) -> str:
    if field == "option":
        return "option-0" if view.options else "delivery"
    return field


def until(at: int | None) -> str:
    """Until when one can pay, in words: the time of the sandbox's clock, which need not be that of the buyer's."""
    if at is None:
        return ""
    moment = clock.moment(at)
    return f"{moment:%H:%M} UTC on {moment.day} {moment:%B %Y}"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The page of a session that is over. `next_url` is where the buyer goes on to."""

    status: Status
    title: str
    text: str
    next_url: str | None
    next_label: str
    receipt: tuple[Row, ...] = ()
    onward: bool = False


def end(view: View) -> End:
    """The page of a session that is paid, failed, canceled or expired."""
    if view.status == "paid":
        return _paid(view)
    title, text = _ENDS.get(view.status, _ENDS["expired"])
    return End(
        status=view.status, title=title, text=text.format(why=REASONS.get(view.reason, _NO_REASON), merchant=view.merchant),
        next_url=web_url(view.cancel_url), next_label=f"Return to {view.merchant}", onward=view.status == "canceled",
    )  # fmt: skip


_NO_REASON: Final = "The payment could not be made."
_ENDS: Final = {
    "failed": ("Payment failed", "{why} Nothing was charged. Go back to {merchant} to try again."),
    "canceled": ("Payment canceled", "Nothing was charged."),
    "expired": (
        "This checkout has expired",
        "The time to pay is over, and nothing was charged. Go back to {merchant} to start again.",
    ),
}


def _paid(view: View) -> End:
    order = "order" if view.total == 0 else "payment"
    return End(
        status=view.status, title="Thank you",
        text="Your subscription has begun." if view.subscription else f"{view.merchant} has your {order}.",
        next_url=web_url(view.success_url), next_label=f"Continue to {view.merchant}",
        receipt=(*_bought(view), *_rows(view, money.display(view.total, view.currency))), onward=True,
    )  # fmt: skip


def _bought(view: View) -> tuple[Row, ...]:
    def label(line: Line) -> str:
        return f"{line.quantity} × {line.title}" if line.quantity > 1 else line.title

    return tuple(Row(label=label(line), amount=money.display(line.amount, view.currency)) for line in view.lines)
