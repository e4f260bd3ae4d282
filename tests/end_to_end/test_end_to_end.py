"""The main job on real input: a shop on the generated stub, called over loopback by the generated client, sync and async."""

from __future__ import annotations

import base64
import datetime
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checkout_api import errors, models, responses
from checkout_api._runtime.errors import ErrorResponse
from checkout_api.client import Credentials, Retry
from end_to_end import state
from end_to_end.conftest import Framework
from end_to_end.shop import PNG, SVG
from end_to_end.support import DESCRIBED, FLAVOURS, OPERATIONS, Calls, connected, example, served

CART = "01KERN71T0V3RS3DTR98H6BCFN"
CART_AS_UUID = "019bb153-8740-d8f1-91b7-584a2265b1f5"
ORDER = {"aid": "T12345678", "order_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}
NOBODYS = uuid.UUID("8d3fe99b-1422-42e6-bbb3-932d95ae5f79")


class Clock:
    """The shop's clock; a test sets it forward."""

    def __init__(self) -> None:
        self.ahead = datetime.timedelta(0)

    def __call__(self) -> datetime.datetime:
        return datetime.datetime.now(datetime.UTC) + self.ahead


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def url(clock: Clock, framework: Framework) -> Iterator[str]:
    shop = state.demo()
    shop.now = clock
    with served(framework.shop(shop)) as url:
        yield url


def credentials(name: str, **more: Any) -> Credentials:
    """Everything that a merchant has."""
    key = f"sk_test_{name}"
    return Credentials(vinr_api_key=key, gr4vy_bearer=key, diddo_bearer=key, dintero_basic=(name, f"{name}-secret"), **more)


def _token(flavour: str, url: str, name: str, account: str) -> Credentials:
    """A merchant's credentials, Dintero's access token among them."""
    with connected(flavour, url, credentials(name)) as calls:
        body = models.DinteroTokenRequest(
            grant_type="client_credentials", audience=f"https://api.dintero.com/v1/accounts/{account}"
        )
        token = calls.tokens.create_dintero_token(body, oid=account).body
    assert (token.token_type, token.expires_in) == ("Bearer", 86400)
    return credentials(name, dintero_bearer=token.access_token)


@pytest.fixture(scope="module", params=FLAVOURS)
def flavour(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def north(flavour: str, url: str) -> Iterator[Calls]:
    """The merchant that owns an order and a template cart."""
    with connected(flavour, url, _token(flavour, url, "north", "T12345678")) as calls:
        yield calls


@pytest.fixture(scope="module")
def south(flavour: str, url: str) -> Iterator[Calls]:
    """Another merchant."""
    with connected(flavour, url, _token(flavour, url, "south", "T87654321")) as calls:
        yield calls


def json_of(model: Any) -> Any:
    return model.model_dump(mode="json", by_alias=True)


# Every operation, with the seeds' payloads


def vinr_journey(calls: Calls) -> None:
    given = example("VinrSessionRequestFull")
    made = calls.sessions.create_vinr_session(models.VinrSessionRequest.model_validate(given))
    assert made.status == 201
    assert made.location == f"/checkout/session/{made.body.session_id}/result"
    assert made.cache_control == "no-store"
    assert made.idempotent_replayed is None
    assert made.x_request_id.startswith("req_")

    answer = calls.results.get_vinr_session_result(session_id=made.body.session_id)
    assert json_of(answer.body) == {
        "sessionId": made.body.session_id,
        "status": "pending",
        "amount": 5000,
        "currency": "EUR",
        "customer": {"customerId": "cust_abc123", "email": "jane@example.com", "name": "Jane Smith"},
    }


def gr4vy_journey(calls: Calls) -> None:
    given = example("Gr4vySeedRequest")
    made = calls.sessions.create_gr4vy_session(models.Gr4vySessionRequest.model_validate(given)).body
    assert {key: json_of(made)[key] for key in given} == given

    read = calls.sessions.get_gr4vy_session(session_id=made.id, x_gr4vy_merchant_account_id="default").body
    assert read == made

    fields = models.Gr4vySecureFieldsRequest.model_validate(example("Gr4vyCard"))
    assert calls.sessions.set_gr4vy_session_fields(fields, session_id=made.id).status == 204

    change = example("Gr4vyUpdateRequest")
    changed = calls.sessions.update_gr4vy_session(
        models.Gr4vySessionUpdateRequest.model_validate(change), session_id=made.id
    ).body
    assert json_of(changed)["cart_items"] == change["cart_items"]
    assert changed.metadata is None
    assert changed.payment_method.label == "4242"

    assert calls.sessions.delete_gr4vy_session(session_id=made.id).status == 204
    with pytest.raises(errors.Gr4vyNotFound):
        calls.sessions.get_gr4vy_session(session_id=made.id)
    assert calls.sessions.create_gr4vy_session().body.type == "checkout-session"  # the body may be left out


def dintero_journey(calls: Calls) -> None:
    audience = models.DinteroTokenRequest.model_validate(example("DinteroTokenAsk"))
    assert calls.tokens.create_dintero_token(audience, oid="T12345678").body.expires_in == 86400

    seed = models.DinteroOrderSessionRequest.model_validate(example("DinteroSeedRequest"))
    whole_line = calls.sessions.create_dintero_order_session(seed, **ORDER, dintero_system_name="tests").body
    assert json_of(whole_line)["items"] == [{"line_id": "1", "amount": 20000}]

    given = example("DinteroExpressRequest")
    made = calls.sessions.create_dintero_order_session(models.DinteroOrderSessionRequest.model_validate(given), **ORDER).body
    assert made.amount == sum(item["amount"] for item in given["items"]) == 27840
    assert json_of(made)["_links"][0]["rel"] == "session_link"

    listed = calls.sessions.list_dintero_order_sessions(**ORDER).body.sessions
    assert [session.id for session in listed[:2]] == [made.id, whole_line.id]
    assert calls.sessions.get_dintero_order_session(**ORDER, session_id=made.id).body == made

    addresses = models.DinteroAddressesRequest.model_validate(example("DinteroAddressesGiven"))
    view = calls.shipping.set_dintero_addresses(addresses, session_id=made.id).body
    assert json_of(view)["order"]["billing_address"] == example("DinteroAddressesGiven")["billing_address"]
    assert [option.id for option in view.express.shipping_options] == ["bring-pick-up-00001", "porter-home-00001", "shop-pick-up"]

    address = models.DinteroAddressRequest.model_validate(example("DinteroShippingAddressGiven"))
    with pytest.warns(DeprecationWarning, match="setDinteroShippingAddress"):
        view = calls.shipping.set_dintero_shipping_address(address, session_id=made.id).body
    assert json_of(view)["order"]["shipping_address"] == json_of(address)
    assert view.order.amount == 27840

    picked = models.DinteroChosenShippingOptionRequest.model_validate(example("DinteroShippingOptionPicked"))
    view = calls.shipping.set_dintero_shipping_option(picked, session_id=made.id).body
    assert view.order.shipping_option.line_id == picked.line_id
    assert view.order.amount == example("DinteroViewWithShipping")["order"]["amount"] == 31740


def diddo_journey(calls: Calls) -> None:
    begun = calls.sessions.begin_diddo_checkout(cart_id=CART_AS_UUID).body
    assert begun.template_cart_id == CART
    expected = example("DiddoLiveCartBegun")
    assert {key: json_of(begun)[key] for key in ("lines", "cost", "shipping_methods")} == {
        key: expected[key] for key in ("lines", "cost", "shipping_methods")
    }

    buyer = example("DiddoShippingRequestFull") | {"cart_id": begun.cart_id.lower()}
    cart = calls.shipping.set_diddo_shipping(models.DiddoShippingRequest.model_validate(buyer)).body
    assert json_of(cart.cost) == example("DiddoLiveCartAddressed")["cost"]

    choice = example("DiddoShippingMethodRequestExpress") | {"cart_id": begun.cart_id}
    cart = calls.shipping.select_diddo_shipping_method(models.DiddoShippingMethodRequest.model_validate(choice)).body
    assert json_of(cart.cost) == example("DiddoLiveCartShipped")["cost"]
    assert cart.shipping_method_id == 2

    token = calls.tokens.mint_diddo_customer_token(models.DiddoBuyerInfo.model_validate(example("DiddoCustomerKnown"))).body
    assert token.cst.count(".") == 2
    assert token.expires_at.tzinfo is not None

    image = calls.qr_codes.get_diddo_qr(cart_id=CART)
    assert (image.body, image.media_type, image.vary) == (PNG, "image/png", "Accept")
    assert calls.qr_codes.get_diddo_qr_png(cart_id=CART, size=512).body == PNG
    assert calls.qr_codes.get_diddo_qr_svg(cart_id=CART).body == SVG


JOURNEYS: dict[str, Callable[[Calls], None]] = {
    "vinr": vinr_journey,
    "gr4vy": gr4vy_journey,
    "dintero": dintero_journey,
    "diddo": diddo_journey,
}


@pytest.mark.parametrize("surface", JOURNEYS)
def test_every_operation_succeeds(surface: str, north: Calls) -> None:
    north.made.clear()
    JOURNEYS[surface](north)
    wanted = {operation.id for operation in DESCRIBED.values() if operation.surface == surface}
    assert {name.replace("_", "") for name in north.made} == {name.lower() for name in wanted}


# VINR: idempotency, time, and what is refused


def vinr_request(**changes: Any) -> models.VinrSessionRequest:
    return models.VinrSessionRequest.model_validate(example("VinrSessionRequestFull") | changes)


def test_a_repeated_request_gives_the_first_answer_again(north: Calls, url: str) -> None:
    key = str(uuid.uuid4())
    first = north.sessions.create_vinr_session(vinr_request(), idempotency_key=key)
    again = north.sessions.create_vinr_session(vinr_request(), idempotency_key=key)
    assert again.idempotent_replayed is True
    assert (again.body, again.location) == (first.body, first.location)

    with pytest.raises(errors.VinrConflict) as caught:
        north.sessions.create_vinr_session(vinr_request(configId="another"), idempotency_key=key)
    assert caught.value.body.error.code == "idempotency_key_reused"
    assert caught.value.response.retry_after is None


def test_a_replay_is_the_same_byte_for_byte(url: str, http: httpx.Client) -> None:
    body = example("VinrSessionRequestFull")
    turned = dict(reversed(body.items()))  # equal as JSON, though not as text
    headers = {"X-Api-Key": "sk_test_north", "Idempotency-Key": str(uuid.uuid4())}
    first = http.post(f"{url}/checkout/session", json=body, headers=headers)
    again = http.post(f"{url}/checkout/session", json=turned, headers=headers)
    assert (again.status_code, again.content, again.headers["location"]) == (201, first.content, first.headers["location"])
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["x-request-id"] != first.headers["x-request-id"]


def test_a_key_belongs_to_one_merchant(north: Calls, south: Calls) -> None:
    key = str(uuid.uuid4())
    first = north.sessions.create_vinr_session(vinr_request(), idempotency_key=key)
    others = south.sessions.create_vinr_session(vinr_request(), idempotency_key=key)
    assert others.idempotent_replayed is None
    assert others.body.session_id != first.body.session_id


def test_a_session_expires_and_is_gone_a_day_later(north: Calls, clock: Clock) -> None:
    name = north.sessions.create_vinr_session(vinr_request()).body.session_id
    try:
        clock.ahead = datetime.timedelta(minutes=5)
        assert north.results.get_vinr_session_result(session_id=name).body.status == "expired"
        clock.ahead = datetime.timedelta(minutes=5, hours=24)
        with pytest.raises(errors.VinrGone) as caught:
            north.results.get_vinr_session_result(session_id=name)
    finally:
        clock.ahead = datetime.timedelta(0)
    assert caught.value.status == 410
    assert caught.value.body.error.code == "session_expired"
    assert caught.value.body.error.request_id == caught.value.request_id


def test_a_cart_that_does_not_add_up(url: str, http: httpx.Client, good: Callable[[str], dict[str, str]]) -> None:
    """The contract's totals hold in the models and in the stub alike."""
    with pytest.raises(ValidationError, match="/amount must be the sum"):
        vinr_request(amount=4900)
    body = example("VinrSessionRequestFull") | {"amount": 4900}
    answer = http.send(DESCRIBED["createVinrSession"].request(url, headers=good("createVinrSession"), json=body))
    error = fits(answer, "createVinrSession")["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "amount_mismatch", "amount")


# Another merchant's object is as unknown as one that never was


def test_unknown_and_foreign_objects_are_not_found(north: Calls, south: Calls) -> None:
    name = north.sessions.create_vinr_session(vinr_request()).body.session_id
    held = north.sessions.create_gr4vy_session().body.id
    change = models.Gr4vySessionUpdateRequest(amount=1)
    card = models.Gr4vySecureFieldsRequest.model_validate(example("Gr4vyCard"))
    address = models.DinteroAddressRequest(country="NO")
    option = models.DinteroChosenShippingOptionRequest.model_validate(example("DinteroShippingOptionPicked"))
    asked = models.DinteroOrderSessionRequest.model_validate(example("DinteroSeedRequest"))
    theirs = north.sessions.create_dintero_order_session(asked, **ORDER).body.id
    wrong: list[tuple[type[ErrorResponse[Any]], Callable[[], Any]]] = [
        (errors.VinrNotFound, lambda: north.results.get_vinr_session_result(session_id="cs_none")),
        (errors.VinrNotFound, lambda: south.results.get_vinr_session_result(session_id=name)),
        (errors.Gr4vyNotFound, lambda: north.sessions.get_gr4vy_session(session_id=NOBODYS)),
        (errors.Gr4vyNotFound, lambda: south.sessions.get_gr4vy_session(session_id=held)),
        (errors.Gr4vyNotFound, lambda: south.sessions.update_gr4vy_session(change, session_id=held)),
        (errors.Gr4vyNotFound, lambda: south.sessions.delete_gr4vy_session(session_id=held)),
        (errors.Gr4vyNotFound, lambda: north.sessions.set_gr4vy_session_fields(card, session_id=NOBODYS)),
        (errors.DinteroNotFound, lambda: south.sessions.create_dintero_order_session(asked, **ORDER)),
        (errors.DinteroNotFound, lambda: south.sessions.list_dintero_order_sessions(**ORDER)),
        (errors.DinteroNotFound, lambda: south.sessions.get_dintero_order_session(**ORDER, session_id=theirs)),
        (errors.DinteroNotFound, lambda: north.sessions.get_dintero_order_session(**ORDER, session_id="none")),
        (errors.DinteroSessionNotFound, lambda: north.shipping.set_dintero_addresses(
            models.DinteroAddressesRequest(shipping_address=address), session_id="none")),
        (errors.DinteroSessionNotFound, lambda: north.shipping.set_dintero_shipping_option(option, session_id="none")),
        (errors.DiddoNotFound, lambda: south.qr_codes.get_diddo_qr(cart_id=CART)),
        (errors.DiddoNotFound, lambda: south.qr_codes.get_diddo_qr_png(cart_id=CART)),
        (errors.DiddoNotFound, lambda: south.qr_codes.get_diddo_qr_svg(cart_id=CART)),
        (errors.DiddoNotFound, lambda: south.sessions.begin_diddo_checkout(cart_id=CART)),
    ]  # fmt: skip
    for expected, call in wrong:
        with pytest.raises(expected) as caught:
            call()
        assert caught.value.status == 404
        assert caught.value.request_id
    assert north.sessions.get_gr4vy_session(session_id=held).body.id == held  # nothing was deleted or changed


def test_an_unknown_cart_of_diddos_shipping_is_400(north: Calls, south: Calls) -> None:
    cart = north.sessions.begin_diddo_checkout(cart_id=CART).body.cart_id
    with pytest.raises(errors.DiddoShippingBadRequest) as caught:
        south.shipping.set_diddo_shipping(models.DiddoShippingRequest(cart_id=cart))
    assert caught.value.body.code == "CART_NOT_FOUND"
    with pytest.raises(errors.DiddoShippingMethodBadRequest) as choice:
        south.shipping.select_diddo_shipping_method(models.DiddoShippingMethodRequest(cart_id=cart, shipping_method_id=1))
    assert choice.value.body.code == "CART_NOT_FOUND"


# Credentials


SECURED = [name for name, operation in DESCRIBED.items() if operation.secured]
WITH_BODY = [name for name, operation in DESCRIBED.items() if operation.body]


def carrying(name: str, token: str) -> dict[str, str]:
    """The header that carries a credential to an operation."""
    if DESCRIBED[name].surface == "vinr":
        return {"X-Api-Key": token}
    if name == "createDinteroToken":
        return {"Authorization": "Basic " + base64.b64encode(f"north:{token}".encode()).decode()}
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    """A client that knows nothing of the contract, for requests that the generated one would not send."""
    with httpx.Client() as client:
        yield client


@pytest.fixture(scope="module")
def good(url: str) -> Callable[[str], dict[str, str]]:
    """The header with the credential of the first merchant, for an operation."""
    token = _token("sync", url, "north", "T12345678").dintero_bearer

    def header(name: str) -> dict[str, str]:
        if name == "createDinteroToken":
            return carrying(name, "north-secret")
        return carrying(name, str(token) if DESCRIBED[name].surface == "dintero" else "sk_test_north")

    return header


def fits(answer: httpx.Response, name: str) -> Any:
    """The body of an answer, once it is what the contract declares for this status."""
    declared = OPERATIONS[name].responses[str(answer.status_code)]
    content = declared.wire.contents[answer.headers["content-type"]]
    assert content.value is not None
    content.value.adapter.validate_json(answer.content, by_alias=True, by_name=False)
    assert answer.headers["x-request-id"]
    return answer.json()


@pytest.mark.parametrize("token", [None, "wrong"])
@pytest.mark.parametrize("name", SECURED)
def test_a_missing_or_wrong_credential_is_401(name: str, token: str | None, url: str, http: httpx.Client) -> None:
    answer = http.send(DESCRIBED[name].request(url, headers=carrying(name, token) if token else {}))
    assert answer.status_code == 401
    scheme = {"vinr": "ApiKey"}.get(DESCRIBED[name].surface, "Basic" if name == "createDinteroToken" else "Bearer")
    assert answer.headers["www-authenticate"].split(" ")[0] == scheme
    fits(answer, name)


def test_the_client_says_so_when_a_credential_is_refused(flavour: str, url: str) -> None:
    with connected(flavour, url, Credentials(vinr_api_key="sk_test_wrong")) as calls:
        with pytest.raises(errors.VinrUnauthorized) as caught:
            calls.results.get_vinr_session_result(session_id="cs_1")
        assert caught.value.response.www_authenticate.startswith("ApiKey")
        assert "sk_test_wrong" not in str(caught.value)
        with pytest.raises(errors.MissingCredentials):  # nothing is sent without one
            calls.sessions.create_gr4vy_session()


# What is not a request of the contract: each surface says so in its own shape


def test_every_surface_refuses_a_wrong_body_in_its_own_shape(
    url: str, http: httpx.Client, good: Callable[[str], dict[str, str]]
) -> None:
    def answer(name: str, **keywords: Any) -> httpx.Response:
        return http.send(DESCRIBED[name].request(url, headers=good(name) if DESCRIBED[name].secured else {}, **keywords))

    vinr = answer("createVinrSession", json={**example("VinrSessionRequestMinimal"), "metadata": {"orderId": 1}})
    error = fits(vinr, "createVinrSession")["error"]
    assert (vinr.status_code, error["code"], error["param"]) == (400, "parameter_unknown", "metadata.orderId")
    assert error["request_id"] == vinr.headers["x-request-id"]

    gr4vy = answer("createGr4vySession", json={"cart_items": [{"name": "Mug", "quantity": 0, "unit_amount": 1}]})
    assert gr4vy.status_code == 422
    assert fits(gr4vy, "createGr4vySession")["detail"][0]["loc"] == ["body", "cart_items", 0, "quantity"]

    dintero = answer("setDinteroAddresses", json={"shipping_address": {"country": "Norway"}})
    assert dintero.status_code == 400
    assert fits(dintero, "setDinteroAddresses")["error"]["errors"][0]["path"] == "/shipping_address/country"

    diddo = answer("setDiddoShipping", json={"cart_id": "not a cart"})
    assert (diddo.status_code, fits(diddo, "setDiddoShipping")["errors"][0]["field"]) == (400, "cart_id")


@pytest.mark.parametrize("name", WITH_BODY)
def test_what_is_not_json_is_400(name: str, url: str, http: httpx.Client, good: Callable[[str], dict[str, str]]) -> None:
    headers = {"Content-Type": "application/json"} | (good(name) if DESCRIBED[name].secured else {})
    answer = http.send(DESCRIBED[name].request(url, content=b'{"amount": ', headers=headers))
    assert answer.status_code == 400
    fits(answer, name)


@pytest.mark.parametrize("name", WITH_BODY)
def test_what_is_not_called_json_is_415(name: str, url: str, http: httpx.Client, good: Callable[[str], dict[str, str]]) -> None:
    headers = {"Content-Type": "text/plain"} | (good(name) if DESCRIBED[name].secured else {})
    answer = http.send(DESCRIBED[name].request(url, content=b"{}", headers=headers))
    assert answer.status_code == 415
    fits(answer, name)


def test_a_rule_that_reaches_across_fields(url: str, http: httpx.Client, good: Callable[[str], dict[str, str]]) -> None:
    line = {"name": "Mug", "quantity": 1, "unit_amount": 100, "discount_amount": 5100}
    with pytest.raises(ValidationError, match="comes to no less than 0"):
        models.Gr4vyCartItemRequest.model_validate(line)
    request = DESCRIBED["createGr4vySession"].request(url, headers=good("createGr4vySession"), json={"cart_items": [line]})
    answer = http.send(request)
    assert answer.status_code == 400
    assert fits(answer, "createGr4vySession")["details"][0]["pointer"] == "/cart_items/0/discount_amount"


def test_a_rule_that_only_the_implementation_can_tell(north: Calls) -> None:
    held = north.sessions.create_gr4vy_session().body.id
    real = example("Gr4vyCard")
    real["payment_method"] = real["payment_method"] | {"number": "5555555555554444"}
    with pytest.raises(errors.Gr4vyFieldsBadRequest):
        north.sessions.set_gr4vy_session_fields(models.Gr4vySecureFieldsRequest.model_validate(real), session_id=held)

    unknown = example("DinteroSeedRequest") | {"items": [{"line_id": "9"}]}
    with pytest.raises(errors.DinteroBadRequest) as dintero:
        north.sessions.create_dintero_order_session(models.DinteroOrderSessionRequest.model_validate(unknown), **ORDER)
    assert dintero.value.body.error.code == "unknown_line"

    with pytest.raises(ValidationError, match="cart_id or payment_intent_id"):
        models.DiddoShippingRequest()


def test_a_path_parameter_of_the_wrong_form(url: str, http: httpx.Client, good: Callable[[str], dict[str, str]]) -> None:
    answer = http.get(f"{url}/checkout/sessions/cs_123", headers=good("getGr4vySession"))
    assert answer.status_code == 422
    assert fits(answer, "getGr4vySession")["detail"][0]["loc"] == ["path", "session_id"]
    answer = http.get(f"{url}/checkout/{CART}/qr?size=5000", headers=good("getDiddoQr"))
    assert answer.status_code == 400
    assert fits(answer, "getDiddoQr")["errors"][0]["field"] == "size"


# QR codes


@pytest.mark.parametrize(
    ("accept", "media_type", "image"),
    [
        (None, "image/png", PNG),
        ("image/png", "image/png", PNG),
        ("image/svg+xml", "image/svg+xml", SVG),
    ],
)
def test_a_qr_code_is_negotiated(north: Calls, accept: str | None, media_type: str, image: bytes) -> None:
    answer = north.qr_codes.get_diddo_qr(cart_id=CART, accept=accept)
    assert (answer.status, answer.media_type, answer.body) == (200, media_type, image)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/html", "image/png"),
        ("*/*", "image/png"),
        ("image/png;q=0.5, image/svg+xml", "image/svg+xml"),
        ("image/*;q=0.1, image/svg+xml;q=0.9", "image/svg+xml"),
        ("image/svg+xml;q=0", "image/png"),
    ],
)
def test_a_qr_code_by_the_accept_of_other_clients(
    accept: str, media_type: str, url: str, http: httpx.Client, good: Callable[[str], dict[str, str]]
) -> None:
    answer = http.get(f"{url}/checkout/{CART}/qr", headers=good("getDiddoQr") | {"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.content == {"image/png": PNG, "image/svg+xml": SVG}[media_type]


def test_an_image_that_the_caller_holds_is_304(north: Calls) -> None:
    first = north.qr_codes.get_diddo_qr(cart_id=CART)
    again = north.qr_codes.get_diddo_qr(cart_id=CART, if_none_match=f'"other", {first.etag}')
    assert isinstance(again, responses.DiddoQrNotModified)
    assert (again.etag, again.cache_control, again.vary) == (first.etag, first.cache_control, "Accept")
    assert north.qr_codes.get_diddo_qr(cart_id=CART, size=512, if_none_match=first.etag).status == 200
    assert north.qr_codes.get_diddo_qr_png(cart_id=CART, if_none_match="*").status == 304
    assert north.qr_codes.get_diddo_qr_svg(cart_id=CART, if_none_match="*").status == 304


# Retries


class LossyGateway:
    """Stands before the shop, carries requests out, and loses the first answers; notes the idempotency keys that came."""

    def __init__(self, app: ASGIApp, losses: int) -> None:
        self._app, self._losses = app, losses
        self.keys: list[str | None] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.keys.append(headers.get("idempotency-key"))
        if self._losses == 0:
            await self._app(scope, receive, send)
            return
        self._losses -= 1

        async def lose(message: Message) -> None:
            pass

        await self._app(scope, receive, lose)
        await send({"type": "http.response.start", "status": 504, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


async def _no_wait(seconds: float) -> None:
    pass


def test_a_retried_call_keeps_its_key_and_makes_one_session(flavour: str, framework: Framework) -> None:
    shop = state.demo()
    gateway = LossyGateway(framework.shop(shop), losses=2)
    retry = Retry(attempts=3, sleep=lambda seconds: None, async_sleep=_no_wait)
    with served(gateway) as url, connected(flavour, url, credentials("north"), retry) as calls:
        made = calls.sessions.create_vinr_session(vinr_request())
        assert made.idempotent_replayed is True  # the first attempt was carried out
        assert list(shop.merchants["sk_test_north"].vinr_sessions) == [made.body.session_id]
        first, second, third = gateway.keys
        assert first == second == third == str(uuid.UUID(first))

        calls.sessions.create_vinr_session(vinr_request())
        assert gateway.keys[3] not in (None, first)  # another call has another key


def test_a_call_without_a_key_is_not_sent_twice(flavour: str, framework: Framework) -> None:
    gateway = LossyGateway(framework.shop(state.demo()), losses=1)
    retry = Retry(attempts=3, sleep=lambda seconds: None, async_sleep=_no_wait)
    with served(gateway) as url, connected(flavour, url, credentials("north"), retry) as calls:
        with pytest.raises(errors.UnexpectedResponse) as caught:
            calls.sessions.begin_diddo_checkout(cart_id=CART)
        assert caught.value.status == 504
        assert gateway.keys == [None]


# Polling


@pytest.mark.parametrize("ahead", [0, 301])
def test_a_poll_waits_for_the_end_of_a_session(flavour: str, url: str, clock: Clock, ahead: int) -> None:
    waits: list[float] = []

    def pass_time(seconds: float) -> None:
        waits.append(seconds)
        clock.ahead += datetime.timedelta(seconds=ahead)

    async def async_pass_time(seconds: float) -> None:
        pass_time(seconds)

    retry = Retry(attempts=1, sleep=pass_time, async_sleep=async_pass_time, monotonic=lambda: sum(waits))
    request = models.VinrSessionRequest.model_validate(example("VinrSessionRequestFull"))
    try:
        with connected(flavour, url, credentials("north"), retry) as calls:
            session_id = calls.sessions.create_vinr_session(request).body.session_id
            if ahead:
                result = calls.results.poll_vinr_session_result(session_id=session_id, deadline=60.0)
                assert result.body.status == "expired"
                assert len(waits) == 1
            else:
                with pytest.raises(errors.PollTimedOut) as caught:
                    calls.results.poll_vinr_session_result(session_id=session_id, deadline=60.0)
                assert caught.value.response.body.status == "pending"
                assert sum(waits) == pytest.approx(60)
            with pytest.raises(errors.VinrNotFound):
                calls.results.poll_vinr_session_result(session_id="cs_nobodys", deadline=60.0)
    finally:
        clock.ahead = datetime.timedelta(0)
