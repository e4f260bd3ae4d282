"""Objects whose end is awaited: how long each of them is to live, and the requests that will look whether it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tillspec.pointer import Pointer, join, split
from tillspec.prove.places import Ground
from tillspec.runtime.behavior import Expiry, Lifecycle
from tillspec.verify import control
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expressions import at, evaluate, put
from tillspec.verify.looks.views import about, expiry, lifecycle, made_id, operations, shows
from tillspec.verify.looks.walk import Subject, Walk
from tillspec.verify.run import Run
from tillspec.verify.timeline import Moment, Timeline, clocks, instant
from tillspec.verify.world import Unavailable, World, allowed

_BODY = "$request.body#"
_SLACK = 2.0
"""Seconds by which a lifetime may be wrong that was worked out from a time that is shown and the `Date` of the answer."""


@dataclass(slots=True)
class Life:
    """One object: made between `began` and `made`, to live for `seconds`, give or take the `slack`.

    `looks` are the requests that read it. `act` is one that may change it, tried just before its end and just after. `state` is
    the one that it was led to. Whether its end is known for `sure` depends on whether the server's time is. `late` is a state
    that something outside the API asks for when it has ended, before anybody looks.
    """

    subject: Subject
    began: Moment
    made: Moment
    seconds: float
    sure: bool
    slack: float = 0.0
    looks: list[Draft] = field(default_factory=list)
    act: Draft | None = None
    state: str | None = None
    late: str | None = None

    @property
    def steps(self) -> list[Exchange]:
        return self.subject.steps


@dataclass(slots=True)
class Nursery:
    """Makes objects that end by themselves. `at` is where the contract says so."""

    run: Run
    world: World
    target: Target
    name: str
    at: Pointer
    expires: Expiry
    time: Timeline
    life: Lifecycle | None = None
    readers: list[Target] = field(default_factory=list)

    @classmethod
    def of(cls, run: Run, world: World, target: Target, time: Timeline) -> Nursery | None:
        """None of an operation that makes nothing which ends."""
        known = expiry(run, target.creates) if target.creates is not None else None
        if known is None or target.creates is None:
            return None
        moving = lifecycle(run, target.creates)
        return cls(run, world, target, target.creates, *known, time, moving[1] if moving else None)

    @property
    def actors(self) -> list[Target]:
        """The operations that change or end such an object."""
        return [target for target in operations(self.run, self.name) if not target.is_safe]

    # -- bodies ------------------------------------------------------------------------------------------------------------

    def bodies(self) -> Iterator[Any]:
        """Bodies with each lifetime that the request can ask for: the shortest, the one where nothing is said, the longest."""
        yield NOTHING
        form, value = self.target.json_body, self.expires.after_value or ""
        known = self.world.known(self.target, self.run.profile.first)
        if form is None or not value.startswith(_BODY) or not known:
            return
        pointer, base = value.removeprefix(_BODY), known[0]
        schema = self._asked(base)
        for word in ("minimum", "maximum"):
            body = put(base, pointer, schema.get(word)) if word in schema else base
            if body != base and allowed(self.run, form.pointer, body):
                yield body
        body = without(base, pointer)
        if "default" in schema and body != base and allowed(self.run, form.pointer, body):
            yield body

    def _asked(self, base: Any) -> dict[str, Any]:
        """What the schema says of the value by which a request asks for a lifetime."""
        form, pointer = self.target.json_body, (self.expires.after_value or "").removeprefix(_BODY)
        if form is None:
            return {}
        judge = self.run.contract.judge
        ground = Ground(judge, form.schema, put(base, pointer, 1))
        judge.forget()
        path = tuple(split(pointer))
        return {key: value for place in ground.places if place.path == path for key, value in place.schema.items()}

    # -- objects -----------------------------------------------------------------------------------------------------------

    async def born(self, body: Any = NOTHING) -> Life | Unavailable:
        """A new object, with the requests that will read it."""
        made = await self.world.fresh(self.target, self.run.profile.first, body=body)
        if isinstance(made, Unavailable):
            return made
        began = self.time.now()
        exchange = await self.run.send(made.draft)
        if not exchange.answer.succeeded:
            return Unavailable(f"{self.target.id} answered {exchange.answer.fault or exchange.answer.status}")
        subject = Subject([exchange], made_id(self.run, self.target, exchange), self.life.initial if self.life else None)
        return await self.expected(subject, began)

    async def expected(self, subject: Subject, began: Moment) -> Life | Unavailable:
        """What is to be expected of an object that was made."""
        looks = []
        for target in self.readers or [one for one in operations(self.run, self.name) if one.is_safe]:
            draft = await about(self.run, self.world, target, self.run.profile.first, subject.steps)
            if isinstance(draft, Draft):
                looks.append(draft)
        seconds, sure = await self._seconds(subject, looks)
        if seconds is None:
            return Unavailable(f"nothing says how long a {self.name} lives")
        slack = 0.0 if self.fixed(subject.steps[0]) is not None else _SLACK
        return Life(subject, began, self.time.now(), seconds, sure, slack, looks)

    async def led(self, state: str) -> Life | None:
        """An object in another state than the first one."""
        if self.life is None:
            return None
        walk = Walk(self.run, self.world, self.target, self.name, self.at, self.life, tuple(self.readers))
        began = self.time.now()
        subject = await walk.make()
        if isinstance(subject, Unavailable) or not await walk.lead(subject, state):
            return None
        life = await self.expected(subject, began)
        if isinstance(life, Unavailable):
            return None
        life.state = state
        return life

    async def overtaken(self) -> list[Life]:
        """Objects that will be moved too late: to states that the first one allows, and that of what has expired does not."""
        life, ended = self.life, self.expires.state
        if life is None or ended is None or not control.has(self.run, f"move.{self.name}"):
            return []
        lives = []
        for state in life.moves.get(life.initial, ()):
            born = await self.born() if state != ended and not life.allows(ended, state) else None
            if isinstance(born, Life) and born.subject.identifier is not NOTHING:
                born.late = state
                lives.append(born)
        return lives

    async def acts(self, target: Target, body: Any = NOTHING) -> list[Life]:
        """Objects with a request that changes them; where it may ask for another lifetime, with and without that."""
        lives = [await self._act(target, body)]
        value, form = self.expires.after_value or "", target.json_body
        if lives[0] is not None and lives[0].act is not None and form is not None and value.startswith(_BODY):
            first, pointer = lives[0], value.removeprefix(_BODY)
            assert first.act is not None
            silent, asking = without(first.act.body, pointer), put(first.act.body, pointer, first.seconds)
            if allowed(self.run, form.pointer, silent) and allowed(self.run, form.pointer, asking):
                first.act = first.act.with_body(silent)
                lives.append(await self._act(target, body))
                if lives[1] is not None and lives[1].act is not None:
                    lives[1].act = lives[1].act.with_body(asking)
        return [life for life in lives if life is not None]

    async def _act(self, target: Target, body: Any) -> Life | None:
        life = await self.born(body)
        if isinstance(life, Unavailable):
            return None
        draft = await about(self.run, self.world, target, self.run.profile.first, life.steps)
        life.act = draft if isinstance(draft, Draft) else None
        return life if life.act is not None else None

    # -- how long ----------------------------------------------------------------------------------------------------------

    async def _seconds(self, subject: Subject, looks: list[Draft]) -> tuple[float | None, bool]:
        """For how many seconds an object lives, by what is declared; where that is a time alone, by the time that is shown."""
        made = subject.steps[0]
        fixed = self.fixed(made)
        if fixed is not None:
            return fixed, True
        shown = self.shown(self.target, made)
        for draft in looks if shown is None else ():
            exchange = await self.run.send(draft)
            shown = shown or self.shown(draft.target, exchange, subject.identifier)
        shown = shown or await self._shown_by_change(subject)
        if shown is None:
            return None, False
        seconds = _rounded((shown - clocks(self.run, made)[0]).total_seconds())
        return (seconds, self.knows_time) if seconds > 0 else (None, False)

    async def _shown_by_change(self, subject: Subject) -> datetime | None:
        """The time that an operation shows which changes an object, where none that reads it shows one."""
        for target in self.actors if self.expires.at is not None else ():
            behavior = target.operation.behavior
            if behavior is None or behavior.updates != self.name or behavior.moves is not None:
                continue
            draft = await about(self.run, self.world, target, self.run.profile.first, subject.steps)
            exchange = await self.run.send(draft) if isinstance(draft, Draft) else None
            found = self.shown(target, exchange, subject.identifier) if exchange is not None else None
            if found is not None:
                return found
        return None

    def fixed(self, exchange: Exchange) -> float | None:
        """The lifetime that is declared, in seconds."""
        if self.expires.after is not None:
            return self.expires.after.total_seconds()
        if self.expires.after_value is None:
            return None
        value = evaluate(self.expires.after_value, exchange)
        if value is NOTHING and exchange.call.value is not NOTHING:
            value = self._asked(exchange.call.value).get("default")
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def shown(self, target: Target, exchange: Exchange, identifier: Any = NOTHING) -> datetime | None:
        """The time at which an exchange says that an object ends."""
        if self.expires.at is None:
            return None
        parts = shows(self.run, target, exchange, self.name, identifier)
        return next((found for part in parts if (found := instant(at(part.value, self.expires.at))) is not None), None)

    @property
    def knows_time(self) -> bool:
        """Whether the server's clock is sure to be as ours: nobody can move it, or all was made as new."""
        return control.has(self.run, "reset") or not control.has(self.run, "advance")


def _rounded(seconds: float) -> float:
    """A lifetime that was worked out from times in whole seconds: whole minutes where it is about so many."""
    whole = round(seconds / 60) * 60.0
    return whole if whole and abs(seconds - whole) <= _SLACK else seconds


def without(value: Any, pointer: Pointer) -> Any:
    """A JSON value without the member at a pointer."""
    tokens = split(pointer)
    if not tokens or not isinstance(value, dict):
        return value
    rest = {key: item for key, item in value.items() if key != tokens[0]}
    if len(tokens) == 1:
        return rest
    return {**rest, tokens[0]: without(value.get(tokens[0]), join("", *tokens[1:]))} if tokens[0] in value else value
