"""The client's credentials: which of an operation's alternatives are sent, and how each travels."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from .credentials import Basic
from .errors import MissingCredentials, Target
from .operation import Operation, SecurityScheme
from .texts import encoded

Key = str | Callable[[], str]
"""A key or a token, or a function that gives the present one; it is asked once for each call."""

UserPassword = tuple[str, str] | Basic
"""A user and a password (RFC 7617)."""

CredentialSource = Key | UserPassword | bool | None
"""What a user may give for a scheme; True where the `http` client itself carries it (a client certificate, an `httpx.Auth`)."""


class CredentialsBase:
    """The base of a generated `Credentials`: `SCHEMES` goes from its fields to the names of the security schemes."""

    __slots__ = ()

    SCHEMES: ClassVar[Mapping[str, str]] = {}

    def given(self) -> Mapping[str, CredentialSource]:
        """What was given, by the name of the scheme."""
        return {scheme: getattr(self, field) for field, scheme in self.SCHEMES.items()}

    def __repr__(self) -> str:
        shown = [f"{name}=***" for name in self.SCHEMES if _is_given(getattr(self, name))]
        return f"{type(self).__name__}({', '.join(shown)})"


@dataclass(slots=True)
class Carried:
    """The credentials of one request: header fields, query parameters and cookies; `secrets` are their bare texts."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    query: list[str] = field(default_factory=list)
    cookies: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)


def chosen(
    operation: Operation[Any],
    schemes: Mapping[str, SecurityScheme],
    given: Mapping[str, CredentialSource],
    target: Target,
) -> tuple[SecurityScheme, ...] | MissingCredentials:
    """The schemes of the first alternative that the given credentials satisfy.

    Where nothing satisfies one, an anonymous alternative will do; without it this is the error to raise.
    """
    if not operation.security:
        return ()
    for alternative in operation.security:
        if alternative and all(_is_given(given.get(name)) and name in schemes for name in alternative):
            return tuple(schemes[name] for name in alternative)
    if any(not alternative for alternative in operation.security):
        return ()
    return MissingCredentials(target, tuple(tuple(alternative) for alternative in operation.security))


def carry(schemes: tuple[SecurityScheme, ...], given: Mapping[str, CredentialSource]) -> Carried:
    """The credentials of the schemes, ready to be sent.

    Raises:
        ValueError: one that is not of its scheme's form; the message never shows it.
    """
    carried = Carried()
    for scheme in schemes:
        source = given[scheme.name]
        match scheme.kind:
            case "basic":
                _basic(scheme, source, carried)
            case "bearer":
                token = _text(scheme, source)
                carried.secrets.append(token)
                carried.headers.append(("Authorization", f"Bearer {token}"))
            case "api_key":
                _api_key(scheme, _text(scheme, source), carried)
            case "other":
                pass
    names = [name.lower() for name, _ in carried.headers]
    if len(set(names)) < len(names):
        raise ValueError(f"two of the credentials {', '.join(scheme.name for scheme in schemes)} would go into one header")
    return carried


def _is_given(source: CredentialSource) -> bool:
    return source is not None and source is not False


def _basic(scheme: SecurityScheme, source: CredentialSource, carried: Carried) -> None:
    if isinstance(source, Basic):
        user, password = source.username, source.password
    elif isinstance(source, tuple) and len(source) == 2:
        user, password = source
    else:
        raise ValueError(f"the credential {scheme.name} must be a user and a password")
    if ":" in user:
        raise ValueError(f"the credential {scheme.name}: a user name cannot hold a colon (RFC 7617, section 2)")
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    carried.secrets += [text, password]
    carried.headers.append(("Authorization", f"Basic {text}"))


def _api_key(scheme: SecurityScheme, key: str, carried: Carried) -> None:
    name = scheme.parameter or scheme.name
    carried.secrets.append(key)
    if scheme.location == "query":
        carried.query.append(f"{encoded(name)}={encoded(key)}")
    elif scheme.location == "cookie":
        carried.cookies.append(f"{name}={encoded(key)}")
    else:
        carried.headers.append((name, key))


def _text(scheme: SecurityScheme, source: CredentialSource) -> str:
    text = source() if callable(source) else source
    if not isinstance(text, str) or not text:
        raise ValueError(f"the credential {scheme.name} must be a text that is not empty")
    return text
