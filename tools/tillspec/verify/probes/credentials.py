"""Credentials: none, nearly good ones, those of others, without the scope, and in the wrong place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tillspec.api.model import Requirement
from tillspec.pointer import join
from tillspec.verify.attempts import Attempt, attempts
from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.credentials import scopes_of
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.looks.reading import Look, differences, look
from tillspec.verify.profile import FromOperation
from tillspec.verify.run import Run, Told, passed, shown, statuses
from tillspec.verify.world import Unavailable, World

_UNASKED = (408, 411, 413, 414, 417, 421, 426, 429, 431, 503)
"""Answers of what stands before the operation, which say nothing of credentials."""


async def credentials(run: Run, world: World, target: Target) -> None:
    """Try to get in without being allowed to."""
    if target.anonymous:
        await _anonymous(run, world, target)
        return
    tenant = run.profile.first
    standing = await (world.standing(target, tenant) if target.is_safe else world.fresh(target, tenant))
    if isinstance(standing, Unavailable):
        run.skip(target, Kind.CREDENTIALS, standing.reason, standing.fill)
        return
    view = None if target.is_safe else await look(run, world, run.relations.object_of(target), standing, tenant)
    before = await view.once(run) if view is not None else None
    got_in = False
    # what differs in its scopes alone is one way in
    for way in {tuple(name for name, _ in one.schemes): one for one in _ways(run, target)}.values():
        got_in |= await _all(run, target, standing.draft, way)
        await _twice(run, target, standing.draft, way)
    got_in |= await _limited(run, target, standing.draft)
    if target.method == "GET" and not got_in:
        await _head(run, target, standing.draft)
    if view is not None and before is not None and not got_in:
        await _untouched(run, target, view, before)


def _ways(run: Run, target: Target, group: str = "credentials") -> Iterator[Requirement]:
    """The ways into an operation of which the first tenant has all credentials, good or limited ones."""
    tenant = run.profile.first.name
    for way in target.requirements:
        if all(run.credentials.text(tenant, name, group) is not None for name, _ in way.schemes):
            yield way


def _is_first(run: Run, target: Target, way: Requirement) -> bool:
    """Whether an operation is the first of the contract with a way in, so that it stands for all others."""
    names = [name for name, _ in way.schemes]
    others = run.contract.targets.values()
    first = next(one for one in others if any([name for name, _ in each.schemes] == names for each in one.requirements))
    return first is target


# -- what does not let in ------------------------------------------------------------------------------------------------


async def _all(run: Run, target: Target, draft: Draft, way: Requirement) -> bool:
    """Everything that is no way in; whether any of it was. What gets in for a reason that is known already is left out."""
    known: set[tuple[str, str]] = set()
    for attempt in attempts(run, target, way, thorough=_is_first(run, target, way)):
        if {(attempt.scheme, attempt.family), (attempt.scheme, "anything"), ("", "anything")} & known:
            continue
        if await _try(run, target, draft, attempt):
            known.add((attempt.scheme, attempt.family))
    return bool(known)


async def _try(run: Run, target: Target, draft: Draft, attempt: Attempt) -> bool:
    """Whether an attempt gets in."""
    sent = replace(draft, credentials=attempt.headers, query=(*draft.query, *attempt.query))
    exchange = await run.exchange(target, sent.call())
    answer = exchange.answer
    if answer.fault is not None or answer.status >= 500 or answer.status in _UNASKED:
        return False
    if answer.succeeded or answer.status == 304:
        where = join("/components/securitySchemes", attempt.scheme) if attempt.scheme else f"{target.pointer}/security"
        aspect = attempt.what if attempt.family in ("", "anything") else attempt.family
        run.tell(target, Told(attempt.check, attempt.what, where, "401, or 403", str(answer.status), aspect), exchange)
        return True
    accepted = run.ledger.passed[target.id, Kind.ACCEPTS] > 0
    told = _answered(run, target, attempt, exchange) if accepted else Told(attempt.check)
    run.tell(target, told, exchange)
    if answer.status == 401 and attempt.check == "credentials-required":
        _challenge(run, target, exchange)
    return False


def _answered(run: Run, target: Target, attempt: Attempt, exchange: Exchange) -> Told:
    """Whether the refusal is the one that the operation declares: of a valid request nothing but its credentials is wrong."""
    lacking = attempt.check == "scope-required"
    declared = target.response(403 if lacking else 401)
    status, wanted = exchange.answer.status, (403,) if lacking else (400, 401) if attempt.malformed else (401,)
    if declared is None or not declared.status.isdigit() or status in wanted:
        return Told(attempt.check)
    if status == 403 and not target.declares(403):
        return Told(attempt.check)  # told as a status that is not declared
    kind = "a credential without the scope" if lacking else "a request without good credentials"
    severity = Severity.SHOULD if status in (401, 403) else Severity.MUST
    check = attempt.check if lacking else "credentials-required"
    pointer = run.contract.resolved(target.response_pointer(declared))[0]
    return Told(check, f"{kind} gets no {wanted[-1]}", pointer, statuses(wanted), str(status), "status", severity)


async def _twice(run: Run, target: Target, draft: Draft, way: Requirement) -> None:
    """A bad credential before a good one. Which of the two counts is not said anywhere; that it is answered, is."""
    if not _is_first(run, target, way):
        return
    good = run.credentials.good(target, draft.tenant)
    bad = tuple((name, "Bearer tillspec") for name, _ in good.headers if name == "Authorization")
    if bad:
        await run.exchange(target, replace(draft, credentials=(*bad, *good.headers)).call())


async def _head(run: Run, target: Target, draft: Draft) -> None:
    """HEAD is answered as GET is (RFC 9110, section 9.3.2), and so refused as GET is, unless the contract has one of its own."""
    if any((other.path, other.method) == (target.path, "HEAD") for other in run.contract.targets.values()):
        return
    call = replace(draft, credentials=(), query=()).call()
    exchange = await run.exchange(None, replace(call, method="HEAD"))
    if exchange.answer.fault is not None:
        return
    told = Told("credentials-required", "HEAD without credentials succeeds", f"{target.pointer}/security", "401, or 403",
                str(exchange.answer.status), "HEAD")  # fmt: skip
    run.tell(target, told if exchange.answer.succeeded else passed("credentials-required"), exchange)


def _challenge(run: Run, target: Target, exchange: Exchange) -> None:
    """A 401 of an HTTP scheme says how to authenticate, by a scheme that there is."""
    schemes = [run.contract.api.security_schemes[name] for one in target.requirements for name, _ in one.schemes]
    words = {(scheme.scheme or "").lower() for scheme in schemes if scheme.kind == "http"}
    if not words:
        return
    words |= {"bearer" for scheme in schemes if scheme.kind in ("oauth2", "openIdConnect")}
    response = target.response(401)
    pointer = run.contract.resolved(target.response_pointer(response) if response is not None else target.pointer)[0]
    told = [text.lower() for text in exchange.answer.all("www-authenticate")]
    if not told:
        run.tell(target, Told("challenge", "a 401 has no WWW-Authenticate", pointer, "WWW-Authenticate", "not there",
                              severity=Severity.SHOULD), exchange)  # fmt: skip
    elif not any(word in text for text in told for word in words):
        run.tell(target, Told("challenge", "a 401 names another scheme than those that there are", pointer,
                              " or ".join(sorted(words)), shown(told[0]), "scheme", Severity.SHOULD), exchange)  # fmt: skip
    else:
        run.tell(target, passed("challenge"))


async def _untouched(run: Run, target: Target, view: Look, before: Exchange) -> None:
    """What was refused was not carried out."""
    after = await view.once(run)
    if not before.answer.succeeded:
        return
    changed = differences(before.answer.value, after.answer.value)
    if changed and after.answer.succeeded:
        again = await view.once(run)
        changed = [place for place in changed if place not in differences(after.answer.value, again.answer.value)]
    if after.answer.succeeded and not changed:
        run.tell(target, passed("credentials-required"))
        return
    observed = ", ".join(changed[:5]) or f"it is answered with {after.answer.status}"
    told = Told(
        "credentials-required", "a request that is refused for its credentials is carried out", f"{target.pointer}/security",
        "the object as it was", observed, "carried out",
    )  # fmt: skip
    run.tell(target, told, before, after)


# -- scopes --------------------------------------------------------------------------------------------------------------


async def _limited(run: Run, target: Target, draft: Draft) -> bool:
    """Credentials that are good and lack the scope that the operation asks for; whether they get in."""
    tenant = run.profile.first.name
    if _gives_credentials(run, target):
        return False  # what a credential may do is not asked where another one is got for it
    way = run.credentials.way(target, tenant, "limited")
    if way is None:
        if not target.is_safe and target.declares(403):
            scheme = target.requirements[0].schemes[0][0]
            reason, fill = "no credential is known that lacks a scope", f"tenants.{tenant}.limited.{scheme}"
            run.skip(target, Kind.CREDENTIALS, reason, fill)
        return False
    lacks = [_lacks(run, target, one) for one in _ways(run, target, "limited")]
    if None in lacks:
        return False
    placed = run.credentials.good(target, tenant, "limited")
    return await _try(run, target, draft, Attempt("scope-required", f"{lacks[0]} succeeds", placed.headers, placed.query))


def _gives_credentials(run: Run, target: Target) -> bool:
    groups = ((one.credentials, one.limited, one.expired) for one in run.profile.tenants)
    given = (credential for group in groups for each in group for credential in each.values())
    return any(isinstance(credential, FromOperation) and credential.operation == target.id for credential in given)


def _lacks(run: Run, target: Target, way: Requirement) -> str | None:
    """What a limited credential lacks, in words; None where it may well be enough.

    What the token itself says decides. Of one that says nothing it is known alone that it may not do everything: where the
    operation changes something, and declares that one may not be allowed to, it is not.
    """
    tenant = run.profile.first.name
    wanted = {scope for _, scopes in way.schemes for scope in scopes}
    told = [scopes_of(run.credentials.text(tenant, name, "limited") or "") for name, _ in way.schemes]
    known = frozenset[str]().union(*(one for one in told if one is not None))
    if wanted and any(one is not None for one in told):
        lacking = sorted(wanted - known)
        return f"a credential without the scope {' and '.join(lacking)}" if lacking else None
    if target.is_safe or not target.declares(403):
        return None
    return f"a credential without the scope {' and '.join(sorted(wanted))}" if wanted else "a limited credential"


# -- without any ---------------------------------------------------------------------------------------------------------


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
        run.tell(target, passed("credentials-required"))
