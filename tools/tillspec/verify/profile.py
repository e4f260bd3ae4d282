"""The profile: what of a server the contract cannot say. TOML, written by `tillspec verify init` and filled in by a person."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tillspec import toml
from tillspec.api.durations import duration
from tillspec.toml import FILL_ME, Mistake

FIRST, SECOND = "first", "second"


class BadProfile(Mistake):
    """A profile that cannot be used."""


@dataclass(frozen=True, slots=True)
class FromOperation:
    """A credential that an operation of the contract gives: called once, its value taken by a runtime expression."""

    operation: str
    value: str


@dataclass(frozen=True, slots=True)
class Basic:
    """A user and a password (RFC 7617)."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A JSON Web Token that is signed anew for each run: claims, of which `exp`, `nbf`, `iat` and `jti` are added."""

    key: str = field(repr=False)
    algorithm: str
    claims: Mapping[str, Any]
    headers: Mapping[str, Any]
    lifetime: float


@dataclass(frozen=True, slots=True)
class Template:
    """A request beside the contract. Texts in it hold `{name}`s that are filled in: `{seconds}`, `{id}`, `{state}`, and others.

    `states` gives the server's own word for a state of the contract.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Any = None
    states: Mapping[str, str] = field(default_factory=dict)

    def secrets(self, name: str) -> Iterator[tuple[str, str]]:
        """The texts of it that no output may show, each with the variable that stands for it."""
        for header, value in self.headers.items():
            if header.lower() not in _PUBLIC_HEADERS:
                text = value.removeprefix("Bearer ").removeprefix("Basic ")
                yield text, variable(f"{name}_{header}")
                _, colon, password = _decoded(text).partition(":")
                if colon:
                    yield password, variable(f"{name}_PASSWORD")
        yield from _secrets_in(self.json, name)


@dataclass(frozen=True, slots=True)
class FromRequest:
    """A credential that a request beside the contract gives, its value taken by a runtime expression; asked for anew after the
    clock was moved.
    """

    request: Template
    value: str


Credential = str | Basic | FromOperation | FromRequest | SignedToken


@dataclass(frozen=True, slots=True)
class Tenant:
    """Somebody who uses the server.

    Attributes:
        credentials: by the name of the security scheme.
        limited: credentials that lack scopes, by the name of the scheme.
        expired: credentials that are no longer good, by the name of the scheme.
        parameters: values of parameters, by name, or by `operationId.name`.
        objects: ids of objects that exist already, by the object's name in the contract.
        bodies: bodies that the server is known to accept, by operation.
    """

    name: str
    credentials: Mapping[str, Credential] = field(default_factory=dict, repr=False)
    limited: Mapping[str, Credential] = field(default_factory=dict, repr=False)
    expired: Mapping[str, Credential] = field(default_factory=dict, repr=False)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    objects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bodies: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """What of a server the contract cannot say.

    Attributes:
        tenants: the first, and, where given, the second.
        control: templates by what they do: `advance`, `reset`, and `move.<Object>`. Whatever moves the clock begins with a reset
            and ends with one, where there is one, so that a run leaves the server as new.
        policy: answers to what the contract leaves open, by name.
        inputs: inputs of scenarios, by name, or by `workflowId.name`.
        rate: requests a second at most; None for as many as go.
        timeout: seconds that an answer may take.
        latency: seconds that an answer should take at most; None where nothing is promised.
        wait: seconds that the server may take to be reachable at first.
        unfilled: what is still to be filled in, as paths into the file.
    """

    tenants: tuple[Tenant, ...] = (Tenant(FIRST),)
    control: Mapping[str, Template] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict, repr=False)
    rate: float | None = None
    timeout: float = 10.0
    latency: float | None = None
    wait: float = 30.0
    unfilled: tuple[str, ...] = ()

    @property
    def first(self) -> Tenant:
        return self.tenants[0]

    @property
    def second(self) -> Tenant | None:
        return self.tenants[1] if len(self.tenants) > 1 else None

    def secrets(self) -> Iterator[tuple[str, str]]:
        """Every secret text of the profile, with a name for the environment variable that stands for it."""
        for tenant in self.tenants:
            for group, given in (("", tenant.credentials), ("LIMITED_", tenant.limited), ("EXPIRED_", tenant.expired)):
                for scheme, credential in given.items():
                    name = f"{tenant.name}_{group}{scheme}".upper()
                    if isinstance(credential, str):
                        yield credential, variable(name)
                    elif isinstance(credential, Basic):
                        yield credential.password, variable(f"{name}_PASSWORD")
                    elif isinstance(credential, SignedToken):
                        yield credential.key, variable(f"{name}_KEY")
                    elif isinstance(credential, FromRequest):
                        yield from credential.request.secrets(name)
            for operation, body in tenant.bodies.items():
                yield from _secrets_in(body, f"{tenant.name}_{operation}")
        for name, template in self.control.items():
            yield from template.secrets(f"control_{name}")


def _secrets_in(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """The texts of a JSON value that stand under a name for a secret, and for each the variable that stands for it."""
    if isinstance(value, list):
        for item in value:
            yield from _secrets_in(item, name)
    for key, item in value.items() if isinstance(value, dict) else ():
        if isinstance(item, str) and _SECRET_NAME.search(key):
            yield item, variable(f"{name}_{key}")
        else:
            yield from _secrets_in(item, f"{name}_{key}")


def _decoded(text: str) -> str:
    """The user and password of a credential of HTTP's Basic scheme (RFC 7617); empty where it is none."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


