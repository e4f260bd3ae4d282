"""JSON Web Tokens (RFC 7519) as their holder sees them: what is in them, and whether anybody could have made them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any

_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
_GUESSES = (
    "", "secret", "Secret", "password", "changeme", "change-me", "key", "jwt", "jwtsecret", "jwt_secret", "jwt-secret", "test",
    "dev", "development", "default", "example", "mysecret", "my-secret", "supersecret", "super-secret", "secretkey",
    "secret-key", "secret_key", "your-256-bit-secret", "your-secret-key", "your_secret_key", "shhhhh", "admin", "1234",
    "12345678", "token",
)  # fmt: skip
"""Keys that examples and tutorials have."""
_LOOKS = re.compile(r"eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


class NoToken(ValueError):
    """A text that is no signed JSON Web Token in its compact form."""


@dataclass(frozen=True, slots=True)
class Token:
    """A signed token, read without a key. `signed` is what the signature is over."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes

    @classmethod
    def of(cls, text: str) -> Token:
        """Read a token.

        Raises:
            NoToken: it is none.
        """
        parts = text.split(".")
        if len(parts) != 3:
            raise NoToken(f"{len(parts)} parts in place of 3")
        header, claims = (_object(part, name) for part, name in zip(parts, ("header", "claims"), strict=False))
        return cls(header, claims, f"{parts[0]}.{parts[1]}".encode(), _bytes(parts[2], "signature"))

    @property
    def algorithm(self) -> str:
        return str(self.header.get("alg", ""))

    def weakness(self) -> str | None:
        """Why anybody can make such a token (RFC 8725, sections 3.2 and 3.5); None where nothing is known that lets them."""
        if self.algorithm.lower() in ("", "none"):
            return "a token is not signed"
        if not self.signature:
            return "a token has no signature"
        function = _HASHES.get(self.algorithm)
        if function is not None:
            for key in _GUESSES:
                if hmac.compare_digest(hmac.new(key.encode(), self.signed, function).digest(), self.signature):
                    return "a token is signed with a key that anybody guesses"
        return None

    def time(self, claim: str) -> float | None:
        """A NumericDate among the claims, in seconds since 1970; None where there is none."""
        value = self.claims.get(claim)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def looks_like_token(text: str) -> bool:
    """Whether a text has the form of a signed token."""
    return _LOOKS.fullmatch(text) is not None


def _object(part: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(_bytes(part, name))
    except (ValueError, RecursionError):
        raise NoToken(f"its {name} is no JSON") from None
    if not isinstance(value, dict):
        raise NoToken(f"its {name} is no JSON object")
    return value


def _bytes(part: str, name: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NoToken(f"its {name} is no base64url") from None
