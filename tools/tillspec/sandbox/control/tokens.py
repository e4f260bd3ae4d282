"""Tokens that merchants sign themselves: for those whose private key the sandbox holds."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints
from sqlalchemy import Connection

from tillspec.sandbox import ids, merchants, spans, state
from tillspec.sandbox.control.answers import Asked, Problem
from tillspec.sandbox.control.desk import Desk
from tillspec.sandbox.control.merchants import find
from tillspec.sandbox.faults import OPERATIONS

_SCHEME: Final = "Gr4vyBearer"
_LONGEST: Final = timedelta(days=1)

SCOPES: Final = tuple(
    dict.fromkeys(scope for one in OPERATIONS.values() for each in one.security for scope in each.get(_SCHEME, ()))
)
"""All scopes that operations ask for."""


class Ask(Asked):
    """A token for Gr4vy, as the merchant signs it. Without `scopes` it may do everything."""

    merchant: str
    scopes: Annotated[tuple[str, ...], Field(max_length=20)] | None = None
    lasts: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = "1h"


async def sign(desk: Desk, asked: Ask) -> dict[str, Any]:
    """Signs a token by the sandbox's clock."""
    try:
        lasts = spans.exact(asked.lasts)
    except spans.BadSpan as error:
        raise Problem(422, "invalid_span", f"lasts: {error}", f"For a span, {spans.FORMS}.") from None
    if not timedelta(seconds=1) <= lasts <= _LONGEST:
        raise Problem(422, "invalid_span", "lasts: a token lasts from a second to a day.", "Write it as 1h.")

    def prepared(connection: Connection) -> tuple[merchants.Merchant, state.State, str]:
        now = state.read(connection)
        return find(merchants.read(connection), asked.merchant), now, str(ids.uuid4(connection, now))

    merchant, now, jti = await desk.write(prepared)
    part = merchant.gr4vy
    key = next((one for one in part.keys if one.private is not None), None) if part is not None else None
    if part is None or key is None:
        raise Problem(
            409, "no_private_key", f"The sandbox holds no private key of {asked.merchant} at Gr4vy.",
            "Sign the token with the merchant's own key, or give its `private` in the seed data.",
        )  # fmt: skip
    import jwt

    starts = now.now() // 1_000_000
    ends = starts + math.ceil(lasts.total_seconds())
    claims = {"iss": part.issuer, "nbf": starts, "iat": starts, "exp": ends, "jti": jti, "scopes": list(asked.scopes or SCOPES)}
    token = jwt.encode(claims, key.private or "", algorithm=key.algorithm, headers={"kid": key.kid})
    return {"token": token, "expires_in": ends - starts}
