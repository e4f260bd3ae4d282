"""Lifecycles: the first state, every move that there is and that there is not, and that no state comes back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tillspec.pointer import join
from tillspec.runtime.behavior import Answer as Expected
from tillspec.runtime.behavior import Transition
from tillspec.verify import control
from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.exchange import Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.judging.answers import is_telling, keeps, told, words
from tillspec.verify.looks.views import lifecycle as declared
from tillspec.verify.looks.views import operations, states
from tillspec.verify.looks.walk import Subject, Walk
from tillspec.verify.run import Run, Told, passed
from tillspec.verify.world import Unavailable, World

_RACES = 3


async def lifecycle(run: Run, world: World, target: Target) -> None:
    """Walk the lifecycle of what an operation makes."""
    name = target.creates
    known = declared(run, name) if name is not None else None
    if name is None or known is None:
        return
    walk = Walk(run, world, target, name, *known)
    subject = await walk.make()
    if isinstance(subject, Unavailable):
        run.skip(target, Kind.LIFECYCLE, subject.reason, subject.fill)
        return
    await walk.find_readers(subject)
    await _initial(walk, subject)
    visit = _Visit(walk)
    for state in walk.life.states:
        await visit.state(state)
    await visit.raced()
    visit.conclude()


async def _initial(walk: Walk, subject: Subject) -> None:
    """The state that a new object is shown in: first by what made it, then by what reads it."""
    initial, made = walk.life.initial, subject.steps[0]
    first = states(walk.run, walk.creator, made, walk.name)
    shown = [(made, state) for state in first] or await walk.look(subject)
    for exchange, state in shown:
        target = walk.run.contract.targets[exchange.call.operation]
        if state == initial:
            walk.run.tell(target, passed("initial-state"))
        else:
            steps = (exchange,) if exchange is made else (made, exchange)
            said = Told("initial-state", "shows a new object in another state", join(walk.at, "initial"), initial, state)
            walk.run.tell(target, said, *steps)


@dataclass(slots=True)
class _Visit:
    """Tries everything in every state. `forced` are the moves that the lifecycle has not, and that were made from outside."""

    walk: Walk
    forced: list[tuple[str, str, tuple[Exchange, ...]]] = field(default_factory=list)
    kept: int = 0
    unmade: list[tuple[str, str, tuple[Exchange, ...]]] = field(default_factory=list)

    async def there(self, state: str) -> Subject | None:
        """A new object in a state; None where it cannot be led there."""
        subject = await self.walk.make()
        if isinstance(subject, Unavailable):
            return None
        return subject if await self.walk.lead(subject, state) else None

    async def state(self, state: str) -> None:
        """Everything that can be done in a state: first what is refused and leaves the object there, then what moves it."""
        subject = await self.there(state)
        if subject is None:
            fill = f"control.move.{self.walk.name}"
            self.walk.run.skip(self.walk.creator, Kind.LIFECYCLE, f"nothing leads a {self.walk.name} to {state}", fill)
            return
        await self.walk.look(subject)
        moving = []
        for target in operations(self.walk.run, self.walk.name):
            behavior = target.operation.behavior
            if behavior is None or behavior.deletes == self.walk.name or target.is_safe:
                continue
            if behavior.moves is not None and (behavior.moves.sources is None or state in behavior.moves.sources):
                moving.append((target, behavior.moves))
            else:
                await self._left(subject, target, state, behavior.moves)
        await self._not_moved(subject, state)
        for target, moves in moving:
            await self._moved_by(target, moves, state)
        for following in self.walk.life.moves.get(state, ()):
            await self._moved(state, following)

    # -- by operations -----------------------------------------------------------------------------------------------------

    async def _left(self, subject: Subject, target: Target, state: str, moves: Transition | None) -> None:
        """An operation that may not be called in a state, or that moves nothing, leaves the object in it."""
        exchange = await self.walk.call(target, subject)
        if exchange is None or not is_telling(exchange.answer):
            return
        self.walk.note(subject, target, exchange)
        if moves is not None:
            self._refused(subject, target, state, moves, exchange)
        if exchange.answer.succeeded:
            await self.walk.look(subject)

    def _refused(self, subject: Subject, target: Target, state: str, moves: Transition, exchange: Exchange) -> None:
        behavior, answer = target.operation.behavior, exchange.answer
        expected = moves.refused.get(state) or moves.otherwise
        allowed = [one for one in (expected, self._expired(target, state)) if one is not None]
        at = join(target.pointer, "x-behavior", "moves", *(("refused", state) if state in moves.refused else ()))
        wanted = words(expected) if expected is not None else "a refusal"
        steps = (*subject.steps, exchange)
        assert behavior is not None
        if answer.succeeded:
            said = Told(
                "move-refused", "may be called in a state that forbids it", at, f"{wanted} in {state}", told(answer), state
            )
        elif allowed and not any(keeps(one, answer) for one in allowed):
            what = "refuses a call in a state that forbids it otherwise than declared"
            said = Told("move-refused", what, at, f"{wanted} in {state}", told(answer), f"{state} answer")
        else:
            said = passed("move-refused")
        self.walk.run.tell(target, said, *steps)

    def _expired(self, target: Target, state: str) -> Expected | None:
        """What an operation answers where the state is the one of what has expired."""
        behavior = target.operation.behavior
        expires = [one.expires for _, one in self.walk.run.declared.views(self.walk.name) if one.expires is not None]
        return behavior.expired if behavior is not None and any(one.state == state for one in expires) else None

    async def _moved_by(self, target: Target, moves: Transition, state: str) -> None:
        """An operation that may be called in a state leads to the one that it says."""
        subject = await self.there(state)
        exchange = await self.walk.call(target, subject) if subject is not None else None
        if subject is None or exchange is None or not is_telling(exchange.answer):
            return
        at = join(target.pointer, "x-behavior", "moves")
        steps, answer = (*subject.steps, exchange), exchange.answer
        if not answer.succeeded:
            refusals = [*moves.refused.values(), *([moves.otherwise] if moves.otherwise else [])]
            sure = answer.status == 409 or any(keeps(one, answer) for one in refusals)
            what, severity = "is refused in a state that allows it", Severity.MUST if sure else Severity.SHOULD
            said = Told("move-allowed", what, at, f"a success in {state}", told(answer), state, severity)
            self.walk.run.tell(target, said, *steps)
            return
        subject.steps.append(exchange)
        shown = [(exchange, one) for one in states(self.walk.run, target, exchange, self.walk.name, subject.identifier)]
        for seen, found in shown or await self.walk.look(subject):
            if found == moves.to or (seen is not exchange and self.walk.reaches(moves.to, found)):
                self.walk.run.tell(target, passed("move-allowed"))
            else:
                said = Told("move-allowed", "leads to another state than it says", join(at, "to"), moves.to, found, state)
                self.walk.run.tell(target, said, *subject.steps, *([] if seen is exchange else [seen]))
        subject.state = moves.to
        await self.walk.look(subject)

    # -- from outside ------------------------------------------------------------------------------------------------------

    async def _moved(self, before: str, after: str) -> None:
        """A move that the lifecycle has, made from outside: every view shows it, and shows it from then on."""
        if any(self.walk.movers(before, after)):
            return
        subject = await self.there(before)
        exchange = await self.walk.move(subject, after) if subject is not None else None
        if subject is None or exchange is None or not is_telling(exchange.answer):
            return
        done = exchange.answer.succeeded and await self.walk.settled(subject, after)
        subject.steps.append(exchange)
        if not done:
            self.unmade.append((before, after, tuple(subject.steps)))
            return
        self.walk.led.add(after)
        self.walk.run.tell(self.walk.creator, passed("move-allowed"))
        await self.walk.look(subject)

    async def _not_moved(self, subject: Subject, state: str) -> None:
        """Moves that the lifecycle has not: they are refused, or the object stays where it is."""
        for other in self.walk.life.states:
            if other == state or self.walk.life.allows(state, other) or not self.walk.readers:
                continue
            exchange = await self.walk.move(subject, other)
            if exchange is None or not is_telling(exchange.answer):
                return
            seen = await self._seen(subject)
            if seen is not None and seen[1] == other:
                self.forced.append((state, other, (*subject.steps, exchange, seen[0])))
                again = await self.there(state)
                if again is None:
                    return
                subject = again
            else:
                self.kept += 1

    async def _seen(self, subject: Subject) -> tuple[Exchange, str] | None:
        """What the first of the readers shows, without judging it."""
        target = self.walk.readers[0]
        exchange = await self.walk.call(target, subject)
        shown = states(self.walk.run, target, exchange, self.walk.name, subject.identifier) if exchange is not None else []
        return (exchange, shown[0]) if exchange is not None and shown else None

    async def raced(self) -> None:
        """Two ends at once: one of them comes, and stays."""
        life, walk = self.walk.life, self.walk
        ends = [state for state in life.moves.get(life.initial, ()) if life.is_terminal(state) and state in walk.led][:2]
        for _ in range(_RACES if len(ends) == 2 and walk.readers else 0):
            subject = await walk.make()
            if isinstance(subject, Unavailable):
                return
            await asyncio.gather(*(walk.move(subject, state) for state in ends))
            await walk.look(subject)

    def conclude(self) -> None:
        """A hook that forces any state whatever says nothing of the server; one that knows a state makes every move to it."""
        walk = self.walk
        severity = Severity.MUST if self.kept else Severity.SHOULD
        for before, after, steps in self.forced:
            what = "lets an object make a move that its lifecycle has not"
            expected = f"{before} stays, or ends in {', '.join(walk.life.moves.get(before, ())) or 'nothing else'}"
            said = Told("move-refused", what, join(walk.at, "moves"), expected, after, before, severity)
            walk.run.tell(walk.creator, said, *steps)
        if self.kept and not self.forced:
            walk.run.tell(walk.creator, passed("move-refused"))
        for before, after, steps in self.unmade:
            if after in walk.led:
                what = "does not let an object make a move that its lifecycle has"
                said = Told(
                    "move-allowed", what, join(walk.at, "moves"), f"{before} becomes {after}", told(steps[-1].answer), before
                )
                walk.run.tell(walk.creator, said, *steps)
            else:
                fill = f"control.move.{walk.name}.states.{after}"
                walk.run.skip(walk.creator, Kind.LIFECYCLE, f"control.move.{walk.name} does not lead to {after}", fill)
        if not control.has(walk.run, f"move.{walk.name}"):
            fill = f"control.move.{walk.name}"
            walk.run.skip(walk.creator, Kind.LIFECYCLE, "moves from outside the API cannot be made", fill)
