"""What is wrong with an invalid value: each broken keyword once, with its own place in the document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.prove.dialects import MAPS, Schema
from tillspec.prove.judge import Judge

_TELLING = frozenset(("type", "const", "enum", "additionalProperties"))
"""Keywords that tell branches apart: whoever breaks one did not mean the branch."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A keyword that does not hold: at `place` of the value; `pointer` is where the keyword stands in the document.

    `name` is the property that is missing, or that is too many.
    """

    keyword: str
    place: Pointer
    pointer: Pointer
    name: str | None = None


def faults(judge: Judge, schema: Schema, value: Any, at: Pointer = "") -> list[Fault]:
    """The keywords that a value breaks; where no branch of a choice holds, those of the branch that was meant."""
    if isinstance(schema, bool):
        return [] if schema else [Fault("false", at, "")]
    found: list[Fault] = []
    for word in sorted(schema, key=lambda word: word.startswith("unevaluated")):
        if judge.breaks(word, schema, value, found):
            found += _below(judge, word, schema, value, at) or list(_here(judge, word, schema, value, at))
    return found


def _below(judge: Judge, word: str, schema: dict[str, Any], value: Any, at: Pointer) -> list[Fault]:
    """The faults in what a keyword applies."""
    if word in ("anyOf", "oneOf"):
        return _meant([faults(judge, part, value, at) for part in schema[word]], at)
    own, found = join(judge.schemas.pointer(schema), word), []
    for part, child, keys in judge.inside(word, schema, value):
        if part is False:
            name = str(keys[-1]) if keys else None
            found.append(Fault(word, at, join(own, *keys) if word in MAPS else own, name))
        else:
            found += faults(judge, part, child, join(at, *keys))
    return found


def _meant(branches: Sequence[list[Fault]], at: Pointer) -> list[Fault]:
    """The faults of the branch that is nearest; none where several hold, or are as near."""

    def far(found: list[Fault]) -> tuple[int, int]:
        deepest = at.count("/") + 1
        return sum(one.keyword in _TELLING and one.place.count("/") <= deepest for one in found), len(found)

    ranked = sorted(map(far, branches))
    if not all(branches) or (len(ranked) > 1 and ranked[0] == ranked[1]):
        return []
    return min(branches, key=far)


def _here(judge: Judge, word: str, schema: dict[str, Any], value: Any, at: Pointer) -> Iterator[Fault]:
    """The faults of a keyword that looks at the value itself; each missing and each surplus property by itself."""
    own = join(judge.schemas.pointer(schema), word)
    names: list[str] = []
    if word == "required":
        names = [name for name in schema[word] if name not in value]
    elif word == "unevaluatedProperties" and isinstance(value, dict):
        seen = judge.evaluated(schema, value, word)
        names = [name for name in value if name not in seen]
    yield from (Fault(word, at, own, name) for name in names)
    if not names:
        yield Fault(word, at, own)
