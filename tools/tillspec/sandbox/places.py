"""Countries and their provinces: ISO 3166-1 alpha-2 and ISO 3166-2 as pycountry has them, country names as CLDR has them.

The lists are read when they are first asked for, which takes a tenth of a second, and kept. `ready` does that beside the event
loop; whoever is about to check addresses in a transaction awaits it first.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

REQUIRED: Final = "is required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A country or a province. `code` is what an address has: of `US-CA` it is `CA`. `kind` is a province's, such as `State`."""

    code: str
    name: str
    kind: str = ""


@cache
def countries(locale: str = "en") -> tuple[Place, ...]:
    """All countries by name, for a list to choose from. `locale` is one that Babel knows, such as `de` or `pt_BR`."""
    import pycountry
    from babel import Locale

    names = Locale.parse(locale).territories
    found = (Place(code=one.alpha_2, name=names.get(one.alpha_2, one.name)) for one in pycountry.countries)
    return tuple(sorted(found, key=_alphabetically))


@cache
def provinces(country: str) -> tuple[Place, ...]:
    """What ISO 3166-2 has below a country, of all levels, by name; nothing for a country without provinces, or no country.

    Names are in a language of the country.
    """
    import pycountry

    database: Any = pycountry.subdivisions  # which is only partly typed
    found = database.get(country_code=country) or ()
    return tuple(sorted((Place(code=one.code[3:], name=one.name, kind=one.type) for one in found), key=_alphabetically))


def _alphabetically(place: Place) -> tuple[str, str]:
    """Å beside A."""
    return unicodedata.normalize("NFKD", place.name).encode("ascii", "ignore").decode().casefold() or place.name, place.code


@cache
def _names() -> Mapping[str, str]:
    return {one.code: one.name for one in countries()}


@cache
def _codes(country: str) -> frozenset[str]:
    return frozenset(one.code for one in provinces(country))


def is_country(code: str) -> bool:
    """Whether it is an ISO 3166-1 alpha-2 code, in upper case."""
    return code in _names()


def is_province(country: str, code: str) -> bool:
    """Whether a country has a province of this code, which is that of ISO 3166-2 without the country."""
    return code in _codes(country) if is_country(country) else False


def country_name(code: str) -> str:
    """A country's English name; the code itself where there is no such country."""
    return _names().get(code, code)


def check(address: Mapping[str, str | None], required: Collection[str] = ()) -> list[tuple[str, str]]:
    """What is wrong with a postal address, each as its field and a message that follows on the field's name.

    `address` has `country` and `province`, and any other fields; empty is as good as not there. Each of `required` must be
    there. A province cannot be checked before its country is known.
    """
    wrong = [(name, REQUIRED) for name in required if not (address.get(name) or "").strip()]
    country, province = address.get("country"), address.get("province")
    if not country:
        return wrong
    if not is_country(country):
        wrong.append(("country", "is not a country (ISO 3166-1 alpha-2)"))
    elif province and not is_province(country, province):
        example = next(iter(sorted(_codes(country))), None)
        hint = f"; one is {example}" if example else "; there are none"
        wrong.append(("province", f"is not a province of {country_name(country)} (ISO 3166-2){hint}"))
    return wrong


def load() -> None:
    """Reads the lists, if that has not been done."""
    is_province("US", "")


async def ready() -> None:
    """The same in a thread, so that nobody else has to wait for it."""
    if not _names.cache_info().currsize or not _codes.cache_info().currsize:
        await asyncio.to_thread(load)
