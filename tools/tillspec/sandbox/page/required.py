"""What has to be filled in before paying."""

from __future__ import annotations

from typing import Final

from tillspec.sandbox import money
from tillspec.sandbox.hosted import Address, View
from tillspec.sandbox.page.form import Problem

PROVINCES: Final = frozenset({"AU", "BR", "CA", "CN", "IN", "JP", "MX", "US"})
"""Countries whose addresses have a province in them."""

NO_POSTAL_CODES: Final = frozenset(
    {
        "AE", "AG", "AO", "AW", "BF", "BI", "BJ", "BO", "BS", "BW", "BZ", "CD", "CF", "CG", "CI", "CM", "DJ", "DM", "ER", "FJ",
        "GA", "GD", "GH", "GM", "GQ", "GY", "HK", "KI", "KM", "KN", "KP", "LC", "ML", "MO", "MR", "MW", "NR", "NU", "PA", "QA",
        "RW", "SB", "SC", "SL", "SR", "ST", "SY", "TD", "TF", "TG", "TK", "TL", "TO", "TV", "UG", "VU", "WS", "YE", "ZW",
    }
)  # fmt: skip
"""Countries without postal codes, by the Universal Postal Union's list of addressing systems."""

_FIELDS: Final = {
    "first_name": "Please enter your first name.",
    "last_name": "Please enter your last name.",
    "line1": "Please enter your street and number.",
    "city": "Please enter your city.",
    "postal_code": "Please enter your postal code.",
    "country": "Please choose a country.",
    "province": "Please choose a state or province.",
}
_EMAIL: Final = "Please enter your e-mail address."
_OPTION: Final = "Please choose how you want to get the goods."


def fields(view: View, address: Address) -> frozenset[str]:
    """The names of the fields that have to be filled in."""
    found = {"email"} if "email" in view.asks else set()
    if "address" in view.asks:
        found |= _FIELDS.keys()
        if address.country not in PROVINCES:
            found.discard("province")
        if address.country in NO_POSTAL_CODES:
            found.discard("postal_code")
    return frozenset(found)


def missing(view: View, address: Address) -> list[Problem]:
    """What is not filled in yet, in the order of the page."""
    asked = fields(view, address)
    found = [
        Problem(name, message)
        for name, message in {"email": _EMAIL, **_FIELDS}.items()
        if name in asked and not getattr(address, name).strip()
    ]
    if "option" in view.asks and view.chosen is None:
        found.append(Problem("option", _OPTION))
    return found


def seen(view: View) -> str:
    """What the buyer sees above the button, as the form brings it back: who pays another total has to be asked again."""
    return f"{view.total} {view.currency}"


def changed(view: View) -> Problem:
    """That the total is another one now."""
    return Problem("", f"The total is now {money.display(view.total, view.currency)}. Check it, and pay again.")
