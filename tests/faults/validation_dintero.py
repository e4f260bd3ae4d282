"""Input validation: bodies of Dintero and Diddo, parameters, and what is no JSON."""

from __future__ import annotations

import re

from faults.lenient import accepts, beyond, is_, minus, once, only, plus, text, twice, unlike, without

# -- Dintero -----------------------------------------------------------------------------------------------------------------

_SESSION, _TOKEN = "createDinteroOrderSession", "createDinteroToken"
_OFFERS = "/express/shipping_options"

accepts(
    "dintero-grant-type-any",
    _TOKEN,
    "/grant_type",
    unlike(lambda value: value == "client_credentials"),
    "client_credentials",
    "Any grant_type is taken.",
    sent="password",
)
accepts(
    "dintero-token-unknown-key",
    _TOKEN,
    "",
    beyond("grant_type", "audience"),
    only("grant_type", "audience"),
    "The token call takes fields that nobody declared.",
    sent=plus(scope="admin"),
)
accepts(
    "dintero-audience-plain-http",
    _TOKEN,
    "/audience",
    lambda value: text(value) and value.startswith("http://"),
    lambda value: value.replace("http:", "https:"),
    "The audience may be plain http.",
    sent=lambda before: before.replace("https:", "http:"),
)
accepts(
    "dintero-items-empty",
    _SESSION,
    "/items",
    lambda value: value == [],
    [{"line_id": "1"}],
    "A session may be made of no items: it is for the first line then.",
    sent=[],
)
accepts(
    "dintero-line-twice",
    _SESSION,
    "/items",
    lambda value: (
        isinstance(value, list)
        and len(value) > 1
        and len({str(one.get("line_id")) for one in value if isinstance(one, dict)}) < len(value)
    ),
    lambda value: value[:1],
    "A line of the order may stand twice among the items.",
    sent=[{"line_id": "1"}, {"line_id": "1"}],
)
accepts("dintero-item-amount-negative", _SESSION, "/items/*/amount", is_(-1), 0, "The amount of an item may be -1.", sent=-1)
accepts(
    "dintero-return-url-relative",
    _SESSION,
    "/url/return_url",
    unlike(lambda value: ":" in value),
    "https://shop.example/accept",
    "return_url may be relative.",
    sent="/accept",
)
accepts(
    "dintero-callback-plain-http",
    _SESSION,
    "/url/callback_url",
    lambda value: text(value) and not value.startswith("https"),
    "https://shop.example/callback",
    "callback_url may be plain http.",
    sent="http://shop.example/callback",
)
accepts(
    "dintero-processed-at-a-day",
    _SESSION,
    "/processed_at",
    lambda value: text(value) and re.fullmatch(r"[\d-]{10}", value),
    lambda value: value + "T00:00:00Z",
    "processed_at may be a day.",
    sent="2026-03-02",
)
accepts(
    "dintero-metadata-boolean",
    _SESSION,
    "/metadata/*",
    lambda value: isinstance(value, bool),
    str,
    "The values of metadata may be true and false.",
    sent=True,
)
accepts(
    "dintero-vat-over-100",
    _SESSION,
    f"{_OFFERS}/*/vat",
    lambda value: type(value) in (int, float) and 100 < value <= 101,
    100,
    "The vat of a shipping option may be 101.",
    sent=101,
)
accepts(
    "dintero-offer-country-lower-case",
    _SESSION,
    f"{_OFFERS}/*/countries/*",
    lambda value: text(value) and value != value.upper(),
    lambda value: value.upper(),
    "The countries of a shipping option may be in lower case.",
    sent="no",
)
accepts(
    "dintero-offer-without-operator",
    _SESSION,
    f"{_OFFERS}/*",
    without("operator"),
    plus(operator="?"),
    "A shipping option needs no operator.",
    sent=minus("operator"),
)
accepts(
    "dintero-working-days-three",
    _SESSION,
    f"{_OFFERS}/*/eta/working_days",
    lambda value: isinstance(value, list) and len(value) == 3,
    lambda value: value[:2],
    "eta.working_days may have three numbers.",
    sent=[1, 2, 3],
)
accepts(
    "dintero-working-days-reversed",
    _SESSION,
    f"{_OFFERS}/*/eta/working_days",
    lambda value: isinstance(value, list) and [type(one) for one in value] == [int, int] and value[0] > value[1] >= 0,
    [1, 3],
    "The fewest working days may be more than the most.",
    sent=[3, 1],
)
accepts(
    "dintero-offers-share-a-line",
    _SESSION,
    _OFFERS,
    twice("line_id"),
    once("line_id"),
    "Two shipping options may share a line_id.",
    sent=lambda before: [before[0], before[0]],
)
accepts(
    "dintero-addresses-none",
    "setDinteroAddresses",
    "",
    lambda value: value == {},
    lambda value: {"billing_address": {"country": "NO"}},
    "A call to set addresses needs none.",
    sent=lambda before: {},
)
accepts(
    "dintero-billing-unknown-key",
    "setDinteroAddresses",
    "/billing_address",
    beyond(
        "country",
        *(
            [
                "first_name",
                "last_name",
                "address_line",
                "address_line_2",
                "co_address",
                "business_name",
                "postal_code",
                "postal_place",
                "phone_number",
                "email",
                "latitude",
                "longitude",
                "comment",
                "organization_number",
                "organization_domain",
                "customer_reference",
                "cost_center",
            ]
        ),
    ),
    lambda value: {"country": "NO"},
    "A billing address may have fields that nobody declared.",
    sent=plus(zip_code="0349"),
)
accepts(
    "dintero-latitude-over-90",
    "setDinteroShippingAddress",
    "/latitude",
    lambda value: type(value) in (int, float) and 90 < value <= 91,
    90,
    "A latitude may be above 90.",
    sent=90.5,
)
accepts(
    "dintero-phone-with-spaces",
    "setDinteroShippingAddress",
    "/phone_number",
    unlike(lambda value: re.fullmatch(r"\+?[0-9]{5,15}", value)),
    "+4799999999",
    "A phone number may be any text.",
    sent="99 99 99 99",
)
accepts(
    "dintero-option-amount-as-text",
    "setDinteroShippingOption",
    "/amount",
    lambda value: text(value) and value.isdigit(),
    int,
    "The amount of an option may be a text.",
    sent="3900",
)
accepts(
    "dintero-option-without-title",
    "setDinteroShippingOption",
    "",
    without("title"),
    plus(title="Standard"),
    "An option may be picked without its title.",
    sent=minus("title"),
)
