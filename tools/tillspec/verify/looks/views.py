"""What an exchange shows of an object: its id, its state, and the request to another operation that is about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.runtime.behavior import Expiry, Lifecycle
from tillspec.verify.contract import Target
from tillspec.verify.declared import Part
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expressions import at, evaluate
from tillspec.verify.profile import Tenant
from tillspec.verify.relations import Place, Relation
from tillspec.verify.run import Run
from tillspec.verify.world import Made, Unavailable, World


def parts(run: Run, target: Target, exchange: Exchange) -> list[Part]:
    """The parts of a success's body of which something is declared; none of a body that is not valid."""
    answer = exchange.answer
    response = target.response(answer.status)
    if not answer.succeeded or response is None or answer.value is NOTHING:
        return []
    pointer = run.contract.response_schema(target, response, answer.media_type)
    if pointer is None or not run.declared.speaks(pointer) or not run.contract.is_valid(pointer, "response", answer.value):
        return []
    return run.declared.parts(pointer, "response", answer.value)


def shows(run: Run, target: Target, exchange: Exchange, name: str, identifier: Any = NOTHING) -> list[Part]:
    """The parts that show an object; with an id, those of that one."""
    at_id = run.declared.id_pointer(name)
    found = []
    for part in parts(run, target, exchange):
        if part.object is None or part.object.object != name:
            continue
        own = at(part.value, at_id) if at_id is not None else NOTHING
        if identifier is NOTHING or own is NOTHING or own == identifier:
            found.append(part)
    return found


def states(run: Run, target: Target, exchange: Exchange, name: str, identifier: Any = NOTHING) -> list[str]:
    """The states that an exchange shows an object in: none where it shows none."""
    known = lifecycle(run, name)
    if known is None:
        return []
    found = [at(part.value, known[1].field) for part in shows(run, target, exchange, name, identifier)]
    return list(dict.fromkeys(state for state in found if isinstance(state, str)))


def lifecycle(run: Run, name: str) -> tuple[Pointer, Lifecycle] | None:
    """The lifecycle of an object, and where it is declared."""
    for pointer, behavior in run.declared.views(name):
        if behavior.lifecycle is not None:
            return join(pointer, "x-behavior", "lifecycle"), behavior.lifecycle
    return None


def expiry(run: Run, name: str) -> tuple[Pointer, Expiry] | None:
    """When an object ends, by all that its views declare of it, and where."""
    found: tuple[Pointer, Expiry] | None = None
    for pointer, behavior in run.declared.views(name):
        one = behavior.expires
        if one is None:
            continue
        if found is None:
            found = join(pointer, "x-behavior", "expires"), one
            continue
        known = found[1]
        further = {
            word: getattr(one, word) for word in ("after", "after_value", "at", "state", "kept") if getattr(known, word) is None
        }
        found = found[0], replace(known, kept_forever=known.kept_forever or one.kept_forever, **further)
    return found


def operations(run: Run, name: str) -> Iterator[Target]:
    """The operations that are about an object which is there already."""
    for target in run.contract.targets.values():
        behavior = target.operation.behavior
        if behavior is not None and name in (behavior.reads, behavior.updates, behavior.deletes):
            yield target


def made_id(run: Run, target: Target, exchange: Exchange) -> Any:
    """What names the object that an exchange made; `NOTHING` where nothing says."""
    if target.creates is not None:
        pointer = run.declared.id_pointer(target.creates)
        return at(exchange.answer.value, pointer) if pointer is not None else NOTHING
    for follower in run.contract.targets.values():
        place = run.relations.place_of(follower)
        for relation in run.relations.of(follower):
            if relation.giver == target.id and place in relation.values:
                return dict(values(relation, exchange)).get(place or "", NOTHING)
    return NOTHING


def values(relation: Relation, exchange: Exchange) -> Iterator[tuple[Place, Any]]:
    """What an exchange gives by a relation, by the places that it fills; without what the exchange does not have."""
    for place, expression in relation.values.items():
        value = evaluate(expression, exchange)
        if value is not NOTHING:
            located = expression == "$response.header.Location"
            yield place, str(value).rstrip("/").rpartition("/")[2] if located else value


async def about(run: Run, world: World, target: Target, tenant: Tenant, steps: Sequence[Exchange]) -> Draft | Unavailable:
    """A request to an operation, about the object that one of some exchanges made, the last one first."""
    relations = {one.giver: one for one in reversed(run.relations.of(target))}
    given = next((step for step in reversed(steps) if step.call.operation in relations), None)
    if given is None:
        return Unavailable(f"nothing says how {target.id} names the object")
    standing = await world.standing(target, tenant)
    if isinstance(standing, Unavailable):
        return standing
    draft = standing.draft
    for place, value in values(relations[given.call.operation], given):
        draft = draft.put(place, value)
    return draft


async def alike(run: Run, world: World, target: Target, made: Made) -> Draft | Unavailable:
    """A request to an operation, about the object that another request is about."""
    tenant = next(one for one in run.profile.tenants if one.name == made.draft.tenant)
    draft = await about(run, world, target, tenant, made.steps)
    here, there = run.relations.place_of(target), run.relations.place_of(made.draft.target)
    if isinstance(draft, Draft) or here is None or there is None or made.draft.at(there) is NOTHING:
        return draft
    standing = await world.standing(target, tenant)
    if isinstance(standing, Unavailable):
        return standing
    draft = standing.draft.put(here, made.draft.at(there))
    for form in target.parameters:
        given = made.draft.parameters.get((form.location, form.name), NOTHING)
        if form.location == "path" and given is not NOTHING:
            draft = draft.parameter(form.location, form.name, given)
    return draft
