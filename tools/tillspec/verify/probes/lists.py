"""Lists: what was made is in them, in the declared order, nothing of another tenant's, and no more than was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tillspec.verify.checks import Kind
from tillspec.verify.contract import ParameterForm, Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expressions import at, evaluate
from tillspec.verify.findings import Severity
from tillspec.verify.profile import Tenant
from tillspec.verify.run import Run, Told, passed, shown
from tillspec.verify.world import Made, Unavailable, World

_LIMITS = ("limit", "pagesize", "perpage", "maxresults", "pagelimit")
_PAGES = (*_LIMITS, "page", "offset", "cursor", "after", "before", "startingafter", "endingbefore", "pagetoken", "skip", "first")
_MADE = 2


@dataclass(frozen=True, slots=True)
class _List:
    """What is known of a list: the operation that makes what it lists, where the items stand, and where each has its id.

    `clause` and `severity` are of what the contract says of it; of one that it declares nothing of, its path says it.
    """

    giver: Target
    items: str
    given: str
    id: str
    clause: str
    severity: Severity


async def lists(run: Run, world: World, target: Target) -> None:
    """Make objects, and look for them in the list, as who made them and as another tenant."""
    first, second = run.profile.first, run.profile.second
    standing = await world.standing(target, first) if target.method == "GET" else None
    if not isinstance(standing, Made):
        return
    found = await _list(run, target, standing.draft)
    if found is None:
        return
    made = await world.fresh(found.giver, first)
    if isinstance(made, Unavailable):
        run.skip(target, Kind.OBJECTS, made.reason, made.fill)
        return
    steps = [await run.send(made.draft) for _ in range(_MADE)]
    ids = [evaluate(f"$response.body#{found.given}", step) for step in steps]
    if NOTHING in ids:
        return
    draft = _under(standing.draft, made.draft)
    exchange = await run.send(draft)
    items = at(exchange.answer.value, found.items)
    if not exchange.answer.succeeded or not isinstance(items, list):
        return
    _listed(run, target, found, ids, items, [*steps, exchange])
    await _limited(run, target, found, draft, len(items))
    await _without_deleted(run, world, target, found, draft, steps[-1])
    if second is None:
        run.skip(target, Kind.OWNERSHIP, "there is one tenant alone", "tenants.second.credentials")
    else:
        await _foreign(run, world, target, found, ids, second)


# -- what it lists -------------------------------------------------------------------------------------------------------


async def _list(run: Run, target: Target, draft: Draft) -> _List | None:
    """What an operation lists: as declared, or, of `GET /things`, what `POST /things` makes."""
    behavior = target.operation.behavior
    listing = behavior.lists if behavior else None
    if listing is not None:
        pointer = run.declared.id_pointer(listing.object)
        giver = next((one for one in run.contract.targets.values() if one.creates == listing.object), None)
        clause = f"{target.pointer}/x-behavior/lists"
        if pointer is None or giver is None:
            return None
        return _List(giver, listing.at or "", pointer, pointer, clause, Severity.MUST)
    giver = next(
        (
            one
            for one in run.contract.targets.values()
            if one.method == "POST" and one.path.rstrip("/") == target.path.rstrip("/")
        ),
        None,
    )
    if giver is None or (behavior is not None and behavior.reads is not None):
        return None
    return await _inferred(run, target, draft, giver)


async def _inferred(run: Run, target: Target, draft: Draft, giver: Target) -> _List | None:
    """A list whose items have the property by which what is made is named elsewhere."""
    expressions = [
        expression
        for follower in run.contract.targets.values()
        for relation in run.relations.of(follower)
        for expression in relation.values.values()
        if relation.giver == giver.id and expression.startswith("$response.body#")
    ]
    if not expressions:
        return None
    pointer = expressions[0].partition("#")[2]
    value = (await run.send(draft)).answer.value
    if isinstance(value, list):
        return _List(giver, "", pointer, pointer, target.pointer, Severity.SHOULD)
    arrays = [key for key, item in value.items() if isinstance(item, list)] if isinstance(value, dict) else []
    if len(arrays) != 1:
        return None
    return _List(giver, f"/{arrays[0]}", pointer, pointer, target.pointer, Severity.SHOULD)


def _under(draft: Draft, other: Draft) -> Draft:
    """A request for a list of what belongs to the same as another request is about."""
    for (location, name), value in other.parameters.items():
        if location == "path" and (location, name) in draft.parameters:
            draft = draft.parameter(location, name, value)
    return draft


# -- what it should ------------------------------------------------------------------------------------------------------


def _listed(run: Run, target: Target, found: _List, ids: list[Any], items: list[Any], steps: list[Exchange]) -> None:
    known = [at(item, found.id) for item in items]
    missing = [one for one in ids if one not in known]
    pages = any(_word(form) in _PAGES for form in target.parameters)
    behavior = target.operation.behavior
    listing = behavior.lists if behavior else None
    newest = listing is not None and (listing.order or "").startswith("newest")
    if missing and pages and items and not newest:
        return  # it may be on another page
    if missing:
        run.tell(target, Told("listed", "what was made is not listed", found.clause, shown(ids), shown(known),
                              severity=found.severity), *steps)  # fmt: skip
        return
    run.tell(target, passed("listed"))
    if len(set(map(str, known))) < len(known):
        run.tell(target, Told("listed", "an object is listed twice", found.clause, "each once", shown(known), "twice",
                              found.severity), steps[-1])  # fmt: skip
    if listing is not None and listing.by is not None and _is_disordered(listing.order, [at(item, listing.by) for item in items]):
        keys = [at(item, listing.by) for item in items]
        run.tell(target, Told("listed", "the list is in another order", found.clause, f"{listing.order} by {listing.by}",
                              shown(keys), "order"), *steps)  # fmt: skip


def _is_disordered(order: str | None, keys: list[Any]) -> bool:
    """Whether keys are in another order than declared."""
    if order is None or not all(isinstance(key, str) for key in keys):
        return False
    return keys != sorted(keys, reverse=order.startswith("newest"))


async def _limited(run: Run, target: Target, found: _List, draft: Draft, whole: int) -> None:
    """Of a list that says how many it gives at most, no more come."""
    for form in _limits(target):
        if whole < 2 or not run.contract.judge.is_valid(form.schema, 1):
            continue
        exchange = await run.send(draft.parameter(form.location, form.name, 1))
        items = at(exchange.answer.value, found.items)
        if not exchange.answer.succeeded or not isinstance(items, list):
            continue
        told = Told("listed", f"lists more than {form.name} allows", form.pointer or target.pointer, "at most 1 item",
                    f"{len(items)} items", "limit", Severity.SHOULD)  # fmt: skip
        run.tell(target, told if len(items) > 1 else passed("listed"), exchange)


async def _without_deleted(run: Run, world: World, target: Target, found: _List, draft: Draft, made: Exchange) -> None:
    """What was deleted is not listed any more."""
    for deleter in run.contract.targets.values():
        relation = next((one for one in run.relations.of(deleter) if one.giver == found.giver.id), None)
        behavior = deleter.operation.behavior
        deletes = deleter.method == "DELETE" or (behavior is not None and behavior.deletes is not None)
        bare = world.bare(deleter, run.profile.first) if relation is not None and deletes and not run.options.safe else None
        if bare is None or relation is None or isinstance(bare, Unavailable):
            continue
        ready = world.filled_from(relation, bare, made)
        if isinstance(ready, Unavailable):
            continue
        done = await run.send(world.completed(ready, deleter, run.profile.first).draft)
        after = await run.send(draft)
        items = at(after.answer.value, found.items)
        if done.answer.succeeded and after.answer.succeeded and isinstance(items, list):
            gone = evaluate(f"$response.body#{found.given}", made)
            told = Told("listed", "what was deleted is listed still", found.clause, "not listed", shown(gone), "deleted",
                        found.severity)  # fmt: skip
            listed = gone in [at(item, found.id) for item in items]
            run.tell(target, told if listed else passed("listed"), done, after)
        return


def _limits(target: Target) -> Iterator[ParameterForm]:
    return (form for form in target.parameters if form.location == "query" and _word(form) in _LIMITS)


def _word(form: ParameterForm) -> str:
    return "".join(char for char in form.name.lower() if char.isalpha())


async def _foreign(run: Run, world: World, target: Target, found: _List, ids: list[Any], second: Tenant) -> None:
    """Another tenant's list has none of it."""
    behavior = found.giver.operation.behavior
    owner = run.declared.owner(behavior.creates) if behavior and behavior.creates else None
    schemes = [{name for way in one.requirements for name, _ in way.schemes} for one in (target, found.giver)]
    if target.anonymous or (owner is not None and owner != "credential") or not schemes[0] & schemes[1]:
        return
    theirs = await world.standing(target, second)
    if isinstance(theirs, Unavailable):
        run.skip(target, Kind.OWNERSHIP, theirs.reason, theirs.fill)
        return
    exchange = await run.send(theirs.draft)
    items = at(exchange.answer.value, found.items)
    if not exchange.answer.succeeded or not isinstance(items, list):
        return
    leaked = [one for one in ids if one in [at(item, found.id) for item in items]]
    severity = Severity.MUST if owner is not None else Severity.SHOULD
    told = Told("foreign-listed", "another tenant's object is listed", found.clause, "the tenant's own alone", shown(leaked), "",
                severity)  # fmt: skip
    run.tell(target, told if leaked else passed("foreign-listed"), exchange)
