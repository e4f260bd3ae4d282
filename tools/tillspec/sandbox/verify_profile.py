"""The profile with which `tillspec verify` proves a sandbox: its two first merchants, and its control plane."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Merchant = Mapping[str, Any]
"""A merchant as the control plane tells it, with `objects` by their kind."""

_TENANTS: Final = ("first", "second")
_STATES: Final = {
    "completed": "complete", "succeeded": "complete", "failed": "fail", "canceled": "cancel", "cancelled": "cancel",
    "authentication_required": "challenge", "expired": "expire",
}  # fmt: skip
_MOVED: Final = ("VinrSession", "DiddoLiveCart")
"""The objects with a lifecycle, which the control plane moves."""
_CHOICES: Final = {"promo_code": "{promoCode}", "option": "{shippingMethod}", "currency": "{currency}"}


def profile(merchants: Sequence[Merchant], secret: str) -> str:
    """The profile as TOML.

    Args:
        merchants: as `GET /_sandbox/merchants` lists them; the first is the first tenant, the next one the second.
        secret: of the control plane.
    """
    lines = ["# The profile of a Tillspec sandbox, for `tillspec verify`. It has secrets in it.", ""]
    for tenant, merchant in zip(_TENANTS, merchants, strict=False):
        lines += _tenant(tenant, merchant, secret)
    lines += _inputs(merchants[:1])
    lines += ["[control]"]
    lines += [f"advance = {_inline(_request(secret, '/_sandbox/clock/advance', {'by': '{seconds}s'}))}"]
    lines += [f"reset = {_inline(_request(secret, '/_sandbox/reset', {}))}", ""]
    for name in _MOVED:
        asked = _request(secret, "/_sandbox/sessions/{id}/outcome", {"outcome": "{state}", "choices": _CHOICES})
        lines += [f"[control.move.{name}]", *(f"{key} = {_inline(value)}" for key, value in asked.items())]
        lines += [f"states = {_inline(_STATES)}", ""]
    return "\n".join(lines)


def _inputs(merchants: Sequence[Merchant]) -> Iterator[str]:
    """What the contract's scenarios ask for beside credentials."""
    for merchant in merchants:
        carts, orders = (merchant["objects"].get(kind) or () for kind in ("DiddoTemplateCart", "DinteroOrder"))
        known = {
            "cartId": next((cart["id"] for cart in carts), None),
            "orderId": next((order["id"] for order in orders if order["id"].endswith("-1017")), None),
        }
        yield "[inputs]"
        yield from (f"{name} = {_inline(value)}" for name, value in known.items() if value is not None)
        yield ""


def _request(secret: str, url: str, body: Any) -> dict[str, Any]:
    return {"method": "POST", "url": url, "headers": {"Authorization": f"Bearer {secret}"}, "json": body}


def _tenant(tenant: str, merchant: Merchant, secret: str) -> Iterator[str]:
    groups: dict[str, dict[str, Any]] = {"credentials": {}, "limited": {}, "expired": {}}
    for scheme, surface in (("VinrApiKey", "vinr"), ("DiddoBearer", "diddo")):
        for key in merchant.get(surface, {}).get("keys", ()):
            group = "expired" if key["expired"] else "credentials" if key["access"] == "full" else "limited"
            groups[group].setdefault(scheme, key["key"])
    if "gr4vy" in merchant:
        groups["credentials"]["Gr4vyBearer"] = _token(secret, merchant["id"])
        groups["limited"]["Gr4vyBearer"] = _token(secret, merchant["id"], scopes=["checkout-sessions.read"])
    parameters = {}
    if "dintero" in merchant:
        client = merchant["dintero"]["clients"][0]
        groups["credentials"]["DinteroBasic"] = {"username": client["id"], "password": client["secret"]}
        groups["credentials"]["DinteroBearer"] = {"operation": "createDinteroToken", "value": "$response.body#/access_token"}
        if len(merchant["dintero"]["clients"]) > 1:
            groups["limited"]["DinteroBearer"] = _limited(merchant)
        parameters = dict.fromkeys(("oid", "aid"), merchant["dintero"]["account"])
    objects = {kind: [one["id"] for one in listed] for kind, listed in merchant["objects"].items() if listed}
    bodies = _bodies(merchant)
    for name, values in ({**groups, "parameters": parameters, "objects": objects, "bodies": bodies}).items():
        if values:
            yield f"[tenants.{tenant}.{name}]"
            yield from (f"{key} = {_inline(value)}" for key, value in values.items())
            yield ""


def _bodies(merchant: Merchant) -> dict[str, Any]:
    """Bodies that name what is the merchant's own."""
    return {"createDinteroToken": _asked(merchant)} if "dintero" in merchant else {}


def _asked(merchant: Merchant) -> dict[str, Any]:
    """What a client asks the token call for."""
    audience = f"https://api.dintero.com/v1/accounts/{merchant['dintero']['account']}"
    return {"grant_type": "client_credentials", "audience": audience}


def _limited(merchant: Merchant) -> dict[str, Any]:
    """The token of the client that may do less."""
    client, account = merchant["dintero"]["clients"][1], merchant["dintero"]["account"]
    basic = base64.b64encode(f"{client['id']}:{client['secret']}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    request = {"method": "POST", "url": f"/accounts/{account}/auth/token", "headers": headers, "json": _asked(merchant)}
    return {"request": request, "value": "$response.body#/access_token"}


def _token(secret: str, merchant: str, **further: Any) -> dict[str, Any]:
    body = {"merchant": merchant, "lasts": "1d", **further}
    return {"request": _request(secret, "/_sandbox/tokens", body), "value": "$response.body#/token"}


def _inline(value: Any) -> str:
    """A value as TOML has it on one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{_key(key)} = {_inline(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value, ensure_ascii=True)


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else json.dumps(name)
