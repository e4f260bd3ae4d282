"""Requests at once under one key, and keys that are nearly the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.judging.answers import is_telling, keeps, told, words
from tillspec.verify.probes.keys.used_key import UsedKey
from tillspec.verify.run import Told, passed
from tillspec.verify.world import Unavailable

_AT_ONCE = 6
_ROUNDS = 4


async def raced(used: UsedKey) -> None:
    """Several requests at once under one key: with one body, and in the last round with two."""
    keyed = used.keyed
    for number in range(_ROUNDS + 1):
        mixed, key, draft = number == _ROUNDS, keyed.key(), await keyed.draft()
        if key is None or isinstance(draft, Unavailable):
            return
        drafts = [draft] * _AT_ONCE
        if mixed:
            rival = next((body for body in keyed.world.bodies.get(draft.target.id, ()) if body != draft.body), NOTHING)
            if rival is NOTHING or used.words is None or not used.compares:
                return
            drafts[1::2] = [draft.with_body(rival)] * (_AT_ONCE // 2)
        exchanges = await asyncio.gather(*(keyed.send(one, key) for one in drafts))
        if not all(is_telling(one.answer) for one in exchanges):
            return
        said = _outcome(used, exchanges, mixed=mixed)
        used.tell(*said)
        if said[0].what:
            return
        if used.words is not None:
            winner = next(one for one in exchanges if one.answer.succeeded and not used.is_replay(one))
            again = await keyed.run.exchange(draft.target, winner.call)
            used.replays(Told("key-raced", "a repeat after a race", "running", aspect="after"), winner, again)


def _outcome(used: UsedKey, exchanges: Sequence[Exchange], *, mixed: bool) -> tuple[Told, *tuple[Exchange, ...]]:
    """What requests at once came to, with the exchanges that show it: of all, one is carried out."""
    won = [one for one in exchanges if one.answer.succeeded]
    expected = f"one of {len(exchanges)} requests is carried out"

    def said(what: str, observed: str, aspect: str = "") -> Told:
        return Told("key-raced", what, "running", expected, observed, aspect)

    if not won:
        seen = ", ".join(str(one.answer.status) for one in exchanges)
        return said("carries none of several requests at once out", seen, "none"), *exchanges
    made = list(dict.fromkeys(str(used.identifier(one)) for one in won if used.identifier(one) is not NOTHING))
    bodies = {one.answer.body for one in won}
    several = "carries several requests with one key at once out"
    if len(made) > 1:
        return said(several, f"{len(made)} objects: {', '.join(made)}"), *won
    if used.words is None:
        return (passed("key-raced"),)
    if len(bodies) > 1:
        return said(several, f"{len(bodies)} different answers"), *won
    firsts = [one for one in won if not used.is_replay(one)]
    if not firsts or (used.words.replayed is not None and used.marked and len(firsts) > 1):
        observed = f"{len(firsts)} of {len(won)} answers without {used.words.replayed}"
        return said("says not of one answer alone that it is the first", observed, "marked"), *won
    odd = _odd(used, exchanges, mixed=mixed)
    if odd is not None:
        expected = f"a replay, or {words(used.words.running)}"
        return said("answers a key that is in use otherwise than declared", told(odd.answer), "answer"), won[0], odd
    return (passed("key-raced"),)


def _odd(used: UsedKey, exchanges: Sequence[Exchange], *, mixed: bool) -> Exchange | None:
    """A refusal in a race that is not one of those that are declared."""
    assert used.words is not None
    allowed = [used.words.running, *([used.words.mismatch] if mixed else [])]
    refused = (one for one in exchanges if not one.answer.succeeded)
    return next((one for one in refused if not any(keeps(expected, one.answer) for expected in allowed)), None)


# -- other keys ----------------------------------------------------------------------------------------------------------


async def separate(used: UsedKey) -> bool:
    """Two keys, and two requests without one. Returns whether the same request can be made under another key."""
    form = used.keyed.form
    again = await _two(used, "two keys", (used.keyed.key(), used.keyed.key()), "")
    if again and (form is None or not form.model.required):
        await _two(used, "two requests without a key", (None, None), "none")
    return again


async def other_keys(used: UsedKey) -> None:
    """Keys that are nearly the same."""
    for which, one, other in list(used.keyed.pairs()):
        await _two(used, f"two keys that differ {which}", (one, other), which)


async def _two(used: UsedKey, which: str, keys: tuple[str | None, str | None], aspect: str) -> bool:
    """Whether two requests make two objects. A second one that is refused for its own sake says nothing."""
    drafts = [await used.keyed.draft() for _ in keys]
    made = [await used.keyed.send(draft, key) for draft, key in zip(drafts, keys, strict=True) if isinstance(draft, Draft)]
    if len(made) < 2 or not made[0].answer.succeeded or not is_telling(made[1].answer):
        return False
    first, second = made
    names = used.identifier(first), used.identifier(second)
    refusals = (used.words.mismatch, used.words.running) if used.words is not None else ()
    refused = not second.answer.succeeded and any(keeps(one, second.answer) for one in refusals)
    if refused or used.is_replay(second) or (NOTHING not in names and names[0] == names[1]):
        observed = told(second.answer)
        used.tell(Told("repeat-separate", f"takes {which} for one", "header", "two objects", observed, aspect), first, second)
        return True
    if second.answer.succeeded:
        used.tell(passed("repeat-separate"))
    return second.answer.succeeded
