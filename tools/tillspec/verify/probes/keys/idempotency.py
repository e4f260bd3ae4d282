"""Requests under one key: repeated, in other spellings, with other bodies, by others, and after a refusal."""

from __future__ import annotations

from tillspec.verify import control
from tillspec.verify.checks import Kind
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.judging.answers import is_telling, keeps, told, words
from tillspec.verify.looks.views import about, lifecycle, made_id
from tillspec.verify.probes.keys.keyed import Keyed, broken, spellings, variants
from tillspec.verify.probes.keys.races import other_keys, raced, separate
from tillspec.verify.probes.keys.used_key import UsedKey
from tillspec.verify.probes.rules import rule_breakers
from tillspec.verify.run import Run, Told, passed
from tillspec.verify.world import Unavailable, World


async def idempotency(run: Run, world: World, target: Target) -> None:
    """Hold an operation that takes a key to what is declared of it; to what a key is for, where nothing is declared."""
    keyed = Keyed.of(run, world, target)
    if keyed is None:
        return
    used = await first_use(keyed)
    if used is None:
        return
    works = await _repeated(used)
    if used.words is not None and works:
        await _spelled(used)
        await _changed_body(used)
        await _scopes(used)
        await _changed_object(used)
    if not await separate(used):
        run.skip(target, Kind.IDEMPOTENCY, "what was accepted once is not accepted again under another key")
        return
    if not works:
        return
    await raced(used)
    if used.words is not None:
        await other_keys(used)
        await _refused_before(used)


async def first_use(keyed: Keyed) -> UsedKey | None:
    """Use a key for the first time; None, with the reason told, where no request is accepted."""
    run, target = keyed.run, keyed.target
    draft, key = await keyed.draft(), keyed.key()
    if isinstance(draft, Unavailable):
        run.skip(target, Kind.IDEMPOTENCY, draft.reason, draft.fill)
    elif key is None:
        run.skip(target, Kind.IDEMPOTENCY, f"no valid {keyed.header} can be made")
    else:
        first = await keyed.send(draft, key)
        if first.answer.succeeded:
            return UsedKey(keyed, draft, key, first)
        fill = f"tenants.{draft.tenant}.bodies.{target.id}"
        run.skip(target, Kind.IDEMPOTENCY, "no request is accepted that could be repeated", fill)
    return None


# -- the same again ------------------------------------------------------------------------------------------------------


async def _repeated(used: UsedKey) -> bool:
    """The same request twice more. Returns whether the key had any effect."""
    said = Told("repeat-replayed", "a repeat", "repeat")
    return used.replays(said, used.first, await used.again()) and used.replays(said, used.first, await used.again())


async def _spelled(used: UsedKey) -> None:
    """The same JSON value in other bytes."""
    assert used.words is not None
    if used.draft.body is NOTHING or used.keyed.target.json_body is None:
        return
    for how, content in spellings(used.draft.body):
        again = await used.keyed.send(used.draft.with_content(content), used.key)
        if used.words.compare == "json":
            said = Told("repeat-replayed", "the same body in another spelling", "compare", aspect="spelling")
            used.replays(said, used.first, again)
        else:
            _mismatches(used, again, f"the same JSON with {how}", "spelling", certain=True)


async def _changed_object(used: UsedKey) -> None:
    """The same, after the object that was made has changed: moved where that can be done, and updated."""
    run, target, identifier = used.keyed.run, used.keyed.target, used.identifier(used.first)
    name = target.creates
    if name is None or identifier is NOTHING:
        return
    known = lifecycle(run, name)
    states = known[1].moves.get(known[1].initial, ()) if known is not None else ()
    if states and control.has(run, f"move.{name}"):
        try:
            await control.move(run, name, str(identifier), states[-1])
        except control.NotDone:
            return
    for other in run.contract.targets.values():
        behavior = other.operation.behavior
        if behavior is not None and behavior.updates == name and behavior.moves is None:
            draft = await about(run, used.keyed.world, other, run.profile.first, (used.first,))
            if not isinstance(draft, Unavailable):
                await run.send(draft)
            break
    said = Told("repeat-replayed", "a repeat after the object changed", "repeat", aspect="changed")
    used.replays(said, used.first, await used.again())


# -- another body --------------------------------------------------------------------------------------------------------


async def _changed_body(used: UsedKey) -> None:
    """The same key with other bodies: one that was accepted before, and one with a change in each member."""
    form, keyed, body = used.keyed.target.json_body, used.keyed, used.draft.body
    if form is None or body is NOTHING:
        return
    for known in [one for one in keyed.world.bodies.get(keyed.target.id, ()) if one != body][:1]:
        made = await keyed.draft(body=known)
        if isinstance(made, Draft):
            again = await keyed.send(used.draft.with_body(made.body), used.key)
            _mismatches(used, again, "a body that was accepted before", certain=True)
    for place, changed in variants(keyed.run, form.pointer, body):
        again = await keyed.send(used.draft.with_body(changed), used.key)
        _mismatches(used, again, f"another {place}", certain=False)
    said = Told("repeat-replayed", "a repeat after a mismatch", "repeat", aspect="mismatch")
    used.replays(said, used.first, await used.again())


