"""What a caller proves itself with. Never shown: `repr` masks the secret part.

`scheme` is the name of the security scheme that a credential was read for, `scopes` are those that the operation asks for with it
(for other schemes than OAuth 2 and OpenID Connect: roles); whether the caller has them is the handler's to judge.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key."""

    key: str = field(repr=False)
    scheme: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bearer:
    """A bearer token (RFC 6750, section 2.1)."""

    token: str = field(repr=False)
    scheme: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Basic:
    """A user and a password (RFC 7617, section 2)."""

    username: str
    password: str = field(repr=False)
    scheme: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Other:
    """A scheme that only the handler can check, from the request itself: mutual TLS, HTTP Digest and others."""

    scheme: str = ""
    scopes: tuple[str, ...] = ()


Credential = ApiKey | Bearer | Basic | Other
