"""The deterministic engine: units of work, each one kind of probe of one operation, prepared by learning what is accepted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.control import carry_out
from tillspec.verify.exchange import NOTHING
from tillspec.verify.expressions import evaluate
from tillspec.verify.learn import learn
from tillspec.verify.oracles import ORACLES
from tillspec.verify.pace import LIMITED, Limited, OutOfTime
from tillspec.verify.probes.among import among
from tillspec.verify.probes.bodies import bodies
from tillspec.verify.probes.changes import changes
from tillspec.verify.probes.conditional import conditional
from tillspec.verify.probes.credentials import credentials
from tillspec.verify.probes.images import images
from tillspec.verify.probes.keys.idempotency import idempotency
from tillspec.verify.probes.lifecycle import lifecycle
from tillspec.verify.probes.links import links
from tillspec.verify.probes.lists import lists
from tillspec.verify.probes.methods import methods
from tillspec.verify.probes.objects import objects
from tillspec.verify.probes.ownership import ownership
from tillspec.verify.probes.parameters import parameters
from tillspec.verify.probes.repeats import repeats, shared_reads
from tillspec.verify.probes.rules import rules
from tillspec.verify.probes.secrets import secrets
from tillspec.verify.probes.times.expiry import expiry
from tillspec.verify.probes.variety import variety
from tillspec.verify.probes.wire import wire
from tillspec.verify.profile import FromOperation, FromRequest, Tenant
from tillspec.verify.random.coverage import Coverage
from tillspec.verify.random.engine import Random
from tillspec.verify.run import NotSafe, Run, Unreachable, shown
from tillspec.verify.scenarios import scenarios
from tillspec.verify.world import Unavailable, World

Probe = Callable[[Run, World, Target], Awaitable[None]]

PROBES: tuple[Probe, ...] = (
    credentials, ownership, objects, changes, among, links, lists, methods, conditional, idempotency, repeats, lifecycle,
    rules, images, secrets, parameters, wire, variety, bodies,
)  # fmt: skip
"""Probes that leave the objects of others alone, so that they run side by side."""

ALONE: tuple[Probe, ...] = (shared_reads, scenarios, expiry)
"""Probes that run one at a time, after all others: they move the clock, or end what others look at."""

_BESIDE = 4
RANDOM_SECONDS = 30.0
"""How long the random engine works, where the user says nothing."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One probe of one operation; its `name` is stable, so that runs can be told apart and spread over machines."""

    probe: Probe
    target: Target
    alone: bool

    @property
    def name(self) -> str:
        return f"{self.target.id}[{self.probe.__name__}]"


