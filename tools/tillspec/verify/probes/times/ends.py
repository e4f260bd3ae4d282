"""Objects just before their end, just after it, and when they are no longer kept."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from tillspec.pointer import join
from tillspec.runtime.behavior import Answer as Expected
from tillspec.runtime.behavior import Expiry
from tillspec.verify import control
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expressions import evaluate
from tillspec.verify.findings import Severity
from tillspec.verify.judging.answers import is_telling, keeps, told, words
from tillspec.verify.looks.views import states
from tillspec.verify.probes.times.lives import Life, Nursery
from tillspec.verify.run import Told, passed
from tillspec.verify.timeline import clocks

_TOLERANCE = timedelta(seconds=3)
_FAR = timedelta(days=2)


async def shown_time(nursery: Nursery, life: Life) -> None:
    """The time of the end that a new object shows, in every view, against the lifetime that is declared.

    Only reads that succeed now are of use later.
    """
    run, made = nursery.run, life.steps[0]
    seen = [(nursery.target, made)]
    for draft in list(life.looks):
        exchange = await run.send(draft)
        if exchange.answer.succeeded:
            seen.append((draft.target, exchange))
        else:
            life.looks.remove(draft)
    nursery.readers = [draft.target for draft in life.looks]
    first = None
    for target, exchange in seen:
        shown = nursery.shown(target, exchange, life.subject.identifier if exchange is not made else NOTHING)
        if shown is not None:
            first = first or shown
            run.tell(target, _of_time(nursery, made, first, shown), *((made,) if exchange is made else (made, exchange)))


def _of_time(nursery: Nursery, made: Exchange, first: datetime, shown: datetime) -> Told:
    """A time of the end that is shown, against the first one that was, and the declared lifetime. Where it is days away, the
    server may have a clock of its own.
    """
    lifetime = nursery.fixed(made)
    pointer = join(nursery.at, "after" if lifetime is not None else "at")
    if abs(shown - first) > _TOLERANCE:
        what = "shows another time of expiry than what made the object"
        return Told("expiry-shown", what, pointer, first.isoformat(), shown.isoformat(), "views")
    if lifetime is None:
        return passed("expiry-shown")
    known = clocks(nursery.run, made)
    off = [abs(shown - clock - timedelta(seconds=lifetime)) for clock in known]
    if min(off) <= _TOLERANCE + timedelta(seconds=made.answer.seconds):
        return passed("expiry-shown")
    severity = Severity.MUST if nursery.knows_time and off[0] < _FAR else Severity.SHOULD
    what, expected = "shows a time of expiry that is not the declared one", f"{lifetime:g} s after {known[0].isoformat()}"
    return Told("expiry-shown", what, pointer, expected, shown.isoformat(), "", severity)


@dataclass(slots=True)
class Ends:
    """Tries objects around their ends."""

    nursery: Nursery

    def tell(self, life: Life, said: Told, *further: Exchange) -> None:
        """Enter what came of an object, with what made it."""
        target = self.nursery.run.contract.targets[further[-1].call.operation]
        if said.what and not life.sure:
            said = Told(said.check, said.what, said.pointer, said.expected, said.observed, said.aspect, Severity.SHOULD)
        self.nursery.run.tell(target, said, *life.steps, *further)

    def ages(self, life: Life) -> bool:
        """Whether an object is in a state that can expire."""
        known, expires = self.nursery.life, self.nursery.expires
        return life.state is None or known is None or expires.state is None or known.allows(life.state, expires.state)

    # -- before ------------------------------------------------------------------------------------------------------------

    async def alive(self, life: Life) -> None:
        """Everything works until the end; what comes too late to say so says nothing."""
        for draft in life.looks:
            self._lives(life, draft.target, await self.nursery.run.send(draft), life.seconds)
        if life.act is None or self._deletes(life.act.target):
            return
        exchange = await self.nursery.run.send(life.act)
        self._lives(life, life.act.target, exchange, life.seconds)
        if exchange.answer.succeeded:
            self._changed(life, life.act.target, exchange)

    def _deletes(self, target: Target) -> bool:
        behavior = target.operation.behavior
        return behavior is not None and behavior.deletes == self.nursery.name

    def _lives(self, life: Life, target: Target, exchange: Exchange, seconds: float) -> None:
        answer, behavior, expires = exchange.answer, target.operation.behavior, self.nursery.expires
        if not is_telling(answer) or self.nursery.time.most(life.began) >= seconds - life.slack:
            return
        ended = [one for one in (behavior.expired, behavior.gone) if one is not None] if behavior is not None else []
        seen = states(self.nursery.run, target, exchange, self.nursery.name, life.subject.identifier)
        reads = target.is_safe and not answer.succeeded
        early = any(one.status is not None and keeps(one, answer) for one in ended)
        if reads or early or (expires.state is not None and expires.state in seen and life.state != expires.state):
            what, expected = "ends an object before its time", f"it lives for {life.seconds:g} s"
            said = Told("alive-until-expiry", what, self.nursery.at, expected, told(answer), life.state or "")
            self.tell(life, said, exchange)
        elif answer.succeeded:
            self.tell(life, passed("alive-until-expiry"), exchange)

    def _changed(self, life: Life, target: Target, exchange: Exchange) -> None:
        """A change may give an object another state, or another lifetime; it is then not expected to end."""
        behavior, expires = target.operation.behavior, self.nursery.expires
        life.subject.steps.append(exchange)
        if behavior is not None and behavior.moves is not None:
            life.state = behavior.moves.to
        if expires.after is None and (_asks(expires, exchange) or self._shows_more(life, target, exchange)):
            life.seconds = float("inf")

    def _shows_more(self, life: Life, target: Target, exchange: Exchange) -> bool:
        """Whether a change shows a later end than the one that is known, where the end is what is shown."""
        before, after = self.nursery.shown(self.nursery.target, life.steps[0]), self.nursery.shown(target, exchange)
        if self.nursery.expires.after_value is not None or before is None or after is None:
            return False
        return after - before > _TOLERANCE

    # -- after -------------------------------------------------------------------------------------------------------------

    async def ended(self, life: Life) -> None:
        """Every operation answers as declared of what has expired, and what cannot expire is as it was."""
        if life.seconds == float("inf"):
            await self._prolonged(life)
            return
        if life.late is not None:
            with suppress(control.NotDone):  # which is right
                await control.move(self.nursery.run, self.nursery.name, str(life.subject.identifier), life.late)
        drafts = [*life.looks, *([life.act] if life.act is not None else [])]
        for draft in drafts:
            if not self.ages(life):
                await self._stays(life, draft)
            elif self.nursery.expires.kept is not None or self.nursery.expires.kept_forever:
                await self._expired(life, draft)
            else:
                await self._is(life, draft, self._gone(draft.target), "gone-answer", "gone")

    async def _prolonged(self, life: Life) -> None:
        for draft in life.looks:
            exchange = await self.nursery.run.send(draft)
            seen = states(self.nursery.run, draft.target, exchange, self.nursery.name, life.subject.identifier)
            ended = not exchange.answer.succeeded or (self.nursery.expires.state in seen)
            if is_telling(exchange.answer) and ended:
                what = "ends an object whose time was prolonged"
                said = Told("alive-until-expiry", what, self.nursery.at, "it lives on", told(exchange.answer), "prolonged")
                self.tell(life, said, exchange)

    async def _stays(self, life: Life, draft: Draft) -> None:
        """An object in a state that cannot expire."""
        if not draft.target.is_safe:
            return
        exchange = await self.nursery.run.send(draft)
        seen = states(self.nursery.run, draft.target, exchange, self.nursery.name, life.subject.identifier)
        if not is_telling(exchange.answer):
            return
        if not exchange.answer.succeeded or self.nursery.expires.state in seen:
            what = "lets an object expire in a state that cannot"
            said = Told("expired-answer", what, self.nursery.at, f"{life.state} stays", told(exchange.answer), life.state or "")
            self.tell(life, said, exchange)
        else:
            self.tell(life, passed("expired-answer"), exchange)

    async def _expired(self, life: Life, draft: Draft) -> None:
        """An object that has expired and is kept."""
        behavior = draft.target.operation.behavior
        expected = behavior.expired if behavior is not None else None
        if expected is not None:
            await self._is(life, draft, expected, "expired-answer", "expired")

    async def _is(self, life: Life, draft: Draft, expected: Expected | None, check: str, word: str) -> None:
        """The answer is the expected one, where one is declared; any refusal where none is. A success shows the right state."""
        target, state = draft.target, self.nursery.expires.state
        exchange = await self.nursery.run.send(draft)
        answer, at = exchange.answer, join(target.pointer, "x-behavior", word)
        if not is_telling(answer):
            return
        fits = keeps(expected, answer) if expected is not None else not answer.succeeded
        wanted = words(expected) if expected is not None else "a refusal"
        seen = states(self.nursery.run, target, exchange, self.nursery.name, life.subject.identifier)
        if not fits:
            what = "answers as if an object lived on" if answer.succeeded else f"answers otherwise than declared ({word})"
            self.tell(life, Told(check, what, at, wanted, told(answer), life.state or ""), exchange)
        elif answer.succeeded and state is not None and seen and state not in seen:
            what = "shows another state of an object that has expired"
            self.tell(life, Told(check, what, join(self.nursery.at, "state"), state, ", ".join(seen), life.state or ""), exchange)
        else:
            self.tell(life, Told(check), exchange)

    def _gone(self, target: Target) -> Expected | None:
        """What an operation answers of what is no longer kept: as it says, else as of what never was."""
        behavior = target.operation.behavior
        return (behavior.gone or behavior.unknown) if behavior is not None else None

    # -- when it is kept no longer -----------------------------------------------------------------------------------------

    async def kept(self, life: Life) -> None:
        """Just before: it is kept still."""
        for draft in life.looks:
            await self._expired(life, draft)

    async def gone(self, life: Life) -> None:
        """Just after: it is gone."""
        for draft in life.looks:
            await self._is(life, draft, self._gone(draft.target), "gone-answer", "gone")


def _asks(expires: Expiry, exchange: Exchange) -> bool:
    """Whether a request gives the value by which a lifetime is asked for."""
    return expires.after_value is not None and evaluate(expires.after_value, exchange) is not NOTHING
