"""What a VINR session offers its buyer, and what the buyer's choices cost.

Choices are kept in `Session.data["choices"]`, with the fields of `Chosen`. All amounts are in the minor unit of the currency that
the buyer has chosen; those of the request are converted at the sandbox's test rates (`vinr_rates`), each price of a piece alone,
so that what the page shows adds up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

from checkout_api import behavior, models
from tillspec.sandbox import money
from tillspec.sandbox.hosted import Address, Line, Option
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.surfaces.vinr_rates import converted

MOST: Final = 99_999_999
"""The largest amount there is (`Amount` of the contract)."""

_PERCENT: Final = behavior.VINR_PERCENTAGE_PROMO_CODE.properties["discount"].percent
_ROUNDING: Final = (_PERCENT and _PERCENT.rounding) or "half-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the buyer has chosen. `quantities` has the lines whose quantity is not that of the request."""

    currency: str
    option: str | None = None
    promo_code: str | None = None
    quantities: Mapping[str, int] = field(default_factory=dict)
    address: Mapping[str, str] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        """As a JSON value."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What it costs: `total` is `subtotal - discount + shipping`."""

    lines: tuple[Line, ...]
    subtotal: int
    discount: int
    shipping: int

    @property
    def total(self) -> int:
        return self.subtotal - self.discount + self.shipping


class Offer:
    """What a session's request offers."""

    def __init__(self, session: Session) -> None:
        body = models.VinrSessionRequest.model_validate_json(session.request)
        self._asked: dict[str, Any] = body.model_dump(by_alias=True, exclude_unset=True)
        self._metadata: dict[str, Any] = self._asked.get("metadata", {})
        self.currency: Final[str] = self._asked["currency"]

    # -- what is asked for ---------------------------------------------------------------------------------------------

    @property
    def merchant_name(self) -> str | None:
        """The name to show instead of the merchant's own."""
        return self._metadata.get("merchantName")

    @property
    def subscription(self) -> bool:
        """Whether the page speaks of a subscription."""
        return bool(self._metadata.get("mode") == "subscription")

    @property
    def collects(self) -> bool:
        """Whether a shipping address is asked for. The sandbox's configurations, which decide where nothing is said, skip it."""
        return bool(self._metadata.get("shippingAddressHandling") == "Collect")

    @property
    def takes_codes(self) -> bool:
        """Whether there is a field for a promo code."""
        return bool(self._metadata.get("promoCode", {}).get("enabled", False))

    @property
    def delivers(self) -> bool:
        """Whether there is a delivery to choose."""
        return bool(self._metadata.get("delivery", {}).get("enabled", False))

    @property
    def success_url(self) -> str:
        return str(self._asked["successUrl"])

    @property
    def cancel_url(self) -> str:
        return str(self._asked["cancelUrl"])

    def address(self) -> Address:
        """What the merchant knows of the buyer, as the form has it."""
        customer = self._asked.get("customer", {})
        first, _, last = str(customer.get("name", "")).strip().rpartition(" ")
        return Address(
            first_name=first or last, last_name=last if first else "", email=customer.get("email", ""),
            phone=customer.get("phone", ""),
        )  # fmt: skip

    # -- what there is to choose ---------------------------------------------------------------------------------------

    def currencies(self) -> tuple[str, ...]:
        """The currencies to choose from, the session's own first."""
        return tuple(dict.fromkeys((self.currency, *self._asked.get("supportedCurrencies", ()))))

    def options(self, currency: str) -> tuple[Option, ...]:
        """The ways of shipping whose price is in the currency, and the places of pickup, in the order of the request."""
        if not self.delivers:
            return ()
        methods, names = self._methods(), _pickup_names(self._methods(), self._locations())
        shipped = (
            Option(id=one["id"], name=one["name"], amount=one["price"], note=_days(one.get("estimatedDays")))
            for one in methods
            if one["currency"] == currency
        )
        fetched = (Option(id=name, name=one["name"], amount=0, way="pickup") for name, one in names)
        return (*shipped, *fetched)

    def _methods(self) -> list[dict[str, Any]]:
        return list(self._metadata["delivery"].get("options", {}).get("shipping", {}).get("methods", ()))

    def _locations(self) -> list[dict[str, Any]]:
        return list(self._metadata["delivery"].get("options", {}).get("pickup", {}).get("locations", ()))

    def promo(self, code: str) -> dict[str, Any] | None:
        """The promo code that the buyer means: as it is written, or else in other case."""
        found: list[dict[str, Any]] = self._metadata["promoCode"].get("availableCodes", []) if self.takes_codes else []
        exact = (one for one in found if one["code"] == code)
        alike = (one for one in found if one["code"].casefold() == code.casefold())
        return next(exact, None) or next(alike, None)

    def promo_label(self, code: str, currency: str) -> str:
        """What a promo code is worth, in words."""
        found = self.promo(code)
        if found is None:
            return ""
        if found.get("description"):
            return str(found["description"])
        if found["discountType"] == "percentage":
            return f"{found['discount']:g}% off"
        return f"{money.display(converted(found['discount'], self.currency, currency), currency)} off"

    # -- what it costs -------------------------------------------------------------------------------------------------

    def lines(self, chosen: Chosen) -> tuple[Line, ...]:
        """The cart; where there is none, the amount is the one line."""
        items = self._asked.get("cartItems")
        if items is None:
            amount = converted(self._asked["amount"], self.currency, chosen.currency)
            title = "Subscription" if self.subscription else "Payment"
            return (Line(id="amount", title=title, quantity=1, unit_amount=amount, amount=amount),)
        names = _once([item["id"] for item in items])
        return tuple(self._line(name, item, chosen) for name, item in zip(names, items, strict=True))

    def _line(self, name: str, item: dict[str, Any], chosen: Chosen) -> Line:
        price = converted(item["price"], self.currency, chosen.currency)
        quantity = chosen.quantities.get(name, item["quantity"])
        return Line(
            id=name, title=item["name"], quantity=quantity, unit_amount=price, amount=price * quantity,
            description=item.get("description", ""), image=item.get("image"), most=item.get("maxQuantity"),
        )  # fmt: skip

    def cost(self, chosen: Chosen) -> Cost:
        """What the choices cost: a promo code is taken off the cart's total, then shipping is added."""
        lines = self.lines(chosen)
        subtotal = sum(line.amount for line in lines)
        shipping = next((one.amount for one in self.options(chosen.currency) if one.id == chosen.option), 0)
        return Cost(lines=lines, subtotal=subtotal, discount=self._discount(subtotal, chosen), shipping=shipping)

    def _discount(self, subtotal: int, chosen: Chosen) -> int:
        promo = self.promo(chosen.promo_code) if chosen.promo_code else None
        if promo is None:
            return 0
        if promo["discountType"] == "percentage":
            return money.share(subtotal, promo["discount"], _ROUNDING)
        return min(subtotal, converted(promo["discount"], self.currency, chosen.currency))


