"""What is there to work with: for each operation and tenant a request that the server accepts, and objects made for it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tillspec.prove.places import Path, at, replaced
from tillspec.prove.synthesise import Impossible
from tillspec.verify.arazzo.documents import Workflow
from tillspec.verify.contract import ParameterForm, Target
from tillspec.verify.draft import Draft, key_header
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expressions import evaluate
from tillspec.verify.profile import Tenant
from tillspec.verify.relations import Place, Relation
from tillspec.verify.run import Run

_DEEPEST = 5
_CALLED = re.compile(r"callback|webhook|notif|postback|ipn", re.IGNORECASE)
"""Names of properties that hold URLs which a server calls."""
_TELLING = 3
"""From how many characters on an id is known inside a longer text."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No request can be made that the server would accept; why, and what to fill in."""

    reason: str
    fill: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A request with an object of its own, and the exchanges that made it."""

    draft: Draft
    steps: tuple[Exchange, ...] = ()

    @property
    def given(self) -> Exchange | None:
        """The exchange that gave the object."""
        return self.steps[-1] if self.steps else None


@dataclass(slots=True)
class World:
    """Makes requests to operations.

    `bodies` are those that the server was seen to accept, by operation: the largest first. `preferred` are the relations by which
    it was seen to accept a request, where the first one was not enough. `scenarios` are those of the contract, once they are
    read.
    """

    run: Run
    bodies: dict[str, list[Any]] = field(default_factory=dict)
    preferred: dict[str, Relation] = field(default_factory=dict)
    scenarios: list[Workflow] | None = None
    _candidates: dict[str, list[Any]] = field(default_factory=dict)
    _quieted: dict[tuple[str, int], tuple[Any, Any]] = field(default_factory=dict)
    _standing: dict[tuple[str, str], Made | Unavailable] = field(default_factory=dict)
    _locks: dict[tuple[str, str], asyncio.Lock] = field(default_factory=dict)

    def forget(self) -> None:
        """Forget the objects that stand, because something ended them: the clock, a reset."""
        self._standing.clear()

    async def standing(self, target: Target, tenant: Tenant) -> Made | Unavailable:
        """A request to an operation, about an object that is shared by all who only look at it or send what is refused."""
        key = (target.id, tenant.name)
        async with self._locks.setdefault(key, asyncio.Lock()):
            if key not in self._standing:
                self._standing[key] = await self.fresh(target, tenant)
        return self._standing[key]

    async def fresh(self, target: Target, tenant: Tenant, *, body: Any = NOTHING, depth: int = 0) -> Made | Unavailable:
        """A request to an operation, about an object that was made for it; one that exists already where none can be made.

        `body` replaces the body, but for what names the object in it.
        """
        missing = self.run.credentials.missing(target, tenant.name)
        if missing:
            return Unavailable(f"no credential for {', '.join(missing)}", f"tenants.{tenant.name}.credentials.{missing[0]}")
        draft = self.bare(target, tenant, body)
        if isinstance(draft, Unavailable):
            return draft
        given = self._given(target, tenant)
        reason = Unavailable("")
        for relation in self.relations(target) if depth < _DEEPEST else ():
            if all(place in given for place in relation.values):
                continue
            made = await self.related(relation, target, tenant, draft, depth)
            if isinstance(made, Made):
                return self._filled(made, given)
            reason = made
        place = self.run.relations.place_of(target)
        needs = place is not None and place not in given and place.startswith("$request.path")
        if reason.reason and (place is None or place not in given):
            return reason
        if needs and not self._has_example(target, place or ""):
            name = (place or "").rpartition(".")[2]
            return Unavailable(f"nothing says which {name} there is", f"tenants.{tenant.name}.parameters.{name}")
        return self._filled(Made(draft), given)

    def relations(self, target: Target) -> list[Relation]:
        """The relations of an operation, the one that was seen to do first."""
        preferred = self.preferred.get(target.id)
        found = self.run.relations.of(target)
        return found if preferred is None else [preferred, *(one for one in found if one is not preferred)]

    async def related(
        self, relation: Relation, target: Target, tenant: Tenant, draft: Draft, depth: int = 0, *, body: Any = NOTHING
    ) -> Made | Unavailable:
        """A draft with what another operation gives, which is called for it; `body` is what that one is sent."""
        giver = self.run.contract.targets[relation.giver]
        known = self.known(giver, tenant) if body is NOTHING else []
        before = await self.fresh(giver, tenant, body=self._quiet(giver, known[0]) if known else body, depth=depth + 1)
        if isinstance(before, Unavailable):
            return before
        exchange = await self.run.send(before.draft)
        if not exchange.answer.succeeded:
            told = exchange.answer.fault or f"answered {exchange.answer.status}"
            return Unavailable(
                f"{relation.giver}, which gives the object, {told}", f"tenants.{tenant.name}.bodies.{relation.giver}"
            )
        made = self.filled_from(relation, draft, exchange)
        return made if isinstance(made, Unavailable) else Made(made.draft, (*before.steps, exchange))

    def _quiet(self, target: Target, body: Any) -> Any:
        """A body without the URLs that a server would call, as far as it may be without them: what is made for another operation
        calls nobody else, and nothing waits for one.
        """
        form, key = target.json_body, (target.id, id(body))
        if form is None:
            return body
        if key not in self._quieted:
            made = body
            for path, value in _objects(body, ()):
                for name, item in value.items():
                    if isinstance(item, str) and "://" in item and _CALLED.search(name):
                        here = at(made, path)
                        smaller = replaced(made, path, {one: kept for one, kept in here.items() if one != name})
                        made = smaller if allowed(self.run, form.pointer, smaller) else made
            self._quieted[key] = (body, made)  # which keeps the body, and so its identity
        return self._quieted[key][1]

    def filled_from(self, relation: Relation, draft: Draft, exchange: Exchange) -> Made | Unavailable:
        """A draft with what an exchange of a relation's giver gave."""
        for place, expression in relation.values.items():
            value = evaluate(expression, exchange)
            if value is NOTHING:
                return Unavailable(f"the answer of {relation.giver} has no {expression}")
            if expression == "$response.header.Location":
                value = str(value).rstrip("/").rpartition("/")[2]
            draft = draft.put(place, value)
        return Made(draft, (exchange,))

    def completed(self, made: Made, target: Target, tenant: Tenant) -> Made:
        """The same with what the profile says of the operation's parameters, but for the object that it is about."""
        given = self._given(target, tenant)
        own = self.run.relations.place_of(target)
        return self._filled(made, {place: value for place, value in given.items() if place != own})

    # -- without an object -------------------------------------------------------------------------------------------------

    def bare(self, target: Target, tenant: Tenant, body: Any = NOTHING) -> Draft | Unavailable:
        parameters: dict[tuple[str, str], Any] = {}
        for form in target.parameters:
            if not form.model.required and form.location != "path":
                continue
            if form.name == key_header(target):
                continue
            try:
                parameters[form.location, form.name] = self.value(form)
            except Impossible:
                return Unavailable(f"no valid {form.name} can be made", f"tenants.{tenant.name}.parameters.{form.name}")
        known = self.known(target, tenant)
        chosen = known[0] if body is NOTHING and known else body
        if chosen is NOTHING and target.json_body is not None and target.operation.body and target.operation.body.required:
            return Unavailable("no valid body can be made", f"tenants.{tenant.name}.bodies.{target.id}")
        media_type = target.json_body.media_type if target.json_body else target.bodies[0].media_type if target.bodies else None
        if media_type is not None and "*" in media_type:
            media_type = "application/json"
        return Draft(target, tenant.name, parameters, chosen, media_type)

    def known(self, target: Target, tenant: Tenant) -> list[Any]:
        """Bodies of an operation, those that the server is known to accept first."""
        given = [tenant.bodies[target.id]] if target.id in tenant.bodies else []
        learned = self.bodies.get(target.id, [])
        if tenant is self.run.profile.first:
            return [*learned, *given, *self.candidates(target)]
        own = [self._of(target, tenant, body) for body in (*learned, *self.candidates(target))]
        return given or own

    def _of(self, target: Target, tenant: Tenant, body: Any) -> Any:
        """A body for another tenant than the first: what names the first one's objects, in the words of the profile, names this
        one's, and what else names objects, which may be the first one's, is left out as far as it may be.
        """
        form = target.json_body
        if form is None:
            return body
        for part in self.run.declared.parts(form.pointer, "request", body):
            if part.property is None or part.property.among is None or not part.path:
                continue
            above = at(body, part.path[:-1])
            if not isinstance(above, dict) or part.path[-1] not in above:
                continue
            text = self._translated(tenant, part.value)
            rest = {key: item for key, item in above.items() if key != part.path[-1]}
            changed = replaced(body, part.path[:-1], rest) if text is None else replaced(body, part.path, text)
            if allowed(self.run, form.pointer, changed):
                body = changed
        return body

    def _translated(self, tenant: Tenant, value: Any) -> str | None:
        """A value with an id of the first tenant in it, with this one's instead; None where there is none in it."""
        first = self.run.profile.first
        pairs = [(str(one), str(tenant.parameters[name])) for name, one in first.parameters.items() if name in tenant.parameters]
        for name, ids in first.objects.items():
            pairs += zip(ids, tenant.objects.get(name, ()), strict=False)
        for one, other in pairs:
            if isinstance(value, str) and (value == one or (len(one) >= _TELLING and one in value)):
                return value.replace(one, other)
        return None

    def candidates(self, target: Target) -> list[Any]:
        """Bodies that the contract allows, the likeliest to be accepted first."""
        if target.id not in self._candidates:
            self._candidates[target.id] = list(candidates(self.run, target))
        return self._candidates[target.id]

    def value(self, form: ParameterForm) -> Any:
        """A valid value of a parameter: an example, or one that is made.

        Raises:
            Impossible: there is none.
        """
        judge = self.run.contract.judge
        for example in form.examples:
            if judge.is_valid(form.schema, example):
                return example
        return self.run.contract.synthesiser.make([form.schema], wide=False)

    def _given(self, target: Target, tenant: Tenant) -> dict[Place, Any]:
        """What the profile says of an operation's parameters and objects."""
        given: dict[Place, Any] = {}
        for form in target.parameters:
            for key in (f"{target.id}.{form.name}", form.name):
                if key in tenant.parameters:
                    given[f"$request.{form.location}.{form.name}"] = tenant.parameters[key]
                    break
        behavior = target.operation.behavior
        place, name = self.run.relations.place_of(target), self.run.relations.object_of(target)
        if behavior and behavior.creates and not (behavior.reads or behavior.updates):
            return given
        if place is not None and name is not None and tenant.objects.get(name):
            given.setdefault(place, tenant.objects[name][0])
        return given

    def _filled(self, made: Made, given: dict[Place, Any]) -> Made:
        draft = made.draft
        for place, value in given.items():
            draft = draft.put(place, value)
        return Made(draft, made.steps)

    def _has_example(self, target: Target, place: Place) -> bool:
        name = place.rpartition(".")[2]
        return any(form.examples for form in target.parameters if form.location == "path" and form.name == name)


def candidates(run: Run, target: Target) -> Iterator[Any]:
    """Bodies that the contract allows, the likeliest to be accepted first: examples, then the smallest and the largest made."""
    form = target.json_body or (target.bodies[0] if target.bodies else None)
    if form is None:
        return
    valid = [example for example in form.examples if allowed(run, form.pointer, example)]
    yield from sorted(valid, key=lambda value: -len(repr(value)))
    for wide in (False, True):
        try:
            value = run.contract.synthesiser.make([form.schema], wide=wide)
        except Impossible:
            continue
        if allowed(run, form.pointer, value):
            yield value


def allowed(run: Run, pointer: str, value: Any) -> bool:
    """Whether a request's body is valid by its schema, and keeps every rule."""
    if not run.contract.is_quickly_valid(pointer, "request", value):
        return False
    return next(iter(run.declared.breaches(pointer, "request", value)), None) is None


def _objects(value: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every object in a JSON value, with its path."""
    if isinstance(value, dict):
        yield path, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in children:
        yield from _objects(item, (*path, key))
