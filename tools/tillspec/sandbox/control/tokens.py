"""Tokens that merchants sign themselves: for those whose private key the sandbox holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from tillspec.sandbox import spans
from tillspec.sandbox.control.answers import Asked, Problem
from tillspec.sandbox.control.desk import Desk
from tillspec.sandbox.control.merchants import find
from tillspec.sandbox.faults import OPERATIONS
from tillspec.sandbox.surfaces.gr4vy_tokens import sign_token

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

    now = await desk.sandbox.store.state()
    merchant = find(await desk.sandbox.directory(now), asked.merchant)
    try:
        token = sign_token(merchant, asked.scopes or SCOPES, now.now(), lasts)
    except ValueError as error:
        raise Problem(
            409, "no_private_key", f"{error}.", "Sign the token yourself, or give the key's `private` in the seed data."
        ) from None
    return {"token": token, "expires_in": int(lasts.total_seconds())}
