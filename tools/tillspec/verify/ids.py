"""Ids that name nothing: of the same form as one that does, or nearly that one."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from typing import Any

from tillspec.prove.synthesise import Impossible
from tillspec.verify.contract import Target
from tillspec.verify.draft import Draft
from tillspec.verify.exchange import NOTHING
from tillspec.verify.relations import Place
from tillspec.verify.run import Run

_CLASSES = (string.digits, "abcdef", "ABCDEF", string.ascii_lowercase, string.ascii_uppercase)
_TRIES = 20
_PREFIX = re.compile(r"[-_.:~]+(?=.)")
_COUNTED = re.compile(r"(?P<before>\D*)(?P<number>[0-9]{1,15})")
_FAR = (1_000_003, 9_000_003)
_SHORTEST = 8


def unknown(run: Run, draft: Draft, place: Place) -> Any:
    """A value for a place that is as valid as the one that stands there, and was never given to anything; `NOTHING` if there is
    none. Always the same for the same value and seed.
    """
    known = draft.at(place)
    source = random.Random(f"{run.options.seed} {place}")  # noqa: S311  # no secret: it is to be the same each time
    if isinstance(known, int) and not isinstance(known, bool):
        numbers = (known + source.randrange(*_FAR), *(known + 10**power for power in (9, 5, 4, 3)))
        return next((number for number in numbers if is_valid(run, draft, place, number)), NOTHING)
    if not isinstance(known, str):
        return NOTHING
    for text in _others(known, source):
        if text != known and is_valid(run, draft, place, text):
            return text
    return _made(run, draft.target, place, known)


def near(run: Run, draft: Draft, place: Place) -> Iterator[tuple[str, str]]:
    """Ids that are nearly one that there is, as far as the schema allows them, each with what was done to it. What may be a
    number that counts is only made longer by a letter, since its neighbours may well exist.
    """
    known = draft.at(place)
    if not isinstance(known, str) or len(known) < _SHORTEST:
        return
    counted = _COUNTED.fullmatch(known) is not None
    made = [("with a character more", known + ("x" if counted else known[-1]))]
    if not counted:
        made += [("with another character in it", _changed(known)), ("without its last character", known[:-1])]
    for what, text in made:
        if text != known and is_valid(run, draft, place, text):
            yield what, text


def is_valid(run: Run, draft: Draft, place: Place, value: Any) -> bool:
    """Whether a request may have a value at a place."""
    changed, form = draft.put(place, value), draft.target.json_body
    if place.startswith("$request.body"):
        return form is not None and run.contract.is_valid(form.pointer, "request", changed.body)
    _, location, name = place.split(".", 2)
    schemas = [one.schema for one in draft.target.parameters if (one.location, one.name) == (location, name)]
    return all(run.contract.judge.is_valid(schema, value) for schema in schemas)


def _others(known: str, source: random.Random) -> Iterator[str]:
    """Texts of the same form; of one that may count, far beyond it first."""
    counted = _COUNTED.fullmatch(known)
    if counted:
        digits = counted["number"]
        yield counted["before"] + str(int(digits) + source.randrange(*_FAR)).zfill(len(digits))
    last = max((found.end() for found in _PREFIX.finditer(known)), default=0)
    for kept in (min(len(known) // 3, 8), last):
        for _ in range(_TRIES):
            yield _other(known, kept, source)


def _other(text: str, kept: int, source: random.Random) -> str:
    """A text whose characters are others of their kind, but for the first ones, which may be a prefix."""
    made = list(text[:kept])
    for char in text[kept:]:
        group = next((letters for letters in _CLASSES if char in letters), None)
        made.append(source.choice(group) if group else char)
    return "".join(made)


def _changed(text: str) -> str:
    """A text with one character changed to the next of its kind: not the very last one, of which an encoding may drop bits."""
    for index in range(len(text) - 2, -1, -1):
        group = next((letters for letters in _CLASSES if text[index] in letters), None)
        if group is not None:
            return text[:index] + group[(group.index(text[index]) + 1) % len(group)] + text[index + 1 :]
    return text


def _made(run: Run, target: Target, place: Place, known: str) -> Any:
    for form in target.parameters:
        if place == f"$request.{form.location}.{form.name}":
            for pick in range(3):
                try:
                    value = run.contract.synthesiser.make([form.schema], wide=False, pick=pick)
                except Impossible:
                    break
                if value != known:
                    return value
    return NOTHING