@dataclass(slots=True)
class Engine:
    """Carries units out. What every unit needs is done once: credentials, and what the unit's operation accepts.

    `incomplete` is why the run is not whole, in words.
    """

    run: Run
    world: World = field(init=False)
    incomplete: list[str] = field(default_factory=list)
    _learning: dict[str, asyncio.Task[object]] = field(default_factory=dict)
    _authenticated: bool = False

    def __post_init__(self) -> None:
        self.run.oracles = ORACLES
        self.world = World(self.run)

    def units(self) -> list[Unit]:
        """All units that the user asked for; of a shard its part, so that all shards together have each once."""
        found = [Unit(probe, target, False) for target in self.run.targets for probe in PROBES]
        found += [Unit(probe, target, True) for target in self.run.targets for probe in ALONE]
        number, of = self.run.options.shard
        return [unit for index, unit in enumerate(found) if index % of == number - 1]

    async def prepare(self) -> None:
        """Get the credentials."""
        if not self._authenticated:
            self._authenticated = True
            await self.run.credentials.fetch(self._ask)

    async def randomly(self) -> dict[str, Coverage]:
        """Run the random engine on the operations that the user asked for, of a shard on its part of them; what it covered, by
        operation.

        Raises:
            Unreachable: the server is gone.
        """
        await self.prepare()
        number, of = self.run.options.shard
        targets = self.run.targets[number - 1 :: of]
        for target in targets:
            try:
                await self._learned(target)
            except Exception as error:
                self._failed(target, f"{target.id}[random]", _root(error))
        deadline = self.run.options.deadline
        seconds = RANDOM_SECONDS if deadline is None else min(RANDOM_SECONDS, deadline / 2)
        engine = Random(self.run, self.world, seconds)
        await engine.carry_out([target for target in targets if self.run.ledger.passed[target.id, Kind.ACCEPTS]])
        return engine.coverage

    async def carry_out(self, units: Sequence[Unit]) -> None:
        """Carry out the units that may run side by side, several at once.

        Raises:
            Unreachable: the server is gone.
        """
        await self.prepare()
        waiting = [unit for unit in units if not unit.alone]

        async def work() -> None:
            while waiting:
                await self.one(waiting.pop(0))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(_BESIDE):
                    group.create_task(work())
        except ExceptionGroup as error:
            raise _root(error) from None

    async def carry_out_alone(self, units: Sequence[Unit]) -> None:
        """Carry out the units that run one at a time.

        Raises:
            Unreachable: the server is gone.
        """
        await self.prepare()
        for unit in units:
            if unit.alone:
                await self.one(unit)

    async def one(self, unit: Unit) -> None:
        """Carry one unit out. Whatever a server does, no other unit suffers from it.

        Raises:
            Unreachable: the server is gone.
        """
        run, target = self.run, unit.target
        run.progress(unit.name)
        try:
            await self._learned(target)
            await unit.probe(run, self.world, target)
        except Exception as error:
            self._failed(target, unit.name, _root(error))

    def _failed(self, target: Target, name: str, error: Exception) -> None:
        """A unit that did not come to its end."""
        match error:
            case Unreachable():
                raise error
            case Limited():
                self.run.skip(target, Kind.ACCEPTS, LIMITED, "server.rate")
                self._note(f"{LIMITED}: set `rate` in the profile to the requests a second that it allows, or more --max-time")
            case OutOfTime():
                self.run.skip(target, Kind.ACCEPTS, "the time was over", "--max-time")
                self._note("the time was over before all was tested: give more with --max-time, or spread it with --shard")
            case NotSafe():
                self.run.skip(target, Kind.ACCEPTS, "--safe sends only what reads")
            case _:
                self._note(f"{name} could not be carried out: {type(error).__name__}: {shown(str(error))}")

    def untouched(self, units: Sequence[Unit]) -> list[str]:
        """The operations of which no request was accepted, so that nothing can be said of them; each with the reason."""
        names = dict.fromkeys(unit.target.id for unit in units)
        ledger = self.run.ledger
        without = [name for name in names if not ledger.passed[name, Kind.ACCEPTS]]
        reasons = {item.operation: item.reason for item in reversed(ledger.untested.values()) if item.kind is Kind.ACCEPTS}
        return [f"{name} could not be tested: {reasons.get(name, 'no request was accepted')}" for name in without]

    async def _learned(self, target: Target) -> None:
        """Find out what an operation accepts, once."""
        if target.id not in self._learning:
            self._learning[target.id] = asyncio.ensure_future(self._learn(target))
        await asyncio.shield(self._learning[target.id])

    async def _learn(self, target: Target) -> None:
        """Learn what an operation accepts, after those that give it its object, so that this is as large as may be."""
        for relation in self.run.relations.of(target)[:1]:
            giver = self.run.contract.targets[relation.giver]
            if giver.id not in self._learning:
                await self._learned(giver)
        await learn(self.run, self.world, target)

    def _note(self, reason: str) -> None:
        if reason not in self.incomplete:
            self.incomplete.append(reason)

    async def _ask(self, tenant: Tenant, source: FromOperation | FromRequest) -> str | None:
        """A credential that an operation, or a request beside the contract, gives."""
        try:
            if isinstance(source, FromRequest):
                exchange = await carry_out(self.run, source.request, {})
            else:
                target = self.run.contract.targets.get(source.operation)
                if target is None:
                    return None
                made = await self.world.fresh(target, tenant)
                if isinstance(made, Unavailable):
                    return None
                exchange = await self.run.send(made.draft)
        except (NotSafe, OutOfTime):
            return None
        value = evaluate(source.value, exchange)
        return str(value) if exchange.answer.succeeded and value is not NOTHING else None


def _root(error: Exception) -> Exception:
    """What a group of exceptions is about."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
