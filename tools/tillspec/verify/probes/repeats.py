"""Requests that are repeated without a key: what is to be carried out again, and what leaves everything as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from tillspec.pointer import Pointer, join
from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.findings import Severity
from tillspec.verify.judging.answers import is_telling, told
from tillspec.verify.looks.differences import Difference, differences, general
from tillspec.verify.looks.snapshot import Looks
from tillspec.verify.looks.views import made_id, shows
from tillspec.verify.run import Run, Told, passed, shown
from tillspec.verify.world import Made, Unavailable, World

_AT_ONCE = 6
_READS = 3


async def repeats(run: Run, world: World, target: Target) -> None:
    """Repeat a request, and look at what came of it."""
    behavior = target.operation.behavior
    declared = behavior.idempotency if behavior else None
    if target.is_safe:
        await _read_again(run, world, target, shared=False)
    elif declared == "none":
        await _carried_out_again(run, world, target)
    elif declared == "inherent" or (declared is None and target.method in ("PUT", "DELETE")):
        await _left_alone(run, world, target, "repeat-inherent" if declared == "inherent" else "method-idempotent")
    elif target.method == "PATCH" or (behavior is not None and behavior.updates is not None):
        await _raced(run, world, target)


def _clause(target: Target) -> Pointer:
    behavior = target.operation.behavior
    declared = behavior is not None and behavior.idempotency is not None
    return join(target.pointer, "x-behavior", "idempotency") if declared else target.pointer


async def _made(run: Run, world: World, target: Target) -> Made | None:
    """A request with an object of its own; None, with the reason told, where there is none."""
    made = await world.fresh(target, run.profile.first)
    if isinstance(made, Unavailable):
        run.skip(target, Kind.IDEMPOTENCY, made.reason, made.fill)
        return None
    return made


# -- what is carried out again -------------------------------------------------------------------------------------------


async def _carried_out_again(run: Run, world: World, target: Target) -> None:
    """Two requests make two objects."""
    if target.creates is None or (made := await _made(run, world, target)) is None:
        return
    first, second = await run.send(made.draft), await run.send(made.draft)
    one, other = made_id(run, target, first), made_id(run, target, second)
    if not (first.answer.succeeded and second.answer.succeeded) or NOTHING in (one, other):
        return
    if one == other:
        what = "takes two requests without a key for one"
        run.tell(target, Told("repeat-separate", what, _clause(target), "two objects", told(second.answer)), first, second)
    else:
        run.tell(target, passed("repeat-separate"))


# -- what leaves everything as it was ------------------------------------------------------------------------------------


async def _left_alone(run: Run, world: World, target: Target, check: str) -> None:
    """The same request twice, and six times at once: the object is after all of it as it was after the first."""
    made = await _made(run, world, target)
    if made is None:
        return
    looks = await Looks.at(run, world, made)
    first = await run.send(made.draft)
    if not first.answer.succeeded:
        return
    before = await looks.steady()
    second = await run.send(made.draft)
    _accepted_again(run, target, check, (first, second))
    changes = looks.changed(before, await looks.look()) if looks.drafts else _shown(run, target, first, second)
    if _same(run, target, check, changes, (first, second)):
        await _at_once(run, made)
        _same(run, target, check, looks.changed(before, await looks.look()), (first, second), "raced")


def _same(
    run: Run,
    target: Target,
    check: str,
    changes: Iterator[tuple[Exchange, Difference]],
    steps: tuple[Exchange, ...],
    aspect: str = "",
) -> bool:
    """Whether nothing differs; tells what does. Of a text that differs a server may have its own opinion."""
    found = sorted(changes, key=lambda change: not change[1].is_hard)
    if not found:
        run.tell(target, Told(check))
        return True
    seen, change = found[0]
    what = "changes an object again" if not aspect else "changes an object again where requests come at once"
    expected = f"{shown(change.before)} at {change.place or 'the status'}, as after the first request"
    severity = Severity.MUST if change.is_hard else Severity.SHOULD
    said = Told(
        check, what, _clause(target), expected, shown(change.after), f"{general(change.place)} {aspect}".strip(), severity
    )
    run.tell(target, said, *steps, seen)
    return False


def _accepted_again(run: Run, target: Target, check: str, steps: tuple[Exchange, Exchange]) -> None:
    """What was accepted is accepted again. HTTP leaves the answer open; it may be a conflict with what is there now."""
    answer = steps[1].answer
    if answer.succeeded or not is_telling(answer) or target.method == "DELETE" or answer.status in (401, 403):
        return
    declared = check == "repeat-inherent"
    if declared or answer.status not in (409, 412, 428):
        severity = Severity.MUST if declared else Severity.SHOULD
        what = "refuses a repeat of what it accepted"
        run.tell(target, Told(check, what, _clause(target), "a success again", told(answer), "refused", severity), *steps)


def _shown(run: Run, target: Target, first: Exchange, second: Exchange) -> Iterator[tuple[Exchange, Difference]]:
    """What two answers show otherwise of an object that nothing else shows; of a text the answer may have its own opinion."""
    name = run.relations.object_of(target)
    if name is not None and second.answer.succeeded:
        for one, other in zip(shows(run, target, first, name), shows(run, target, second, name), strict=False):
            for found in differences(one.value, other.value):
                if found.is_hard and not found.is_of_the_moment:
                    yield second, found


async def _raced(run: Run, world: World, target: Target) -> None:
    """The same change six times at once: whatever is answered is held against the contract, as every answer is."""
    made = await _made(run, world, target)
    if made is not None:
        await _at_once(run, made)


async def _at_once(run: Run, made: Made) -> None:
    await asyncio.gather(*(run.send(made.draft) for _ in range(_AT_ONCE)))


# -- what only reads -----------------------------------------------------------------------------------------------------


async def shared_reads(run: Run, world: World, target: Target) -> None:
    """Reads of what was there before, which others change meanwhile, so that this is for when they are done."""
    if target.is_safe:
        await _read_again(run, world, target, shared=True)


async def _read_again(run: Run, world: World, target: Target, *, shared: bool) -> None:
    """A read changes nothing: neither what it answers itself, nor what other reads of the object show."""
    made = await _made(run, world, target)
    if made is None or bool(made.steps) is shared:
        return
    looks = await Looks.at(run, world, made)
    if not any(draft.target is target for draft in looks.drafts):
        looks = Looks(run, [*looks.drafts, made.draft])
    before = await looks.steady()
    if any(is_telling(one.answer) and not one.answer.succeeded for one in before):
        return
    again = [await run.send(made.draft) for _ in range(_READS)]
    _same(run, target, "method-idempotent", looks.changed(before, await looks.look()), (before[-1], *again[-1:]))
