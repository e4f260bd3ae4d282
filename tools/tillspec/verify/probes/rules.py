"""Rules and totals of requests, each broken by itself while the schema is kept."""

from __future__ import annotations

import string
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.prove.mutate import Mutator
from tillspec.prove.places import Ground, Path, Place, at, replaced
from tillspec.prove.synthesise import Impossible
from tillspec.runtime.behavior import Answer, Rule, Term, Total
from tillspec.runtime.rules import Breach, adds_up, holds
from tillspec.runtime.rules import at as values
from tillspec.verify.checks import Kind
from tillspec.verify.contract import BodyForm, Target
from tillspec.verify.declared import Part
from tillspec.verify.exchange import Exchange
from tillspec.verify.expressions import at as value_at
from tillspec.verify.judging.answers import declared
from tillspec.verify.looks.differences import general
from tillspec.verify.looks.reading import differences
from tillspec.verify.run import Run, Told, shown
from tillspec.verify.world import Unavailable, World

_MOST = 400
_BASES = 4
_EACH = 4
"""Bodies that break one rule, in different ways."""
_FURTHER = 60
"""How many more are tried once one was found."""
_LEAVES = 120
_LETTERS = (string.ascii_uppercase, string.ascii_lowercase, string.digits)


async def rules(run: Run, world: World, target: Target) -> None:
    """Send bodies that break one rule each, and hold the refusals to what is declared of them."""
    form = target.json_body
    if form is None or not run.declared.speaks(form.pointer) or target.id not in world.bodies:
        return
    standing = await world.standing(target, run.profile.first)
    if isinstance(standing, Unavailable):
        return
    bases = world.bodies[target.id][:_BASES] + world.candidates(target)[:_BASES]
    for pointer, rule, name, bodies in _rules(run, form, bases):
        if not bodies:
            run.skip(target, Kind.MONEY, f"no body was found that breaks {name} alone")
        for body in bodies:
            exchange = await run.send(standing.draft.with_body(body))
            if exchange.answer.fault is None and exchange.answer.status < 500:
                run.tell(target, _judged(target, pointer, rule, name, exchange), exchange)


def rule_breakers(run: Run, form: BodyForm, bases: list[Any]) -> Iterator[Any]:
    """Bodies that their schema allows and that break one rule or total each."""
    if run.declared.speaks(form.pointer):
        yield from (bodies[0] for _, _, _, bodies in _rules(run, form, bases) if bodies)


def _judged(target: Target, pointer: Pointer, rule: Rule | Total, name: str, exchange: Exchange) -> Told:
    """What came of a body that breaks a rule, against what is declared of it."""
    check = "total-enforced" if isinstance(rule, Total) else "rule-enforced"
    if exchange.answer.succeeded:
        observed = f"{exchange.answer.status} to {shown(exchange.call.value)}"
        return Told(check, f"accepts a body that breaks {name}", pointer, f"a refusal; {_told(rule)}", observed)
    if rule.status is None:
        return Told(check)
    code_at = _code_at(target.operation.behavior)
    answer = Answer(status=rule.status, code=rule.code if code_at else None, at=code_at)
    told = declared(check, f"a body that breaks {name}", target, "", answer, exchange)
    return Told(told.check, told.what, pointer, told.expected, told.observed, told.aspect)


def _told(rule: Rule | Total) -> str:
    return rule.rule if isinstance(rule, Rule) else f"{rule.total} is the sum of {', '.join(term.amount for term in rule.terms)}"


def _code_at(behavior: Any) -> str | None:
    """Where this operation's errors have their code, as its other answers say."""
    for answer in (getattr(behavior, name, None) for name in ("unknown", "foreign", "gone")):
        if answer is not None and answer.at is not None:
            return str(answer.at)
    limit = getattr(behavior, "rate_limit", None)
    return limit.exceeded.at if limit is not None else None


def _rules(run: Run, form: BodyForm, bases: list[Any]) -> list[tuple[Pointer, Rule | Total, str, list[Any]]]:
    """Every rule and total of a request's schemas, by its pointer, with bodies that break it alone, as far as any were found."""
    found: dict[Pointer, tuple[Rule | Total, str, list[Any]]] = {}
    for base in bases:
        for part in run.declared.parts(form.pointer, "request", base):
            for pointer, rule, name in _of(part):
                bodies = found.setdefault(pointer, (rule, name, []))[2]
                if not bodies:
                    bodies += breaking(run, form, base, part, rule)
    return [(pointer, *one) for pointer, one in found.items()]


def _of(part: Part) -> Iterator[tuple[str, Rule | Total, str]]:
    if part.object is None or not isinstance(part.value, dict):
        return
    for index, rule in enumerate(part.object.rules):
        yield join(part.pointer, "x-behavior", "rules", index), rule, f"the rule that {rule.message}"
    for index, total in enumerate(part.object.totals):
        yield join(part.pointer, "x-behavior", "totals", index), total, f"the total {total.total}"


def breaking(run: Run, form: BodyForm, base: Any, part: Part, rule: Rule | Total) -> list[Any]:
    """Bodies that their schema allows and that break one rule alone, each at other places than the others; perhaps none."""
    found: dict[tuple[Any, ...], Any] = {}
    left = _MOST
    for candidate in _candidates(run, form, base, part, rule):
        body = _repaired(candidate, part, rule)
        left -= 1
        if left < 0 or len(found) == _EACH:
            break
        if _keeps(rule, body, part.path) or not run.contract.is_quickly_valid(form.pointer, "request", body):
            continue
        changed = _changed(base, body)
        broken = [] if changed in found else list(run.declared.breaches(form.pointer, "request", body))
        if broken and all(_is(one, rule) for _, one in broken):
            found[changed] = body
            left = min(left, _FURTHER)
    return list(found.values())


