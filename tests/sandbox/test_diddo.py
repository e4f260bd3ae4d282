"""Diddo's live carts, QR codes and customer tokens, on a running sandbox."""

from __future__ import annotations

import io
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import Connection, select

from checkout_api import models
from tillspec.sandbox import ids, merchants, outside, schema, sessions, state
from tillspec.sandbox.hosted import Address, Choices, Outcome, Refused
from tillspec.sandbox.seed import SeedMerchant
from tillspec.sandbox.sessions import NotAllowed, Session
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces import diddo_carts, diddo_checkout, diddo_qr, diddo_tokens

from .conftest import Running
from .test_qr import decoded

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
NOBODY = "01KERN71T0V3RS3DTR98H6BCFN"
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


# -- QR codes --------------------------------------------------------------------------------------------------------------


def test_a_code_opens_the_hosted_checkout_of_its_cart(sandbox: Running) -> None:
    cart = template(sandbox)
    url = f"{sandbox.url}/pay?cart_id={cart}"
    with sandbox.diddo() as http:
        for path, size, kind in (
            ("qr", 300, "image/png"),
            ("qr?size=128", 128, "image/png"),
            ("qr.png?size=1024", 1024, "image/png"),
            ("qr.svg?size=129", 129, "image/svg+xml"),
        ):
            answer = http.get(f"/checkout/{cart}/{path}", headers={"Accept": "text/html"})
            assert answer.headers["content-type"] == kind
            assert answer.headers["cache-control"] == "private, max-age=3600"
            assert decoded(answer.content) == url
            if kind == "image/png":
                assert Image.open(io.BytesIO(answer.content)).size == (size, size)
                assert zxingcpp.read_barcode(Image.open(io.BytesIO(answer.content))).text == url  # type: ignore[union-attr]


def test_accept_chooses_the_format(sandbox: Running) -> None:
    path = f"/checkout/{template(sandbox)}/qr"
    svg = ("image/svg+xml", "image/svg+xml, image/png;q=0.5", "text/html, image/svg+xml;q=0.1")
    with sandbox.diddo() as http:
        for accept in (*svg, "*/*", "image/*", "text/html", "image/png, image/svg+xml"):
            answer = http.get(path, headers={"Accept": accept})
            assert answer.headers["content-type"] == ("image/svg+xml" if accept in svg else "image/png"), accept
            assert answer.headers["vary"] == "Accept"


def test_ids_in_any_writing_are_the_same_cart(sandbox: Running) -> None:
    cart = template(sandbox)
    number = sum("0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(each) * 32**place for place, each in enumerate(reversed(cart)))
    as_uuid = str(uuid.UUID(int=number))
    with sandbox.diddo() as http:
        answers = [http.get(f"/checkout/{one}/qr.png") for one in (cart, cart.lower(), as_uuid, as_uuid.upper())]
        assert len({(answer.status_code, answer.content, answer.headers["etag"]) for answer in answers}) == 1
        assert begin(http, as_uuid)["template_cart_id"] == cart


@given(st.integers(0, 2**128 - 1))
def test_a_uuid_and_its_ulid_are_the_same_id(number: int) -> None:
    made = diddo_carts.ulid(str(uuid.UUID(int=number)))
    assert made == ids.ulid_of(number >> 80, (number % 2**80).to_bytes(10)) == diddo_carts.ulid(made.lower())


def test_who_holds_the_image_is_told_so(sandbox: Running) -> None:
    path = f"/checkout/{template(sandbox)}"
    with sandbox.diddo() as http:
        first = http.get(f"{path}/qr")
        tag = first.headers["etag"]
        sandbox.advance(timedelta(days=365))
        for held in (tag, f"W/{tag}", f'"other", {tag}', f'"a,b",W/{tag} , "c"', "*"):
            answer = http.get(f"{path}/qr", headers={"If-None-Match": held})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag), held
            assert (answer.headers["cache-control"], answer.headers["vary"]) == (first.headers["cache-control"], "Accept")
        for held in ('"other"', tag.strip('"'), f'"{tag[1:-2]}"'):
            assert http.get(f"{path}/qr", headers={"If-None-Match": held}).status_code == 200, held
        assert http.get(f"{path}/qr.png", headers={"If-None-Match": tag}).status_code == 304
        assert http.get(f"{path}/qr.svg", headers={"If-None-Match": tag}).status_code == 200
        assert http.get(f"{path}/qr?size=301", headers={"If-None-Match": tag}).status_code == 200
        assert http.get(f"/checkout/{template(sandbox, 1)}/qr", headers={"If-None-Match": tag}).status_code == 200
        assert told(http.get(f"/checkout/{NOBODY}/qr", headers={"If-None-Match": "*"})) == (404, "CART_NOT_FOUND")


