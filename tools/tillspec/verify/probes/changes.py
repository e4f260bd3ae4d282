"""Updates: what was refused changed nothing, what succeeded is seen, and what was left out is as the contract says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.exchange import Exchange
from tillspec.verify.looks.reading import Look, differences, look
from tillspec.verify.oracles.behavior import contains
from tillspec.verify.probes.objects import same
from tillspec.verify.run import Run, Told, passed, shown
from tillspec.verify.world import Made, Unavailable, World, allowed

_MOST_REFUSED = 2


@dataclass(slots=True)
class _Subject:
    """An object with the request that updates it, and a way to read it. `moving` are properties that change by themselves."""

    run: Run
    target: Target
    made: Made
    view: Look
    moving: set[str] = field(default_factory=set)

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = self.made.draft.body
        return body

    def naming(self) -> dict[str, Any]:
        """What of the body names the object itself."""
        place = self.run.relations.place_of(self.target) or ""
        return {key: item for key, item in self.body.items() if place == f"$request.body#/{key}"}

    async def read(self) -> Exchange:
        return await self.view.once(self.run)

    async def update(self, body: Any) -> Exchange:
        return await self.run.send(self.made.draft.with_body(body))

    def allows(self, body: Any) -> bool:
        form = self.target.json_body
        return form is not None and allowed(self.run, form.pointer, body)


async def changes(run: Run, world: World, target: Target) -> None:
    """Update objects, and read them by other operations."""
    behavior = target.operation.behavior
    updates = behavior is not None and behavior.updates is not None
    if target.json_body is None or not (updates or target.method in ("PUT", "PATCH")):
        return
    subject, bystander = await _subject(run, world, target), await _subject(run, world, target)
    if subject is None:
        return
    before = await subject.read()
    if not before.answer.succeeded or not isinstance(before.answer.value, dict):
        return
    again = await subject.read()
    moving = {place.split("/")[1] for place in differences(before.answer.value, again.answer.value) if place}
    subject.moving = moving | run.relations.derived(target)
    await _refusals(subject, before)
    standing = await bystander.read() if bystander is not None else None
    whole = await subject.update(subject.body)
    if not whole.answer.succeeded:
        return
    after = await subject.read()
    same(run, subject.view.draft.target, whole, (after, await subject.read()))
    if bystander is not None and standing is not None:
        await _others(subject, bystander, standing, whole)
    if behavior is not None and behavior.merge is not None:
        await _merged(subject, world)


async def _subject(run: Run, world: World, target: Target) -> _Subject | None:
    made = await world.fresh(target, run.profile.first)
    if isinstance(made, Unavailable):
        run.skip(target, Kind.OBJECTS, made.reason, made.fill)
        return None
    view = await look(run, world, run.relations.object_of(target), made, run.profile.first)
    return None if view is None or not isinstance(made.draft.body, dict) else _Subject(run, target, made, view)


async def _refusals(subject: _Subject, before: Exchange) -> None:
    """A request that is refused changes nothing, not even what of it was right."""
    run, target = subject.run, subject.target
    naming = subject.naming()
    others = {key: _another(item) if key not in naming else item for key, item in subject.body.items()}
    for key in [key for key in subject.body if key not in naming][-_MOST_REFUSED:]:
        body = {**others, key: {"tillspec": ["not", "this"]}}
        if subject.allows(body):
            continue
        refused = await subject.update(body)
        if refused.answer.succeeded or refused.answer.fault is not None:
            return
        after = await subject.read()
        changed = _changed(subject, before, after)
        if after.answer.succeeded and not changed:
            run.tell(target, passed("refusal-changes-nothing"))
            continue
        run.tell(target, Told("refusal-changes-nothing", "a request that is refused changes the object", target.pointer,
                              "the object as it was", ", ".join(changed[:5]) or str(after.answer.status)),
                 before, refused, after)  # fmt: skip


def _another(value: Any) -> Any:
    """Another number, so that it is seen where it was kept."""
    return value + 1 if isinstance(value, int) and not isinstance(value, bool) else value


def _changed(subject: _Subject, before: Exchange, after: Exchange) -> list[str]:
    places = differences(before.answer.value, after.answer.value)
    return [place for place in places if not place or place.split("/")[1] not in subject.moving]


async def _others(subject: _Subject, bystander: _Subject, before: Exchange, update: Exchange) -> None:
    """An update changes the object that it names alone."""
    run, target = subject.run, subject.target
    if subject.view.draft.parameters == bystander.view.draft.parameters or not before.answer.succeeded:
        return
    after = await bystander.read()
    changed = _changed(subject, before, after) if after.answer.succeeded else []
    if after.answer.succeeded and not changed:
        run.tell(target, passed("right-object"))
        return
    run.tell(target, Told("right-object", "changes another object than the one that is named", target.pointer,
                          "the other object as it was", ", ".join(changed[:5]) or str(after.answer.status), "changed"),
             before, update, after)  # fmt: skip


# -- merge ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Edit:
    """An update of one property alone, `inside` it where only a part of an object is given."""

    key: str
    value: Any
    inside: bool = False


async def _merged(subject: _Subject, world: World) -> None:
    """Give one property at a time: it is seen, and the others stay."""
    run, target = subject.run, subject.target
    await _widen(subject)
    naming = subject.naming()
    told: set[str] = set()
    for edit in _edits(subject, world):
        body = {**naming, edit.key: edit.value}
        if not subject.allows(body):
            continue
        whole = await subject.update(subject.body)
        before = await subject.read()
        sent = await subject.update(body)
        after = await subject.read()
        values = [one.answer.value for one in (before, after)]
        if not whole.answer.succeeded or not sent.answer.succeeded or not all(isinstance(value, dict) for value in values):
            continue
        wrong = _wrong(subject, edit, *values)
        if wrong is None:
            run.tell(target, passed("merge"))
        elif wrong.aspect not in told:
            told.add(wrong.aspect)
            run.tell(target, wrong, before, sent, after)
            if wrong.aspect == "given":
                return  # nothing else of an update can be seen either


async def _widen(subject: _Subject) -> None:
    """Have a second member in each map that has one alone, so that a part of it can be given."""
    body = subject.body
    for key, item in subject.body.items():
        if isinstance(item, dict) and len(item) == 1 and key not in subject.naming():
            ((name, value),) = item.items()
            wider = {**body, key: {name: value, f"{name}_b": value}}
            body = wider if subject.allows(wider) else body
    if body is not subject.body and (await subject.update(body)).answer.succeeded:
        subject.made = replace(subject.made, draft=subject.made.draft.with_body(body))


def _edits(subject: _Subject, world: World) -> Iterator[_Edit]:
    """Each property with another value, with null, and, where it is an object, with a part of it alone."""
    known = world.known(subject.target, subject.run.profile.first)
    naming = subject.naming()
    for key, item in subject.body.items():
        if key in naming:
            continue
        others = [body[key] for body in known if isinstance(body, dict) and key in body and body[key] not in (None, item)]
        yield _Edit(key, next(iter(others), item))
        yield _Edit(key, None)
        if isinstance(item, dict) and len(item) > 1:
            for name in item:
                if subject.allows({**naming, key: {name: item[name]}}):
                    yield _Edit(key, {name: item[name]}, inside=True)
                    break


def _wrong(subject: _Subject, edit: _Edit, before: dict[str, Any], after: dict[str, Any]) -> Told | None:
    """What an update did that it should not have done."""
    behavior = subject.target.operation.behavior
    deep = behavior is not None and behavior.merge == "deep"
    pointer = f"{subject.target.pointer}/x-behavior/merge"
    what = f"after an update of {edit.key} alone"
    lost = [key for key in before if key != edit.key and key not in subject.moving and after.get(key) != before[key]]
    if lost:
        return Told("merge", "an update changes what it leaves out", pointer, f"{', '.join(lost)} as before",
                    f"{what}: {shown({key: after.get(key) for key in lost})}", "left out")  # fmt: skip
    if edit.key in subject.moving or edit.key not in before:
        return None
    old, new = before[edit.key], after.get(edit.key)
    if edit.value is None:
        if new in (None, "", [], {}) or not contains(new, old):
            return None
        return Told("merge", "null does not empty a property", pointer, f"{edit.key} is empty", shown(new), "null")
    if not edit.inside:
        if contains(new, edit.value) or new != old:
            return None  # kept in another way of writing, for all that the contract says
        return Told("merge", "an update is answered as a success and changes nothing", pointer,
                    f"{edit.key}: {shown(edit.value)}", shown(new), "given")  # fmt: skip
    return _partly(subject, edit, old, new, pointer, deep=deep)


def _partly(subject: _Subject, edit: _Edit, old: Any, new: Any, pointer: str, *, deep: bool) -> Told | None:
    """Of an object a part was given: a deep merge keeps the rest of it, a shallow one replaces the whole."""
    if not isinstance(old, dict) or not (isinstance(new, dict) or new is None):
        return None
    held: dict[str, Any] = new or {}
    rest = {name: item for name, item in old.items() if name not in edit.value and item not in (None, "", [], {})}
    if deep:
        lost = [name for name, item in rest.items() if held.get(name) != item]
        told = Told("merge", "a deep update drops what it leaves out inside of an object", pointer,
                    f"{', '.join(lost)} of {edit.key} as before", shown(new), "inside")  # fmt: skip
        return told if lost else None
    given = subject.body[edit.key]
    texts = {name for name, item in rest.items() if isinstance(item, str | int) and not isinstance(item, bool)}
    kept = [name for name in texts if name in given and given[name] == old[name] == held.get(name)]
    defaults = _defaults(subject, edit.key)
    kept = sorted(name for name in kept if name not in defaults)
    told = Told("merge", "a shallow update keeps what was inside of an object that it replaces", pointer,
                f"{edit.key} without {', '.join(kept)}", shown(new), "inside")  # fmt: skip
    return told if kept else None


def _defaults(subject: _Subject, key: str) -> set[str]:
    """The properties of an object that a server fills in by itself."""
    relations, form = subject.run.relations, subject.target.json_body
    pointer = relations.properties(form.pointer).get(key) if form is not None else None
    found = relations.properties(pointer) if pointer is not None else {}
    resolved = {name: subject.run.contract.resolved(at)[1] for name, at in found.items()}
    return {
        name for name, schema in resolved.items() if isinstance(schema, dict) and {"default", "enum", "const"} & schema.keys()
    }
