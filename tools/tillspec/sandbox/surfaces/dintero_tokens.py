"""Dintero's access tokens: JWTs (RFC 7519) that a client asks for with its id and secret, and what they open."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from checkout_api import behavior, models, operations, responses
from checkout_api.server import Basic, Bearer, Request
from tillspec.sandbox import clock, ids
from tillspec.sandbox.context import Sandbox, comes_from, state_of
from tillspec.sandbox.merchants import Client, Directory, Merchant
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces.declared import available, code_of
from tillspec.sandbox.surfaces.dintero_errors import BASIC, BEARER, NO_SESSION, NOT_FOUND, error, item, unavailable

if TYPE_CHECKING:
    from jwt.types import Options

TOKEN: Final = "DinteroAccessToken"
LIFETIME: Final = 24 * 3600 * clock.SECOND
"""The contract says where a token shows its lifetime, and not how long it is; its examples live a day."""

_ALGORITHM: Final = "HS256"
_CLAIMS: Final = ("iss", "sub", "aud", "scope", "iat", "exp", "jti")
# Times are held against the sandbox's clock; PyJWT knows the machine's alone. The audience is the handler's to judge.
_OPTIONS: Final[Options] = {
    "require": list(_CLAIMS), "verify_exp": False, "verify_iat": False, "verify_aud": False,
}  # fmt: skip
_AUDIENCE: Final = behavior.DINTERO_TOKEN_REQUEST.properties["audience"].among
_MISSING: Final = {
    NOT_FOUND: "There is no such order.",
    NO_SESSION: "There is no such session.",
}


_SCOPES: Final = {
    one.id: frozenset(scope for alternative in one.security for scopes in alternative.values() for scope in scopes)
    for one in (
        operations.CREATE_DINTERO_ORDER_SESSION, operations.LIST_DINTERO_ORDER_SESSIONS, operations.GET_DINTERO_ORDER_SESSION,
    )
}  # fmt: skip
"""The scopes of which an operation asks for one."""


class BadToken(Exception):
    """A token that proves nothing; the text says why, for the caller."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token that holds: which client's it is, for which account, and what it permits."""

    client: str
    account: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request it is, and by which client it was made."""

    merchant: Merchant
    client: str


Denied = responses.DinteroUnauthorized | responses.DinteroForbidden | responses.DinteroNotFound


# -- tokens ----------------------------------------------------------------------------------------------------------------


def issue(state: State, issuer: str, client: Client, audience: str, token_id: str) -> str:
    """A token of a client's, for the account that the audience names."""
    import jwt

    issued = state.now() // clock.SECOND
    claims = {
        "iss": issuer, "sub": client.id, "aud": audience, "scope": " ".join(client.scopes), "iat": issued,
        "exp": issued + LIFETIME // clock.SECOND, "jti": token_id,
    }  # fmt: skip
    return jwt.encode(claims, _key(state), algorithm=_ALGORITHM)


def verify(state: State, text: str) -> Token:
    """The token of a text.

    Raises:
        BadToken: it is none of ours, or it is over by the sandbox's clock.
    """
    import jwt

    try:
        claims = jwt.decode(text, _key(state), algorithms=[_ALGORITHM], options=_OPTIONS)
    except (jwt.PyJWTError, RecursionError, TypeError, ValueError):  # nested too deep, or claims of other types
        raise BadToken("it is none of ours") from None
    if state.now() >= int(claims["exp"]) * clock.SECOND:
        raise BadToken("it has expired")
    return Token(str(claims["sub"]), account_of(str(claims["aud"])), frozenset(str(claims["scope"]).split()))


def account_of(audience: str) -> str:
    """The account that an audience names: the last part of its path."""
    return audience.rpartition("/")[2]


def _key(state: State) -> bytes:
    """A key of its own, so that what is signed for other purposes is no token."""
    return hmac.digest(state.secret, TOKEN.encode(), hashlib.sha256)


# -- clients and callers -----------------------------------------------------------------------------------------------------


