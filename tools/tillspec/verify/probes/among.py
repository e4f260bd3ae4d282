"""Values that must be one of an object's: those that are none, and those of another tenant, are refused as declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.runtime.behavior import Among
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING
from tillspec.verify.expected import declared
from tillspec.verify.ids import unknown
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
    places = list(_places(run, target, standing.draft))
    theirs = await _theirs(world, target, run.profile.second) if places else None
    for named in places:
        tries = [(_UNKNOWN, unknown(run, standing.draft, named.place))]
        tries += [(_FOREIGN, value) for value in _foreign(run, standing.draft, theirs, named)]
        for what, value in tries:
            draft = standing.draft.put(named.place, value)
            if value is not NOTHING and _keeps(run, target, draft):
                await _try(run, target, draft, named, what)


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


def _places(run: Run, target: Target, draft: Draft) -> Iterator[_Named]:
    """Where a request has such values, each declaration once."""
    seen: set[Pointer] = set()
    form, behavior = target.json_body, target.operation.behavior
    for part in run.declared.parts(form.pointer, "request", draft.body) if form is not None else ():
        if part.property is not None and part.property.among is not None and part.value is not None and part.pointer not in seen:
            seen.add(part.pointer)
            pointer = join(part.pointer, "x-behavior", "among")
            yield _Named(f"$request.body#{join('', *part.path)}", part.property.among, pointer)
    for one in target.parameters:
        declaration = behavior.parameters.get(one.name) if behavior else None
        place = f"$request.{one.location}.{one.name}"
        if declaration is not None and declaration.among is not None and draft.at(place) is not NOTHING:
            yield _Named(place, declaration.among, join(one.pointer, "schema", "x-behavior", "among"))


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
