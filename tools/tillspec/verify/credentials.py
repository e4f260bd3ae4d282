"""The credentials of tenants as they go on the wire: which ways in an operation has, and what is sent for each."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tillspec.api.model import Requirement
from tillspec.verify.contract import Contract, Target
from tillspec.verify.exchange import Headers
from tillspec.verify.profile import Basic, Credential, FromOperation, FromRequest, Profile, SignedToken, Tenant, variable

Ask = Callable[[Tenant, FromOperation | FromRequest], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Placed:
    """Credentials as a request carries them, by security scheme: headers, cookies among them, and query pairs."""

    headers: Headers = ()
    query: Headers = ()


@dataclass(slots=True)
class Credentials:
    """Texts of all credentials, each got once, and anew after the clock was moved. `secrets` are the texts that no output may
    show, by the variable that stands for each; `ahead` is how far the server's clock was moved on, in seconds.
    """

    contract: Contract
    profile: Profile
    secrets: dict[str, str] = field(default_factory=dict)
    ahead: float = 0.0
    _ask: Ask | None = None
    _texts: dict[tuple[str, str, str], str] = field(default_factory=dict)
    _schemes: dict[str, str] = field(default_factory=dict)
    _givers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.secrets.update(self.profile.secrets())

    async def renew(self) -> None:
        """Sign and ask for everything again: the clock was moved, or all is as new."""
        if self._ask is not None:
            await self.fetch(self._ask)

    async def fetch(self, ask: Ask) -> None:
        """Sign what is to be signed, and ask operations for what they give. `ask` gives None where there was no answer."""
        self._ask = ask
        waiting: list[tuple[Tenant, str, str, FromOperation | FromRequest]] = []
        for tenant in self.profile.tenants:
            for group, given in self._groups(tenant):
                for scheme, credential in given.items():
                    if isinstance(credential, FromOperation | FromRequest):
                        waiting.append((tenant, group, scheme, credential))
                    else:
                        self.keep(tenant.name, group, scheme, text_of(credential, self.ahead))
        for tenant, group, scheme, source in waiting:
            text = await ask(tenant, source)
            if text is not None:
                if isinstance(source, FromOperation):
                    self._givers[text] = source.operation
                self.keep(tenant.name, group, scheme, text)

    def keep(self, tenant: str, group: str, scheme: str, text: str) -> None:
        """Remember the text of a credential."""
        self._texts[tenant, group, scheme] = text
        self._schemes[text] = scheme
        self.secrets[text.rpartition(" ")[2] if text.lower().startswith(("basic ", "bearer ")) else text] = variable(
            f"{tenant}_{'' if group == 'credentials' else group + '_'}{scheme}"
        )

    def given_by(self, operation: str, text: str) -> bool:
        """Whether an operation is where a credential comes from."""
        return self._givers.get(text) == operation

    def scheme_of(self, text: str) -> str | None:
        """The security scheme of a credential."""
        return self._schemes.get(text)

    def text(self, tenant: str, scheme: str, group: str = "credentials") -> str | None:
        """The text of a tenant's credential: a token, a key, `user:password` for Basic."""
        return self._texts.get((tenant, group, scheme))

    def way(self, target: Target, tenant: str, group: str = "credentials") -> Requirement | None:
        """The first way into an operation for which a tenant has all credentials; None where it has not, or none is needed."""
        for requirement in target.requirements:
            if requirement.schemes and all(self._of(tenant, group, name) is not None for name, _ in requirement.schemes):
                return requirement
        return None

    def _of(self, tenant: str, group: str, scheme: str) -> str | None:
        return self.text(tenant, scheme, group)

    def good(self, target: Target, tenant: str, group: str = "credentials") -> Placed:
        """What a tenant sends to an operation."""
        way = self.way(target, tenant, group)
        if way is None:
            return Placed()
        texts = {name: self.text(tenant, name, group) or "" for name, _ in way.schemes}
        return self.placed(texts)

    def placed(self, texts: Mapping[str, str]) -> Placed:
        """Texts where their schemes say that they stand."""
        headers: list[tuple[str, str]] = []
        query: list[tuple[str, str]] = []
        cookies = []
        for name, text in texts.items():
            scheme = self.contract.api.security_schemes[name]
            if scheme.kind == "apiKey" and scheme.location == "query":
                query.append((scheme.parameter or name, text))
            elif scheme.kind == "apiKey" and scheme.location == "cookie":
                cookies.append(f"{scheme.parameter or name}={text}")
            elif scheme.kind == "apiKey":
                headers.append((scheme.parameter or name, text))
            elif scheme.kind == "http" and scheme.scheme == "basic":
                headers.append(("Authorization", "Basic " + base64.b64encode(text.encode()).decode()))
            elif scheme.kind == "http" and scheme.scheme not in (None, "bearer"):
                headers.append(("Authorization", f"{(scheme.scheme or '').capitalize()} {text}"))
            else:
                headers.append(("Authorization", f"Bearer {text}"))
        headers += [("Cookie", "; ".join(cookies))] if cookies else []
        return Placed(tuple(headers), tuple(query))

    def missing(self, target: Target, tenant: str) -> tuple[str, ...]:
        """The schemes of which one way into an operation asks for, where a tenant has no way in at all."""
        if target.anonymous or self.way(target, tenant) is not None:
            return ()
        return tuple(name for name, _ in target.requirements[0].schemes)

    @staticmethod
    def _groups(tenant: Tenant) -> tuple[tuple[str, Mapping[str, Credential]], ...]:
        return ("credentials", tenant.credentials), ("limited", tenant.limited), ("expired", tenant.expired)


def text_of(credential: str | Basic | SignedToken, ahead: float = 0.0) -> str:
    """The text of a credential that the profile itself gives; `ahead` is how far the server's clock was moved on, in seconds."""
    match credential:
        case Basic():
            return f"{credential.username}:{credential.password}"
        case SignedToken():
            return sign(credential, after=ahead)
    return credential


def sign(token: SignedToken, *, after: float = 0.0, **claims: object) -> str:
    """A JSON Web Token as the profile describes it, with other claims put in; `after` moves its times, in seconds."""
    import jwt

    now = int(time.time() + after)
    times = {"iat": now, "nbf": now, "exp": now + int(token.lifetime), "jti": str(uuid.uuid4())}
    return jwt.encode({**times, **token.claims, **claims}, token.key, token.algorithm, dict(token.headers))


def claims_of(text: str) -> dict[str, Any] | None:
    """The claims of a JSON Web Token (RFC 7519), its signature not looked at; None where the text is no such token."""
    parts = text.split(".")
    if len(parts) != 3:
        return None
    try:
        head, claims = (json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2])
    except ValueError:
        return None
    return claims if isinstance(head, dict) and "alg" in head and isinstance(claims, dict) else None


def is_token(text: str) -> bool:
    """Whether a text is a JSON Web Token."""
    return claims_of(text) is not None


def scopes_of(text: str) -> frozenset[str] | None:
    """The scopes that a token says it has (RFC 8693, section 4.2, and how others spell it); None where it says nothing."""
    claims = claims_of(text) or {}
    for name in ("scope", "scopes", "scp", "permissions"):
        value = claims.get(name)
        if isinstance(value, str):
            return frozenset(value.split())
        if isinstance(value, list):
            return frozenset(map(str, value))
    return None
