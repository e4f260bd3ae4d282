"""Bodies with one edit: every keyword of every property broken, and what the schema allows at its edges."""

from __future__ import annotations

import json
import operator
from asyncio import TaskGroup
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.prove.faults import Fault
from tillspec.prove.mutate import Edit, Mutator
from tillspec.prove.places import Ground, Path, Place, at, replaced
from tillspec.verify.checks import Kind
from tillspec.verify.contract import BodyForm, Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.judging.accepted import accepted, general, is_of_format, only_fault
from tillspec.verify.judging.signature import Signature, signature
from tillspec.verify.run import Run, Told, shown
from tillspec.verify.world import Made, Unavailable, World, allowed

_EDGES = (
    "bound: on it", "minLength: on it", "maxLength: on it", "minItems: on it", "maxItems: on it", "enum: listed",
    "const: the value", "properties: absent", "type: another null", "multipleOf: once",
)  # fmt: skip
"""Valid edits that a schema is explicit about; of others a server may have its own opinion."""
_ABSENT = "properties: absent"
_TELLING = (
    "type: number as text", "type: boolean as text", "type: null", "type: fraction", "type: 0", "type: text in a list",
    'type: "5"', "pattern: another scheme", "pattern: other case", "pattern: last one off", "pattern: more after",
    "pattern: line break after", "pattern: another text", "enum: unknown", "enum: other case", "bound: 1 ", "bound: far",
)  # fmt: skip
"""Edits that servers let through the most: what a framework converts, what an unanchored pattern finds."""
_BOUNDS: dict[str, Callable[[float, float], bool]] = {
    "minimum": operator.ge, "maximum": operator.le, "exclusiveMinimum": operator.gt, "exclusiveMaximum": operator.lt,
}  # fmt: skip
_MOST_BASES = 6
_PER_KEYWORD = 4
_PER_PLAIN_KEYWORD = 3
_PER_ROOT_KEYWORD = 12
_PER_SHARED_KEYWORD = 1
_PER_PLACE = 40
"""Of a schema that several operations share, one of them gets all edits."""
_PER_OWN_KEYWORD = 2
_OWN = frozenset({"pattern", "enum", "format"})
"""Keywords of which each edit is of a kind of its own."""
_EACH = frozenset({"required", "dependentRequired"})
"""Keywords of which each edit is about another property."""
_PLAIN = frozenset({"type", "additionalProperties", "unevaluatedProperties"})
"""Keywords of which nearly any edit breaks nothing else."""
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
    """The edits of one keyword at one place, and how many that are invalid or valid are still to be sent."""

    place: Place
    edits: list[Edit]
    invalid: int
    valid: int
    ranked: int

    def has_room(self, edit: Edit, *, valid: bool) -> bool:
        """Whether an edit is to be sent still, where it is valid or invalid."""
        if valid:
            return edit.kind.startswith(_ABSENT) or (edit.kind.startswith(_EDGES) and self.valid > 0)
        return self.invalid > 0

    def count(self, edit: Edit, *, valid: bool) -> None:
        """An edit was sent."""
        self.invalid -= not valid
        self.valid -= valid and not edit.kind.startswith(_ABSENT)

    def taken(self, tried: Counter[str]) -> Edit | None:
        """The next edit, the most telling one first; where few are sent, such as the operation was tried with the least."""
        if not self.edits:
            return None
        if self.ranked > 0:
            self.ranked -= 1
            return self.edits.pop(0)
        return self.edits.pop(min(range(len(self.edits)), key=lambda one: tried[self.edits[one].kind]))


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
        lent = _Lent()
        for mutant in queue:
            await probe.send(mutant, lent)

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
    ground = Ground(run.contract.judge, form.schema, base)
    streams = _streams(run, target, ground, base, set() if seen is None else seen)
    done: set[tuple[Path, str]] = set()
    tried: Counter[str] = Counter()
    while streams and len(done) <= _MOST:
        left = []
        for stream in streams:
            edit = stream.taken(tried)
            if edit is None:
                continue
            left.append(stream)
            if not stream.has_room(edit, valid=True) and not stream.has_room(edit, valid=False):
                continue
            text = json.dumps(edit.value, sort_keys=True)
            if (edit.path, text) in done or text == json.dumps(at(base, edit.path), sort_keys=True):
                continue
            body = replaced(base, edit.path, edit.value)
            valid = run.contract.is_quickly_valid(form.pointer, "request", body)
            if not stream.has_room(edit, valid=valid):
                continue
            if valid and (_is_among(run, stream.place) or not allowed(run, form.pointer, body)):
                continue
            done.add((edit.path, text))
            stream.count(edit, valid=valid)
            tried[edit.kind] += 1
            yield Mutant(edit, body, valid)
        streams = left
    run.contract.judge.forget()


