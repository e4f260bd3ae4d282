"""Objects: the right one, none that never was, what was written is read, what was deleted is gone, refusals change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tillspec.runtime.behavior import Answer as Declared
from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expected import declared, usual
from tillspec.verify.expressions import at, evaluate
from tillspec.verify.findings import Severity
from tillspec.verify.ids import unknown
from tillspec.verify.reading import differences, look, readers, volatile
from tillspec.verify.run import Run, Told, shown
from tillspec.verify.world import Made, Unavailable, World

_MANY = 6
_GONE = (404, 410)


async def objects(run: Run, world: World, target: Target) -> None:
    """Ask an operation about objects, and look at them by others."""
    place = run.relations.place_of(target)
    if target.creates is not None or (target.method == "POST" and place is None):
        await _distinct(run, world, target)
        await _read_after_write(run, world, target)
    if place is not None:
        await _unknown(run, world, target, place)
        await _right(run, world, target, place)
    behavior = target.operation.behavior
    if target.method == "DELETE" or (behavior is not None and behavior.deletes):
        await _deleted(run, world, target)
    elif target.method in ("PUT", "PATCH") or (behavior is not None and behavior.updates):
        await _refusals(run, world, target)
        await _merged(run, world, target)


async def _fresh(run: Run, world: World, target: Target, kind: Kind = Kind.OBJECTS) -> Made | None:
    made = await world.fresh(target, run.profile.first)
    if isinstance(made, Unavailable):
        run.skip(target, kind, made.reason, made.fill)
        return None
    return made


# -- ids -----------------------------------------------------------------------------------------------------------------


async def _unknown(run: Run, world: World, target: Target, place: str) -> None:
    """Ids that name nothing."""
    made = await world.standing(target, run.profile.first)
    if isinstance(made, Unavailable):
        run.skip(target, Kind.OBJECTS, made.reason, made.fill)
        return
    value = unknown(run, made.draft, place)
    if value is NOTHING:
        return
    exchange = await run.send(made.draft.put(place, value))
    if exchange.answer.fault is not None or exchange.answer.status >= 500:
        return
    _refused(run, target, "unknown-refused", "an id that names nothing", exchange)


def _refused(run: Run, target: Target, check: str, what: str, exchange: Exchange) -> None:
    """Whether something that is not there is answered as it should be."""
    behavior = target.operation.behavior
    answer: Declared | None = behavior.unknown if behavior else None
    if answer is not None:
        run.tell(target, declared(check, what, target, "unknown", answer, exchange), exchange)
    else:
        run.tell(target, usual(run, check, what, target, "unknown", (400, 401, 403, *_GONE), exchange), exchange)


async def _right(run: Run, world: World, target: Target, place: str) -> None:
    """Two objects at once: each request is answered with its own."""
    if not target.is_safe:
        return
    pair = [await _fresh(run, world, target), await _fresh(run, world, target)]
    exchanges = []
    for made in pair:
        if made is None or made.given is None:
            return
        exchanges.append(await run.send(made.draft))
    first, second = pair
    assert first is not None
    assert second is not None
    if first.draft.at(place) == second.draft.at(place) or not all(one.answer.succeeded for one in exchanges):
        return
    pointer = _id_pointer(run, target, exchanges[0], first.draft.at(place))
    if pointer is None:
        return
    for made, exchange in zip((first, second), exchanges, strict=True):
        wanted, found = made.draft.at(place), at(exchange.answer.value, pointer)
        if found == wanted:
            run.tell(target, Told("right-object"))
        else:
            run.tell(
                target, Told("right-object", "answers about another object than the one that is named", target.pointer,
                             f"{wanted} at {pointer}", shown(found)), *made.steps, exchange,
            )  # fmt: skip


def _id_pointer(run: Run, target: Target, exchange: Exchange, known: Any) -> str | None:
    """Where an answer says which object it is about."""
    name = run.relations.object_of(target)
    declared_at = run.declared.id_pointer(name) if name else None
    for pointer in (declared_at, "/id"):
        if pointer is not None and at(exchange.answer.value, pointer) is not NOTHING:
            return pointer
    value = exchange.answer.value
    found = [key for key, item in value.items() if item == known] if isinstance(value, dict) else []
    return f"/{found[0]}" if found else None


async def _distinct(run: Run, world: World, target: Target) -> None:
    """New objects have ids of their own."""
    followers = [
        (relation, follower)
        for follower in run.contract.targets.values()
        for relation in run.relations.of(follower)[:1]
        if relation.giver == target.id
    ]
    behavior = target.operation.behavior
    idle = behavior is not None and behavior.idempotency == "inherent"
    if not followers or idle:
        return
    _, expression = next(iter(followers[0][0].values.items()))
    values, steps = [], []
    for _ in range(_MANY):
        made = await _fresh(run, world, target)
        if made is None:
            return
        exchange = await run.send(made.draft)
        value = evaluate(expression, exchange)
        if exchange.answer.succeeded and value is not NOTHING and not expression.startswith("$request"):
            values.append(value)
            steps.append(exchange)
    if len(values) < 2:
        return
    if len(set(map(str, values))) == len(values):
        run.tell(target, Told("distinct-ids"))
        return
    told = Told("distinct-ids", "two objects have one id", target.pointer, f"{len(values)} ids", f"{len(set(map(str, values)))}")
    run.tell(target, told, *steps[:2])


# -- written, read, deleted ----------------------------------------------------------------------------------------------


async def _read_after_write(run: Run, world: World, target: Target) -> None:
    """What was sent, and what was answered to it, is what is read."""
    made = await _fresh(run, world, target)
    if made is None:
        return
    created = await run.send(made.draft)
    if not created.answer.succeeded or not isinstance(created.answer.value, dict):
        return
    for follower in run.contract.targets.values():
        relation = next((one for one in run.relations.of(follower) if one.giver == target.id), None)
        if relation is None or follower not in readers(run, run.relations.object_of(follower)):
            continue
        bare = world.bare(follower, run.profile.first)
        if isinstance(bare, Unavailable):
            continue
        for place, expression in relation.values.items():
            value = evaluate(expression, created)
            if expression == "$response.header.Location" and isinstance(value, str):
                value = value.rstrip("/").rpartition("/")[2]
            bare = bare if value is NOTHING else bare.put(place, value)
        read = await run.send(bare)
        _same(run, follower, created, read)


def _same(run: Run, target: Target, created: Exchange, read: Exchange) -> None:
    if read.answer.fault is not None or read.answer.status >= 500:
        return
    if not read.answer.succeeded:
        run.tell(target, Told("read-after-write", "what was just made cannot be read", target.pointer, "a success",
                              str(read.answer.status)), created, read)  # fmt: skip
        return
    sent = created.call.value if isinstance(created.call.value, dict) else {}
    answered, got = created.answer.value, read.answer.value
    if not isinstance(got, dict):
        return
    lost = [
        key
        for key, item in got.items()
        if isinstance(item, str | int | float | bool) and (_differs(answered, key, item) or _differs(sent, key, item))
    ]
    if not lost:
        run.tell(target, Told("read-after-write"))
        return
    run.tell(target, Told("read-after-write", f"what was written is not what is read: {', '.join(lost)}", target.pointer,
                          shown({key: answered.get(key, sent.get(key)) for key in lost}),
                          shown({key: got[key] for key in lost}), severity=Severity.SHOULD), created, read)  # fmt: skip


def _differs(value: dict[str, Any], key: str, item: Any) -> bool:
    """Whether an object has another value of the same type."""
    return isinstance(value.get(key), type(item)) and value[key] != item


async def _deleted(run: Run, world: World, target: Target) -> None:
    """What was deleted is gone for every operation."""
    name = run.relations.object_of(target)
    made = await _fresh(run, world, target)
    if made is None:
        return
    done = await run.send(made.draft)
    if not done.answer.succeeded:
        return
    place = run.relations.place_of(target)
    for other in run.contract.targets.values():
        where = run.relations.place_of(other)
        if run.relations.object_of(other) != name or where is None or place is None or (other.anonymous and not target.anonymous):
            continue
        bare = made.draft if other is target else world.bare(other, run.profile.first)
        if isinstance(bare, Unavailable):
            continue
        for (location, key), value in made.draft.parameters.items():
            if location == "path" and any(form.name == key and form.location == "path" for form in other.parameters):
                bare = bare.parameter("path", key, value)
        after = await run.send(bare.put(where, made.draft.at(place)))
        if after.answer.fault is not None or after.answer.status >= 500:
            continue
        again = other is target and (other.operation.behavior is None or other.operation.behavior.unknown is None)
        if again and after.answer.succeeded:
            continue  # a server may answer a repeated DELETE as the first one
        _refused(run, other, "read-after-delete", "an object that was deleted", after)


# -- changed, and not ----------------------------------------------------------------------------------------------------


async def _refusals(run: Run, world: World, target: Target) -> None:
    """A request that is refused changes nothing."""
    made = await _fresh(run, world, target)
    form = target.json_body
    if made is None or form is None or not isinstance(made.draft.body, dict):
        return
    view = await look(run, world, run.relations.object_of(target), made, run.profile.first)
    if view is None:
        return
    changing = await volatile(run, view)
    before = await view.once(run)
    if not before.answer.succeeded:
        return
    own = run.relations.place_of(target) or ""
    for key in list(made.draft.body)[-2:]:
        if own == f"$request.body#/{key}":
            continue
        body = {**made.draft.body, key: {"tillspec": ["not", "this"]}}
        if run.contract.is_valid(form.pointer, "request", body):
            continue
        refused = await run.send(made.draft.with_body(body))
        after = await view.once(run)
        if refused.answer.succeeded or refused.answer.fault is not None:
            continue
        changed = [place for place in differences(before.answer.value, after.answer.value) if place not in changing]
        if after.answer.succeeded and not changed:
            run.tell(target, Told("refusal-changes-nothing"))
        else:
            run.tell(target, Told("refusal-changes-nothing", "a request that is refused changes the object", target.pointer,
                                  "the object as it was", ", ".join(changed[:5]) or str(after.answer.status)),
                     before, refused, after)  # fmt: skip


async def _merged(run: Run, world: World, target: Target) -> None:
    """What an update leaves out stays as it was, where the contract says so; what it names is what is read then."""
    behavior = target.operation.behavior
    made = await _fresh(run, world, target)
    form = target.json_body
    if made is None or form is None or not isinstance(made.draft.body, dict):
        return
    view = await look(run, world, run.relations.object_of(target), made, run.profile.first)
    if view is None:
        return
    whole = await run.send(made.draft)
    before = await view.once(run)
    if not whole.answer.succeeded or not before.answer.succeeded or not isinstance(before.answer.value, dict):
        return
    if behavior is None or behavior.merge is None:
        return
    changing = {place.split("/")[1] for place in await volatile(run, view)} | set(_derived(run, target, before.answer.value))
    own = run.relations.place_of(target) or ""
    kept = {key: made.draft.body[key] for key in made.draft.body if own == f"$request.body#/{key}"}
    for key, item in made.draft.body.items():
        small = {**kept, key: item}
        if key in kept or not run.contract.is_valid(form.pointer, "request", small):
            continue
        sent = await run.send(made.draft.with_body(small))
        after = await view.once(run)
        if not sent.answer.succeeded or not isinstance(after.answer.value, dict):
            continue
        held, now = before.answer.value, after.answer.value
        lost = [one for one in held if one not in changing and now.get(one) != held[one]]
        if not lost:
            run.tell(target, Told("merge"))
            continue
        told = Told(
            "merge", "an update changes what it leaves out", f"{target.pointer}/x-behavior/merge", f"{', '.join(lost)} as before",
            f"after an update of {key} alone: {shown({one: now.get(one) for one in lost})}",
        )  # fmt: skip
        run.tell(target, told, before, sent, after)
        return


def _derived(run: Run, target: Target, value: dict[str, Any]) -> Iterator[str]:
    """The properties that an update changes by their nature: when it was, when it ends, and what it comes to."""
    for name in value:
        if "updated" in name.lower() or "modified" in name.lower() or name.lower() in ("version", "etag"):
            yield name
    for _, behavior in run.declared.views(run.relations.object_of(target) or ""):
        pointers = [behavior.expires.at] if behavior.expires is not None else []
        pointers += [total.total for total in behavior.totals]
        yield from (pointer.split("/")[1] for pointer in pointers if pointer)
