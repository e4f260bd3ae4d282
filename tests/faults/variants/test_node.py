"""The Node server keeps the contract: shown over HTTP, without the verifier."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import resvg_py
import zxingcpp
from PIL import Image

from faults.variants.held import bodies, contract, held
from faults.variants.serving import served

A, READS, OVER, B = (
    "sk_live_nodeA_4Jt8wQz2LmVb6RxK", "sk_live_nodeA_reads_7PcD3hYs", "sk_live_nodeA_over_Nf5Gk1Tq9XaW",
    "sk_live_nodeB_Ue3Zr7HyCp0BsM5d",
)  # fmt: skip
CART, OTHERS = "01K0A1B2C3D4E5F6G7H8J9KMNP", "01K0B1B2C3D4E5F6G7H8J9KMNR"
DIDDO, DIDDO_READS, DIDDO_B = "dk.nodeA.vM6qXo1RjE8tKw4L", "dk.nodeA.reads.Sb2yHn9F", "dk.nodeB.G7cTd5UzPa3QiW0f"
MINIMAL = {"amount": 500, "currency": "EUR", "successUrl": "https://a.example/s", "cancelUrl": "https://a.example/c"}


@pytest.fixture(scope="module")
def url(require_engine: Callable[..., str]) -> Iterator[str]:
    require_engine("node", install="apt-get install nodejs")
    with served("node") as found:
        yield found.url


@pytest.fixture
def vinr(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers={"X-Api-Key": A}, trust_env=False) as client:
        yield client


@pytest.fixture
def diddo(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {DIDDO}"}, trust_env=False) as client:
        yield client


def hook(client: httpx.Client, what: str, **asked: Any) -> int:
    return client.post(f"/-/{what}", json=asked, headers={"X-Test-Secret": "node-hooks-9b2f61d0c7e84a35"}).status_code


def made(client: httpx.Client, body: Any = MINIMAL, **headers: str) -> httpx.Response:
    return held("createVinrSession", client.post("/checkout/session", json=body, headers=headers))


def result(client: httpx.Client, session: str) -> httpx.Response:
    return held("getVinrSessionResult", client.get(f"/checkout/session/{session}/result"))


def test_every_example_is_accepted_and_echoed(vinr: httpx.Client) -> None:
    form = contract().targets["createVinrSession"].json_body
    assert form is not None
    assert len(form.examples) >= 4
    for example in form.examples:
        answer = made(vinr, example)
        assert answer.status_code == 201
        told = result(vinr, answer.json()["sessionId"]).json()
        assert (told["status"], told["amount"], told["currency"]) == ("pending", example["amount"], example["currency"])
        wanted = {name: text for name, text in example.get("customer", {}).items() if name != "phone"}
        assert told.get("customer", {}) == wanted


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("createVinrSession", "/checkout/session"), ("setDiddoShipping", "/checkout/shipping"),
        ("selectDiddoShippingMethod", "/checkout/shipping/method"), ("mintDiddoCustomerToken", "/checkout/cst"),
    ],
)  # fmt: skip
def test_every_body_that_breaks_the_schema_is_refused(url: str, operation: str, path: str) -> None:
    seen = {True: 0, False: 0}
    with httpx.Client(base_url=url, headers={"X-Api-Key": A, "Authorization": f"Bearer {DIDDO}"}, trust_env=False) as client:
        for body, valid in bodies(operation, 3, 500):
            answer = held(operation, client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"}))
            told = answer.json()
            code = told["error"]["code"] if "error" in told else told.get("code")
            seen[valid] += 1
            if not valid:
                assert answer.status_code == 400, body
                assert code in ("parameter_missing", "parameter_unknown", "parameter_invalid", "INVALID_REQUEST"), body
            elif answer.status_code >= 400:  # a rule, or a cart that is not there
                assert code in ("amount_mismatch", "parameter_invalid", "CART_NOT_FOUND", "INVALID_REQUEST"), (body, told)
    assert seen[False] >= 20
    assert seen[True] >= 3


def test_rules_across_fields_name_the_field(vinr: httpx.Client) -> None:
    item = {"id": "a", "name": "A", "price": 250, "quantity": 2}
    method = {"id": "m", "name": "M", "price": 10, "currency": "EUR"}

    def delivery(**options: Any) -> dict[str, Any]:
        return {**MINIMAL, "metadata": {"delivery": {"enabled": True, "options": options}}}

    at = "metadata.delivery.options"
    broken = {
        "amount": {**MINIMAL, "cartItems": [{**item, "quantity": 3}]},
        "cartItems[0].maxQuantity": {**MINIMAL, "cartItems": [{**item, "maxQuantity": 1}]},
        at: delivery(shipping={"methods": []}),
        f"{at}.shipping.methods[0].currency": delivery(shipping={"methods": [{**method, "currency": "JPY"}]}),
        f"{at}.shipping.methods[0].estimatedDays.min": delivery(
            shipping={"methods": [{**method, "estimatedDays": {"min": 2, "max": 1}}]}
        ),
        f"{at}.shipping.methods[1].id": delivery(shipping={"methods": [method, method]}),
        f"{at}.pickup.locations[1].id": delivery(pickup={"locations": [{"id": "a", "name": "A"}] * 2}),
    }
    for param, body in broken.items():
        answer = made(vinr, body)
        assert (answer.status_code, answer.json()["error"].get("param")) == (400, param)
    assert made(vinr, {**MINIMAL, "cartItems": [item]}).status_code == 201
    assert made(vinr, delivery(shipping={"methods": [method]})).status_code == 201


def test_credentials(url: str) -> None:
    with httpx.Client(base_url=url, trust_env=False) as client:
        for key, status, code in ((None, 401, "invalid_api_key"), (A[:-1], 401, "invalid_api_key"),
                                  (OVER, 401, "expired_api_key"), (READS, 403, "permission_denied")):  # fmt: skip
            answer = made(client, **({"X-Api-Key": key} if key else {}))
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        for key, status in ((None, 401), (DIDDO[:-1], 401), (DIDDO_READS, 403)):
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            answer = held("beginDiddoCheckout", client.post(f"/checkout/begin/{CART}", headers=headers))
            assert answer.status_code == status


def test_a_key_makes_a_retry_safe(vinr: httpx.Client, url: str) -> None:
    first = made(vinr, **{"Idempotency-Key": "one"})
    again = held("createVinrSession", vinr.post(
        "/checkout/session", content=b'{ "cancelUrl":"https://a.example/c", "successUrl":"https://a.example/s",\n"currency":"EUR","amount":5e2}',
        headers={"Idempotency-Key": "one", "Content-Type": "application/json"},
    ))  # fmt: skip
    assert (again.status_code, again.content, again.headers["Idempotent-Replayed"]) == (201, first.content, "true")
    assert "Idempotent-Replayed" not in first.headers
    other = made(vinr, {**MINIMAL, "amount": 501}, **{"Idempotency-Key": "one"})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")
    assert made(vinr, {**MINIMAL, "amount": 0}, **{"Idempotency-Key": "two"}).status_code == 400
    assert made(vinr, **{"Idempotency-Key": "two"}).headers.get("Idempotent-Replayed") is None
    with httpx.Client(base_url=url, headers={"X-Api-Key": B}, trust_env=False) as theirs:
        assert made(theirs, **{"Idempotency-Key": "one"}).json()["sessionId"] != first.json()["sessionId"]


def test_of_requests_at_once_one_is_carried_out(url: str) -> None:
    async def raced() -> list[httpx.Response]:
        async with httpx.AsyncClient(
            base_url=url, headers={"X-Api-Key": A, "Idempotency-Key": "raced"}, trust_env=False
        ) as client:
            return await asyncio.gather(*(client.post("/checkout/session", json=MINIMAL) for _ in range(12)))

    answers = asyncio.run(raced())
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1


def test_sessions_end_by_the_clock(vinr: httpx.Client) -> None:
    open_, paid = made(vinr).json()["sessionId"], made(vinr).json()["sessionId"]
    assert hook(vinr, "vinr/state", id=paid, state="completed") == 200
    assert hook(vinr, "vinr/state", id=paid, state="pending") == 409
    hook(vinr, "clock", seconds=295)
    assert result(vinr, open_).json()["status"] == "pending"
    hook(vinr, "clock", seconds=5)
    assert [result(vinr, one).json()["status"] for one in (open_, paid)] == ["expired", "completed"]
    hook(vinr, "clock", seconds=24 * 3600)
    answer = result(vinr, open_)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "session_expired")
    assert result(vinr, paid).status_code == 200


def test_another_merchants_session_is_as_one_that_never_was(url: str, vinr: httpx.Client) -> None:
    session = made(vinr).json()["sessionId"]
    with httpx.Client(base_url=url, headers={"X-Api-Key": B}, trust_env=False) as theirs:
        answers = [result(theirs, name) for name in (session, "cs-none")]
        assert {(one.status_code, one.json()["error"]["code"]) for one in answers} == {(404, "session_not_found")}
        assert result(theirs, "x" * 256).status_code == 400
        assert (
            held("getDiddoQr", theirs.get(f"/checkout/{CART}/qr", headers={"Authorization": f"Bearer {DIDDO_B}"})).status_code
            == 404
        )


@pytest.mark.parametrize("size", [128, 300, 1024])
def test_codes_say_the_url(diddo: httpx.Client, size: int) -> None:
    png = held("getDiddoQrPng", diddo.get(f"/checkout/{CART.lower()}/qr.png", params={"size": size}))
    svg = held("getDiddoQrSvg", diddo.get(f"/checkout/{CART}/qr.svg", params={"size": size}))
    pictures = [Image.open(io.BytesIO(content)) for content in (png.content, bytes(resvg_py.svg_to_bytes(svg_string=svg.text)))]
    texts = {found.text for picture in pictures for found in zxingcpp.read_barcodes(picture.convert("L"))}
    assert texts == {f"https://pay.node.example/begin?cart_id={CART}"}
    assert {picture.size for picture in pictures} == {(size, size)}
    held_already = held(
        "getDiddoQrPng",
        diddo.get(f"/checkout/{CART}/qr.png", params={"size": size}, headers={"If-None-Match": png.headers["ETag"]}),
    )
    assert held_already.status_code == 304


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("image/svg+xml", "svg"),
        ("*/*", "png"),
        ("text/html", "png"),
        ("image/png;q=0.1, image/svg+xml;q=0.2", "svg"),
        ("image/*", "png"),
    ],
)
def test_accept_chooses_the_format(diddo: httpx.Client, accept: str, kind: str) -> None:
    answer = held("getDiddoQr", diddo.get(f"/checkout/{CART}/qr", headers={"Accept": accept}))
    assert kind in answer.headers["content-type"]


@pytest.mark.parametrize("size", ["127", "1025", "x", "", "3e2", "300.5", "-300"])
def test_a_size_out_of_bounds_is_refused(diddo: httpx.Client, size: str) -> None:
    assert held("getDiddoQr", diddo.get(f"/checkout/{CART}/qr?size={size}")).status_code == 400


def test_a_cart_from_its_beginning_to_its_end(diddo: httpx.Client, url: str) -> None:
    begun = held("beginDiddoCheckout", diddo.post(f"/checkout/begin/{CART}")).json()
    name = {"cart_id": begun["cart_id"]}

    def shipping(**buyer: str) -> httpx.Response:
        return held("setDiddoShipping", diddo.post("/checkout/shipping", json={**name, "buyer_info": buyer}))

    def method(number: int) -> httpx.Response:
        return held(
            "selectDiddoShippingMethod", diddo.post("/checkout/shipping/method", json={**name, "shipping_method_id": number})
        )

    assert method(0).json()["code"] == "SHIPPING_METHOD_NOT_FOUND"
    assert shipping(country_code="AQ").status_code == 422
    told = shipping(country_code="NO", city="Oslo").json()
    assert (told["status"], [one["id"] for one in told["shipping_methods"]]) == ("in_progress", [0, 7])
    cost = method(7).json()["cost"]
    assert cost["total"] == cost["subtotal"] + cost["shipping"] + cost["tax"]
    assert (cost["subtotal"], cost["shipping"], cost["tax"]) == (29397, 2490, 7349)
    assert "shipping_method_id" not in shipping(country_code="DE").json(), "the courier does not go there"
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {DIDDO_B}"}, trust_env=False) as theirs:
        answer = held("setDiddoShipping", theirs.post("/checkout/shipping", json=name))
        assert (answer.status_code, answer.json()["code"]) == (400, "CART_NOT_FOUND")
    assert hook(diddo, "diddo/state", id=begun["cart_id"], state="succeeded") == 200
    assert [one.json()["code"] for one in (shipping(), method(0))] == ["ALREADY_SUBMITTED"] * 2
    hook(diddo, "clock", seconds=2 * 3600)
    assert shipping().json()["code"] == "CART_NOT_FOUND"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400), (b"\xef\xbb\xbf{}", "application/json", 400), (b'{"a":"\xff"}', "application/json", 400),
        (b"", "application/json", 400), (b"NaN", "application/json", 400), (b"{}", "text/plain", 415),
        (b"{}", "application/json; charset=utf-16", 415), (b"[" * 90_000 + b"]" * 90_000, "application/json", 400),
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(vinr: httpx.Client, content: bytes, kind: str, status: int) -> None:
    answer = held("createVinrSession", vinr.post("/checkout/session", content=content, headers={"Content-Type": kind}))
    assert answer.status_code == status


def test_other_methods(vinr: httpx.Client) -> None:
    assert vinr.get("/checkout/session").headers["Allow"] == "POST, OPTIONS"
    assert vinr.options("/checkout/session").status_code == 204
    session = made(vinr).json()["sessionId"]
    head = vinr.head(f"/checkout/session/{session}/result")
    assert (head.status_code, head.content) == (200, b"")
