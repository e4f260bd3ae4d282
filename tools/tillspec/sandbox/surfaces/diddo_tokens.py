"""Customer session tokens: signed, for a day, and only good for finding what the merchant said of the customer."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from checkout_api import models, responses
from checkout_api.server import Bearer, Request
from tillspec.sandbox import clock, ids, sessions
from tillspec.sandbox.context import Sandbox, state_of
from tillspec.sandbox.merchants import Holder
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces.declared import available
from tillspec.sandbox.surfaces.diddo_carts import rfc3339
from tillspec.sandbox.surfaces.diddo_errors import holder_of, unavailable

TOKEN: Final = "DiddoCustomerToken"
_LIFETIME: Final = clock.micros(sessions.EXPIRES[TOKEN].after)
_ALGORITHM: Final = "HS256"
_MINTED: Final = "minted"


@dataclass(frozen=True, slots=True)
class Minted:
    """A token, and when it ends (microseconds)."""

    token: str
    expires_at: int


def mint(connection: Connection, state: State, merchant: str, customer: dict[str, Any]) -> Minted:
    """Makes a token of a merchant's for a customer, of whom it says nothing itself: whoever holds it can read it."""
    import jwt

    issued = state.now() // clock.SECOND  # a token counts in whole seconds (RFC 7519, section 2)
    expires_at = issued * clock.SECOND + _LIFETIME
    token_id = ids.token(connection, state, "cst_")
    claims = {
        "sub": ids.token(connection, state, "cus_"), "iat": issued, "exp": expires_at // clock.SECOND, "jti": token_id,
    }  # fmt: skip
    kept = Session(
        id=token_id, kind=TOKEN, merchant=merchant, status=_MINTED, created_at=state.now(), expires_at=expires_at,
        data={"customer": customer, "subject": claims["sub"]},
    )  # fmt: skip
    sessions.insert(connection, kept)
    return Minted(jwt.encode(claims, _key(state), algorithm=_ALGORITHM), expires_at)


def customer_of(connection: Connection, state: State, merchant: str, token: str) -> dict[str, Any] | None:
    """What a merchant said of the customer that a token stands for: the fields of `DiddoBuyerInfo`.

    None for a token that is over by the sandbox's clock, another merchant's, or not one of ours.
    """
    import jwt

    options: Any = {"require": ["sub", "iat", "exp", "jti"], "verify_exp": False, "verify_iat": False}
    try:
        claims = jwt.decode(token, _key(state), algorithms=[_ALGORITHM], options=options)
    except jwt.InvalidTokenError:
        return None
    kept = sessions.find(connection, TOKEN, str(claims["jti"]), merchant=merchant)
    if kept is None or kept.is_over(state.now()):
        return None
    return dict(kept.data["customer"])


def _key(state: State) -> bytes:
    """A key of its own, so that what is signed for other purposes is no token."""
    return hmac.digest(state.secret, TOKEN.encode(), hashlib.sha256)


class TokenHandlers:
    """The token call."""

    _sandbox: Sandbox

    @available(unavailable)
    async def mint_diddo_customer_token(
        self, request: Request, *, body: models.DiddoBuyerInfo, credentials: Bearer
    ) -> (
        responses.MintDiddoCustomerToken200
        | responses.DiddoUnauthorized
        | responses.DiddoForbidden
        | responses.DiddoServiceUnavailable
    ):
        state = state_of(request)
        holder = await holder_of(self._sandbox, request, state, credentials, writes=True)
        if not isinstance(holder, Holder):
            return holder
        customer = body.model_dump(by_alias=True, exclude_unset=True)
        minted = await self._sandbox.write(lambda connection: mint(connection, state, holder.merchant.id, customer))
        plain = {"cst": minted.token, "expires_at": rfc3339(minted.expires_at)}
        return responses.MintDiddoCustomerToken200(body=models.DiddoCustomerToken.model_validate(plain))
