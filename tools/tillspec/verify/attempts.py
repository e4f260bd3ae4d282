"""What must let nobody in: credentials that are none, nearly good, of other schemes, or in the wrong place."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tillspec.api.model import Requirement, SecurityScheme
from tillspec.verify.contract import Target
from tillspec.verify.credentials import Placed, is_token, sign
from tillspec.verify.exchange import Headers
from tillspec.verify.profile import SignedToken
from tillspec.verify.run import Run

_CASELESS = re.compile(r"[0-9a-fA-F:-]+")
_DAY = 86_400
_MADE_UP = "that was made up"
_SIGNATURE = {
    "whose signature is another", "whose claims were changed", "without its signature", 'of the algorithm "none"',
    "that lacks its last character", "that has more after it",
}  # fmt: skip
"""What lets in where the signature of a token is not looked at."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that must not let anybody in: the headers and query pairs that are sent in place of good credentials.

    Attempts of one `family` get in for one reason, so that the first that does tells it; of the family `anything` is what gets in
    where nothing is looked at. `scheme` is the one whose credential is at fault. `malformed` is what is no credential of its
    scheme at all, so that 400 answers it too (RFC 6750, section 3.1).
    """

    check: str
    what: str
    headers: Headers = ()
    query: Headers = ()
    malformed: bool = False
    scheme: str = ""
    family: str = ""


def attempts(run: Run, target: Target, way: Requirement, *, thorough: bool) -> Iterator[Attempt]:
    """Everything that is no way in, made from one that is.

    Args:
        run: the run.
        target: the operation.
        way: the schemes that let in together, of which the first tenant has all credentials.
        thorough: whether to send what is garbage, too, which is asked once of a scheme.
    """
    tenant = run.profile.first.name
    texts = {name: run.credentials.text(tenant, name) or "" for name, _ in way.schemes}
    yield Attempt("credentials-required", "a request without credentials succeeds", family="anything")
    for name, text in texts.items():
        yield from _without(run, target, texts, name)
        yield from _others(run, target, texts, name)
        yield from _wrong(run, target, texts, name)
        scheme = run.contract.api.security_schemes[name]
        if _is_authorization(scheme):
            others = run.credentials.placed({key: other for key, other in texts.items() if key != name})
            for what, value in _headers(text, scheme, thorough=thorough):
                told = f"an Authorization {what} is taken for a good one"
                yield Attempt("credentials-checked", told, (*others.headers, ("Authorization", value)), others.query,
                              True, name, what)  # fmt: skip
        yield from _elsewhere(run, texts, name)


def _without(run: Run, target: Target, texts: Mapping[str, str], name: str) -> Iterator[Attempt]:
    """Of several credentials that are asked for together, all but one."""
    left = {key: text for key, text in texts.items() if key != name}
    enough = any({key for key, _ in one.schemes} <= left.keys() for one in target.requirements)
    if left and not enough:
        placed = run.credentials.placed(left)
        yield Attempt("credentials-required", f"a request without {name} succeeds", placed.headers, placed.query)


def _wrong(run: Run, target: Target, texts: Mapping[str, str], name: str) -> Iterator[Attempt]:
    """Texts that are nearly a good credential."""
    scheme, tenant = run.contract.api.security_schemes[name], run.profile.first
    made = list(_nearly(texts[name], scheme))
    expired = run.credentials.text(tenant.name, name, "expired")
    made += [] if expired is None else [("that has expired", expired)]
    source = tenant.credentials.get(name)
    made += list(_signed(source)) if isinstance(source, SignedToken) else []
    for what, text in made:
        if not text.strip():
            continue
        placed, told = run.credentials.placed({**texts, name: text}), f"a credential {what} is taken for a good one"
        family = "signature" if is_token(texts[name]) and what in _SIGNATURE else "anything" if what == _MADE_UP else what
        yield Attempt("credentials-checked", told, placed.headers, placed.query, scheme=name, family=family)


def _nearly(good: str, scheme: SecurityScheme) -> Iterator[tuple[str, str]]:
    token = is_token(good)
    last = "A" if good[-1:] != "A" else "B"
    yield _MADE_UP, "tillspec-verify:made-this-up" if scheme.scheme == "basic" else "tillspec-verify-made-this-up"
    yield "that lacks its last character", good[:-1]
    yield "that lacks its second half", good[: len(good) // 2]
    # four characters of Base64 are three bytes more; one may be dropped by a decoder, which harms nobody
    yield "that has more after it", good + (last * 4 if token else last)
    yield ("whose signature is another", _resigned(good)) if token else ("whose last character is another", good[:-1] + last)
    yield "whose first character is another", ("A" if good[:1] != "A" else "B") + good[1:]
    yield "with a space in it", f"{good[: len(good) // 2]} {good[len(good) // 2 :]}"
    if good.swapcase() != good and not _CASELESS.fullmatch(good):
        yield "in other case", good.swapcase()
    if token:
        yield "without its signature", good.rpartition(".")[0] + "."
        yield 'of the algorithm "none"', _unsigned(good)
        yield "whose claims were changed", _altered(good)
    if scheme.kind == "http" and scheme.scheme == "basic":
        user, _, password = good.partition(":")
        yield "without its password", f"{user}:"
        yield "without its user", f":{password}"
        yield "with user and password swapped", f"{password}:{user}"


def _signed(source: SignedToken) -> Iterator[tuple[str, str]]:
    """Tokens with a good signature that must be refused all the same (RFC 7519, section 4.1)."""
    later = int(time.time()) + _DAY
    yield "that has expired", sign(source, after=-source.lifetime - _DAY)
    yield "that is not valid yet", sign(source, nbf=later, exp=later + _DAY)
    if "aud" in source.claims:
        yield "for another audience", sign(source, aud="https://tillspec.example/another-audience")
    if "iss" in source.claims:
        yield "of another issuer", sign(source, iss="https://tillspec.example/another-issuer")


def _resigned(token: str) -> str:
    """A JSON Web Token whose signature is another."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{'A' if signature[:1] != 'A' else 'B'}{signature[1:]}"