def variable(name: str) -> str:
    """A name as environment variables have it."""
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")


_SECRET_NAME = re.compile(r"token$|secret|password|credential|assertion|api[-_]?key$", re.IGNORECASE)
_PUBLIC_HEADERS = {"accept", "accept-language", "content-type", "user-agent"}
_TOP = {"tenants", "control", "policy", "server", "inputs"}
_SERVER = {"rate", "timeout", "latency", "wait"}
_TENANT = {"credentials", "limited", "expired", "parameters", "objects", "bodies"}
_TEMPLATE = {"method", "url", "headers", "json", "states"}
POLICY = {
    "foreign": "what another tenant's object gets where the contract does not say: one or more statuses",
    "unknown": "what an id that names nothing gets where the contract does not say: one or more statuses",
    "undeclared-statuses": "statuses that any operation may answer beside those that it declares, such as those of a gateway",
    "unknown-paths": "what a path that is not declared gets: one or more statuses",
    "ignore": "ids of checks that are not to be run",
}


def read(text: str, environment: Mapping[str, str] = os.environ) -> Profile:
    """The profile that a TOML text holds; `{env = "NAME"}` stands for the value of an environment variable.

    Raises:
        BadProfile: it is no TOML, has what is not known, or an environment variable is not set.
    """
    try:
        value = toml.read(text)
    except Mistake as error:
        raise BadProfile(str(error), error.hint, error.line, error.column) from None
    return _Reader(text, environment).profile(value)


