"""Any answer with tokens: signed, with the declared claims, no secret among them, and living no longer than declared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.runtime.behavior import Encodes, Expiry
from tillspec.verify.contract import Target
from tillspec.verify.declared import Part
from tillspec.verify.decoding.tokens import NoToken, Token, looks_like_token
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expressions import at, evaluate
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told, passed

_TOLERANCE = 60.0
"""Seconds that clocks, and the time that an answer takes, may make a difference of (RFC 7519, section 4.1.4: a few minutes)."""
_SHORTEST = 8


def tokens(run: Run, target: Target, exchange: Exchange) -> Iterator[Told]:
    """Look at every token of a success."""
    answer, call = exchange.answer, exchange.call
    declared = target.response(answer.status)
    if not answer.succeeded or call.raw is not None or declared is None or answer.value is NOTHING:
        return
    pointer = run.contract.response_schema(target, declared, answer.header("content-type") or "")
    if pointer is None:
        return
    if run.declared.reaches(pointer, "encodes"):
        parts = run.declared.parts(pointer, "response", answer.value)
        for part in parts:
            encodes = part.property.encodes if part.property else None
            if encodes is not None and encodes.carrier == "jwt" and isinstance(part.value, str):
                yield from _declared(run, part, encodes, parts, exchange)
    elif b'"eyJ' in answer.body:
        yield from _undeclared(run, pointer, exchange)


def _declared(run: Run, part: Part, encodes: Encodes, parts: list[Part], exchange: Exchange) -> Iterator[Told]:
    pointer = join(part.pointer, "x-behavior", "encodes")
    try:
        token = Token.of(part.value)
    except NoToken as error:
        yield Told("token-claims", "a token is no JSON Web Token", pointer, "RFC 7519, section 7", str(error), "form")
        return
    told = [*_made_by_anybody(token, pointer, Severity.MUST), *_claims(run, encodes, token, pointer)]
    yield from told or [passed("token-claims")]
    told = list(_lifetime(part, parts, token, exchange))
    yield from told or [passed("token-lifetime")]


def _undeclared(run: Run, pointer: Pointer, exchange: Exchange) -> Iterator[Told]:
    """Tokens of which the contract does not say that they are some; but for those that an answer may repeat from a request."""
    known = run.declared.names_of_requests()
    for name, text in _texts(exchange.answer.value, ""):
        if name in known or not looks_like_token(text):
            continue
        try:
            yield from list(_made_by_anybody(Token.of(text), pointer, Severity.SHOULD)) or [passed("token-claims")]
        except NoToken:
            continue


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else ((name, item) for item in value):
            yield from _texts(item, key)


def _made_by_anybody(token: Token, pointer: Pointer, severity: Severity) -> Iterator[Told]:
    if (weakness := token.weakness()) is not None:
        yield Told("token-claims", weakness, pointer, "RFC 8725, section 3", f"alg {token.algorithm!r}", weakness, severity)


def _claims(run: Run, encodes: Encodes, token: Token, pointer: Pointer) -> Iterator[Told]:
    for index, claim in enumerate(encodes.claims):
        if claim not in token.claims:
            where = join(pointer, "claims", index)
            yield Told("token-claims", f"a token lacks the claim {claim}", where, claim, ", ".join(token.claims) or "none", claim)
    for claim in ("exp", "nbf", "iat"):
        if claim in token.claims and token.time(claim) is None:
            what, kind = f"the claim {claim} is no NumericDate", type(token.claims[claim]).__name__
            yield Told("token-claims", what, pointer, "RFC 7519, section 2", kind, claim)
    text = repr(token.claims)
    for secret, name in run.credentials.secrets.items():
        if len(secret) >= _SHORTEST and secret in text:
            what = "a token has a credential in its claims"
            yield Told("token-claims", what, pointer, "no credential", f"the one of {name}", "secret")
            return


def _lifetime(part: Part, parts: list[Part], token: Token, exchange: Exchange) -> Iterator[Told]:
    """A token ends when its object does, and lives no longer than it may. It is reckoned from `iat`: clocks may differ."""
    ends, begins = token.time("exp"), token.time("iat")
    if ends is None or part.property is None:
        return
    secret = part.property.secret
    if begins is not None and ends <= begins:
        what = "a token has expired when it is made"
        yield Told("token-lifetime", what, part.pointer, "exp after iat", f"{ends - begins:g} s", "dead")
    elif begins is not None and secret and secret.lifetime and ends - begins > secret.lifetime.total_seconds() + _TOLERANCE:
        pointer = join(part.pointer, "x-behavior", "secret", "lifetime")
        longest = f"at most {secret.lifetime.total_seconds():g} s"
        yield Told("token-lifetime", "a token lives longer than declared", pointer, longest, f"{ends - begins:g} s", "longest")
    for one in parts:
        if (
            one.object is not None
            and one.object.expires is not None
            and one.path == part.path[:-1]
            and isinstance(one.value, dict)
        ):
            yield from _agrees(one, one.object.expires, ends, begins, exchange)


def _agrees(part: Part, expiry: Expiry, ends: float, begins: float | None, exchange: Exchange) -> Iterator[Told]:
    """The object that a token stands in says the same of its end."""
    pointer = join(part.pointer, "x-behavior", "expires")
    told_at = at(part.value, expiry.at) if expiry.at is not None else NOTHING
    if isinstance(told_at, str):
        try:
            moment = datetime.fromisoformat(told_at).timestamp()
        except ValueError:
            return
        if abs(moment - ends) > _TOLERANCE:
            what = "a token ends at another time than is said beside it"
            yield Told("token-lifetime", what, join(pointer, "at"), told_at, f"exp {ends - moment:+g} s", "at")
    lasts = evaluate(expiry.after_value, exchange) if expiry.after_value is not None else NOTHING
    if begins is not None and isinstance(lasts, int | float) and abs(ends - begins - lasts) > _TOLERANCE:
        what = "a token lives for another time than is said beside it"
        yield Told("token-lifetime", what, join(pointer, "after"), f"{lasts:g} s", f"{ends - begins:g} s", "after")
