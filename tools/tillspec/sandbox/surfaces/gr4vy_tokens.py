"""Gr4vy's bearer tokens: JWTs (RFC 7519) that merchants sign themselves, with a key whose public half is known here."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from tillspec.sandbox import clock
from tillspec.sandbox.merchants import Directory, Merchant, SigningKey

if TYPE_CHECKING:
    from jwt.types import Options

_MOST: Final = 1024
"""How many verified tokens a worker remembers."""

_FORM: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_CLAIMS: Final = ("iss", "nbf", "exp", "jti", "scopes")
# Times are held against the sandbox's clock; PyJWT knows the machine's alone.
_OPTIONS: Final[Options] = {
    "require": list(_CLAIMS), "verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False,
}  # fmt: skip


class BadToken(Exception):
    """A token that proves nothing; the text says why, for the caller."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token whose signature holds: whose it is, what it permits, and from when (`nbf`) to when (`exp`), in Unix seconds."""

    merchant: Merchant
    scopes: frozenset[str]
    not_before: float
    expires: float

    def permits(self, scope: str) -> bool:
        """Whether it has a scope, or the one for everything of its kind: `*.read` for `checkout-sessions.read`."""
        return scope in self.scopes or f"*.{scope.rpartition('.')[2]}" in self.scopes


class Tokens:
    """Verifies tokens, and remembers those that hold, since a signature of P-521 is slow to verify."""

    def __init__(self) -> None:
        self._epoch: int | None = None
        self._known: dict[bytes, Token] = {}

    def verify(self, text: str, directory: Directory, epoch: int, now: int) -> Token:
        """The token of a text. What was verified in another epoch is verified again; `now` is in microseconds.

        Raises:
            BadToken: it is no token, or its signature, issuer, key, `nbf` or `exp` does not hold.
        """
        if self._epoch != epoch:
            self._epoch, self._known = epoch, {}
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        token = self._known.get(digest) or _signed(text, directory)
        if now >= token.expires * clock.SECOND:
            self._known.pop(digest, None)
            raise BadToken("it has expired")
        if now < token.not_before * clock.SECOND:
            raise BadToken("it is not valid yet")
        if digest not in self._known:
            if len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            self._known[digest] = token
        return token


def sign_token(merchant: Merchant, scopes: Iterable[str], now: int, lifetime: timedelta) -> str:
    """A token that a merchant would sign, with the private key that the sandbox has of theirs. `now` is in microseconds.

    Raises:
        ValueError: the sandbox has no private key of theirs.
    """
    import secrets

    import jwt

    key = next((key for key in merchant.gr4vy.keys if key.private), None) if merchant.gr4vy else None
    if merchant.gr4vy is None or key is None or key.private is None:
        raise ValueError(f"{merchant.id} has no private key at Gr4vy to sign with")
    issued = now // clock.SECOND
    # Not of the seed: a signature of ECDSA is another each time, and so is the token.
    claims = {
        "iss": merchant.gr4vy.issuer or merchant.id, "iat": issued, "nbf": issued,
        "exp": issued + lifetime // timedelta(seconds=1), "jti": secrets.token_hex(16), "scopes": list(scopes),
    }  # fmt: skip
    return jwt.encode(claims, key.private, algorithm=key.algorithm, headers={"kid": key.kid})


def _signed(text: str, directory: Directory) -> Token:
    """The token of a text whose signature holds, whatever the time."""
    import jwt

    if not _FORM.fullmatch(text):
        raise BadToken("it is no JWT")
    try:
        header = jwt.get_unverified_header(text)
        merchant, key = _signer(directory, header)
        claims = jwt.decode(text, _public(key.public), algorithms=[key.algorithm], options=_OPTIONS)
    except jwt.MissingRequiredClaimError as error:
        raise BadToken(f"it lacks the claim {error.claim}") from None
    except jwt.InvalidSignatureError:
        raise BadToken("its signature does not hold") from None
    except jwt.PyJWTError:
        raise BadToken("it is no JWT that can be read") from None
    except (RecursionError, TypeError, ValueError):  # nested too deep, or a key that does not fit its algorithm
        raise BadToken("it cannot be verified") from None
    assert merchant.gr4vy is not None, "a signer is at Gr4vy"
    if not isinstance(claims["iss"], str):
        raise BadToken("its iss is no text")
    if merchant.gr4vy.issuer is not None and claims["iss"] != merchant.gr4vy.issuer:
        raise BadToken("its iss is not the merchant's")
    return Token(merchant, _scopes(claims["scopes"]), _time(claims, "nbf"), _time(claims, "exp"))


def _signer(directory: Directory, header: dict[str, Any]) -> tuple[Merchant, SigningKey]:
    kid = header.get("kid")
    found = directory.signer(kid) if isinstance(kid, str) else None
    if found is None:
        raise BadToken("its kid is no merchant's key")
    if header.get("alg") != found[1].algorithm:
        raise BadToken(f"its alg is not {found[1].algorithm}, which is that of the key")
    return found


@lru_cache(maxsize=64)
def _public(pem: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    return load_pem_public_key(pem.encode())


def _time(claims: dict[str, Any], name: str) -> float:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or (isinstance(value, float) and not math.isfinite(value)):
        raise BadToken(f"its {name} is no number of seconds")
    return value


def _scopes(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(scope, str) for scope in value):
        raise BadToken("its scopes are no list of texts")
    return frozenset(value)