def chosen_of(session: Session, offer: Offer) -> Chosen:
    """What the buyer has chosen so far."""
    kept = session.data.get("choices")
    return Chosen(**kept) if kept is not None else Chosen(currency=offer.currency)


def settled(offer: Offer, chosen: Chosen) -> Chosen:
    """The same without an option that is not offered in the chosen currency."""
    offered = {one.id for one in offer.options(chosen.currency)}
    return chosen if chosen.option in offered else replace(chosen, option=None)


def way_of(offer: Offer, chosen: Chosen) -> Literal["shipping", "pickup"] | None:
    """How the goods get to the buyer, as far as that is chosen."""
    return next((one.way for one in offer.options(chosen.currency) if one.id == chosen.option), None)


def _days(estimate: dict[str, int] | None) -> str:
    if estimate is None:
        return ""
    least, most = estimate["min"], estimate["max"]
    if least == most:
        return f"{most} day" if most == 1 else f"{most} days"
    return f"{least}–{most} days"


def _pickup_names(methods: list[dict[str, Any]], locations: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Places of pickup with names that no shipping method has: the contract keeps the ids of each kind apart, not of both."""
    taken = {one["id"] for one in methods}
    found = []
    for one in locations:
        name = one["id"]
        while name in taken:
            name = f"pickup:{name}"
        taken.add(name)
        found.append((name, one))
    return found


def _once(names: list[str]) -> list[str]:
    """Names of lines: two lines may be of the same item, and are told apart by their number."""
    found: list[str] = []
    for number, name in enumerate(names, 1):
        found.append(name if name not in found else f"{name}#{number}")
    return found
