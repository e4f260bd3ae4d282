"""Reading credentials out of a request: presence and form, never validity, which is the handler's to judge."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from .credentials import ApiKey, Basic, Bearer, Credential, Other
from .operation import Operation, SecurityScheme
from .parameters import Raw
from .texts import decoded, form_decoded

Reader = Callable[[Raw], Credential | None]
Authenticate = Callable[[Raw], tuple[bool, Any]]

_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


def authenticator(operation: Operation[Any], schemes: Mapping[str, SecurityScheme]) -> Authenticate | None:
    """A function that gives whether a request may go on, and its credential: that of the first alternative that is complete.

    An alternative of several schemes gives a tuple; an anonymous request gives None. None where the operation asks for nothing.
    """
    if not operation.security or not any(operation.security):
        return None
    alternatives = [alternative(requirement, schemes) for requirement in operation.security if requirement]
    anonymous = not all(operation.security)

    def authenticate(raw: Raw) -> tuple[bool, Any]:
        for read in alternatives:
            if (found := read(raw)) is not None:
                return True, found
        return anonymous, None

    return authenticate


def alternative(requirement: Mapping[str, tuple[str, ...]], schemes: Mapping[str, SecurityScheme]) -> Callable[[Raw], Any]:
    """A function that gives the credential of one alternative, None where it is not complete; of several schemes, a tuple.

    `requirement` goes from the names of its schemes to the scopes that are asked for.
    """
    readers = [_reader(schemes.get(name), name, scopes) for name, scopes in requirement.items()]
    if len(readers) == 1:
        return readers[0]

    def read(raw: Raw) -> tuple[Credential | None, ...] | None:
        found = tuple(reader(raw) for reader in readers)
        return None if None in found else found

    return read


def challenge(operation: Operation[Any], schemes: Mapping[str, SecurityScheme]) -> str:
    """The `WWW-Authenticate` of an operation (RFC 9110, section 11.6.1): one challenge per scheme that it knows."""
    kinds = [scheme.kind for scheme in used(operation, schemes)]
    texts = {"bearer": "Bearer", "basic": f'Basic realm="{operation.surface or "api"}", charset="UTF-8"', "api_key": "ApiKey"}
    return ", ".join(dict.fromkeys(texts[kind] for kind in kinds if kind in texts))


def used(operation: Operation[Any], schemes: Mapping[str, SecurityScheme]) -> list[SecurityScheme]:
    """The schemes of an operation, in all its alternatives."""
    return [schemes[name] for requirement in operation.security for name in requirement if name in schemes]


def _reader(scheme: SecurityScheme | None, name: str, scopes: tuple[str, ...]) -> Reader:
    if scheme is None or scheme.kind == "other":
        return lambda raw: Other(name, scopes)
    if scheme.kind == "bearer":
        return lambda raw: _bearer(raw.headers.get("authorization", ""), name, scopes)
    if scheme.kind == "basic":
        return lambda raw: _basic(raw.headers.get("authorization", ""), name, scopes)
    return _api_key(scheme, scopes)


def _bearer(text: str, name: str, scopes: tuple[str, ...]) -> Bearer | None:
    kind, _, token = text.partition(" ")
    token = token.strip(" ")
    return Bearer(token, name, scopes) if kind.lower() == "bearer" and _TOKEN.fullmatch(token) else None


def _basic(text: str, name: str, scopes: tuple[str, ...]) -> Basic | None:
    kind, _, token = text.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(token.strip(" "), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return Basic(user, password, name, scopes) if colon else None


def _api_key(scheme: SecurityScheme, scopes: tuple[str, ...]) -> Reader:
    parameter, name = scheme.parameter or "", scheme.name
    lower = parameter.lower()

    def header(raw: Raw) -> ApiKey | None:
        key = raw.headers.get(lower, "").strip(" \t")
        return ApiKey(key, name, scopes) if key else None

    def elsewhere(raw: Raw) -> ApiKey | None:
        pairs, unescape = (raw.cookies, decoded) if scheme.location == "cookie" else (raw.pairs, form_decoded)
        found = [value for key, value in pairs if key == parameter]
        try:
            return ApiKey(unescape(found[0]), name, scopes) if len(found) == 1 and found[0] else None
        except ValueError:
            return None

    return header if scheme.location == "header" else elsewhere
