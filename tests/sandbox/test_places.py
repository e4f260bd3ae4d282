"""Countries and provinces, and what is wrong with an address."""

from __future__ import annotations

import asyncio

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillspec.sandbox import places


def test_countries_are_listed_by_name() -> None:
    found = places.countries()
    assert len({one.code for one in found}) == len(found) == len(pycountry.countries)
    names = [one.name for one in found]
    assert names.index("Åland Islands") < names.index("Albania") < names.index("Algeria")
    assert {one.code: one.name for one in places.countries("de")}["DE"] == "Deutschland"
    assert places.country_name("KR") == "South Korea"


def test_provinces_are_those_of_the_country() -> None:
    california = next(one for one in places.provinces("US") if one.code == "CA")
    assert (california.name, california.kind) == ("California", "State")
    assert not places.provinces("VA") and not places.provinces("XX")


@given(st.sampled_from([one.code for one in pycountry.subdivisions]))
def test_a_province_is_one_of_its_own_country(code: str) -> None:
    country, _, province = code.partition("-")
    assert places.check({"country": country, "province": province}) == []
    assert places.is_country(country) and places.is_province(country, province)
    assert any(one.code == province for one in places.provinces(country))


@pytest.mark.parametrize(
    ("address", "field", "said"),
    [
        ({"country": "XX"}, "country", "not a country"),
        ({"country": "us"}, "country", "not a country"),
        ({"country": "UK", "province": "CA"}, "country", "not a country"),
        ({"country": "DE", "province": "CA"}, "province", "not a province of Germany (ISO 3166-2); one is BB"),
        ({"country": "US", "province": "US-CA"}, "province", "not a province of United States"),
        ({"country": "VA", "province": "RM"}, "province", "there are none"),
    ],
)
def test_what_is_wrong_is_told_of_its_field(address: dict[str, str], field: str, said: str) -> None:
    ((found, message),) = places.check(address)
    assert found == field
    assert said in message


def test_what_is_required_must_be_there() -> None:
    assert places.check({"country": "US", "city": " "}, ("city", "country", "line1")) == [
        ("city", places.REQUIRED),
        ("line1", places.REQUIRED),
    ]
    assert places.check({"province": "CA", "country": None}) == []


def test_the_lists_are_read_beside_the_loop() -> None:
    for kept in (places.countries, places.provinces, places._names, places._codes):
        kept.cache_clear()
    asyncio.run(places.ready())
    assert places._names.cache_info().currsize == places._codes.cache_info().currsize == 1
