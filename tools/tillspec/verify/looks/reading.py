"""Looking at an object by the operations that read it, to see whether it changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expressions import evaluate
from tillspec.verify.looks.differences import differences as found_between
from tillspec.verify.relations import Relation
from tillspec.verify.run import Run
from tillspec.verify.world import Made, Unavailable, World


@dataclass(frozen=True, slots=True)
class Look:
    """A request that reads an object, ready to be sent again and again."""

    draft: Draft

    async def once(self, run: Run) -> Exchange:
        return await run.send(self.draft)


def readers(run: Run, name: str | None) -> list[Target]:
    """The operations that read an object and change nothing."""
    if name is None:
        return []
    found = []
    for target in run.contract.targets.values():
        behavior = target.operation.behavior
        lists = behavior is not None and behavior.lists is not None
        if target.method == "GET" and run.relations.object_of(target) == name and not lists:
            found.append(target)
    return found


async def look(run: Run, world: World, name: str | None, made: Made, tenant: Any) -> Look | None:
    """A way to read the object that a request is about; None where no operation reads it.

    Args:
        run: the run.
        world: where requests are made.
        name: the object.
        made: a request about it, with the exchange that gave it.
        tenant: whose it is.
    """
    for reader in readers(run, name):
        place = run.relations.place_of(reader)
        own = run.relations.place_of(made.draft.target)
        bare = world.bare(reader, tenant)
        if place is None or isinstance(bare, Unavailable):
            continue
        draft = _shared(bare, made.draft)
        given = made.given
        relation = _relation(run, reader, given)
        if relation is not None and given is not None:
            for where, expression in relation.values.items():
                value = evaluate(expression, given)
                draft = draft if value is NOTHING else draft.put(where, value)
        elif own is not None and made.draft.at(own) is not NOTHING:
            draft = draft.put(place, made.draft.at(own))
        if draft.at(place) is not NOTHING:
            return Look(draft)
    return None


def _relation(run: Run, reader: Target, given: Exchange | None) -> Relation | None:
    if given is None:
        return None
    return next((one for one in run.relations.of(reader) if one.giver == given.call.operation), None)


def _shared(draft: Draft, other: Draft) -> Draft:
    """A draft with the path parameters that another request has under the same name."""
    for (location, name), value in other.parameters.items():
        if location == "path" and any(form.name == name and form.location == "path" for form in draft.target.parameters):
            draft = draft.parameter("path", name, value)
    return draft


def conflicts(one: Any, other: Any, at: Pointer = "") -> list[Pointer]:
    """The places at which two JSON values contradict each other: what one of them alone has does not, nor does another order, or
    another way of writing a number or a time.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return [place for key in one if key in other for place in conflicts(one[key], other[key], join(at, key))]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        if sorted(map(repr, one)) == sorted(map(repr, other)):
            return []
        return [place for index, pair in enumerate(zip(one, other, strict=True)) for place in conflicts(*pair, join(at, index))]
    if isinstance(one, str) and isinstance(other, str) and is_written_otherwise(one, other):
        return []
    return differences(one, other, at)


def is_written_otherwise(one: str, other: str) -> bool:
    """Whether two texts are the same number, or, to the second, the same time."""
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        pass
    try:
        return abs(datetime.fromisoformat(one) - datetime.fromisoformat(other)) < timedelta(seconds=1)
    except (ValueError, TypeError):
        return False


def differences(one: Any, other: Any, at: Pointer = "") -> list[Pointer]:
    """The places at which two JSON values differ."""
    return [found.place for found in found_between(one, other, at)]