def _unsigned(token: str) -> str:
    """A JSON Web Token that says that it needs no signature (RFC 8725, section 2.1), and is the same else."""
    head, claims, _ = token.split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    made = base64.urlsafe_b64encode(json.dumps({**header, "alg": "none"}).encode()).decode().rstrip("=")
    return f"{made}.{claims}."


def _altered(token: str) -> str:
    """A JSON Web Token with another claim and the old signature."""
    head, claims, signature = token.split(".")
    plain = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
    changed = plain.rstrip().removesuffix(b"}") + b',"admin":true}'
    return f"{head}.{base64.urlsafe_b64encode(changed).decode().rstrip('=')}.{signature}"


def _is_authorization(scheme: SecurityScheme) -> bool:
    return scheme.kind in ("http", "oauth2", "openIdConnect")


def _headers(good: str, scheme: SecurityScheme, *, thorough: bool) -> Iterator[tuple[str, str]]:
    """Values of `Authorization` that are none of the scheme's."""
    word = "Basic" if scheme.scheme == "basic" else "Bearer"
    coded = base64.b64encode(good.encode()).decode() if word == "Basic" else good
    other = "Bearer" if word == "Basic" else "Basic"
    yield f"that is the word {word} alone", word
    yield "that is empty", ""
    yield f"of the scheme {other}", f"{other} {coded}"
    yield "without the name of a scheme", coded
    yield "of a scheme that there is not", f"Tillspec {coded}"
    if thorough:
        yield "of characters that no credential has", f"{word} é☃"
        yield "of 4,000 characters", f"{word} {'A' * 4000}"
        yield "with nothing in its parts", f"{word} .."
    if thorough and word == "Basic":
        yield "that is no Base64", "Basic !!!!"
        yield "without a colon", "Basic " + base64.b64encode(b"tillspec").decode()
        yield "that is no UTF-8", "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()


def _elsewhere(run: Run, texts: Mapping[str, str], name: str) -> Iterator[Attempt]:
    """A good credential where its scheme does not say that it stands."""
    scheme = run.contract.api.security_schemes[name]
    others = run.credentials.placed({key: text for key, text in texts.items() if key != name})
    known = scheme.parameter or {"basic": "authorization"}.get(scheme.scheme or "", "access_token")
    told = "in a header" if scheme.location == "query" else "in the query"
    pair = ((known, texts[name]),)
    placed = Placed(pair) if scheme.location == "query" else Placed((), pair)
    yield Attempt("credentials-location", f"a good credential {told} is accepted", (*others.headers, *placed.headers),
                  (*others.query, *placed.query), True, name, told)  # fmt: skip
    if scheme.location == "cookie":
        yield Attempt("credentials-location", "a good credential in a header is accepted", (*others.headers, *pair), others.query,
                      True, name, "in a header")  # fmt: skip


def _others(run: Run, target: Target, texts: Mapping[str, str], name: str) -> Iterator[Attempt]:
    """Good credentials of other schemes, in the place of this one and in their own."""
    tenant = run.profile.first.name
    here = run.contract.api.security_schemes[name]
    accepted = {one for requirement in target.requirements for one, _ in requirement.schemes}
    seen = {run.credentials.text(tenant, one) for one in accepted}
    left = {key: text for key, text in texts.items() if key != name}
    for other in run.contract.api.security_schemes:
        text = run.credentials.text(tenant, other)
        if other in accepted or text is None or text in seen:
            continue
        for where in sorted({name, other}) if here.scheme != "basic" or ":" in text else [other]:
            placed = run.credentials.placed({**left, where: text})
            told = f"a credential of {other} is taken for one of {name}"
            yield Attempt("credentials-checked", told, placed.headers, placed.query, scheme=name, family=other)
