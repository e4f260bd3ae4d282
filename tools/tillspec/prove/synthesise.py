"""Valid instances of a schema: as large or as small as may be, for any choice of branches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from tillspec.prove import expressions, formats, samples
from tillspec.prove.dialects import Schema
from tillspec.prove.equality import equal
from tillspec.prove.judge import Judge, is_multiple
from tillspec.prove.patterns import NoPattern, matches
from tillspec.prove.shapes import Choice, Shape, shape

_DEEPEST = 12
_MOST_TRIES = 40
_PICKS = 4
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ORDER = ("object", "array", "string", "integer", "number", "boolean", "null")


class Impossible(Exception):
    """No value was found that a schema allows."""


@dataclass(slots=True)
class Synthesiser:
    """Makes instances, and asks the judge of each. Objects up to `reach` references away have all that they may have."""

    judge: Judge
    reach: int = 2

    def make(self, schemas: Sequence[Schema], *, wide: bool = True, depth: int = 0, pick: int = 0) -> Any:
        """A value that all of several schemas allow; a `wide` one has every property that it may have.

        Raises:
            Impossible: none was found.
        """
        for candidate in islice(self.candidates(schemas, {}, wide, depth, pick), _MOST_TRIES):
            if all(self.judge.is_valid(schema, candidate) for schema in schemas):
                return candidate
        raise Impossible

    def choose(self, schema: Schema, choice: Choice, index: int) -> Any:
        """A wide value of a schema that takes one branch of a choice.

        Raises:
            Impossible: none was found.
        """
        for candidate in islice(self.candidates([schema], {choice: index}, True, 1, 0), _MOST_TRIES):
            if self.judge.is_valid(schema, candidate):
                return candidate
        raise Impossible

    def candidates(
        self, schemas: Sequence[Schema], fixed: Mapping[Choice, int], wide: bool, depth: int, pick: int
    ) -> Iterator[Any]:
        """Values that may be valid, the likeliest first: each way through the branches, wide before narrow, each type."""
        for further in range(pick, pick + _PICKS):
            for ways in self._ways(schemas, fixed):
                made = shape(self.judge.schemas, schemas, ways)
                if not made.impossible:
                    yield from self._spread(made, wide and depth <= self.reach, depth + made.references, further)

    def _spread(self, made: Shape, wide: bool, depth: int, pick: int) -> Iterator[Any]:
        if depth > _DEEPEST:
            return
        for spread in (True, False) if wide else (False,):
            if made.said("const") or made.said("enum"):
                with suppress(Impossible):
                    yield self._listed(made, pick)
                continue
            for kind in sorted(made.kinds(), key=_ORDER.index):
                try:
                    yield self._of_kind(kind, made, spread, depth, pick)
                except Impossible:
                    continue

    def _ways(self, schemas: Sequence[Schema], fixed: Mapping[Choice, int]) -> Iterator[dict[Choice, int]]:
        """Choices of branches: the first of each, then one other at a time, as far as they lead to further ones."""
        waiting: list[dict[Choice, int]] = [dict(fixed)]
        tried = 0
        while waiting and tried < _MOST_TRIES:
            ways = waiting.pop(0)
            tried += 1
            yield ways
            for choice, number in shape(self.judge.schemas, schemas, ways).open.items():
                if choice not in ways and choice.keyword != "type":
                    waiting += [{**ways, choice: index} for index in range(1, number)]

    # -- one value ---------------------------------------------------------------------------------------------------------

    def _listed(self, made: Shape, pick: int) -> Any:
        values = made.said("const")[:1] or made.said("enum")[0]
        plain = [{word: said for word, said in part.items() if word in _FLAT} for part in made.parts]
        found = [value for value in values if all(self._flat_valid(part, value) for part in plain)]
        if not found:
            raise Impossible
        real = [value for value in found if value is not None] or found
        return real[pick % len(real)]

    def _flat_valid(self, part: dict[str, Any], value: Any) -> bool:
        if "const" in part and not equal(part["const"], value):
            return False
        if "enum" in part and not any(equal(one, value) for one in part["enum"]):
            return False
        said = part.get("type")
        return said is None or of_type(value, [said] if isinstance(said, str) else said)

    def _of_kind(self, kind: str, made: Shape, wide: bool, depth: int, pick: int) -> Any:
        match kind:
            case "object":
                return self._object(made, wide, depth, pick)
            case "array":
                return self._array(made, wide, depth, pick)
            case "string":
                return self._text(made, pick)
            case "integer" | "number":
                return self._number(made, kind, pick)
            case "boolean":
                return pick % 2 == 0
            case _:
                return None

    def _text(self, made: Shape, pick: int) -> str:
        for text in islice(texts_of(made, pick), 200):
            if all(self._text_holds(part, text) for part in made.parts):
                return text
        raise Impossible

    def _text_holds(self, part: dict[str, Any], text: str) -> bool:
        try:
            return (
                part.get("minLength", 0) <= len(text) <= part.get("maxLength", len(text))
                and ("pattern" not in part or matches(part["pattern"], text))
                and ("format" not in part or formats.holds(part["format"], text))
            )
        except NoPattern:
            return True

    def _number(self, made: Shape, kind: str, pick: int) -> float:
        for value in numbers_of(made, kind, pick):
            if all(_number_holds(part, value) for part in made.parts):
                return value
        raise Impossible

    def _array(self, made: Shape, wide: bool, depth: int, pick: int) -> list[Any]:
        least = made.least("minItems") or 0
        most = made.most("maxItems")
        prefix = max((len(said) for said in made.said("prefixItems")), default=0)
        wanted = max(least, prefix if wide else 0, 1 if wide else 0)
        wanted = wanted if most is None else min(wanted, most)
        found: list[Any] = []
        for contained in made.said("contains"):
            wanted_inside = range(max(made.said("minContains") or [1]))
            found += [
                self.make([contained, *made.of_item(index)], wide=wide, depth=depth + 1, pick=pick + index)
                for index in wanted_inside
            ]
        distinct = any(made.said("uniqueItems"))
        while len(found) < wanted:
            index = len(found)
            if not made.of_item(index) and any(said is False for said in made.said("unevaluatedItems")):
                break
            try:
                item = self._item(made, index, wide, depth, pick, found if distinct else [])
            except Impossible:
                if index >= least:
                    break
                raise
            found.append(item)
        return found

    def _item(self, made: Shape, index: int, wide: bool, depth: int, pick: int, others: list[Any]) -> Any:
        for further in range(6):
            item = self.make(made.of_item(index), wide=wide, depth=depth + 1, pick=pick + index + further)
            if not any(equal(item, other) for other in others):
                return item
        raise Impossible

    def _object(self, made: Shape, wide: bool, depth: int, pick: int) -> dict[str, Any]:
        required = list(dict.fromkeys(name for names in made.said("required") for name in names))
        optional = [name for said in made.said("properties") for name in said if name not in required]
        found: dict[str, Any] = {}
        for name in [*required, *(dict.fromkeys(optional) if wide else ())]:
            schemas = made.of_property(name, self._matches)
            try:
                found[name] = self.make(schemas, wide=wide, depth=depth, pick=pick)
            except Impossible:
                if name in required:
                    raise
        for name, needed in ((name, needed) for said in made.said("dependentRequired") for name, needed in said.items()):
            for other in needed if name in found else ():
                if other not in found:
                    found[other] = self.make(made.of_property(other, self._matches), wide=wide, depth=depth, pick=pick)
        self._fill(made, found, wide, depth, pick)
        most = made.most("maxProperties")
        for name in [name for name in reversed(found) if name not in required][
            : max(0, len(found) - most) if most is not None else 0
        ]:
            del found[name]
        return found

    def _fill(self, made: Shape, found: dict[str, Any], wide: bool, depth: int, pick: int) -> None:
        """Properties that are not declared: as many as must be, and one where a schema speaks of them."""
        least = made.least("minProperties") or 0
        speaks = any(isinstance(said, dict) and said for said in made.said("additionalProperties")) or made.said(
            "patternProperties"
        )
        wanted = max(least, len(found) + 1 if wide and speaks else 0)
        optional = [name for said in made.said("properties") for name in said]
        for name in [*optional, *self.new_names(made)]:
            if len(found) >= wanted:
                break
            if name not in found:
                try:
                    found[name] = self.make(made.of_property(name, self._matches), wide=wide, depth=depth + 1, pick=pick)
                except Impossible:
                    continue

    def new_names(self, made: Shape) -> Iterator[str]:
        """Names for properties that no part declares."""
        for said in made.said("patternProperties"):
            for pattern in said:
                yield from islice(expressions.texts(pattern, 1), 3)
        for said in made.said("propertyNames"):
            for pick in range(5):
                try:
                    yield self.make([{"type": "string"}, said], pick=pick)
                except Impossible:
                    break
        for index in range(40):
            yield f"more_{_LETTERS[index % 26]}{index // 26 or ''}"

    def _matches(self, pattern: str, name: str) -> bool:
        try:
            return matches(pattern, name)
        except NoPattern:
            return False


_FLAT = frozenset({"const", "enum", "type"})


def _number_holds(part: dict[str, Any], value: float) -> bool:
    said = part.get("type", "number")
    return (
        of_type(value, [said] if isinstance(said, str) else said)
        and part.get("minimum", value) <= value <= part.get("maximum", value)
        and ("exclusiveMinimum" not in part or value > part["exclusiveMinimum"])
        and ("exclusiveMaximum" not in part or value < part["exclusiveMaximum"])
        and ("multipleOf" not in part or is_multiple(value, part["multipleOf"]))
        and ("format" not in part or formats.holds(part["format"], value))
    )


def texts_of(made: Shape, pick: int = 0) -> Iterator[str]:
    """Texts for a shape, the likeliest first: its examples, then by format, by pattern, and by length; what parsers disagree on
    where there is nothing else.
    """
    examples = [text for said in made.said("examples") for text in said if isinstance(text, str)]
    yield from examples[pick:] if pick else examples
    least, most = made.least("minLength") or 0, made.most("maxLength")
    named = [text for name in made.said("format") for text in samples.PLAIN.get(name, ())]
    turn = pick % len(named) if named else 0
    yield from (*named[turn:], *named[:turn])
    for pattern in made.said("pattern"):
        yield from islice(expressions.texts(pattern, least, 10_000 if most is None else most, pick), 60)
    for length in (max(least, 5), least, max(least, 1)):
        allowed = length if most is None else min(length, most)
        yield "".join(_LETTERS[(pick + index) % 26] for index in range(allowed))
    yield from (text for name in made.said("format") for text in samples.DISPUTED.get(name, ()))


def numbers_of(made: Shape, kind: str, pick: int = 0) -> Iterator[float]:
    """Numbers for a shape, the likeliest first."""
    examples = [value for said in made.said("examples") for value in said if of_type(value, ["number"])]
    yield from examples[pick:] if pick else examples
    low = [*made.said("minimum"), *made.said("exclusiveMinimum")]
    high = [*made.said("maximum"), *made.said("exclusiveMaximum")]
    steps = [abs(unit) for unit in made.said("multipleOf") if unit]
    step = max(steps, default=1)
    start = max(low) if low else min(high) if high else 0
    direction = 1 if low or not high else -1
    first = Decimal(repr(start)) // Decimal(repr(step))
    for index in range(pick, pick + 12):
        yield _plain((first + direction * index) * Decimal(repr(step)))
    if low and high and kind == "number":
        yield (max(low) + min(high)) / 2
    yield from (start + direction * 0.5, start, 0) if kind == "number" else (0,)


def _plain(value: Decimal) -> float:
    return int(value) if value == value.to_integral_value() else float(value)


def of_type(value: Any, kinds: Sequence[str]) -> bool:
    """Whether a JSON value is of one of several types (JSON Schema core, section 4.2.1)."""
    match value:
        case bool():
            return "boolean" in kinds
        case None:
            return "null" in kinds
        case int() | float():
            return "number" in kinds or ("integer" in kinds and value == int(value))
        case str():
            return "string" in kinds
        case list():
            return "array" in kinds
        case _:
            return "object" in kinds
