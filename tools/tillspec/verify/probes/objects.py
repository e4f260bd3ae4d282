"""Objects: the right one, none that never was, each with an id of its own, what was made is read, what was deleted is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expressions import at, evaluate
from tillspec.verify.findings import Severity
from tillspec.verify.ids import near, unknown
from tillspec.verify.judging.answers import declared, usual
from tillspec.verify.looks.reading import conflicts, differences, look, readers
from tillspec.verify.relations import Place, Relation
from tillspec.verify.run import Run, Told, passed, shown
from tillspec.verify.world import Made, Unavailable, World

_MANY = 6
_REFUSED = (400, 401, 403, 404, 410)


async def objects(run: Run, world: World, target: Target) -> None:
    """Ask an operation about objects, and look at them by others."""
    place = run.relations.place_of(target)
    if target.creates is not None or (target.method == "POST" and place is None):
        await _made(run, world, target)
    if place is not None:
        await _unknown(run, world, target, place)
        await _right(run, world, target, place)
        await _parents(run, world, target, place)
    behavior = target.operation.behavior
    if target.method == "DELETE" or (behavior is not None and behavior.deletes):
        await _deleted(run, world, target)


async def _fresh(run: Run, world: World, target: Target) -> Made | None:
    made = await world.fresh(target, run.profile.first)
    if isinstance(made, Unavailable):
        run.skip(target, Kind.OBJECTS, made.reason, made.fill)
        return None
    return made


def refused(run: Run, target: Target, check: str, what: str, exchange: Exchange) -> Told:
    """Whether something that is not there is answered as it should be."""
    behavior = target.operation.behavior
    answer = behavior.unknown if behavior else None
    if answer is not None:
        return declared(check, what, target, "unknown", answer, exchange)
    return usual(run, check, what, target, "unknown", _REFUSED, exchange)


# -- ids -----------------------------------------------------------------------------------------------------------------


async def _unknown(run: Run, world: World, target: Target, place: Place) -> None:
    """Ids that name nothing, and ids that are nearly one that does."""
    made = await world.standing(target, run.profile.first)
    if isinstance(made, Unavailable):
        run.skip(target, Kind.OBJECTS, made.reason, made.fill)
        return
    value = unknown(run, made.draft, place)
    tries = [] if value is NOTHING else [("an id that names nothing", value)]
    tries += [(f"an id {what}", text) for what, text in near(run, made.draft, place)]
    for what, text in tries:
        exchange = await run.send(made.draft.put(place, text))
        if exchange.answer.fault is None and exchange.answer.status < 500:
            told = refused(run, target, "unknown-refused", what, exchange)
            run.tell(target, told, exchange)
            if told.what:
                return  # what is nearly an id is not looked at either


async def _parents(run: Run, world: World, target: Target, place: Place) -> None:
    """An object is found only below what it belongs to: under another parent that exists, and under none, there is none."""
    made = await world.standing(target, run.profile.first)
    if isinstance(made, Unavailable):
        return
    for location, name in made.draft.parameters:
        above = f"$request.{location}.{name}"
        if location != "path" or above == place or not _names_object(run, above):
            continue
        others = [("of another parent", await _other(run, world, made.draft, above))]
        others += [("of a parent that never was", unknown(run, made.draft, above))]
        for what, value in others:
            if value in (NOTHING, made.draft.at(above)):
                continue
            exchange = await run.send(made.draft.put(above, value))
            answer = exchange.answer
            if answer.fault is not None or answer.status >= 500:
                continue
            behavior = target.operation.behavior
            said = behavior is not None and behavior.unknown is not None
            run.tell(
                target,
                Told("right-object", f"finds an object under the {name} {what}", target.pointer, "a refusal", str(answer.status),
                     name, Severity.MUST if said else Severity.SHOULD) if answer.succeeded else passed("right-object"),
                exchange,
            )  # fmt: skip


def _names_object(run: Run, place: Place) -> bool:
    """Whether a path parameter names an object that other operations are about."""
    return any(run.relations.place_of(other) == place for other in run.contract.targets.values())


async def _other(run: Run, world: World, draft: Draft, place: Place) -> Any:
    """The id of another object that a place could name: one of the profile, or of what is made anew; `NOTHING` where there is
    none.
    """
    tenant = run.profile.first
    names = {run.relations.object_of(other) for other in run.contract.targets.values() if run.relations.place_of(other) == place}
    given = [one for name in names if name for one in tenant.objects.get(name, ())]
    if given:
        return next((one for one in given if one != draft.at(place)), NOTHING)
    another = await world.fresh(draft.target, tenant)
    return NOTHING if isinstance(another, Unavailable) else another.draft.at(place)


# -- two at once ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Read:
    """An object that was made, and the exchange that read it."""

    made: Made
    exchange: Exchange


async def _right(run: Run, world: World, target: Target, place: Place) -> None:
    """Two objects at once, as different as can be: each is answered with what is its own."""
    relations = world.relations(target)
    if not target.is_safe or not relations:
        return
    bodies = _different(run, world, run.contract.targets[relations[0].giver])
    pair = [await _of(run, world, target, relations[0], body) for body in bodies]
    reads = [_Read(made, await run.send(made.draft)) for made in pair if made is not None]
    if len(reads) < 2 or not all(read.exchange.answer.succeeded for read in reads):
        return
    one, other = reads
    if one.made.draft.at(place) == other.made.draft.at(place):
        return
    pointer = _id_pointer(run, target, one.exchange, one.made.draft.at(place))
    for read, another in ((one, other), (other, one)):
        told = _mixed(target, read, another) or _misnamed(target, read, place, pointer)
        run.tell(target, told or passed("right-object"), *read.made.steps[-1:], read.exchange)


def _different(run: Run, world: World, giver: Target) -> tuple[Any, Any]:
    """Two bodies that are accepted, as far as that is known, and differ the most."""
    bodies = world.bodies.get(giver.id, ())
    bodies = bodies if len(bodies) > 1 else world.known(giver, run.profile.first) or [NOTHING]
    first = bodies[0]
    return first, max(bodies, key=lambda body: len(conflicts(first, body)))


async def _of(run: Run, world: World, target: Target, relation: Relation, body: Any) -> Made | None:
    bare = world.bare(target, run.profile.first)
    if isinstance(bare, Unavailable):
        return None
    made = await world.related(relation, target, run.profile.first, bare, body=body)
    if isinstance(made, Unavailable):
        return await _fresh(run, world, target)
    return world.completed(made, target, run.profile.first)


def _mixed(target: Target, read: _Read, another: _Read) -> Told | None:
    """What is read of one object is what was answered of another."""
    own, others = (one.made.given.answer.value if one.made.given else None for one in (read, another))
    got = read.exchange.answer.value
    for place in conflicts(own, got):
        if at(others, place) == at(got, place) and at(own, place) != at(others, place):
            return Told("right-object", "answers with what another object holds", target.pointer,
                        f"{shown(at(own, place))} at {place}", shown(at(got, place)), "values")  # fmt: skip
    return None


def _misnamed(target: Target, read: _Read, place: Place, pointer: str | None) -> Told | None:
    if pointer is None:
        return None
    wanted, found = read.made.draft.at(place), at(read.exchange.answer.value, pointer)
    if found == wanted:
        return None
    return Told("right-object", "answers about another object than the one that is named", target.pointer,
                f"{wanted} at {pointer}", shown(found))  # fmt: skip


def _id_pointer(run: Run, target: Target, exchange: Exchange, known: Any) -> str | None:
    """Where an answer says which object it is about; None where it does not, or the contract itself will hold it to it."""
    behavior = target.operation.behavior
    if behavior is not None and (behavior.reads or behavior.updates):
        return None
    for pointer in ("/id",):
        if at(exchange.answer.value, pointer) is not NOTHING:
            return pointer
    value = exchange.answer.value
    found = [key for key, item in value.items() if item == known] if isinstance(value, dict) else []
    return f"/{found[0]}" if found else None


# -- made, read, deleted -------------------------------------------------------------------------------------------------


async def _made(run: Run, world: World, target: Target) -> None:
    """New objects have ids of their own, and what was answered of one is what is read."""
    followers = [
        (follower, relation)
        for follower in run.contract.targets.values()
        for relation in run.relations.of(follower)
        if relation.giver == target.id
    ]
    behavior = target.operation.behavior
    if not followers or (behavior is not None and behavior.idempotency == "inherent"):
        return
    steps = []
    for _ in range(_MANY):
        made = await _fresh(run, world, target)
        if made is None:
            return
        exchange = await run.send(made.draft)
        steps += [exchange] if exchange.answer.succeeded else []
    _distinct(run, target, followers[0][1], steps)
    for follower, relation in followers:
        if steps and follower in readers(run, run.relations.object_of(follower)):
            await _read_after_write(run, world, follower, relation, steps[-1])


def _distinct(run: Run, target: Target, relation: Relation, steps: list[Exchange]) -> None:
    expression = next((one for one in relation.values.values() if not one.startswith("$request")), None)
    values = [(str(value), step) for step in steps if (value := evaluate(expression or "$statusCode", step)) is not NOTHING]
    if expression is None or len(values) < 2:
        return
    seen: dict[str, Exchange] = {}
    for value, step in values:
        if value in seen:
            severity = Severity.MUST if target.creates is not None else Severity.SHOULD
            told = Told(
                "repeat-separate", "two objects have one id", target.pointer, "an id of its own", f"{value} twice", "id", severity
            )
            run.tell(target, told, seen[value], step)
            return
        seen[value] = step
    run.tell(target, passed("repeat-separate"))


async def _read_after_write(run: Run, world: World, reader: Target, relation: Relation, created: Exchange) -> None:
    """What was sent, and what was answered to it, is what is read."""
    bare = world.bare(reader, run.profile.first)
    if isinstance(bare, Unavailable):
        return
    made = world.filled_from(relation, bare, created)
    if isinstance(made, Unavailable):
        return
    read = await run.send(world.completed(made, reader, run.profile.first).draft)
    if read.answer.fault is not None or read.answer.status >= 500:
        return
    if not read.answer.succeeded:
        severity = Severity.MUST if run.relations.is_declared(reader) else Severity.SHOULD
        run.tell(reader, Told("read-after-write", "what was just made cannot be read", reader.pointer, "a success",
                              str(read.answer.status), "", severity), created, read)  # fmt: skip
        return
    again = await run.send(world.completed(made, reader, run.profile.first).draft)
    same(run, reader, created, (read, again))


def same(run: Run, reader: Target, write: Exchange, reads: tuple[Exchange, Exchange]) -> None:
    """Tell whether what a write was answered with is what is read, and, where the contract declares nothing of the object, what
    it sent; what differs each time is left out.
    """
    read, again = reads
    got, giver = read.answer.value, run.contract.targets[write.call.operation]
    if not isinstance(got, dict):
        return
    moving = {place.split("/")[1] for place in differences(got, again.answer.value) if place} | run.relations.derived(reader)
    names = run.relations.answered(reader, read) - moving
    answered = _members(write.answer.value, names & run.relations.answered(giver, write), got)
    is_declared = run.relations.is_declared(reader)
    _lost(run, reader, "answered", answered, write, read, Severity.MUST if is_declared else Severity.SHOULD)
    if not is_declared and (giver.path == reader.path or giver.creates is not None or giver.method == "POST"):
        sent = _members(write.call.value, names - {"id"}, got)
        kept = {key: item for key, item in sent.items() if got.get(key) is not None}
        _lost(run, reader, "sent", kept, write, read, Severity.SHOULD)


def _members(value: Any, names: frozenset[str], other: dict[str, Any]) -> dict[str, Any]:
    """What of an object can be held against another one: what one of them shows in another form cannot, nor what was not there
    yet.
    """
    shared = [key for key in value if key in names and key in other] if isinstance(value, dict) else []
    return {key: value[key] for key in shared if value[key] is not None and _form(other[key]) in (_form(value[key]), "null")}


def _form(value: Any) -> str:
    match value:
        case None:
            return "null"
        case dict():
            return "object"
        case list():
            return "array"
    return "scalar"


def _lost(
    run: Run, reader: Target, what: str, wanted: dict[str, Any], write: Exchange, read: Exchange, severity: Severity
) -> None:
    got = read.answer.value
    lost = conflicts(wanted, got)
    if not lost:
        run.tell(reader, passed("read-after-write"))
        return
    told = Told("read-after-write", f"what was {what} is not what is read at {lost[0]}", reader.pointer,
                shown({place: at(wanted, place) for place in lost}), shown({place: at(got, place) for place in lost}),
                f"{what} {lost[0]}", severity)  # fmt: skip
    run.tell(reader, told, write, read)


async def _deleted(run: Run, world: World, target: Target) -> None:
    """What was deleted is gone for every operation, and nothing else is."""
    name, place = run.relations.object_of(target), run.relations.place_of(target)
    made, other = await _fresh(run, world, target), await _fresh(run, world, target)
    if made is None or other is None or place is None:
        return
    view = await look(run, world, name, other, run.profile.first)
    done = await run.send(made.draft)
    if not done.answer.succeeded:
        return
    for asked in run.contract.targets.values():
        if run.relations.object_of(asked) == name:
            await _gone(run, world, target, made, done, asked)
    if view is not None and other.draft.at(place) != made.draft.at(place):
        after = await view.once(run)
        told = Told("right-object", "deletes another object than the one that is named", target.pointer, "a success",
                    str(after.answer.status), "deleted")  # fmt: skip
        run.tell(target, passed("right-object") if after.answer.succeeded else told, done, after)


async def _gone(run: Run, world: World, target: Target, made: Made, done: Exchange, asked: Target) -> None:
    where, place = run.relations.place_of(asked), run.relations.place_of(target)
    declares = asked.operation.behavior is not None and asked.operation.behavior.unknown is not None
    if where is None or place is None or (asked.anonymous and not target.anonymous and not declares):
        return
    bare = made.draft if asked is target else world.bare(asked, run.profile.first)
    if isinstance(bare, Unavailable):
        return
    for (location, key), value in made.draft.parameters.items():
        if location == "path" and any(form.name == key and form.location == "path" for form in asked.parameters):
            bare = bare.parameter("path", key, value)
    after = await run.send(bare.put(where, made.draft.at(place)))
    if after.answer.fault is not None or after.answer.status >= 500:
        return
    again = asked is target and not declares
    if again and after.answer.succeeded:
        return  # a server may answer a repeated DELETE as the first one
    run.tell(asked, refused(run, asked, "read-after-delete", "an object that was deleted", after), done, after)