@given(st.lists(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"'), max_size=8), max_size=4))
def test_a_tag_is_found_among_others(others: list[str]) -> None:
    listed = ", ".join(f'"{one}"' for one in others)
    assert diddo_qr.holds(listed, '"mine"') == ("mine" in others)
    assert diddo_qr.holds(f'{listed}{", " if listed else ""}W/"mine"', '"mine"')


# -- tokens ----------------------------------------------------------------------------------------------------------------


def test_a_customer_token_is_signed_and_lasts_a_day(sandbox: Running) -> None:
    sandbox.freeze()
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


# -- the page, the control plane, and the merchant -------------------------------------------------------------------------


def listen(sandbox: Running) -> None:
    """Gives the merchant an address to be told at, where nobody answers."""

    def written(connection: Connection) -> None:
        mine = sandbox.mine.alone()
        assert mine.diddo is not None
        webhook = mine.diddo.webhook.model_copy(update={"url": "http://127.0.0.1:9/hook"})
        told = mine.model_copy(update={"diddo": mine.diddo.model_copy(update={"webhook": webhook})})
        merchants.save(connection, told, 0)
        state.change(connection, epoch=state.next_epoch)

    sandbox.work(written)


def events(sandbox: Running, cart_id: str) -> list[models.DiddoCheckoutEvent]:
    table = schema.deliveries
    query = select(table.c.operation, table.c.event, table.c.body).where(table.c.session == cart_id)
    rows = sandbox.work(lambda connection: list(connection.execute(query)))
    assert {row.operation for row in rows} <= {"diddoCheckoutEvent"}
    found = [models.DiddoCheckoutEvent.model_validate_json(row.body) for row in rows]
    assert {event.id for event in found} == {row.event for row in rows}
    assert len({event.id for event in found}) == len(found)
    return sorted(found, key=lambda event: str(event.created_at))


def test_the_merchant_is_told_of_each_move_once(sandbox: Running) -> None:
    listen(sandbox)
    with sandbox.diddo() as http, sandbox.diddo(sandbox.other) as silent:
        cart = begin(http, template(sandbox))["cart_id"]
        ship(http, cart, country_code="US", province_code="NY")
        ship(http, cart, address2="Apt 15")
        last = choose(http, cart, 1).json()
        told(ship(http, cart, country_code="XX"))

        def paid(connection: Connection) -> None:
            merchant = merchants.read(connection).get(sandbox.mine.id)
            session = sessions.take(connection, diddo_carts.LIVE_CART, cart)
            assert merchant is not None and session is not None
            CHECKOUT.settle(connection, state.read(connection), merchant, session, "complete")

        sandbox.work(paid)
        found = events(sandbox, cart)
        assert [event.type for event in found] == ["checkout.initialized", "checkout.in_progress", "checkout.succeeded"]
        assert found[-1].data.model_dump(mode="json", exclude_unset=True) == last | {"status": "succeeded"}
        assert "Okafor" not in "".join(event.model_dump_json() for event in found)
        assert events(sandbox, begin(silent, template(sandbox, merchant=sandbox.other))["cart_id"]) == []


def test_what_the_buyer_sees_and_chooses(sandbox: Running) -> None:
    with sandbox.diddo() as http:
        cart = begin(http, template(sandbox))["cart_id"]
        empty = on_page(sandbox, cart, CHECKOUT.view)
        assert (empty.status, empty.total, empty.options, empty.asks) == ("open", 2950, (), {"address", "option"})
        address = Address(
            first_name="Maya", line1="740 Valencia", city="SF", country="US", province="CA", phone="+1 (415) 555-0137"
        )

        def chosen(choices: Choices) -> Any:
            def do(connection: Connection, now: State, merchant: merchants.Merchant, session: Session) -> Any:
                CHECKOUT.choose(connection, now, merchant, session, choices)
                return CHECKOUT.view(connection, now, merchant, session)

            return on_page(sandbox, cart, do)

        seen = chosen(Choices(address=address))
        assert ([one.id for one in seen.options], seen.tax, seen.address.phone) == (["1", "2", "3"], 243, "+14155550137")
        seen = chosen(Choices(option="3"))
        assert (seen.chosen, seen.shipping, seen.total) == ("3", 995, 4188)
        assert choose(http, cart, 3).json()["cost"]["total"] == seen.total
        seen = chosen(Choices(address=Address(country="FR"), option="3"))
        assert (seen.chosen, seen.shipping, seen.address.first_name) == (None, 0, "")
        for choices, field in (
            (Choices(option="3"), "option"),
            (Choices(option="one"), "option"),
            (Choices(address=Address(country="XX")), "country"),
            (Choices(address=Address(country="US", province="ZZ")), "province"),
            (Choices(address=Address(email="nobody")), "email"),
            (Choices(address=Address(phone="12")), "phone"),
            (Choices(promo_code="SAVE"), "promo_code"),
            (Choices(currency="USD"), "currency"),
            (Choices(quantities={"filter-1": 2}), "quantities"),
        ):
            with pytest.raises(Refused) as refused:
                chosen(choices)
            assert refused.value.field == field
        assert on_page(sandbox, cart, CHECKOUT.view) == seen
        assert chosen(Choices(currency="EUR", quantities={"filter-1": 1}, promo_code="")) == seen


def test_a_challenge_is_shown_and_a_new_total_ends_it(sandbox: Running) -> None:
    with sandbox.diddo() as http:
        cart = begin(http, template(sandbox))["cart_id"]
        settle(sandbox, cart, "challenge")
        assert on_page(sandbox, cart, CHECKOUT.view).status == "challenge"
        assert ship(http, cart, first_name="Maya").json()["status"] == "in_progress"
        assert on_page(sandbox, cart, CHECKOUT.view).status == "challenge"
        ship(http, cart, country_code="DE")
        assert on_page(sandbox, cart, CHECKOUT.view).status == "open"
        settle(sandbox, cart, "challenge")
        settle(sandbox, cart, "fail")
        assert on_page(sandbox, cart, CHECKOUT.view).status == "failed"


@pytest.mark.parametrize("first", ["complete", "fail", "cancel", "expire"])
def test_nothing_comes_after_the_end(sandbox: Running, first: Outcome) -> None:
    with sandbox.diddo() as http:
        cart = begin(http, template(sandbox))["cart_id"]
        settle(sandbox, cart, first)
        outcomes: tuple[Outcome, ...] = ("complete", "fail", "cancel", "challenge", "expire")
        for outcome in outcomes:
            with pytest.raises(NotAllowed):
                settle(sandbox, cart, outcome)
        with pytest.raises(NotAllowed):
            on_page(sandbox, cart, lambda *found: CHECKOUT.choose(*found, Choices(address=Address(country="US"))))
        seen = on_page(sandbox, cart, CHECKOUT.view)
        assert seen.status == {"complete": "paid", "fail": "failed", "cancel": "canceled", "expire": "expired"}[first]
        if first == "expire":
            assert told(ship(http, cart)) == (400, "CART_NOT_FOUND")
