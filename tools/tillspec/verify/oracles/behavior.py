"""Any answer: the rules and totals of its objects, and the values that repeat others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tillspec.api.behavior import property_behavior
from tillspec.pointer import Pointer, join
from tillspec.runtime.behavior import PropertyBehavior
from tillspec.runtime.rules import adds_up, at, holds
from tillspec.verify.contract import Target
from tillspec.verify.declared import Part
from tillspec.verify.exchange import NOTHING, Exchange
from tillspec.verify.expressions import evaluate
from tillspec.verify.looks.reading import is_written_otherwise
from tillspec.verify.memory import Echo
from tillspec.verify.run import Run, Told, passed, shown

_DATE = len("2026-01-01")


def behavior(run: Run, target: Target, exchange: Exchange) -> Iterator[Told]:
    """Hold what an answer says to what is declared of it."""
    answer = exchange.answer
    if exchange.call.method != target.method:
        return
    may_have_written = answer.succeeded or answer.fault is not None or answer.status >= 500
    if may_have_written and not target.is_safe:
        run.memory.writes(run, target, exchange)
    declared = target.response(answer.status) if answer.fault is None else None
    if declared is None or exchange.call.raw is not None:
        return
    yield from _header_echoes(run, target, exchange)
    pointer = run.contract.response_schema(target, declared, answer.header("content-type") or "")
    if pointer is None or answer.value is NOTHING or not run.declared.speaks(pointer):
        return
    if not run.contract.is_valid(pointer, "response", answer.value):
        return  # told by its schema
    yield from _identity(run, target, exchange)
    for part in run.declared.parts(pointer, "response", answer.value):
        yield from _rules(part)
        yield from _absent(run, target, part, exchange)
        if part.property is not None:
            yield from _echo(run, target, part, exchange)


def _rules(part: Part) -> Iterator[Told]:
    if part.object is None or not isinstance(part.value, dict):
        return
    for index, rule in enumerate(part.object.rules):
        if holds(rule, part.value):
            yield passed("rule-kept")
        else:
            yield Told(
                "rule-kept", f"an answer breaks the rule that {rule.message}", join(part.pointer, "x-behavior", "rules", index),
                rule.rule, shown({rule.at or "/": at(part.value, rule.at or "")}),
            )  # fmt: skip
    for index, total in enumerate(part.object.totals):
        if adds_up(total, part.value):
            yield passed("total-kept")
        else:
            terms = {term.amount: at(part.value, term.amount) for term in total.terms}
            yield Told(
                "total-kept", f"{total.total} of an answer is not the sum of its terms",
                join(part.pointer, "x-behavior", "totals", index), shown(terms), shown(at(part.value, total.total)),
            )  # fmt: skip


def _echo(run: Run, target: Target, part: Part, exchange: Exchange) -> Iterator[Told]:
    """A value that repeats one of the same exchange, or of the request that made or last changed the object."""
    declared = part.property
    assert declared is not None
    expression = declared.same_as
    if expression is None:
        return
    if "$request" not in expression:
        yield from _same(run, part, evaluate(expression, exchange), "the same exchange")
        return
    if exchange.answer.status >= 400:
        return
    wanted = run.memory.given(run, target, exchange, Echo(expression, part.pointer, declared.initially))
    yield from _same(run, part, wanted, "what was given")


def _absent(run: Run, target: Target, part: Part, exchange: Exchange) -> Iterator[Told]:
    """A value that is to be repeated, and is left out."""
    if part.object is None or not isinstance(part.value, dict) or not exchange.answer.succeeded:
        return
    for name, declared in part.object.properties.items():
        expression = declared.same_as
        if name in part.value or expression is None or "$request" not in expression:
            continue
        schema = run.contract.resolved(join(part.pointer, "properties", name))[0]
        wanted = run.memory.given(run, target, exchange, Echo(expression, schema, declared.initially))
        if wanted is NOTHING or wanted is None:
            continue
        pointer = join(part.pointer, "properties", name, "x-behavior", "same-as")
        yield Told("echo", f"{name} of an answer is left out, though it was given", pointer, shown(wanted), "not there", "absent")


def _same(run: Run, part: Part, wanted: Any, what: str) -> Iterator[Told]:
    if wanted is NOTHING or wanted is None:
        return
    if contains(part.value, wanted):
        yield passed("echo")
        return
    name = part.path[-1] if part.path else "the body"
    yield Told(
        "echo",
        f"{name} of an answer is not {what}",
        join(part.pointer, "x-behavior", "same-as"),
        shown(wanted),
        shown(part.value),
    )


def contains(value: Any, other: Any) -> bool:
    """Whether a value is another one, or an object that has each of its members; defaults may be filled in."""
    if isinstance(value, dict) and isinstance(other, dict):
        return all(item is None or (key in value and contains(value[key], item)) for key, item in other.items())
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(contains, value, other))
    if isinstance(value, bool) or isinstance(other, bool):
        return value is other
    if isinstance(value, str) and isinstance(other, str) and value != other:
        return len(other) > _DATE and is_written_otherwise(value, other)  # the same time with another offset
    return bool(value == other)


def _identity(run: Run, target: Target, exchange: Exchange) -> Iterator[Told]:
    """The answer is about the object that the request names."""
    words = target.operation.behavior
    name = words and (words.reads or words.updates)
    if not exchange.answer.succeeded or words is None or not name or words.creates or words.lists or words.identifies is None:
        return
    pointer = run.declared.id_pointer(name)
    found = evaluate(f"$response.body#{pointer}", exchange) if pointer is not None else NOTHING
    wanted = evaluate(words.identifies, exchange)
    if found is NOTHING or wanted is NOTHING or name in run.contract.api.outside:
        return
    if found == wanted or (isinstance(found, str) and isinstance(wanted, str) and found.casefold() == wanted.casefold()):
        yield passed("right-object")
    elif isinstance(found, str) and isinstance(wanted, str) and len(found) != len(wanted):
        return  # another way of writing it, for all that the contract says
    else:
        yield Told("right-object", "answers about another object than the one that is named", join(target.pointer, "x-behavior",
                   "identifies"), shown(wanted), shown(found))  # fmt: skip


def _header_echoes(run: Run, target: Target, exchange: Exchange) -> Iterator[Told]:
    """Headers that repeat something."""
    declared = target.response(exchange.answer.status)
    for header in declared.headers if declared is not None else ():
        pointer = join(run.contract.header_schema(target, declared, header), "schema") if declared else ""
        words = _header(run, pointer)
        text = exchange.answer.header(header.name)
        if words is None or words.same_as is None or text is None:
            continue
        wanted = evaluate(words.same_as, exchange)
        if wanted is NOTHING or _path_of(text, run) == str(wanted) or text == str(wanted):
            yield passed("echo")
        else:
            yield Told("echo", f"the header {header.name} is not what it repeats", join(pointer, "x-behavior", "same-as"),
                       shown(wanted), shown(text))  # fmt: skip


def _path_of(text: str, run: Run) -> str:
    """An absolute URL of this origin without the origin."""
    return text.removeprefix(str(run.wire.origin))


def _header(run: Run, pointer: Pointer) -> PropertyBehavior | None:
    return property_behavior(run.contract.resolved(pointer)[1])
