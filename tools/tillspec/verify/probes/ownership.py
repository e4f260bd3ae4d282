"""Objects of another tenant: neither seen, nor changed, nor told apart from those that never were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expected import declared, usual
from tillspec.verify.findings import Severity
from tillspec.verify.ids import unknown
from tillspec.verify.profile import Tenant
from tillspec.verify.reading import Look, differences, look
from tillspec.verify.run import Run, Told
from tillspec.verify.signature import signature
from tillspec.verify.world import Made, Unavailable, World

_FOREIGN = "another tenant's object"


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
    for draft in _attacks(target, mine.draft, theirs.draft, place, first):
        await _attack(run, target, draft, place, view)


def _is_owned(run: Run, target: Target, name: str) -> bool:
    """Whether an object is its tenant's alone: as declared, or, where nothing is, because it is asked for with credentials."""
    behavior = target.operation.behavior
    owner = (behavior.owner if behavior else None) or run.declared.owner(name)
    return owner == "credential" if owner is not None else bool(run.relations.of(target)) or name in run.contract.api.outside


def _attacks(target: Target, mine: Draft, theirs: Draft, place: str, first: Tenant) -> Iterator[Draft]:
    """The other's whole request with one's own credentials; and one's own with each of the other's identifiers."""
    yield mine.put(place, theirs.at(place))
    whole = replace(theirs, tenant=first.name, credentials=(), query=())
    if whole.parameters != mine.put(place, theirs.at(place)).parameters:
        yield whole
    for location, name in theirs.parameters:
        own = f"$request.{location}.{name}"
        if location == "path" and own != place and theirs.at(own) != mine.at(own):
            yield mine.put(own, theirs.at(own))


async def _attack(run: Run, target: Target, draft: Draft, place: str, view: Look | None) -> None:
    before = await view.once(run) if view is not None and not target.is_safe else None
    exchange = await run.send(draft)
    if exchange.answer.fault is not None or exchange.answer.status >= 500:
        return
    _refused(run, target, exchange)
    await _untouched(run, target, exchange, view, before)
    await _hidden(run, target, draft, place, exchange)


def _refused(run: Run, target: Target, exchange: Exchange) -> None:
    behavior = target.operation.behavior
    answer = behavior.foreign if behavior else None
    if exchange.answer.succeeded:
        pointer = f"{target.pointer}/x-behavior/foreign" if answer is not None else target.pointer
        verb = "is read" if target.is_safe else "is changed, or said to be"
        severity = Severity.MUST if answer is not None else Severity.SHOULD
        run.tell(target, Told("foreign-refused", f"{_FOREIGN} {verb}", pointer, "a refusal", str(exchange.answer.status),
                              "", severity), exchange)  # fmt: skip
    elif answer is not None:
        run.tell(target, declared("foreign-refused", _FOREIGN, target, "foreign", answer, exchange), exchange)
    else:
        run.tell(target, usual(run, "foreign-refused", _FOREIGN, target, "foreign", (401, 403, 404, 410), exchange), exchange)


async def _untouched(run: Run, target: Target, exchange: Exchange, view: Look | None, before: Exchange | None) -> None:
    """Nothing of it changed, whatever was answered."""
    if view is None or before is None or not before.answer.succeeded:
        return
    after = await view.once(run)
    changed = differences(before.answer.value, after.answer.value)
    if after.answer.succeeded and not changed:
        run.tell(target, Told("foreign-untouched"))
        return
    again = await view.once(run)
    if after.answer.succeeded and set(changed) <= set(differences(after.answer.value, again.answer.value)):
        return
    told = ", ".join(changed[:5]) if after.answer.succeeded else f"it is answered with {after.answer.status}"
    run.tell(target, Told("foreign-untouched", f"{_FOREIGN} is changed", target.pointer, "the object as it was", told),
             before, exchange, after)  # fmt: skip


async def _hidden(run: Run, target: Target, draft: Draft, place: str, foreign: Exchange) -> None:
    """What is another's and what never was get the same answer, so that nobody learns which ids there are."""
    behavior = target.operation.behavior
    if behavior is None or behavior.foreign is None or behavior.unknown is None or behavior.foreign != behavior.unknown:
        return
    value = unknown(run, draft, place)
    if value is NOTHING or foreign.answer.succeeded:
        return
    never = await run.send(draft.put(place, value))
    one, other = _shape(foreign), _shape(never)
    if one == other:
        run.tell(target, Told("foreign-hidden"))
    else:
        run.tell(target, Told("foreign-hidden", f"{_FOREIGN} gets another answer than one that never was",
                              f"{target.pointer}/x-behavior/foreign", f"{other}", f"{one}"), foreign, never)  # fmt: skip


def _shape(exchange: Exchange) -> tuple[object, ...]:
    """What of an answer says what kind it is: status, codes, members and headers, without values that differ each time."""
    value = exchange.answer.value
    members = tuple(sorted(value)) if isinstance(value, dict) else ()
    headers = tuple(sorted({name.lower() for name, _ in exchange.answer.headers}))
    return signature(exchange.answer), members, headers
