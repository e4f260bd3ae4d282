"""Valid bodies that are unlike each other, sent and read back: small and large ones, empty texts, odd ones, bounds, nulls."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from tillspec.prove.places import Ground, Path, Place, at, replaced
from tillspec.verify.checks import Kind
from tillspec.verify.contract import BodyForm, Target
from tillspec.verify.exchange import Exchange
from tillspec.verify.looks.reading import look, readers
from tillspec.verify.run import Run
from tillspec.verify.world import Made, Unavailable, World, allowed

_MOST_KNOWN = 5
_ODD = 'Zoë O\'Neil "<b>"; -- \\ % {x} \N{CLINKING BEER MUGS}\N{RIGHT-TO-LEFT OVERRIDE}'
_LINES = "first line\nsecond\tcell 'a' “b”\N{ZERO WIDTH SPACE}\N{NO-BREAK SPACE}e\N{COMBINING ACUTE ACCENT}."
"""What people paste into a form: lines, a tab, quotes, and characters that are not seen."""
_Leaf = Callable[[Place, Any], Any]


async def variety(run: Run, world: World, target: Target) -> None:
    """Send bodies of many kinds; what the answers say is for the oracles. A refusal may have its reasons, a failure has none."""
    form = target.json_body
    if form is None or target.id not in world.bodies:
        return
    for body in varied(run, form, [*world.bodies[target.id], *world.candidates(target)]):
        made = await world.fresh(target, run.profile.first, body=body)
        if isinstance(made, Unavailable):
            run.skip(target, Kind.BODY, made.reason, made.fill)
            return
        exchange = await run.send(made.draft)
        if exchange.answer.succeeded:
            await _read(run, world, target, made, exchange)


async def _read(run: Run, world: World, target: Target, made: Made, exchange: Exchange) -> None:
    """Look at the object by every operation that reads it."""
    name = target.creates or run.relations.object_of(target)
    given = Made(made.draft, (*made.steps, exchange)) if target.creates or target.method == "POST" else made
    if readers(run, name):
        view = await look(run, world, name, given, run.profile.first)
        if view is not None:
            await view.once(run)


def varied(run: Run, form: BodyForm, known: list[Any]) -> Iterator[Any]:
    """Bodies that are allowed and unlike each other: known ones, and the largest with all leaves of one kind changed."""
    done: set[str] = set()
    made = (*(_changed(run, form, known[0], leaf) for leaf in LEAVES), *_nulls(run, form, known[0])) if known else ()
    for body in (*known[:_MOST_KNOWN], *known[-1:], *made):
        text = json.dumps(body, sort_keys=True)
        if text not in done:
            done.add(text)
            yield body


def _changed(run: Run, form: BodyForm, base: Any, leaf: _Leaf) -> Any:
    """A body with every leaf changed that may be, one after the other, so that the whole is allowed still."""
    ground = Ground(run.contract.judge, form.schema, base)
    run.contract.judge.forget()
    body, seen = base, set()
    for place in sorted(ground.places, key=lambda place: -len(place.path)):
        declared = run.declared.property(run.contract.schemas.pointer(place.schema))
        if place.path in seen or not place.path or (declared is not None and declared.among is not None):
            continue
        try:
            value = at(body, place.path)
        except (LookupError, TypeError):
            continue
        other = leaf(place, value)
        if other is value or other == value:
            continue
        changed = replaced(body, place.path, other)
        if allowed(run, form.pointer, changed):
            seen.add(place.path)
            body = changed
    return body


def _nulls(run: Run, form: BodyForm, base: Any) -> Iterator[Any]:
    """Bodies with null wherever it may be, one for each level: null in what is itself no longer there would show nothing."""
    ground = Ground(run.contract.judge, form.schema, base)
    run.contract.judge.forget()
    paths = sorted({place.path for place in ground.places if place.path and at(base, place.path) is not None}, key=len)
    levels: dict[Path, int] = {}
    for path in paths:
        if allowed(run, form.pointer, replaced(base, path, None)):
            levels[path] = 1 + max((level for above, level in levels.items() if path[: len(above)] == above), default=0)
    for number in range(1, max(levels.values(), default=0) + 1):
        body = base
        for path in (path for path, level in levels.items() if level == number):
            changed = replaced(body, path, None)
            body = changed if allowed(run, form.pointer, changed) else body
        yield body


def _empty(place: Place, value: Any) -> Any:
    return "" if isinstance(value, str) else value


def _odd(place: Place, value: Any) -> Any:
    most = place.schema.get("maxLength")
    return _ODD[:most] if isinstance(value, str) else value


def _lines(place: Place, value: Any) -> Any:
    most = place.schema.get("maxLength")
    return _LINES[:most].rstrip() if isinstance(value, str) else value


def _none(place: Place, value: Any) -> Any:
    return [] if isinstance(value, list) else value


def _most(place: Place, value: Any) -> Any:
    if isinstance(value, str) and "maxLength" in place.schema:
        return (value + "x" * place.schema["maxLength"])[: place.schema["maxLength"]]
    return place.schema.get("maximum", value) if type(value) in (int, float) else value


def _least(place: Place, value: Any) -> Any:
    return place.schema.get("minimum", value) if type(value) in (int, float) else value


def _more(place: Place, value: Any) -> Any:
    return value + 1 if type(value) in (int, float) else value


LEAVES: tuple[_Leaf, ...] = (_empty, _odd, _lines, _none, _most, _least, _more)
"""What a leaf is changed to."""