def _mismatches(used: UsedKey, again: Exchange, which: str, aspect: str = "", *, certain: bool) -> None:
    """Another body under the key; one that is not certain to be accepted may be refused for its own sake."""
    assert used.words is not None
    if not is_telling(again.answer):
        return
    if keeps(used.words.mismatch, again.answer):
        used.tell(passed("key-mismatch"))
    elif certain or again.answer.succeeded:
        replayed = again.answer.body == used.first.answer.body
        what = "replays an answer to another body" if replayed else "takes another body under a used key"
        if not again.answer.succeeded:
            what, aspect = "refuses another body under a used key otherwise than declared", "answer"
        expected = f"{words(used.words.mismatch)} for {which}"
        used.compares = False
        used.tell(Told("key-mismatch", what, "mismatch", expected, told(again.answer), aspect), used.first, again)


# -- whose key it is -----------------------------------------------------------------------------------------------------


async def _scopes(used: UsedKey) -> None:
    """The same key by another tenant, and for another operation."""
    assert used.words is not None
    keyed, run = used.keyed, used.keyed.run
    if "credential" in used.words.scope:
        if run.profile.second is None:
            run.skip(
                keyed.target, Kind.IDEMPOTENCY, "there is no second tenant to use the same key", "tenants.second.credentials"
            )
        else:
            draft = await keyed.draft(run.profile.second, body=used.draft.body)
            await _independent(used, draft, keyed, ("credential", "another tenant"))
    if "operation" in used.words.scope:
        for target in run.contract.targets.values():
            other = Keyed.of(run, keyed.world, target)
            if target.id != keyed.target.id and other is not None and other.header.lower() == keyed.header.lower():
                await _independent(used, await other.draft(), other, ("operation", "another operation"))


async def _independent(used: UsedKey, draft: Draft | Unavailable, keyed: Keyed, named: tuple[str, str]) -> None:
    """A request with the used key that is another one all the same."""
    assert used.words is not None
    aspect, which = named
    if isinstance(draft, Unavailable):
        used.keyed.run.skip(used.keyed.target, Kind.IDEMPOTENCY, draft.reason, draft.fill)
        return
    other = await keyed.send(draft, used.key)
    if not is_telling(other.answer):
        return
    one, two = used.identifier(used.first), made_id(used.keyed.run, keyed.target, other)
    succeeded = other.answer.succeeded
    shared = succeeded and bool(other.answer.body) and other.answer.body == used.first.answer.body
    said = Told("key-scope", "", "scope", "a request of its own", told(other.answer), aspect)
    if shared or used.is_replay(other) or (one is not NOTHING and one == two):
        used.tell(_named(said, f"replays an answer to {which}"), used.first, other)
    elif not succeeded and any(keeps(one, other.answer) for one in (used.words.mismatch, used.words.running)):
        used.tell(_named(said, f"refuses a key that {which} used"), used.first, other)
    else:
        if succeeded:
            used.tell(passed("key-scope"))
        said = _named(said, f"a repeat after {which} used the key")
        used.replays(said, used.first, other, await used.again())


def _named(said: Told, what: str) -> Told:
    return Told(said.check, what, said.pointer, said.expected, said.observed, said.aspect)


# -- what a refusal leaves -----------------------------------------------------------------------------------------------


async def _refused_before(used: UsedKey) -> None:
    """A key whose first request was refused."""
    assert used.words is not None
    form, draft, keeps_all = used.keyed.target.json_body, used.draft, used.words.keeps == "everything"
    bad = broken(used.keyed.run, form.pointer, draft.body) if form is not None else NOTHING
    if bad is not NOTHING:
        await _after(used, draft.with_body(bad), "invalid")
    against = next(rule_breakers(used.keyed.run, form, [draft.body]), NOTHING) if form is not None else NOTHING
    if against is not NOTHING:
        await _after(used, draft.with_body(against), "against a rule")
    if not keeps_all and form is not None:
        await _after(used, draft.with_content(b'{"'), "malformed")
    if not keeps_all and not used.keyed.target.anonymous:
        await _after(used, draft, "unauthenticated")


async def _after(used: UsedKey, bad: Draft, which: str) -> None:
    """A good request under the key of one that was refused: what is kept of a refusal is told from what is not."""
    assert used.words is not None
    keyed, key, good = used.keyed, used.keyed.key(), await used.keyed.draft()
    if key is None or isinstance(good, Unavailable):
        return
    if which == "unauthenticated":
        refused = await keyed.run.exchange(bad.target, bad.header(keyed.header, key).call())
    else:
        refused = await keyed.send(bad, key)
    if not 400 <= refused.answer.status < 500 or refused.answer.status == 429:
        return
    then = await keyed.send(good, key)
    if not is_telling(then.answer):
        return
    kept = used.words.keeps == "everything"
    if kept and not keeps(used.words.mismatch, then.answer):
        what, expected = "keeps not the answer to a request that was refused", words(used.words.mismatch)
    elif not kept and (not then.answer.succeeded or used.is_replay(then)):
        what, expected = f"keeps a key for a request that was {which}", "a success: the key is free"
    else:
        used.tell(passed("key-kept"))
        if not kept:
            said = Told("key-kept", f"a repeat of what followed a request that was {which}", "keeps", aspect="after")
            used.replays(said, then, await keyed.send(good, key))
        return
    used.tell(Told("key-kept", what, "keeps", expected, told(then.answer), which), refused, then)
