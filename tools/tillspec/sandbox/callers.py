"""Whose request it is, before anybody has looked whether it is allowed: for faults, and for counting requests.

Nothing is let in by this, so tokens are read and not verified.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from starlette.datastructures import Headers

from tillspec.sandbox.ids import base62
from tillspec.sandbox.merchants import Directory, Merchant


def merchant_of(directory: Directory, surface: str, headers: Headers) -> Merchant | None:
    """The merchant that a request's credentials name."""
    match surface:
        case "vinr":
            holder = directory.holder("vinr", headers.get("x-api-key", ""))
            return holder.merchant if holder else None
        case "diddo":
            holder = directory.holder("diddo", _credentials(headers)[1])
            return holder.merchant if holder else None
        case "gr4vy":
            signer = directory.signer(str(_part(_credentials(headers)[1], 0).get("kid")))
            return signer[0] if signer else None
        case _:
            return _of_dintero(directory, *_credentials(headers))


def credential_of(directory: Directory, surface: str, headers: Headers) -> str | None:
    """What stands for a request's credentials; None where it has none. Of tokens, whom they were made for."""
    said = headers.get("x-api-key" if surface == "vinr" else "authorization")
    if said is None:
        return None
    if surface in ("gr4vy", "dintero"):
        merchant = merchant_of(directory, surface, headers)
        if merchant is not None:
            return merchant.id
    return base62(hashlib.sha256(said.encode("utf-8", "surrogatepass")).digest()[:16])


def _credentials(headers: Headers) -> tuple[str, str]:
    scheme, _, said = headers.get("authorization", "").partition(" ")
    return scheme.lower(), said.strip()


def _of_dintero(directory: Directory, scheme: str, said: str) -> Merchant | None:
    if scheme == "basic":
        try:
            client = base64.b64decode(said, validate=True).decode().partition(":")[0]
        except ValueError:
            return None
        known = ((each.id, one) for one in directory.merchants if one.dintero for each in one.dintero.clients)
        return next((one for name, one in known if name == client), None)
    values = [value for value in _part(said, 1).values() if isinstance(value, str)]
    parts = {part for value in values for part in value.split("/")}
    return next((found for part in parts if (found := directory.account(part) or directory.get(part))), None)


def _part(token: str, number: int) -> dict[str, Any]:
    """The header of a JWT (0), or its claims (1)."""
    part = token.split(".")[number] if token.count(".") == 2 and len(token) < 8192 else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
