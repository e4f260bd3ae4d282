"""Bodies with one edit: every keyword of every property broken, and what the schema allows at its edges."""

from __future__ import annotations

import json
from asyncio import TaskGroup
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.prove.faults import Fault
from tillspec.prove.mutate import Edit, Mutator
from tillspec.prove.places import Ground, Path, Place, at, replaced
from tillspec.verify.accepted import accepted, general, only_fault
from tillspec.verify.checks import Kind
from tillspec.verify.contract import BodyForm, Target
from tillspec.verify.exchange import Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.run import Run, Told, shown
from tillspec.verify.signature import Signature, signature
from tillspec.verify.world import Made, Unavailable, World, allowed

_EDGES = (
    "bound: on it", "minLength: on it", "maxLength: on it", "minItems: on it", "maxItems: on it", "enum: listed",
    "const: the value", "properties: absent", "type: another null", "multipleOf: once",
)  # fmt: skip
"""Valid edits that a schema is explicit about; of others a server may have its own opinion."""
_TELLING = (
    "type: number as text", "type: boolean as text", "type: null", "type: fraction", "type: text in a list", 'type: "5"',
    "type: 0", "pattern: another scheme", "pattern: last one off", "pattern: more after", "pattern: another text",
    "pattern: line break after", "enum: unknown", "enum: other case", "bound: 1 ", "bound: far",
)  # fmt: skip
"""Edits that servers let through the most: what a framework converts, what an unanchored pattern finds."""
_MOST_BASES = 6
_PER_KEYWORD = 4
_PER_SHARED_KEYWORD = 1
"""Of a schema that several operations share, one of them gets all edits."""
_MOST = 1600


Seen = set[tuple[Pointer, tuple[Any, ...]]]
"""Schemas with the places that they apply at, positions left open."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A body with one edit, and whether it is valid still."""

    edit: Edit
    body: Any
    valid: bool


def _rank(edit: Edit) -> int:
    """How telling an edit is: lower comes first."""
    return next((rank for rank, kind in enumerate(_TELLING) if edit.kind.startswith(kind)), len(_TELLING))


@dataclass(slots=True)
class _Stream:
    """The edits of one keyword at one place, and how many invalid ones are still to be sent."""

    place: Place
    edits: Iterator[Edit]
    most: int


async def bodies(run: Run, world: World, target: Target) -> None:
    """Send every mutant of the largest body that an operation accepts."""
    form = target.json_body
    if form is None:
        return
    if target.id not in world.bodies:
        run.skip(target, Kind.BODY, "no body is known that is accepted", f"tenants.{run.profile.first.name}.bodies.{target.id}")
        return
    standing = await world.standing(target, run.profile.first)
    if isinstance(standing, Unavailable):
        run.skip(target, Kind.BODY, standing.reason, standing.fill)
        return
    probe = _Probe(run, world, target, form, standing)
    seen: Seen = set()
    queue = chain.from_iterable(mutants(run, target, form, base, seen) for base in _bases(run, standing, world.bodies[target.id]))

    async def work() -> None:
        for mutant in queue:
            await probe.send(mutant)

    async with TaskGroup() as group:
        for _ in range(run.wire.workers):
            group.create_task(work())
    probe.conclude()


def _bases(run: Run, standing: Made, known: list[Any]) -> Iterator[Any]:
    """The body of the standing request, and others that are accepted, about the same object: they may be of other branches."""
    place = run.relations.place_of(standing.draft.target)
    yield standing.draft.body
    for body in known[:_MOST_BASES]:
        if isinstance(body, dict) and place is not None and place.startswith("$request.body#"):
            yield standing.draft.with_body(body).put(place, standing.draft.at(place)).body
        else:
            yield body