@dataclass(slots=True)
class _Reader:
    text: str
    environment: Mapping[str, str]
    unfilled: list[str] = field(default_factory=list)

    def profile(self, value: dict[str, Any]) -> Profile:
        self._known(value, _TOP, "the profile")
        server = self._table(value, "server")
        self._known(server, _SERVER, "[server]")
        tenants = self._table(value, "tenants")
        if len(tenants) > 2:
            self._refuse("there are more than two tenants", "[tenants", "one is needed, a second shows that they are kept apart")
        made = tuple(self._tenant(name, self._table(tenants, name)) for name in tenants) or (Tenant(FIRST),)
        policy = self._table(value, "policy")
        self._known(policy, POLICY.keys(), "[policy]")
        return Profile(
            tenants=made,
            control=dict(self._control(self._table(value, "control"), "")),
            policy=policy,
            inputs=dict(self._filled(self._table(value, "inputs"), "inputs")),
            rate=self._number(server, "rate"),
            timeout=self._seconds(server, "timeout", 10.0) or 10.0,
            latency=self._seconds(server, "latency", None),
            wait=self._seconds(server, "wait", 30.0) or 30.0,
            unfilled=tuple(self.unfilled),
        )

    def _tenant(self, name: str, value: dict[str, Any]) -> Tenant:
        self._known(value, _TENANT, f"[tenants.{name}]")
        where = f"tenants.{name}"
        groups = {
            group: dict(self._credentials(self._table(value, group), f"{where}.{group}"))
            for group in ("credentials", "limited", "expired")
        }
        parameters = dict(self._filled(self._table(value, "parameters"), f"{where}.parameters"))
        objects = {
            key: tuple(str(item) for item in (ids if isinstance(ids, list) else [ids]))
            for key, ids in self._filled(self._table(value, "objects"), f"{where}.objects")
        }
        bodies = dict(self._filled(self._table(value, "bodies"), f"{where}.bodies"))
        return Tenant(name, **groups, parameters=parameters, objects=objects, bodies=bodies)

    def _credentials(self, value: dict[str, Any], where: str) -> Iterator[tuple[str, Credential]]:
        for scheme, given in self._filled(value, where):
            yield scheme, self._credential(given, f"{where}.{scheme}")

    def _credential(self, given: Any, where: str) -> Credential:
        if isinstance(given, str) and given.isprintable():
            return given
        if isinstance(given, dict) and "username" in given:
            return Basic(str(given["username"]), str(given.get("password", "")))
        if isinstance(given, dict) and given.keys() == {"operation", "value"}:
            return FromOperation(str(given["operation"]), str(given["value"]))
        if isinstance(given, dict) and given.keys() == {"request", "value"}:
            return FromRequest(self._template(given["request"], where), str(given["value"]))
        if isinstance(given, dict) and "jwt" in given:
            words = given["jwt"]
            lifetime = duration(words.get("lifetime", "PT1H")) if isinstance(words, dict) else None
            if lifetime is None or "key" not in words or "algorithm" not in words:
                self._refuse(
                    f"{where} is no token to sign",
                    where.rpartition(".")[2],
                    'jwt = {key = "…", algorithm = "ES512", claims = {…}}',
                )
            assert lifetime
            key, claims, headers = words["key"], words.get("claims", {}), words.get("headers", {})
            return SignedToken(str(key), str(words["algorithm"]), claims, headers, lifetime.total_seconds())
        self._refuse(
            f"{where} is no credential",
            where.rpartition(".")[2],
            'a text, {env = "NAME"}, {username = "…", password = "…"}, {operation = "…", value = "$response.body#/…"}, '
            '{request = {…}, value = "$response.body#/…"}, or {jwt = …}',
        )
        raise AssertionError

    def _control(self, value: dict[str, Any], prefix: str) -> Iterator[tuple[str, Template]]:
        for name, given in self._filled(value, f"control{prefix and '.' + prefix}"):
            path = f"{prefix}.{name}" if prefix else name
            if isinstance(given, dict) and "url" not in given:
                yield from self._control(given, path)
                continue
            if path not in ("advance", "reset") and not path.startswith("move."):
                self._refuse(f"control.{path} is not known", name, "there are advance, reset and move.<Object>")
            yield path, self._template(given, f"control.{path}")

    def _template(self, given: Any, where: str) -> Template:
        near = where.rpartition(".")[2]
        if not isinstance(given, dict) or not str(given.get("url", "")).startswith("/"):
            hint = '{method = "POST", url = "/…", json = {…}}; the url is a path on the server that is verified'
            self._refuse(f"{where} is no request", near, hint)
        self._known(given, _TEMPLATE, f"[{where}]")
        headers = {key: str(item) for key, item in given.get("headers", {}).items()}
        method = str(given.get("method", "POST")).upper()
        return Template(method, str(given["url"]), headers, given.get("json"), given.get("states", {}))

    # -- values ------------------------------------------------------------------------------------------------------------

    def _filled(self, value: dict[str, Any], where: str) -> Iterator[tuple[str, Any]]:
        """The entries that are filled in, environment variables replaced."""
        for key, given in value.items():
            item = self._from_environment(given, f"{where}.{key}")
            if _has_fill_me(item):
                self.unfilled.append(f"{where}.{key}")
            else:
                yield key, item

    def _from_environment(self, value: Any, where: str) -> Any:
        if isinstance(value, dict) and value.keys() == {"env"}:
            name = str(value["env"])
            if name not in self.environment:
                self._refuse(f"{where}: the environment variable {name} is not set", name, f"export {name}=…")
            return self.environment[name]
        if isinstance(value, dict):
            return {key: self._from_environment(item, f"{where}.{key}") for key, item in value.items()}
        return [self._from_environment(item, where) for item in value] if isinstance(value, list) else value

    def _table(self, value: dict[str, Any], name: str) -> dict[str, Any]:
        found = value.get(name, {})
        if not isinstance(found, dict):
            self._refuse(f"{name} is no table", name, f"write [{name}]")
        return dict(found)

    def _number(self, value: dict[str, Any], name: str) -> float | None:
        found = value.get(name)
        if found is not None and (isinstance(found, bool) or not isinstance(found, int | float) or found <= 0):
            self._refuse(f"{name} is no positive number", name, f"{name} = 100")
        return found

    def _seconds(self, value: dict[str, Any], name: str, default: float | None) -> float | None:
        """Seconds, or a duration such as `PT5S`."""
        found = value.get(name, default)
        span = duration(found) if isinstance(found, str) else None
        if span is not None:
            return span.total_seconds()
        return self._number({name: found}, name)

    def _known(self, value: Mapping[str, Any], known: Any, where: str) -> None:
        for key in value:
            if key not in known:
                self._refuse(f"{where} has {key!r}, which is not known", key, f"there are {', '.join(sorted(known))}")

    def _refuse(self, message: str, near: str, hint: str) -> None:
        word = re.compile(rf"(?<![\w-]){re.escape(near)}(?![\w-])")
        for number, line in enumerate(self.text.split("\n"), 1):
            found = word.search(line) if not line.lstrip().startswith("#") else None
            if found is not None:
                raise BadProfile(message, hint, number, found.start() + 1)
        raise BadProfile(message, hint)


def _has_fill_me(value: Any) -> bool:
    match value:
        case str():
            return FILL_ME in value
        case dict():
            return any(map(_has_fill_me, value.values()))
        case list():
            return any(map(_has_fill_me, value))
    return False
