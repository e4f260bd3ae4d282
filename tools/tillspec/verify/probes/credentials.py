"""Credentials: none, nearly good ones, those of others, without the scope, and in the wrong place."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tillspec.api.model import SecurityScheme
from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import Exchange, Headers
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told, shown
from tillspec.verify.world import Unavailable, World


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that must not let anybody in: the headers and query pairs that are sent in place of good credentials."""

    check: str
    what: str
    headers: Headers = ()
    query: Headers = ()
    severity: Severity = Severity.MUST


async def credentials(run: Run, world: World, target: Target) -> None:
    """Try to get in without being allowed to."""
    if target.anonymous:
        await _anonymous(run, world, target)
        return
    tenant = run.profile.first
    standing = await world.standing(target, tenant)
    if isinstance(standing, Unavailable):
        run.skip(target, Kind.CREDENTIALS, standing.reason, standing.fill)
        return
    way = run.credentials.way(target, tenant.name)
    assert way is not None, "there is a request with credentials"
    for attempt in attempts(run, target, way.schemes[0][0]):
        await _try(run, target, standing.draft, attempt)
    await _limited(run, target, standing.draft)
    if not any(run.credentials.text(one.name, name, "limited") for one in run.profile.tenants for name, _ in way.schemes):
        scheme = way.schemes[0][0]
        run.skip(target, Kind.CREDENTIALS, "no credential is known that lacks a scope", f"tenants.{tenant.name}.limited.{scheme}")


def attempts(run: Run, target: Target, name: str) -> Iterator[Attempt]:
    """Everything that is not a good credential of a scheme."""
    scheme, good = run.contract.api.security_schemes[name], run.credentials.text(run.profile.first.name, name) or ""
    yield Attempt("credentials-required", "a request without credentials succeeds")
    for what, text in _nearly(good, scheme):
        placed = run.credentials.placed({name: text})
        yield Attempt("credentials-checked", f"a credential {what} is taken for a good one", placed.headers, placed.query)
    expired = run.credentials.text(run.profile.first.name, name, "expired")
    if expired is not None:
        placed = run.credentials.placed({name: expired})
        yield Attempt(
            "credentials-checked", "a credential that has expired is taken for a good one", placed.headers, placed.query
        )
    if scheme.kind == "http" or scheme.kind in ("oauth2", "openIdConnect"):
        yield from _headers(good, scheme)
    yield from _elsewhere(good, scheme)
    yield from _others(run, target, name)


def _nearly(good: str, scheme: SecurityScheme) -> Iterator[tuple[str, str]]:
    """Texts that are nearly a good credential."""
    last = "A" if good[-1:] != "A" else "B"
    middle = len(good) // 2
    yield "that was made up", "tillspec-verify-made-this-up"
    yield "that lacks its last character", good[:-1]
    yield "that lacks its second half", good[:middle]
    yield "that has one character more", good + last
    yield "whose last character is another", good[:-1] + last if good.count(".") != 2 else _resigned(good)
    yield "whose first character is another", ("A" if good[:1] != "A" else "B") + good[1:]
    if good.swapcase() != good:
        yield "in other case", good.swapcase()
    if good.count(".") == 2:
        yield "without its signature", good.rpartition(".")[0] + "."
        yield 'of the algorithm "none"', _unsigned(good)
        yield "whose claims were changed", _altered(good)
    if scheme.kind == "http" and scheme.scheme == "basic":
        user, _, password = good.partition(":")
        yield "without its password", f"{user}:"
        yield "without its user", f":{password}"
        yield "with user and password swapped", f"{password}:{user}"


def _resigned(token: str) -> str:
    """A JSON Web Token whose signature is another."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{'A' if signature[:1] != 'A' else 'B'}{signature[1:]}"


def _unsigned(token: str) -> str:
    """A JSON Web Token that says that it needs no signature (RFC 8725, section 2.1)."""
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    return f"{header}.{token.split('.')[1]}."


def _altered(token: str) -> str:
    """A JSON Web Token with another claim and the old signature."""
    head, claims, signature = token.split(".")
    try:
        plain = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
    except ValueError:
        plain = b"{}"
    changed = plain.rstrip().removesuffix(b"}") + b',"admin":true}'
    return f"{head}.{base64.urlsafe_b64encode(changed).decode().rstrip('=')}.{signature}"


def _headers(good: str, scheme: SecurityScheme) -> Iterator[Attempt]:
    """Headers `Authorization` that are none of the scheme's."""
    word = "Basic" if scheme.scheme == "basic" else "Bearer"
    coded = base64.b64encode(good.encode()).decode() if word == "Basic" else good
    other = "Bearer" if word == "Basic" else "Basic"
    for what, text in (
        (f"that is the word {word} alone", word),
        ("that is empty", ""),
        (f"of the scheme {other}", f"{other} {coded}"),
        ("without the name of a scheme", coded),
        ("of a scheme that there is not", f"Tillspec {coded}"),
    ):
        yield Attempt("credentials-checked", f"an Authorization {what} is taken for a good one", (("Authorization", text),))