def client_of(directory: Directory, credentials: Basic) -> tuple[Merchant, Client] | None:
    """Who asks with an id and a secret. It takes as long for an unknown id as for a known one with another secret."""
    found: tuple[Merchant, Client] | None = None
    for merchant in directory.merchants:
        for client in merchant.dintero.clients if merchant.dintero is not None else ():
            if _same(client.id, credentials.username) & _same(client.secret, credentials.password):
                found = merchant, client
    return found


def _same(ours: str, theirs: str) -> bool:
    """Compares digests, in a time that tells neither the text nor its length."""
    digests = (hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (ours, theirs))
    return hmac.compare_digest(*digests)


async def caller_of(
    sandbox: Sandbox, request: Request, state: State, credentials: Bearer, account: str, unknown: str = NOT_FOUND
) -> Caller | Denied:
    """Whose token it is, or what is answered where it does not open the account of the path.

    Another's account gets the same answer as one that does not exist (with the code `unknown`), whatever the token's scopes.
    """
    try:
        token = verify(state, credentials.token)
    except BadToken as bad:
        return _unauthorized(str(bad))
    merchant = (await sandbox.directory(state)).account(token.account)
    if merchant is not None:
        comes_from(request, merchant)
    if merchant is None or token.account != account:
        return missing(unknown)
    if merchant.dintero is None or all(client.id != token.client for client in merchant.dintero.clients):
        return _unauthorized("its client is not known any more")
    wanted = _SCOPES[request.operation or ""]
    if not token.scopes & wanted:
        said = f"The token lacks the scope that this call needs: {' or '.join(sorted(wanted))}."
        return responses.DinteroForbidden(body=error("forbidden", said))
    return Caller(merchant, token.client)


def missing(code: str = NOT_FOUND) -> responses.DinteroNotFound:
    """What an account, an order or a session gets that the caller does not have."""
    return responses.DinteroNotFound(body=error(code, _MISSING[code]))


def _unauthorized(why: str) -> responses.DinteroUnauthorized:
    body = error("unauthorized", f"There is no valid access token: {why}.")
    challenge = f'{BEARER}, error="invalid_token", error_description="{why}"'
    return responses.DinteroUnauthorized(body=body, www_authenticate=challenge)


class TokenHandlers:
    """The token call."""

    _sandbox: Sandbox

    @available(unavailable)
    async def create_dintero_token(
        self, request: Request, *, body: models.DinteroTokenRequest, credentials: Basic, oid: str
    ) -> (
        responses.CreateDinteroToken200
        | responses.DinteroTokenBadRequest
        | responses.DinteroTokenUnauthorized
        | responses.DinteroTokenForbidden
        | responses.DinteroNotFound
        | responses.DinteroServiceUnavailable
    ):
        state = state_of(request)
        found = client_of(await self._sandbox.directory(state), credentials)
        if found is None:
            said = error("unauthorized", "The client's id or secret is wrong.")
            return responses.DinteroTokenUnauthorized(body=said, www_authenticate=BASIC)
        merchant, client = found
        comes_from(request, merchant)
        assert merchant.dintero is not None, "who has clients is at Dintero"
        theirs = (merchant.dintero.account, merchant.dintero.partner)
        if oid not in theirs:
            return responses.DinteroNotFound(body=error(NOT_FOUND, "There is no such account."))
        account = account_of(body.audience)
        if account not in theirs:
            return responses.DinteroTokenBadRequest(body=_other_audience(account))
        if not client.scopes:
            plain = {"error": {"code": "forbidden", "message": "The client may not ask for tokens."}}
            return responses.DinteroTokenForbidden(body=models.DinteroTokenForbiddenError.model_validate(plain))
        token_id = await self._sandbox.write(lambda connection: ids.token(connection, state, "dat_"))
        token = issue(state, self._sandbox.base_url, client, body.audience, token_id)
        plain_token = {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME // clock.SECOND}
        return responses.CreateDinteroToken200(body=models.DinteroAccessToken.model_validate(plain_token))


def _other_audience(account: str) -> models.DinteroError:
    code = code_of(_AUDIENCE.otherwise if _AUDIENCE is not None else None)
    told = item("/audience", f"It names account {account}.", code)
    return error(code, "The client may not act for this account.", [told])
