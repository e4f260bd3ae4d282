"""Objects of another tenant: neither seen, nor changed, nor told apart from those that never were."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.ids import unknown
from tillspec.verify.judging.answers import declared, usual
from tillspec.verify.looks.reading import Look, differences, look
from tillspec.verify.profile import Tenant
from tillspec.verify.relations import Place
from tillspec.verify.run import Run, Told, passed, shown
from tillspec.verify.world import Made, Unavailable, World

_FOREIGN = "another tenant's object"
_REFUSED = (400, 401, 403, 404, 410)
_PER_CONNECTION = {
    "connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "date", "age", "via", "vary", "server",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Attack:
    """A request of the first tenant that names something of the second's. `whole` is one that names the object itself."""

    draft: Draft
    whole: bool


async def ownership(run: Run, world: World, target: Target) -> None:
    """Ask for another tenant's object, in every place where a request names one."""
    name, place = run.relations.object_of(target), run.relations.place_of(target)
    if name is None or place is None or target.anonymous or not _is_owned(run, target, name):
        return
    first, second = run.profile.first, run.profile.second
    if second is None:
        run.skip(target, Kind.OWNERSHIP, "there is one tenant alone", "tenants.second.credentials")
        return
    mine, theirs = await world.fresh(target, first), await world.fresh(target, second)
    for made in (mine, theirs):
        if isinstance(made, Unavailable):
            run.skip(target, Kind.OWNERSHIP, made.reason, made.fill)
            return
    assert isinstance(mine, Made)
    assert isinstance(theirs, Made)
    if theirs.draft.at(place) in (NOTHING, mine.draft.at(place)):
        run.skip(target, Kind.OWNERSHIP, "both tenants have the same object", f"tenants.{second.name}.objects.{name}")
        return
    view = await look(run, world, name, theirs, second)
    kept = True
    for attack in _attacks(run, target, mine.draft, theirs.draft, place):
        kept &= await _attack(run, target, attack, place, view)
    if kept:
        await _moved(run, world, target, place, second)


def _is_owned(run: Run, target: Target, name: str) -> bool:
    """Whether an object is its tenant's alone: as declared, or, where nothing is, because what gives it asks for the same
    credentials.
    """
    owner = _owner(run, target, name)
    if owner is not None:
        return owner == "credential"
    schemes = {scheme for one in target.requirements for scheme, _ in one.schemes}
    givers = [run.contract.targets[relation.giver] for relation in run.relations.of(target)]
    return any(schemes & {scheme for one in giver.requirements for scheme, _ in one.schemes} for giver in givers)


def _owner(run: Run, target: Target, name: str) -> str | None:
    behavior = target.operation.behavior
    return (behavior.owner if behavior else None) or run.declared.owner(name)


def _attacks(run: Run, target: Target, mine: Draft, theirs: Draft, place: Place) -> Iterator[_Attack]:
    """One's own request with the other's id; the other's whole request with one's own credentials; and one's own with each of
    the other identifiers that the other's has.
    """
    direct = mine.put(place, theirs.at(place))
    yield _Attack(direct, True)
    whole = replace(theirs, tenant=mine.tenant, credentials=(), query=())
    if whole.parameters != direct.parameters:
        yield _Attack(whole, True)
    others = [f"$request.{location}.{name}" for location, name in theirs.parameters]
    others += [where for relation in run.relations.of(target)[:1] for where in relation.values]
    for other in dict.fromkeys(others):
        if other != place and theirs.at(other) not in (NOTHING, mine.at(other)):
            yield _Attack(mine.put(other, theirs.at(other)), False)


async def _attack(run: Run, target: Target, attack: _Attack, place: Place, view: Look | None) -> bool:
    """Whether an attack is refused as it should be."""
    before = await view.once(run) if view is not None and not target.is_safe else None
    exchange = await run.send(attack.draft)
    if exchange.answer.fault is not None or exchange.answer.status >= 500:
        return False
    told = _refused(run, target, attack, exchange)
    run.tell(target, told, exchange)
    await _untouched(run, target, exchange, view, before)
    if attack.whole and not told.what:
        await _hidden(run, target, attack.draft, place, exchange)
    return not told.what


