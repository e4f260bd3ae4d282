"""Tokens that merchants sign, and what they may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

KEYS = Path(__file__).parent / "keys"


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant: the name that its tokens bear, its default account, and what it has set up."""

    name: str
    accounts: frozenset[str]
    services: frozenset[str]
    methods: frozenset[str]

    @property
    def account(self) -> str:
        return min(self.accounts)


class BadToken(Exception):
    """A token that proves nothing."""


class Tokens:
    """Verifies tokens, and remembers those whose signature holds."""

    def __init__(self, merchants: list[Merchant], now: Callable[[], float]) -> None:
        self._merchants = {merchant.name: merchant for merchant in merchants}
        self._keys = {merchant.name: (KEYS / f"{merchant.name}.public.pem").read_text() for merchant in merchants}
        self._now = now
        self._known: dict[str, tuple[Merchant, dict[str, Any]]] = {}

    def holder(self, header: str | None) -> tuple[Merchant, frozenset[str]]:
        """Whose token an `Authorization` header has, and its scopes.

        Raises:
            BadToken: it has none that is good by now.
        """
        scheme, _, text = (header or "").partition(" ")
        if scheme.lower() != "bearer":
            raise BadToken("There is no bearer token.")
        merchant, claims = self._known.get(text.strip()) or self._verified(text.strip())
        if not claims["nbf"] <= self._now() < claims["exp"]:
            raise BadToken("The token is not good at this time.")
        return merchant, frozenset(claims["scopes"])

    def _verified(self, text: str) -> tuple[Merchant, dict[str, Any]]:
        options = {
            "require": ["iss", "nbf", "exp", "jti", "scopes"],
            "verify_exp": False,
            "verify_nbf": False,
            "verify_iat": False,
        }
        try:
            name = str(jwt.decode(text, options={"verify_signature": False}).get("iss"))
            key = self._keys[name]
            claims = jwt.decode(text, key, algorithms=["ES512"], options=options)  # type: ignore[arg-type]  # a dict of them
            times = [float(claims[word]) for word in ("nbf", "exp")]
            scopes = [str(scope) for scope in claims["scopes"]]
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, RecursionError):
            raise BadToken("The token does not hold.") from None
        found = self._merchants[name], {"nbf": times[0], "exp": times[1], "scopes": scopes}
        self._known[text] = found
        return found