def mutants(run: Run, target: Target, form: BodyForm, base: Any, seen: Seen | None = None) -> Iterator[Mutant]:
    """The mutants of a body, one edit of each keyword after the other, so that each was tried before any is tried twice.

    `seen` are the schemas that other bodies had, each with its place: they are left out, and those of this one are added.
    """
    judge = run.contract.judge
    ground = Ground(judge, form.schema, base)
    mutator = Mutator(run.contract.synthesiser)
    streams = []
    seen = set() if seen is None else seen
    first_users = run.contract.first_users
    for place in ground.places:
        pointer = run.contract.schemas.pointer(place.schema)
        whose = (pointer, tuple("*" if isinstance(key, int) else key for key in place.path))
        if whose not in seen:
            seen.add(whose)
            most = _PER_KEYWORD if first_users.get(pointer, target.id) == target.id else _PER_SHARED_KEYWORD
            made = (sorted(islice(one, 40), key=_rank) for one in mutator.streams(place, at(base, place.path)))
            streams += [_Stream(place, iter(edits), most) for edits in made]
    done: set[str] = {json.dumps(base, sort_keys=True)}
    while streams and len(done) <= _MOST:
        left = []
        for stream in streams:
            edit = next(stream.edits, None)
            if edit is None:
                continue
            left.append(stream)
            if stream.most <= 0 and not edit.kind.startswith(_EDGES):
                continue
            body = replaced(base, edit.path, edit.value)
            text = json.dumps(body, sort_keys=True)
            if text in done:
                continue
            valid = run.contract.is_quickly_valid(form.pointer, "request", body)
            if not valid and stream.most <= 0:
                continue
            if valid and not edit.kind.startswith(_EDGES):
                continue
            if valid and (_is_among(run, stream.place) or not allowed(run, form.pointer, body)):
                continue
            done.add(text)
            stream.most -= not valid
            yield Mutant(edit, body, valid)
        streams = left
    judge.forget()


def _is_among(run: Run, place: Place) -> bool:
    """Whether a value must be one of an object's, so that none can be made up."""
    declared = run.declared.property(run.contract.schemas.pointer(place.schema))
    return declared is not None and declared.among is not None


@dataclass(slots=True)
class _Probe:
    """Sends the mutants of one operation. Valid ones that were refused are judged at the end, by how invalid ones are refused."""

    run: Run
    world: World
    target: Target
    form: BodyForm
    standing: Made
    refusals: Counter[Signature] = field(default_factory=Counter)
    doubtful: list[tuple[Mutant, Exchange]] = field(default_factory=list)

    async def send(self, mutant: Mutant) -> None:
        draft = self.standing.draft.with_body(mutant.body)
        if mutant.valid and self.target.creates is None:
            made = await self.world.fresh(self.target, self.run.profile.first, body=mutant.body)
            if isinstance(made, Unavailable):
                return
            draft = made.draft
        exchange = await self.run.send(draft)
        answer = exchange.answer
        if answer.fault is not None or answer.status in (401, 403, 429) or answer.status >= 500:
            return
        if answer.succeeded != mutant.valid:
            if not mutant.valid:
                self._tell_accepted(mutant, exchange)
            else:
                self.doubtful.append((mutant, exchange))
        else:
            self.run.tell(self.target, Told("valid-edit-accepted" if mutant.valid else "invalid-body-refused"))
            if not mutant.valid:
                self.refusals[signature(answer)] += 1

    def _tell_accepted(self, mutant: Mutant, exchange: Exchange) -> None:
        """Tell of an invalid body that was accepted. The keyword that it breaks may be another than the one it was made for."""
        contract, edit = self.run.contract, mutant.edit
        if contract.is_valid(self.form.pointer, "request", mutant.body):
            return
        own = Fault(edit.keyword, join("", *edit.changed), edit.pointer)
        fault = only_fault(contract, self.form, mutant.body) or own
        self.run.tell(self.target, accepted(contract, self.form, fault, mutant.body, exchange, edit.kind), exchange)

    def conclude(self) -> None:
        """A valid request that is refused as invalid ones are is refused for its form; else there may be a reason of its own."""
        for mutant, exchange in self.doubtful:
            alike = signature(exchange.answer) in self.refusals
            self.run.tell(self.target, self._refused(mutant, exchange, Severity.SHOULD if alike else Severity.INFO), exchange)

    def _refused(self, mutant: Mutant, exchange: Exchange, severity: Severity) -> Told:
        edit = mutant.edit
        place = join("", *edit.changed)
        where = general(self.run.contract, self.form, place)
        value = shown(json.dumps(_value(mutant.body, edit.changed), ensure_ascii=False))
        return Told(
            "valid-edit-accepted", f"refuses what is allowed at {where or 'the root'} ({edit.kind})", edit.pointer,
            f"{value} at {place or 'the root'} is accepted",
            f"{exchange.answer.status} {shown(exchange.answer.body[:200].decode('utf-8', 'replace'))}",
            f"{where} {edit.kind}", severity,
        )  # fmt: skip


def _value(body: Any, path: Path) -> Any:
    try:
        return at(body, path)
    except (LookupError, TypeError):
        return None