def _elsewhere(good: str, scheme: SecurityScheme) -> Iterator[Attempt]:
    """A good credential where its scheme does not say that it stands."""
    name = scheme.parameter or {"basic": "authorization"}.get(scheme.scheme or "", "access_token")
    told = "in the query" if scheme.location != "query" else "in a header"
    if scheme.location == "query":
        yield Attempt("credentials-location", f"a good credential {told} is accepted", ((name, good),))
    else:
        yield Attempt("credentials-location", f"a good credential {told} is accepted", (), ((name, good),))


def _others(run: Run, target: Target, name: str) -> Iterator[Attempt]:
    """Good credentials of other schemes, in the place of this one and in their own."""
    tenant = run.profile.first.name
    here = run.contract.api.security_schemes[name]
    accepted = {one for requirement in target.requirements for one, _ in requirement.schemes}
    seen = {run.credentials.text(tenant, one) for one in accepted}
    for other in run.contract.api.security_schemes:
        text = run.credentials.text(tenant, other)
        if other in accepted or text is None or text in seen:
            continue
        for where in {name, other} if here.scheme != "basic" or ":" in text else {other}:
            placed = run.credentials.placed({where: text})
            yield Attempt(
                "credentials-checked", f"a credential of {other} is taken for one of {name}", placed.headers, placed.query
            )


async def _try(run: Run, target: Target, draft: Draft, attempt: Attempt) -> None:
    sent = replace(draft, credentials=attempt.headers, query=(*draft.query, *attempt.query))
    exchange = await run.exchange(target, sent.call())
    answer = exchange.answer
    if answer.fault is not None or answer.status >= 500:
        return
    if answer.succeeded or answer.status == 304:
        run.tell(target, _got_in(target, attempt, exchange), exchange)
        return
    run.tell(target, Told(attempt.check))
    if answer.status == 401 and attempt.check == "credentials-required":
        _challenge(run, target, exchange)


def _got_in(target: Target, attempt: Attempt, exchange: Exchange) -> Told:
    return Told(
        attempt.check, attempt.what, f"{target.pointer}/security" if target.requirements else target.pointer,
        "401, or 403", str(exchange.answer.status), attempt.what, attempt.severity,
    )  # fmt: skip


def _challenge(run: Run, target: Target, exchange: Exchange) -> None:
    """A 401 of an HTTP scheme says how to authenticate."""
    schemes = [run.contract.api.security_schemes[name] for one in target.requirements for name, _ in one.schemes]
    if not any(scheme.kind == "http" for scheme in schemes):
        return
    if exchange.answer.header("www-authenticate") is not None:
        run.tell(target, Told("challenge"))
        return
    response = target.response(401)
    pointer = target.response_pointer(response) if response is not None else target.pointer
    told = Told(
        "challenge", "a 401 has no WWW-Authenticate", run.contract.resolved(pointer)[0], "WWW-Authenticate", "not there",
        severity=Severity.INFO,
    )  # fmt: skip
    run.tell(target, told, exchange)


async def _limited(run: Run, target: Target, draft: Draft) -> None:
    """Credentials that are good and lack the scope that the operation asks for."""
    tenant = run.profile.first.name
    way = run.credentials.way(target, tenant, "limited")
    if way is None:
        return
    scoped = [scope for _, scopes in way.schemes for scope in scopes]
    if target.is_safe:
        return  # a limited credential may well be allowed to read
    placed = run.credentials.good(target, tenant, "limited")
    what = f"a credential without the scope {' and '.join(scoped)} succeeds" if scoped else "a limited credential succeeds"
    await _try(run, target, draft, Attempt("scope-required", what, placed.headers, placed.query))


async def _anonymous(run: Run, world: World, target: Target) -> None:
    """An operation that asks for no credentials does without."""
    standing = await world.standing(target, run.profile.first)
    if isinstance(standing, Unavailable):
        run.skip(target, Kind.CREDENTIALS, standing.reason, standing.fill)
        return
    exchange = await run.exchange(target, replace(standing.draft, credentials=(), query=()).call())
    if exchange.answer.status in (401, 403):
        told = Told(
            "credentials-required", "asks for credentials, though the contract does not", target.pointer, "no credentials",
            shown(str(exchange.answer.status)),
        )  # fmt: skip
        run.tell(target, told, exchange)
    else:
        run.tell(target, Told("credentials-required"))