def _refused(run: Run, target: Target, attack: _Attack, exchange: Exchange) -> Told:
    behavior = target.operation.behavior
    answer = behavior.foreign if behavior else None
    if exchange.answer.succeeded:
        pointer = f"{target.pointer}/x-behavior/foreign" if answer is not None else target.pointer
        verb = "is read" if target.is_safe else "is changed, or said to be"
        return Told("foreign-refused", f"{_FOREIGN} {verb}", pointer, "a refusal", str(exchange.answer.status),
                    severity=_severity(run, target))  # fmt: skip
    if answer is not None:
        told = declared("foreign-refused", _FOREIGN, target, "foreign", answer, exchange)
        return told if attack.whole else passed("foreign-refused")
    return usual(run, "foreign-refused", _FOREIGN, target, "foreign", _REFUSED, exchange)


def _severity(run: Run, target: Target) -> Severity:
    """Where neither the contract nor the profile says anything of owners, two tenants may share what they have."""
    behavior = target.operation.behavior
    said = (behavior is not None and behavior.foreign is not None) or _owner(
        run, target, run.relations.object_of(target) or ""
    ) is not None
    return Severity.MUST if said or "foreign" in run.profile.policy else Severity.SHOULD


async def _untouched(run: Run, target: Target, exchange: Exchange, view: Look | None, before: Exchange | None) -> None:
    """Nothing of it changed, whatever was answered."""
    if view is None or before is None or not before.answer.succeeded:
        return
    after = await view.once(run)
    changed = differences(before.answer.value, after.answer.value)
    if after.answer.succeeded and not changed:
        run.tell(target, passed("foreign-untouched"))
        return
    again = await view.once(run)
    if after.answer.succeeded and set(changed) <= set(differences(after.answer.value, again.answer.value)):
        return
    told = ", ".join(changed[:5]) if after.answer.succeeded else f"it is answered with {after.answer.status}"
    severity = _severity(run, target) if exchange.answer.succeeded else Severity.MUST
    run.tell(target, Told("foreign-untouched", f"{_FOREIGN} is changed", target.pointer, "the object as it was", told,
                          severity=severity), before, exchange, after)  # fmt: skip


async def _moved(run: Run, world: World, target: Target, place: Place, second: Tenant) -> None:
    """An object that its owner has moved on: what state it is in is no one else's business either."""
    behavior = target.operation.behavior
    if behavior is None or behavior.moves is None or behavior.foreign is None:
        return
    theirs = await world.fresh(target, second)
    if isinstance(theirs, Unavailable) or not (await run.send(theirs.draft)).answer.succeeded:
        return
    attack = _Attack(replace(theirs.draft, tenant=run.profile.first.name, credentials=(), query=()), True)
    await _attack(run, target, attack, place, None)


# -- not told apart ------------------------------------------------------------------------------------------------------


async def _hidden(run: Run, target: Target, draft: Draft, place: Place, foreign: Exchange) -> None:
    """What is another's and what never was get the same answer, so that nobody learns which ids there are.

    What differs between two answers for ids that never were, such as the id of the request, is left out.
    """
    behavior = target.operation.behavior
    if behavior is None or behavior.foreign is None or behavior.unknown is None or behavior.foreign != behavior.unknown:
        return
    value = unknown(run, draft, place)
    if value is NOTHING or foreign.answer.succeeded:
        return
    asked = draft.put(place, value)
    never, again = await run.send(asked), await run.send(asked)
    told = _differing(foreign, draft.at(place), (never, again), value)
    if told is None:
        run.tell(target, passed("foreign-hidden"))
    else:
        what, other, one = told
        run.tell(target, Told("foreign-hidden", f"{_FOREIGN} gets another {what} than one that never was",
                              f"{target.pointer}/x-behavior/foreign", shown(other), shown(one)), foreign, never)  # fmt: skip


def _differing(foreign: Exchange, theirs: Any, never: tuple[Exchange, Exchange], value: Any) -> tuple[str, Any, Any] | None:
    """What tells an answer from those of ids that never were: what it is, there, and here."""
    one, (other, again) = foreign.answer, (each.answer for each in never)
    if one.status != other.status:
        return "status", other.status, one.status
    names = [{name.lower() for name, _ in each.headers} - _PER_CONNECTION for each in (one, other, again)]
    if names[0] != names[1] and names[1] == names[2]:
        return "set of headers", sorted(names[1]), sorted(names[0])
    here, there, then = _plain(one.value, theirs), _plain(other.value, value), _plain(again.value, value)
    always = set(differences(there, then))
    found = [place for place in differences(here, there) if place not in always]
    return ("body", there, here) if found else None


def _plain(value: Any, identifier: Any) -> Any:
    """A body without the id that was asked for."""
    if value is NOTHING:
        return None
    return json.loads(json.dumps(value).replace(json.dumps(str(identifier))[1:-1], "…"))
