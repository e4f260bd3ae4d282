"""Our contract's examples against a sandbox: what stands in them for an object, and the object that is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from tillspec.api.model import Api, Operation
from tillspec.docs.samples.all import Samples
from tillspec.sandbox.surfaces.diddo_carts import payment_intent
from tillspec.sandbox.testing import CheckoutSandbox

VINR, GR4VY = "cs_4kTq9ZbW2mXv7LhR", "8d3fe99b-1422-42e6-bbb3-932d95ae5f79"
ACCOUNT, ORDER, SESSION = "T12345678", "7c9e6679-7425-40de-944b-e07fc1f90ae7", "bd04c959-d159-49b4-a096-2d84e014a8da"
TEMPLATE, CART = "01KERN71T0V3RS3DTR98H6BCFN", "01KJWXTAG0YAJDSX5VK7TBXABK"
INTENT = "pi_3Rk8WzQm5TnV2yLd"


def environment(sandbox: CheckoutSandbox) -> dict[str, str]:
    """The variables that the samples read."""
    client = sandbox.merchant()["dintero"]["clients"][0]
    return {
        "API_URL": sandbox.url,
        "VINR_API_KEY": sandbox.key("vinr"),
        "GR4VY_BEARER": sandbox.token("gr4vy"),
        "DINTERO_BASIC_USER": client["id"],
        "DINTERO_BASIC_PASSWORD": client["secret"],
        "DINTERO_BEARER": sandbox.token("dintero"),
        "DIDDO_BEARER": sandbox.key("diddo"),
    }


def objects(sandbox: CheckoutSandbox, api: Api) -> dict[str, str]:
    """What the examples name, each with the id of an object that has just been made."""
    merchant = sandbox.merchant()
    made: dict[str, str] = {ACCOUNT: merchant["dintero"]["account"], TEMPLATE: merchant["objects"]["DiddoTemplateCart"][-1]["id"]}
    with httpx.Client(base_url=sandbox.url) as http:
        made[VINR] = _made(http.post("/checkout/session", json=_body(api, "createVinrSession"), headers=sandbox.headers("vinr")))[
            "sessionId"
        ]
        made[GR4VY] = _made(http.post("/checkout/sessions", json={}, headers=sandbox.headers("gr4vy")))["id"]
        orders = f"/accounts/{made[ACCOUNT]}/shopping/orders/{ORDER}/sessions"
        express = _body(api, "createDinteroOrderSession", "express")
        made[SESSION] = _made(http.post(orders, json=express, headers=sandbox.headers("dintero")))["id"]
        buyer = _body(api, "setDinteroAddresses")
        answer = http.put(f"/view/{made[SESSION]}/session/order/addresses", json=buyer)
        assert answer.status_code < 300, answer.text
        begun = http.post(f"/checkout/begin/{made[TEMPLATE]}", headers=sandbox.headers("diddo"))
        made[CART] = _made(begun)["cart_id"]
        made[INTENT] = payment_intent(made[CART])
        buyer = _body(api, "setDiddoShipping") | {"cart_id": made[CART]}
        _made(http.post("/checkout/shipping", json=buyer, headers=sandbox.headers("diddo")))
    return made


def _made(answer: httpx.Response) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json()


def _body(api: Api, operation: str, example: str | None = None) -> Any:
    found = next(one for one in api.operations if one.id == operation)
    assert found.body
    examples = found.body.contents[0].examples
    return next(one.value for one in examples if example in (None, one.name))


def live(text: str, made: Mapping[str, str]) -> str:
    """A text in which the examples' objects are those that are there."""
    for example, there in made.items():
        text = text.replace(example, there)
    return text


def calls(api: Api) -> list[Operation]:
    """The operations of paths; what ends an object comes last."""
    found = [one for one in api.operations if one.role == "path"]
    return sorted(found, key=lambda one: one.method == "DELETE")


def texts(api: Api, language: str, change: Callable[[str], str]) -> dict[str, str]:
    """The sample of each operation in a language, by the operation's id."""
    samples = Samples(api, "checkout_api")
    return {one.id: change(dict(samples.all(samples.request(one)))[language]) for one in calls(api)}