def _streams(run: Run, target: Target, ground: Ground, base: Any, seen: Seen) -> list[_Stream]:
    """The edits of every keyword of every place that was not seen yet, and how many of each are to be sent."""
    mutator = Mutator(run.contract.synthesiser)
    first_users = run.contract.first_users
    streams: list[_Stream] = []
    said: set[tuple[tuple[Any, ...], str]] = set()
    for place in ground.places:
        pointer = run.contract.schemas.pointer(place.schema)
        whose = (pointer, tuple("*" if isinstance(key, int) else key for key in place.path))
        if whose in seen:
            continue
        seen.add(whose)
        shared = first_users.get(pointer, target.id) != target.id
        for made in mutator.streams(place, at(base, place.path)):
            edits = sorted((edit for edit in islice(made, 40) if _is_about(place, edit)), key=_rank)
            word = edits[0].keyword if edits else ""
            again = word in _PLAIN and (whose[1], word) in said
            said.add((whose[1], word))
            streams.append(_stream(place, edits, least=shared or again, plain=word in _PLAIN))
    return streams


def _stream(place: Place, edits: list[Edit], *, least: bool, plain: bool) -> _Stream:
    if edits and edits[0].keyword in _EACH:
        return _Stream(place, edits, len(edits), _PER_SHARED_KEYWORD if least else _PER_PLACE, len(edits))
    if least and edits and edits[0].keyword in _OWN:
        return _Stream(place, edits, _PER_OWN_KEYWORD, _PER_SHARED_KEYWORD, _PER_OWN_KEYWORD)
    if least:
        return _Stream(place, edits, _PER_SHARED_KEYWORD, _PER_SHARED_KEYWORD, 0)
    if plain and place.path:
        return _Stream(place, edits, _PER_PLAIN_KEYWORD, _PER_PLACE, _PER_PLAIN_KEYWORD - 1)
    return _Stream(place, edits, _PER_KEYWORD if place.path else _PER_ROOT_KEYWORD, _PER_PLACE, len(edits))


def _is_about(place: Place, edit: Edit) -> bool:
    """Whether an edit for a bound is on it or beyond it: one on its other side says nothing of it."""
    passes = _BOUNDS.get(edit.keyword)
    said, value = place.schema.get(edit.keyword), edit.value
    if passes is None or edit.kind.startswith(_EDGES) or isinstance(value, bool) or not isinstance(value, int | float):
        return True
    return not isinstance(said, int | float) or not passes(value, said)


def _is_among(run: Run, place: Place) -> bool:
    """Whether a value must be one of an object's, so that none can be made up."""
    declared = run.declared.property(run.contract.schemas.pointer(place.schema))
    return declared is not None and declared.among is not None


@dataclass(slots=True)
class _Lent:
    """An object that one valid request after the other changes, as long as the operation takes it again."""

    draft: Draft | None = None
    once: bool = False


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

    async def send(self, mutant: Mutant, lent: _Lent) -> None:
        if mutant.valid and self.target.creates is None:
            sent = await self._changed(mutant, lent)
            if sent is None:
                return
            exchange = sent
        else:
            exchange = await self.run.send(self.standing.draft.with_body(mutant.body))
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

    async def _changed(self, mutant: Mutant, lent: _Lent) -> Exchange | None:
        """A valid request about an object of its own: the one that was changed before, or where that is refused a fresh one."""
        place = self.run.relations.place_of(self.target)
        if lent.draft is not None and place is not None and not lent.once:
            draft = lent.draft.with_body(mutant.body).put(place, lent.draft.at(place))
            exchange = await self.run.send(draft)
            if exchange.answer.succeeded:
                return exchange
        made = await self.world.fresh(self.target, self.run.profile.first, body=mutant.body)
        if isinstance(made, Unavailable):
            return None
        exchange = await self.run.send(made.draft)
        if exchange.answer.succeeded:
            lent.once, lent.draft = lent.draft is not None, made.draft
        return exchange

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
            alike = signature(exchange.answer) in self.refusals and not is_of_format(self.run.contract, mutant.edit.pointer)
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