def _repaired(body: Any, part: Part, rule: Rule | Total) -> Any:
    """A body with the totals of a part, but for the one that is to be broken, made to add up again."""
    totals = [one for one in part.object.totals if one is not rule] if part.object is not None else []
    for one in totals:
        try:
            value = at(body, part.path)
            keys = (*part.path, *one.total.split("/")[1:])
            if isinstance(value, dict) and type(at(body, keys)) is int and not adds_up(one, value):
                body = replaced(body, keys, sum(_term(value, term) for term in one.terms))
        except (LookupError, TypeError, ValueError):
            continue
    return body


def _term(value: Any, term: Term) -> int:
    amounts = values(value, term.amount)
    times = values(value, term.times) if term.times is not None else [1] * len(amounts)
    whole = sum((amount or 0) * count for amount, count in zip(amounts, times, strict=True))
    return int(whole) * (-1 if term.sign == "-" else 1)


def _keeps(rule: Rule | Total, body: Any, path: Path) -> bool:
    """Whether a part of a body keeps a rule, or is not what the rule speaks of any more."""
    try:
        value = at(body, path)
    except (LookupError, TypeError):
        return True
    if not isinstance(value, dict):
        return True
    return holds(rule, value) if isinstance(rule, Rule) else adds_up(rule, value)


def _changed(base: Any, body: Any) -> tuple[Any, ...]:
    """Where a body is another one, and of a number that is, whether it is more: of two changes of one kind, one is enough."""
    places = differences(base, body)
    more = [value_at(body, place) > value_at(base, place) for place in places[:1] if _are_numbers(base, body, place)]
    return (*map(general, places), *more)


def _are_numbers(base: Any, body: Any, place: Pointer) -> bool:
    return all(type(value_at(one, place)) in (int, float) for one in (base, body))


def _is(breach: Breach, rule: Rule | Total) -> bool:
    return breach.message == rule.message if isinstance(rule, Rule) else breach.at == rule.total


def _candidates(run: Run, form: BodyForm, base: Any, part: Part, rule: Rule | Total) -> Iterator[Any]:
    if isinstance(rule, Total):
        yield from _off_by_one(base, part.path, rule)
    yield from _others(base, part.path)
    yield from _doubled(base, part.path)
    yield from _crossed(base, part.path)
    ground = Ground(run.contract.judge, form.schema, base)
    run.contract.judge.forget()
    below = [place for place in ground.places if place.path[: len(part.path)] == part.path]
    for place in below:
        yield from _added(run, base, place)
    mutator = Mutator(run.contract.synthesiser)
    for place in below:
        for stream in mutator.streams(place, at(base, place.path)):
            for edit in islice(stream, 12):
                yield replaced(base, edit.path, edit.value)


def _added(run: Run, base: Any, place: Place) -> Iterator[Any]:
    """An object with each property that it lacks."""
    value, properties = at(base, place.path), place.schema.get("properties")
    if not isinstance(value, dict) or not isinstance(properties, dict):
        return
    for name, schema in properties.items():
        for wide in (False, True) if name not in value and schema is not False else ():
            with suppress(Impossible):
                made = run.contract.synthesiser.make([schema], wide=wide, depth=1)
                yield replaced(base, place.path, {**value, name: made})


def _off_by_one(base: Any, path: Path, total: Total) -> Iterator[Any]:
    """The total one more, and one less."""
    keys = tuple(total.total.split("/")[1:])
    try:
        amount = at(base, (*path, *keys))
    except (LookupError, TypeError):
        return
    if isinstance(amount, int):
        yield from (replaced(base, (*path, *keys), amount + step) for step in (1, -1))


def _others(base: Any, path: Path) -> Iterator[Any]:
    """Each value of a part another one of the same form: a text with another last letter, a number one more."""
    for where, value in islice(_leaves(at(base, path), path), _LEAVES):
        if (other := _other(value)) is not value:
            yield replaced(base, where, other)


def _other(value: Any) -> Any:
    """Another value of the same form; the same one where there is none."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str) and value.isascii() and value[-1:].isalnum():
        letters = next(group for group in _LETTERS if value[-1] in group)
        return value[:-1] + letters[(letters.index(value[-1]) + 1) % len(letters)]
    return value


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if children is None:
        yield path, value
    else:
        for key, item in children:
            yield from _leaves(item, (*path, key))


def _doubled(base: Any, path: Path) -> Iterator[Any]:
    """Lists with their first item twice, and such of which the copy has another value of each member in turn."""
    for where, items in _lists(at(base, path), path):
        if items:
            yield replaced(base, where, [*items, items[0]])
            yield replaced(base, where, [items[0], items[0]])
            if isinstance(items[0], dict):
                for key, item in items[0].items():
                    yield replaced(base, where, [*items, {**items[0], key: _other(item)}])


def _lists(value: Any, path: Path) -> Iterator[tuple[Path, list[Any]]]:
    if isinstance(value, list):
        yield path, value
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in children:
        yield from _lists(item, (*path, key))


def _crossed(base: Any, path: Path) -> Iterator[Any]:
    """Pairs of members with their values swapped, and each member with a larger and a smaller one."""
    value = at(base, path)
    members = [key for key, item in value.items() if isinstance(item, int | str) and not isinstance(item, bool)]
    for key in members:
        for other in members:
            if key != other and type(value[key]) is type(value[other]):
                yield replaced(base, path, {**value, key: value[other], other: value[key]})
                yield replaced(base, path, {**value, key: value[other]})
        if type(value[key]) is int:
            for step in (1, -1, 1000, -1000, value[key]):
                yield replaced(base, path, {**value, key: value[key] + step})
