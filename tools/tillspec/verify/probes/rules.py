"""Rules and totals of requests, each broken by itself while the schema is kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from tillspec.pointer import join
from tillspec.prove.mutate import Mutator
from tillspec.prove.places import Ground, Path, at, replaced
from tillspec.runtime.behavior import Answer, Rule, Total
from tillspec.runtime.rules import Breach
from tillspec.verify.checks import Kind
from tillspec.verify.contract import BodyForm, Target
from tillspec.verify.declared import Part
from tillspec.verify.expected import declared
from tillspec.verify.run import Run, Told, shown
from tillspec.verify.world import Unavailable, World

_MOST = 400
_BASES = 4


async def rules(run: Run, world: World, target: Target) -> None:
    """Send bodies that break one rule each, and hold the refusals to what is declared of them."""
    form = target.json_body
    if form is None or not run.declared.speaks(form.pointer) or target.id not in world.bodies:
        return
    standing = await world.standing(target, run.profile.first)
    if isinstance(standing, Unavailable):
        return
    waiting = dict(_rules(run, form, world.bodies[target.id][:_BASES] + world.candidates(target)[:_BASES]))
    for pointer, (rule, body, name) in waiting.items():
        if body is None:
            run.skip(target, Kind.MONEY, f"no body was found that breaks {name} alone")
            continue
        exchange = await run.send(standing.draft.with_body(body))
        if exchange.answer.fault is not None or exchange.answer.status >= 500:
            continue
        check = "total-enforced" if isinstance(rule, Total) else "rule-enforced"
        if exchange.answer.succeeded:
            run.tell(target, Told(check, f"accepts a body that breaks {name}", pointer, f"a refusal; {_told(rule)}",
                                  f"{exchange.answer.status} to {shown(body)}"), exchange)  # fmt: skip
        elif rule.status is not None:
            where = target.operation.behavior
            code_at = _code_at(where)
            answer = Answer(status=rule.status, code=rule.code if code_at else None, at=code_at)
            told = declared(check, f"a body that breaks {name}", target, "", answer, exchange)
            run.tell(target, Told(told.check, told.what, pointer, told.expected, told.observed, told.aspect), exchange)
        else:
            run.tell(target, Told(check))


def _told(rule: Rule | Total) -> str:
    return rule.rule if isinstance(rule, Rule) else f"{rule.total} is the sum of {', '.join(term.amount for term in rule.terms)}"


def _code_at(behavior: Any) -> str | None:
    """Where this operation's errors have their code, as its other answers say."""
    for answer in (getattr(behavior, name, None) for name in ("unknown", "foreign", "gone")):
        if answer is not None and answer.at is not None:
            return str(answer.at)
    limit = getattr(behavior, "rate_limit", None)
    return limit.exceeded.at if limit is not None else None


def _rules(run: Run, form: BodyForm, bases: list[Any]) -> Iterator[tuple[str, tuple[Rule | Total, Any, str]]]:
    """Every rule and total of a request's schemas, by its pointer, with a body that breaks it alone where one was found."""
    found: dict[str, tuple[Rule | Total, Any, str]] = {}
    for base in bases:
        for part in run.declared.parts(form.pointer, "request", base):
            for pointer, rule, name in _of(part):
                if found.get(pointer, (None, None, ""))[1] is None:
                    found[pointer] = (rule, breaking(run, form, base, part, rule), name)
    yield from found.items()


def _of(part: Part) -> Iterator[tuple[str, Rule | Total, str]]:
    if part.object is None or not isinstance(part.value, dict):
        return
    for index, rule in enumerate(part.object.rules):
        yield join(part.pointer, "x-behavior", "rules", index), rule, f"the rule that {rule.message}"
    for index, total in enumerate(part.object.totals):
        yield join(part.pointer, "x-behavior", "totals", index), total, f"the total {total.total}"


def breaking(run: Run, form: BodyForm, base: Any, part: Part, rule: Rule | Total) -> Any | None:
    """A body that its schema allows and that breaks one rule alone; None where none was found."""
    for body in islice(_candidates(run, form, base, part, rule), _MOST):
        if not run.contract.is_quickly_valid(form.pointer, "request", body):
            continue
        broken = list(run.declared.breaches(form.pointer, "request", body))
        if broken and all(_is(one, rule) for _, one in broken):
            return body
    return None


def _is(breach: Breach, rule: Rule | Total) -> bool:
    return breach.message == rule.message if isinstance(rule, Rule) else breach.at == rule.total


def _candidates(run: Run, form: BodyForm, base: Any, part: Part, rule: Rule | Total) -> Iterator[Any]:
    if isinstance(rule, Total):
        yield from _off_by_one(base, part.path, rule)
    yield from _doubled(base, part.path)
    yield from _crossed(base, part.path)
    ground = Ground(run.contract.judge, form.schema, base)
    run.contract.judge.forget()
    mutator = Mutator(run.contract.synthesiser)
    for place in ground.places:
        if place.path[: len(part.path)] != part.path:
            continue
        for stream in mutator.streams(place, at(base, place.path)):
            for edit in islice(stream, 12):
                yield replaced(base, edit.path, edit.value)


def _off_by_one(base: Any, path: Path, total: Total) -> Iterator[Any]:
    """The total one more, and one less."""
    keys = tuple(total.total.split("/")[1:])
    try:
        amount = at(base, (*path, *keys))
    except (LookupError, TypeError):
        return
    if isinstance(amount, int):
        yield from (replaced(base, (*path, *keys), amount + step) for step in (1, -1))


def _doubled(base: Any, path: Path) -> Iterator[Any]:
    """Lists with their first item twice, and such of which the copy has another value of each member in turn."""
    for where, items in _lists(at(base, path), path):
        if items:
            yield replaced(base, where, [*items, items[0]])
            if isinstance(items[0], dict):
                for key, item in items[0].items():
                    changed = f"{item}x" if isinstance(item, str) else item + 1 if type(item) is int else item
                    yield replaced(base, where, [*items, {**items[0], key: changed}])


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
