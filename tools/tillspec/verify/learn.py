"""What the server accepts: for each operation the largest valid body that it was seen to take, to be broken later."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tillspec.prove.places import Ground, Path, at, replaced
from tillspec.prove.synthesise import Impossible
from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.profile import Tenant
from tillspec.verify.relations import Relation
from tillspec.verify.run import Run, Told, passed, shown
from tillspec.verify.world import Made, Unavailable, World, allowed

_MOST_TRIES = 24
_MOST_CANDIDATES = 6
_MOST_ADDED = 120
_DEEPEST = 4


@dataclass(slots=True)
class Learned:
    """What came of looking for a request that is accepted."""

    accepted: Exchange | None = None
    refused: list[Exchange] = field(default_factory=list)
    unavailable: Unavailable | None = None


async def learn(run: Run, world: World, target: Target) -> Learned:
    """Find out what an operation accepts, as the first tenant, and tell where a valid request is refused."""
    learned = Learned()
    relations: list[Relation | None] = [*world.relations(target)]
    for relation in relations or [None]:
        if relation is not None and learned.refused:
            world.preferred[target.id] = relation
        await _try(run, world, target, learned)
        if learned.accepted is not None or learned.unavailable is not None:
            break
    if learned.accepted is None:
        world.preferred.pop(target.id, None)
    _judge(run, target, run.profile.first, learned)
    if learned.accepted is not None and target.json_body is not None and target.id in world.bodies:
        world.bodies[target.id].sort(key=lambda value: -len(json.dumps(value)))
        await _grow(run, world, target, run.profile.first)
    return learned


async def _try(run: Run, world: World, target: Target, learned: Learned) -> None:
    """Send what the contract allows, examples first."""
    tenant = run.profile.first
    bodies: list[Any] = world.known(target, tenant)[:_MOST_CANDIDATES] or [NOTHING]
    examples = len(target.json_body.examples) if target.json_body else 0
    for number, body in enumerate(bodies):
        made = await world.fresh(target, tenant, body=body)
        if isinstance(made, Unavailable):
            learned.unavailable = made
            run.skip(target, Kind.ACCEPTS, made.reason, made.fill)
            return
        exchange = await run.send(made.draft)
        if exchange.answer.succeeded:
            learned.accepted = learned.accepted or exchange
            if body is not NOTHING:
                world.bodies.setdefault(target.id, []).append(body)
            run.tell(target, passed("valid-accepted"))
        else:
            learned.refused.append(exchange)
        if learned.accepted is not None and number + 1 >= max(examples, 1):
            break


def _judge(run: Run, target: Target, tenant: Tenant, learned: Learned) -> None:
    """Valid requests that were refused. Where nothing was accepted, the profile may lack what the server needs; where something
    was, an example may speak of objects that this server has not.
    """
    refusals = [exchange for exchange in learned.refused if exchange.answer.fault is None and exchange.answer.status < 500]
    if not refusals:
        return
    first = refusals[0]
    told = f"{first.answer.status} {shown(first.answer.body[:200].decode('utf-8', 'replace'))}"
    if learned.accepted is None:
        way = run.credentials.way(target, tenant.name) if first.answer.status in (401, 403) else None
        lacking = f"credentials.{way.schemes[0][0]}" if way is not None else f"bodies.{target.id}"
        run.skip(target, Kind.ACCEPTS, f"no valid request is accepted: {told}", f"tenants.{tenant.name}.{lacking}")
    run.tell(
        target,
        Told(
            "valid-accepted", "refuses a request that the contract allows", target.pointer, "a success", told,
            severity=Severity.SHOULD if learned.accepted is None else Severity.INFO,
        ),
        first,
    )  # fmt: skip


# -- the largest body ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Addition:
    path: Path
    name: str
    value: Any


async def _grow(run: Run, world: World, target: Target, tenant: Tenant) -> None:
    """Add every optional property that the server takes to the largest body, groups of them at once."""
    form = target.json_body
    assert form is not None
    base = world.bodies[target.id][0]
    tries = 0

    async def accepts(value: Any) -> bool:
        nonlocal tries
        tries += 1
        made = await world.fresh(target, tenant, body=value)
        return isinstance(made, Made) and (await run.send(made.draft)).answer.succeeded

    whole, added = base, _additions(run, form.pointer, form.schema, base)
    waiting = [added] if added else []
    while waiting and tries < _MOST_TRIES:
        group = waiting.pop(0)
        value = _with(run, form.pointer, whole, group)
        if value is None or not await accepts(value):
            half = len(group) // 2
            waiting += [group[:half], group[half:]] if half else []
        else:
            whole = value
    if whole is not base:
        world.bodies[target.id].insert(0, whole)


def _additions(run: Run, pointer: str, schema: Any, base: Any) -> list[_Addition]:
    """The optional properties that a body has not, each with a valid value, level by level."""
    found: list[_Addition] = []
    ground = Ground(run.contract.judge, schema, base)
    run.contract.judge.forget()
    value = base
    for place in ground.places:
        properties = place.schema.get("properties")
        here = at(base, place.path)
        if not isinstance(properties, dict) or not isinstance(here, dict) or len(place.path) > _DEEPEST:
            continue
        for name, inner in properties.items():
            if name in here or inner is False or len(found) >= _MOST_ADDED:
                continue
            made = _made(run, pointer, value, place.path, name, inner)
            if made is not NOTHING:
                found.append(_Addition(place.path, name, made))
                value = replaced(value, place.path, {**at(value, place.path), name: made})
    return found


def _made(run: Run, pointer: str, value: Any, path: Path, name: str, inner: Any) -> Any:
    """A value for a property with which the whole is still allowed; the smaller one where the larger breaks a rule."""
    synthesiser = run.contract.synthesiser
    for wide in (True, False):
        try:
            made = synthesiser.make([inner], wide=wide, depth=1)
        except Impossible:
            continue
        if allowed(run, pointer, replaced(value, path, {**at(value, path), name: made})):
            return made
    return NOTHING


def _with(run: Run, pointer: str, value: Any, group: list[_Addition]) -> Any | None:
    """A body with further properties; None where they are not allowed together."""
    for addition in group:
        here = at(value, addition.path)
        value = replaced(value, addition.path, {**here, addition.name: addition.value})
    return value if allowed(run, pointer, value) else None
