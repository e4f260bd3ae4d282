"""Diddo's live carts and customer tokens, on a running sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from tillspec.sandbox import outside, sessions, state
from tillspec.sandbox.hosted import Outcome
from tillspec.sandbox.seed import SeedMerchant
from tillspec.sandbox.surfaces import diddo_carts, diddo_checkout, diddo_tokens

from .conftest import Running

Json = dict[str, Any]

MAYA: Json = {
    "first_name": "Maya",
    "last_name": "Okafor",
    "email": "maya.okafor@example.com",
    "address1": "740 Valencia Street",
    "city": "San Francisco",
    "province_code": "CA",
    "country_code": "US",
    "postal_code": "94110",
}
NOBODY = "01KERN71T0V3RS3DTR98H6BCF0"
CHECKOUT = diddo_checkout.DiddoCheckout()


def template(sandbox: Running, number: int = 0, merchant: SeedMerchant | None = None) -> str:
    return (merchant or sandbox.mine).template_carts[number].id


def begin(http: httpx.Client, cart_id: str) -> Json:
    answer = http.post(f"/checkout/begin/{cart_id}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def ship(http: httpx.Client, cart_id: str, **buyer: str) -> httpx.Response:
    return http.post("/checkout/shipping", json={"cart_id": cart_id, "buyer_info": buyer})


def choose(http: httpx.Client, cart_id: str, method: int) -> httpx.Response:
    return http.post("/checkout/shipping/method", json={"cart_id": cart_id, "shipping_method_id": method})


def told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def on_page(sandbox: Running, cart_id: str, do: Any) -> Any:
    """Does something to a live cart as the page and the control plane do."""

    def work(connection: Connection) -> Any:
        now, session = state.read(connection), sessions.take(connection, diddo_carts.LIVE_CART, cart_id)
        assert session is not None
        return do(connection, now, sandbox.mine.alone(), session)

    return sandbox.work(work)


def settle(sandbox: Running, cart_id: str, outcome: Outcome) -> None:
    on_page(sandbox, cart_id, lambda *found: CHECKOUT.settle(*found, outcome))


# -- from the template to the total ----------------------------------------------------------------------------------------


def test_a_checkout_from_its_beginning_to_the_payment(sandbox: Running) -> None:
    with sandbox.diddo() as http:
        begun = begin(http, template(sandbox))
        assert begun["cost"] == {"subtotal": 2950, "shipping": 0, "tax": 0, "total": 2950, "currency": "EUR"}
        assert (begun["status"], begun["shipping_methods"]) == ("initialized", [])
        assert begun["template_cart_id"] == template(sandbox) != begun["cart_id"]
        assert begun["checkout_url"] == f"{sandbox.url}/pay?cart_id={begun['cart_id']}"
        cart = begun["cart_id"]
        assert told(choose(http, cart, 1)) == (400, "SHIPPING_METHOD_NOT_FOUND")
        addressed = ship(http, cart, **MAYA)
        assert addressed.headers["cache-control"] == "no-store"
        assert addressed.json()["status"] == "in_progress"
        assert [one["id"] for one in addressed.json()["shipping_methods"]] == [1, 2, 3]
        assert addressed.json()["cost"]["tax"] == 243  # 8.25 % of 29.50 is 2.43375
        chosen = choose(http, cart, 3).json()
        assert chosen["cost"] == {"subtotal": 2950, "shipping": 995, "tax": 243, "total": 4188, "currency": "EUR"}
        assert (chosen["shipping_method_id"], chosen["lines"]) == (3, begun["lines"])
        assert choose(http, cart, 3).json() == chosen
        settle(sandbox, cart, "complete")
        assert told(choose(http, cart, 3)) == (409, "ALREADY_SUBMITTED")
        assert begin(http, template(sandbox))["cart_id"] != cart


def test_taxes_are_rounded_half_up_to_the_minor_unit(sandbox: Running) -> None:
    with sandbox.diddo() as http:
        for number, currency in enumerate(("EUR", "JPY")):
            cart = begin(http, template(sandbox, number))["cart_id"]
            cost = ship(http, cart, country_code="DE").json()["cost"]
            assert (cost["tax"], cost["currency"]) == (561, currency)  # 19 % of 2950 is 560.5
            assert ship(http, cart, province_code="BY").json()["cost"]["tax"] == 561, "no tax of its own, so that of the country"
            assert ship(http, cart, country_code="FR").json()["cost"]["tax"] == 0


def test_the_address_decides_on_methods_and_keeps_the_chosen_one_if_it_can(sandbox: Running) -> None:
    with sandbox.diddo() as http:
        cart = begin(http, template(sandbox))["cart_id"]
        assert ship(http, cart, first_name="Maya").json()["shipping_methods"] == []
        assert ship(http, cart, country_code="US").json()["cost"]["tax"] == 0, "the tax of a province that is not known yet"
        assert choose(http, cart, 3).json()["errors"][0]["field"] == "shipping_method_id"
        ship(http, cart, province_code="CA")
        assert choose(http, cart, 2).status_code == 200
        moved = ship(http, cart, province_code="NY").json()
        assert (moved["shipping_method_id"], moved["cost"]["shipping"], moved["cost"]["tax"]) == (2, 1495, 262)
        away = ship(http, cart, country_code="FR").json()
        assert "shipping_method_id" not in away
        assert (away["cost"]["shipping"], [one["id"] for one in away["shipping_methods"]]) == (0, [1])


def test_the_live_cart_is_a_copy(sandbox: Running) -> None:
    found = sandbox.mine.template_carts[0]
    with sandbox.diddo() as http:
        cart = begin(http, found.id)["cart_id"]
        dearer = found.model_copy(update={"lines": tuple(line.model_copy(update={"unit_amount": 1}) for line in found.lines)})
        sandbox.work(lambda connection: outside.save(connection, sandbox.mine.id, dearer))
        assert ship(http, cart, country_code="FR").json()["cost"]["subtotal"] == 2950
        assert begin(http, found.id)["cost"]["subtotal"] == 3


@pytest.mark.parametrize("change", [{"available": False}, {"unit_amount": 99_999_999}])
def test_what_cannot_be_bought_is_not_begun(sandbox: Running, change: Json) -> None:
    found = sandbox.mine.template_carts[0]
    first, *others = found.lines
    other = found.model_copy(update={"lines": (first.model_copy(update=change), *others)})
    sandbox.work(lambda connection: outside.save(connection, sandbox.mine.id, other))
    with sandbox.diddo() as http:
        assert told(http.post(f"/checkout/begin/{found.id}")) == (422, "CART_NOT_PURCHASABLE")


def test_no_total_is_larger_than_the_contract_can_write(sandbox: Running) -> None:
    line = outside.CartLine(id="gem", title="Gem", unit_amount=99_999_999 - 500)
    dear = sandbox.mine.template_carts[0].model_copy(update={"lines": (line,)})
    sandbox.work(lambda connection: outside.save(connection, sandbox.mine.id, dear))
    with sandbox.diddo() as http:
        cart = begin(http, dear.id)["cart_id"]
        assert [one["id"] for one in ship(http, cart, country_code="GB").json()["shipping_methods"]] == [1]
        assert choose(http, cart, 1).json()["cost"]["total"] == 99_999_999 - 5
        assert told(ship(http, cart, country_code="DE")) == (422, "ADDRESS_NOT_SERVICEABLE")


# -- merging ---------------------------------------------------------------------------------------------------------------

FIELDS = st.sampled_from(["first_name", "last_name", "email", "city", "address2", "postal_code"])
PARTS = st.lists(st.dictionaries(FIELDS, st.text(max_size=3)), max_size=6)


@given(PARTS)
@settings(deadline=None)
def test_what_is_given_is_set_and_what_is_not_stays(parts: list[dict[str, str]]) -> None:
    buyer: dict[str, str] = {}
    for part in parts:
        before, buyer = buyer, diddo_carts.merged(buyer, part)
        assert buyer.items() >= part.items()
        assert {name: buyer[name] for name in before if name not in part} == {
            name: before[name] for name in before if name not in part
        }
        assert buyer.keys() == before.keys() | part.keys()
        assert diddo_carts.merged(buyer, part) == buyer


def test_details_may_come_in_any_parts(sandbox: Running) -> None:
    """However they come, the cart ends as the one that got them at once; and a repeated call changes nothing."""
    with sandbox.diddo() as http:
        whole = ship(http, begin(http, template(sandbox))["cart_id"], **MAYA).json()
        for names in (list(MAYA), list(reversed(MAYA))):
            cart = begin(http, template(sandbox))["cart_id"]
            for name in names:
                last = ship(http, cart, **{name: MAYA[name]}).json()
                assert ship(http, cart, **{name: MAYA[name]}).json() == last
            assert (last["cost"], last["shipping_methods"]) == (whole["cost"], whole["shipping_methods"])
            kept = on_page(sandbox, cart, lambda *found: found[-1].data["buyer"])
            assert kept == MAYA


def test_a_province_goes_with_its_country(sandbox: Running) -> None:
    with sandbox.diddo() as http:
        cart = begin(http, template(sandbox))["cart_id"]
        ship(http, cart, country_code="US", province_code="CA")
        assert ship(http, cart, country_code="VA").status_code == 200
        assert ship(http, cart, country_code="US").json()["cost"]["tax"] == 0, "the province has to be given anew"
        ship(http, cart, country_code="US", province_code="CA")
        assert told(ship(http, cart, country_code="DE", province_code="CA")) == (422, "ADDRESS_NOT_SERVICEABLE")


# -- what is refused -------------------------------------------------------------------------------------------------------


def test_an_address_that_cannot_be_served_changes_nothing(sandbox: Running) -> None:
    found = sandbox.mine.template_carts[0]
    near = found.model_copy(update={"shipping_methods": found.shipping_methods[1:]})  # US, DE and GB alone
    only = found.model_copy(update={"shipping_methods": found.shipping_methods[2:]})  # California alone
    cases: list[tuple[outside.DiddoTemplateCart, Json, str]] = [
        (near, {"country_code": "XX"}, "buyer_info.country_code"),
        (near, {"country_code": "US", "province_code": "ZZZ"}, "buyer_info.province_code"),
        (near, {"country_code": "FR"}, "buyer_info.country_code"),
        (only, {"country_code": "US", "province_code": "NY"}, "buyer_info.province_code"),
    ]
    with sandbox.diddo() as http:
        for cart, address, field in cases:
            sandbox.work(lambda connection, cart=cart: outside.save(connection, sandbox.mine.id, cart))  # type: ignore[misc]
            live = begin(http, found.id)["cart_id"]
            good = ship(http, live, country_code="US", province_code="CA").json()
            refused = ship(http, live, first_name="Other", **address)
            assert (*told(refused), refused.json()["errors"][0]["field"]) == (422, "ADDRESS_NOT_SERVICEABLE", field)
            assert http.post("/checkout/shipping", json={"cart_id": live}).json() == good


@pytest.mark.parametrize(
    ("outcome", "code"), [("complete", "ALREADY_SUBMITTED"), ("fail", "CHECKOUT_ENDED"), ("cancel", "CHECKOUT_ENDED")]
)
def test_a_checkout_that_is_over_does_not_change(sandbox: Running, outcome: Outcome, code: str) -> None:
    with sandbox.diddo() as http:
        cart = begin(http, template(sandbox))["cart_id"]
        settle(sandbox, cart, outcome)
        assert told(ship(http, cart, country_code="XX")) == told(choose(http, cart, 1)) == (409, code)
        sandbox.advance(timedelta(days=30))
        assert told(ship(http, cart, country_code="US")) == (409, code)


def test_unknown_foreign_and_expired_carts_are_the_same(sandbox: Running) -> None:
    sandbox.freeze()
    with sandbox.diddo() as mine, sandbox.diddo(sandbox.other) as other:
        begun = begin(mine, template(sandbox))
        cart = begun["cart_id"]
        ends = datetime.fromisoformat(begun["expires_at"])
        assert ends - datetime.fromtimestamp(int(sandbox.work(state.read).now() / 1e6), UTC) == timedelta(hours=24)

        def asked(http: httpx.Client, cart_id: str) -> list[tuple[int, Any]]:
            intent = {"payment_intent_id": f"pi_{cart_id}"}
            answers = (ship(http, cart_id), choose(http, cart_id, 1), http.post("/checkout/shipping", json=intent))
            return [(answer.status_code, answer.json()) for answer in answers]

        unknown = asked(mine, NOBODY)
        assert unknown == [(400, {"code": "CART_NOT_FOUND", "message": "No cart has this id."})] * 3
        assert asked(other, cart) == asked(mine, template(sandbox)) == unknown
        sandbox.advance(timedelta(hours=24, microseconds=-1))
        assert ship(mine, cart).status_code == 200
        sandbox.advance(timedelta(microseconds=1))
        assert asked(mine, cart) == unknown


def test_anothers_template_is_as_none(sandbox: Running) -> None:
    theirs = template(sandbox, merchant=sandbox.other)
    with sandbox.diddo() as http:
        live = begin(http, template(sandbox))["cart_id"]
        for method, path in (
            *(("GET", f"/checkout/{{}}/{name}") for name in ("qr", "qr.png", "qr.svg")),
            ("POST", "/checkout/begin/{}"),
        ):
            answers = [http.request(method, path.format(cart)) for cart in (NOBODY, theirs, live)]
            assert {(*told(answer), answer.json()["message"]) for answer in answers} == {
                (404, "CART_NOT_FOUND", "No cart has this id.")
            }


def test_the_payment_intent_names_the_cart_as_well(sandbox: Running) -> None:
    with sandbox.diddo() as http:
        one, two = (begin(http, template(sandbox))["cart_id"] for _ in range(2))
        by_intent = http.post("/checkout/shipping", json={"payment_intent_id": f"pi_{one}", "buyer_info": {"country_code": "FR"}})
        assert by_intent.json()["cart_id"] == one
        both = {"cart_id": one.lower(), "payment_intent_id": f"pi_{one}"}
        assert http.post("/checkout/shipping", json=both).json() == by_intent.json()
        mixed = http.post("/checkout/shipping", json={"cart_id": two, "payment_intent_id": f"pi_{one}"})
        assert told(mixed) == (400, "INVALID_REQUEST")
        for intent in (f"pi_{one.lower()}", one, "pi_", "pi_\x00", f"pi_{one}\n", "x" * 255):
            assert told(http.post("/checkout/shipping", json={"payment_intent_id": intent})) == (400, "CART_NOT_FOUND"), intent


def test_what_is_wrong_is_named(sandbox: Running) -> None:
    cart = {"cart_id": NOBODY}
    cases: list[tuple[str, Any, str]] = [
        ("shipping", cart | {"buyer_info": {"country_code": "us"}}, "buyer_info.country_code"),
        ("shipping", cart | {"buyer_info": {"city": None}}, "buyer_info.city"),
        ("shipping", cart | {"buyer_info": {"street": "x"}}, "buyer_info.street"),
        ("shipping", {}, "cart_id"),
        ("shipping/method", cart | {"shipping_method_id": "2"}, "shipping_method_id"),
        ("cst", {"email": "nobody"}, "email"),
        ("cst", [], "body"),
    ]
    with sandbox.diddo() as http:
        for path, body, field in cases:
            answer = http.post(f"/checkout/{path}", json=body)
            assert (*told(answer), answer.json()["errors"][0]["field"]) == (400, "INVALID_REQUEST", field)
        size = http.get(f"/checkout/{template(sandbox)}/qr", params={"size": 1025})
        assert (*told(size), size.json()["errors"][0]["field"]) == (400, "INVALID_REQUEST", "size")
        assert http.post("/checkout/begin/nothing").json()["errors"][0]["field"] == "cart_id"
        form = http.post("/checkout/shipping", data={"cart_id": NOBODY})
        assert told(form) == (415, "UNSUPPORTED_MEDIA_TYPE")
        assert told(http.put("/checkout/shipping")) == (405, "INVALID_REQUEST")
        assert told(http.post("/checkout/cst", json={"city": "x" * 2**20})) == (413, "INVALID_REQUEST")


def test_keys_that_may_not(sandbox: Running) -> None:
    assert sandbox.mine.diddo is not None
    with sandbox.client(authorization=f"Bearer {sandbox.mine.diddo.keys[1].key}") as http:
        assert http.get(f"/checkout/{template(sandbox)}/qr").status_code == 200
        for path, body in (
            (f"begin/{template(sandbox)}", None),
            ("shipping", {"cart_id": NOBODY}),
            ("shipping/method", {"cart_id": NOBODY, "shipping_method_id": 1}),
            ("cst", {}),
        ):
            assert told(http.post(f"/checkout/{path}", json=body)) == (403, "FORBIDDEN")
    for header in ("Bearer dk_test_unknown", "Basic eDp5", ""):
        with sandbox.client(**({"authorization": header} if header else {})) as http:
            answer = http.get(f"/checkout/{template(sandbox)}/qr", headers={"Accept": "image/png"})
        assert told(answer) == (401, "UNAUTHORIZED")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert "dk_test_unknown" not in answer.text


# -- tokens ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-10, 10])
def test_a_customer_token_is_signed_and_lasts_a_day_by_the_clock_of_the_sandbox(sandbox: Running, days: int) -> None:
    sandbox.freeze()
    sandbox.advance(timedelta(days=days))
    now = sandbox.work(state.read).now() // 1_000_000

    def customer(token: str, merchant: SeedMerchant) -> Any:
        return sandbox.work(
            lambda connection: diddo_tokens.customer_of(connection, state.read(connection), merchant.id, token)
        )  # fmt: skip

    with sandbox.diddo() as http:
        known, guest = http.post("/checkout/cst", json=MAYA), http.post("/checkout/cst", json={})
    assert known.headers["cache-control"] == "no-store"
    token, other = known.json()["cst"], guest.json()["cst"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims.keys() == {"sub", "iat", "exp", "jti"}
    assert (claims["iat"], claims["exp"]) == (now, now + 24 * 3600)
    assert datetime.fromisoformat(known.json()["expires_at"]).timestamp() == claims["exp"]
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    assert claims["jti"] != jwt.decode(other, options={"verify_signature": False})["jti"]
    assert customer(token, sandbox.mine) == MAYA and customer(other, sandbox.mine) == {}
    assert customer(token, sandbox.other) is None
    forged = jwt.encode(claims, "x" * 32, algorithm="HS256")
    unsigned = jwt.encode(claims, None, algorithm="none")
    assert customer(forged, sandbox.mine) is None and customer(unsigned, sandbox.mine) is None
    sandbox.advance(timedelta(hours=24, microseconds=-1))
    assert customer(token, sandbox.mine) == MAYA
    sandbox.advance(timedelta(microseconds=1))
    assert customer(token, sandbox.mine) is None
