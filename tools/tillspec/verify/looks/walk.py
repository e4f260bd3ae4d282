"""Walking a lifecycle: objects that are made, led from state to state by operations and by what is outside the API, and read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tillspec.pointer import Pointer
from tillspec.runtime.behavior import Lifecycle
from tillspec.verify import control
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.looks.views import about, made_id, operations, states
from tillspec.verify.run import Run, Told, passed
from tillspec.verify.world import Unavailable, World

_LOOKS = 4
_PATIENCE = 6
_PAUSE = 0.1


@dataclass(slots=True)
class Subject:
    """One object: the exchanges that made it what it is, its id, and the state that it was last seen in."""

    steps: list[Exchange]
    identifier: Any
    state: str | None = None


@dataclass(slots=True)
class Walk:
    """Objects of one kind, made by `creator`. `at` is where the lifecycle is declared.

    `led` are the states that something outside the API was seen to lead to, `lost` those that it could not.
    """

    run: Run
    world: World
    creator: Target
    name: str
    at: Pointer
    life: Lifecycle
    readers: tuple[Target, ...] = ()
    led: set[str] = field(default_factory=set)
    lost: dict[tuple[str, str], Exchange | None] = field(default_factory=dict)

    async def make(self) -> Subject | Unavailable:
        """A new object."""
        made = await self.world.fresh(self.creator, self.run.profile.first)
        if isinstance(made, Unavailable):
            return made
        exchange = await self.run.send(made.draft)
        if not exchange.answer.succeeded:
            return Unavailable(f"{self.creator.id} answered {exchange.answer.fault or exchange.answer.status}")
        subject = Subject([exchange], made_id(self.run, self.creator, exchange), self.life.initial)
        self.note(subject, self.creator, exchange)
        return subject

    async def draft(self, target: Target, subject: Subject) -> Draft | Unavailable:
        """A request to an operation about an object, or to one that lists it."""
        tenant, behavior = self.run.profile.first, target.operation.behavior
        if behavior is not None and behavior.lists is not None and behavior.identifies is None:
            standing = await self.world.standing(target, tenant)
            return standing if isinstance(standing, Unavailable) else standing.draft
        return await about(self.run, self.world, target, tenant, subject.steps)

    async def call(self, target: Target, subject: Subject) -> Exchange | None:
        """Call an operation about an object; what it answers is part of what made the object, where it succeeded."""
        draft = await self.draft(target, subject)
        return None if isinstance(draft, Unavailable) else await self.run.send(draft)

    # -- states ------------------------------------------------------------------------------------------------------------

    def reaches(self, before: str, after: str) -> bool:
        """Whether a state can become another one, by whatever moves."""
        return before == after or bool(self.path(before, after))

    def path(self, before: str, after: str) -> list[tuple[str, str]]:
        """The shortest way from one state to another, move by move."""
        ways: dict[str, list[tuple[str, str]]] = {before: []}
        waiting = [before]
        while waiting and after not in ways:
            state = waiting.pop(0)
            for following in self.life.moves.get(state, ()):
                if following not in ways:
                    ways[following] = [*ways[state], (state, following)]
                    waiting.append(following)
        return ways.get(after, [])

    def note(self, subject: Subject, target: Target, exchange: Exchange) -> list[str]:
        """The states that an answer shows the object in; tells where one is not what may follow."""
        shown = states(self.run, target, exchange, self.name, subject.identifier)
        for state in shown:
            if subject.state is not None and state in self.life.states and not self.reaches(subject.state, state):
                what, expected = "shows a state that an object had left", f"{subject.state}, or what may follow it"
                told = Told("state-kept", what, self.at, expected, state)
                self.run.tell(target, told, *subject.steps, exchange)
            elif state in self.life.states:
                self.run.tell(target, passed("state-kept"))
                subject.state = state
        return shown

    async def look(self, subject: Subject) -> list[tuple[Exchange, str]]:
        """Read an object by every operation that shows its state, several times at once."""
        found = []
        for target in self.readers:
            draft = await self.draft(target, subject)
            if isinstance(draft, Unavailable):
                continue
            for exchange in await asyncio.gather(*(self.run.send(draft) for _ in range(_LOOKS))):
                found += [(exchange, state) for state in self.note(subject, target, exchange)]
        return found

    async def find_readers(self, subject: Subject) -> None:
        """Find out which operations show the state."""
        found = []
        for target in sorted(readers(self.run, self.name), key=_is_list):
            exchange = await self.call(target, subject)
            if exchange is not None and states(self.run, target, exchange, self.name, subject.identifier):
                found.append(target)
        self.readers = tuple(found)

    # -- moves -------------------------------------------------------------------------------------------------------------

    def movers(self, before: str, after: str) -> Iterable[Target]:
        """The operations that make a move."""
        for target in operations(self.run, self.name):
            moves = target.operation.behavior.moves if target.operation.behavior else None
            if moves is not None and moves.to == after and before != after and (moves.sources is None or before in moves.sources):
                yield target

    async def lead(self, subject: Subject, state: str) -> bool:
        """Lead an object to a state, by operations where they do it, else from outside. Returns whether it is there."""
        for before, after in self.path(subject.state or self.life.initial, state):
            if not await self._one(subject, before, after):
                return False
        return subject.state == state

    async def _one(self, subject: Subject, before: str, after: str) -> bool:
        for target in self.movers(before, after):
            exchange = await self.call(target, subject)
            if exchange is not None and exchange.answer.succeeded:
                subject.steps.append(exchange)
                subject.state = after
                return True
        exchange = await self.move(subject, after)
        return exchange is not None and exchange.answer.succeeded and await self.settled(subject, after)

    async def move(self, subject: Subject, state: str) -> Exchange | None:
        """Have something outside the API move an object; None where there is no such thing, else what its hook answered."""
        template = self.run.profile.control.get(f"move.{self.name}")
        if template is None or subject.identifier is NOTHING:
            return None
        word = template.states.get(state, state)
        return await control.carry_out(self.run, template, {"id": str(subject.identifier), "state": word})

    async def settled(self, subject: Subject, state: str) -> bool:
        """Whether an object that was moved is in its state now: as reads show it, after a while; else as it was said."""
        if not self.readers:
            subject.state = state
            return True
        for _ in range(_PATIENCE):
            draft = await self.draft(self.readers[0], subject)
            if isinstance(draft, Unavailable):
                return False
            exchange = await self.run.send(draft)
            if state in self.note(subject, self.readers[0], exchange):
                return True
            await asyncio.sleep(_PAUSE)
        return False


def readers(run: Run, name: str) -> Iterable[Target]:
    """The operations that only read an object, or list it."""
    for target in run.contract.targets.values():
        behavior = target.operation.behavior
        listed = behavior is not None and behavior.lists is not None and behavior.lists.object == name
        if target.is_safe and (listed or (behavior is not None and behavior.reads == name)):
            yield target


def _is_list(target: Target) -> bool:
    return target.operation.behavior is not None and target.operation.behavior.lists is not None
