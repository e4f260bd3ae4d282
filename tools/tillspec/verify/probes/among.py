"""Values that must be one of an object's: those that are none, and those of another tenant, are refused as declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.runtime.behavior import Among
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING
from tillspec.verify.ids import unknown
from tillspec.verify.judging.answers import declared
from tillspec.verify.profile import Tenant
from tillspec.verify.relations import Place
from tillspec.verify.run import Run, Told
from tillspec.verify.world import Unavailable, World, allowed

_UNKNOWN, _FOREIGN = "a value that names nothing", "a value that names another tenant's"


@dataclass(frozen=True, slots=True)
class _Named:
    """A place of a request whose value must be one of an object's; `pointer` is where that is declared."""

    place: Place
    among: Among
    pointer: Pointer


async def among(run: Run, world: World, target: Target) -> None:
    """Put values into a request that are none of what they must be one of."""
    tenant = run.profile.first
    if target.id not in world.bodies and target.json_body is not None:
        return
    standing = await world.standing(target, tenant)
    if isinstance(standing, Unavailable):
        return
    theirs: Draft | None = None
    for named, draft in _places(run, target, standing.draft, world.known(target, tenant)):
        theirs = theirs or await _theirs(world, target, run.profile.second)
        tries = [(_UNKNOWN, unknown(run, draft, named.place))]
        tries += [(_FOREIGN, value) for value in _foreign(run, draft, theirs, named)]
        for what, value in tries:
            changed = draft.put(named.place, value)
            if value is not NOTHING and _keeps(run, target, changed):
                await _try(run, target, changed, named, what)


async def _try(run: Run, target: Target, draft: Draft, named: _Named, what: str) -> None:
    exchange = await run.send(draft)
    if exchange.answer.fault is not None or exchange.answer.status >= 500:
        return
    if exchange.answer.succeeded:
        wanted = named.among.otherwise.status
        told = Told("among", f"{what} is accepted", named.pointer, str(wanted), str(exchange.answer.status), what)
    else:
        told = declared("among", what, target, "", named.among.otherwise, exchange)
        told = replace(told, pointer=named.pointer) if told.what else told
    run.tell(target, told, exchange)


def _keeps(run: Run, target: Target, draft: Draft) -> bool:
    """Whether a request keeps its schema and every rule, so that nothing else of it is wrong."""
    return target.json_body is None or allowed(run, target.json_body.pointer, draft.body)


def _places(run: Run, target: Target, standing: Draft, bodies: Sequence[Any]) -> Iterator[tuple[_Named, Draft]]:
    """Where requests have such values, each declaration once, with a request that has it. `bodies` are further ones, since no
    body has every alternative.
    """
    seen: set[Pointer] = set()
    form, behavior = target.json_body, target.operation.behavior
    drafts = [standing, *(_with(run, target, standing, body) for body in bodies)]
    for draft in drafts if form is not None else ():
        for part in run.declared.parts(form.pointer if form else "", "request", draft.body):
            declaration = part.property.among if part.property is not None else None
            if declaration is None or part.value is None or part.pointer in seen:
                continue
            seen.add(part.pointer)
            place = f"$request.body#{join('', *part.path)}"
            yield _Named(place, declaration, join(part.pointer, "x-behavior", "among")), draft
    for one in target.parameters:
        words = behavior.parameters.get(one.name) if behavior else None
        place = f"$request.{one.location}.{one.name}"
        if words is not None and words.among is not None and standing.at(place) is not NOTHING:
            yield _Named(place, words.among, join(one.pointer, "schema", "x-behavior", "among")), standing


def _with(run: Run, target: Target, draft: Draft, body: Any) -> Draft:
    """A request with another body that names the same object."""
    changed, own = draft.with_body(body), run.relations.place_of(target)
    named = [own] if own is not None else []
    named += [place for relation in run.relations.of(target)[:1] for place in relation.values]
    for place in named:
        if place.startswith("$request.body") and draft.at(place) is not NOTHING:
            changed = changed.put(place, draft.at(place))
    return changed


async def _theirs(world: World, target: Target, second: Tenant | None) -> Draft | None:
    made = await world.standing(target, second) if second is not None else None
    return None if made is None or isinstance(made, Unavailable) else made.draft


def _foreign(run: Run, mine: Draft, theirs: Draft | None, named: _Named) -> Iterator[Any]:
    """A value of the second tenant's for a place: what its profile gives, or its own request has."""
    second, known = run.profile.second, mine.at(named.place)
    if second is None:
        return
    own = {str(one) for one in run.profile.first.objects.get(named.among.object, ())}
    given = second.objects.get(named.among.object, ()) if named.among.at is None else ()
    other = theirs.at(named.place) if theirs is not None else NOTHING
    for value in (*given, other):
        if value is not NOTHING and type(value) is type(known) and value != known and str(value) not in own:
            yield value
            return
