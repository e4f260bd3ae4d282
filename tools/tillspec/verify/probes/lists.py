"""Lists: what was made is in them, in the declared order, and nothing of another tenant's."""

from __future__ import annotations

from typing import Any

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.exchange import NOTHING
from tillspec.verify.expressions import at, evaluate
from tillspec.verify.run import Run, Told, shown
from tillspec.verify.world import Unavailable, World


async def lists(run: Run, world: World, target: Target) -> None:
    """Make objects, and look for them in the list."""
    behavior = target.operation.behavior
    listing = behavior.lists if behavior else None
    if listing is None:
        return
    givers = [one for one in run.contract.targets.values() if one.creates == listing.object]
    pointer = run.declared.id_pointer(listing.object)
    if not givers or pointer is None:
        return
    made = await world.fresh(givers[0], run.profile.first)
    bare = await world.standing(target, run.profile.first)
    for one in (made, bare):
        if isinstance(one, Unavailable):
            run.skip(target, Kind.OBJECTS, one.reason, one.fill)
            return
    assert not isinstance(made, Unavailable)
    assert not isinstance(bare, Unavailable)
    steps = [await run.send(made.draft) for _ in range(2)]
    ids = [evaluate(f"$response.body#{pointer}", step) for step in steps]
    draft = bare.draft
    for (location, name), value in made.draft.parameters.items():
        if location == "path":
            draft = draft.parameter(location, name, value)
    exchange = await run.send(draft)
    items = at(exchange.answer.value, listing.at or "")
    if not exchange.answer.succeeded or not isinstance(items, list) or NOTHING in ids:
        return
    clause = f"{target.pointer}/x-behavior/lists"
    found = [at(item, pointer) for item in items]
    missing = [one for one in ids if one not in found]
    if missing:
        run.tell(target, Told("listed", "what was made is not listed", clause, shown(ids), shown(found)), *steps, exchange)
        return
    run.tell(target, Told("listed"))
    if len(set(map(str, found))) < len(found):
        run.tell(target, Told("listed", "an object is listed twice", clause, "each once", shown(found), "twice"), exchange)
    keys = [at(item, listing.by or "") for item in items]
    wrong = _order(listing.order, keys)
    if listing.by is not None and wrong:
        run.tell(target, Told("listed", "the list is in another order", clause, f"{listing.order} by {listing.by}", shown(keys),
                              "order"), *steps, exchange)  # fmt: skip


def _order(order: str | None, keys: list[Any]) -> bool:
    """Whether keys are in another order than declared."""
    if order is None or not all(isinstance(key, str) for key in keys):
        return False
    return keys != sorted(keys, reverse=order.startswith("newest"))
