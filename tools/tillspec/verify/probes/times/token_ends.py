"""Tokens that an operation gives: accepted until they end, refused afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING
from tillspec.verify.expressions import evaluate
from tillspec.verify.judging.answers import told
from tillspec.verify.probes.times.lives import Life, Nursery
from tillspec.verify.profile import FromOperation
from tillspec.verify.run import Told, passed
from tillspec.verify.timeline import Boundary
from tillspec.verify.world import Made


async def token_ends(nursery: Nursery, life: Life) -> list[Boundary]:
    """The end of a token that was made, where the profile says that it is a credential."""
    found = []
    for scheme, source in nursery.run.profile.first.credentials.items():
        if not isinstance(source, FromOperation) or source.operation != nursery.target.id:
            continue
        value = evaluate(source.value, life.steps[0])
        draft = await _user(nursery, scheme)
        if value is not NOTHING and draft is not None:
            placed = nursery.run.credentials.placed({scheme: str(value)})
            token = _Token(nursery, life, replace(draft, credentials=placed.headers, query=placed.query))
            found.append(Boundary(life.seconds, life.began, life.made, token.before, token.after, life.slack))
    return found


async def _user(nursery: Nursery, scheme: str) -> Draft | None:
    """A request that only reads, and is let in by a scheme alone; about what was there before, if there is such a one."""
    found = []
    for target in _users(nursery, scheme):
        made = await nursery.world.standing(target, nursery.run.profile.first)
        if isinstance(made, Made) and (await nursery.run.send(made.draft)).answer.succeeded:
            found.append(made)
    return min(found, key=lambda made: len(made.steps)).draft if found else None


def _users(nursery: Nursery, scheme: str) -> Iterator[Target]:
    for target in nursery.run.contract.targets.values():
        ways = [[name for name, _ in requirement.schemes] for requirement in target.requirements]
        if target.is_safe and [scheme] in ways:
            yield target


@dataclass(slots=True)
class _Token:
    """A token in a request."""

    nursery: Nursery
    life: Life
    draft: Draft

    async def before(self) -> None:
        """It opens what it is for."""
        exchange = await self.nursery.run.send(self.draft)
        if self.nursery.time.most(self.life.began) >= self.life.seconds - self.life.slack or exchange.answer.fault is not None:
            return
        if exchange.answer.status in (401, 403):
            what, expected = "refuses a token before its time", f"it holds for {self.life.seconds:g} s"
            said = Told("alive-until-expiry", what, self.nursery.at, expected, told(exchange.answer), "token")
            self.nursery.run.tell(self.nursery.target, said, *self.life.steps, exchange)
        elif exchange.answer.succeeded:
            self.nursery.run.tell(self.nursery.target, passed("alive-until-expiry"))

    async def after(self) -> None:
        """It opens nothing."""
        exchange = await self.nursery.run.send(self.draft)
        if exchange.answer.succeeded:
            what = "accepts a token that has expired"
            said = Told("expired-answer", what, self.nursery.at, "401", told(exchange.answer), "token")
            self.nursery.run.tell(self.nursery.target, said, *self.life.steps, exchange)
        elif exchange.answer.status in (401, 403):
            self.nursery.run.tell(self.nursery.target, passed("expired-answer"))
