"""Edits of values of any type, of branches, and of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from tillspec.prove.dialects import Schema
from tillspec.prove.edits.made import WRONG, Made
from tillspec.prove.synthesise import Impossible, Synthesiser, of_type

_MOST_BRANCHES = 12


def type_(maker: Synthesiser, schema: dict[str, Any], said: Any, value: Any) -> Iterator[Made]:
    kinds = [said] if isinstance(said, str) else said
    for name, wrong in WRONG:
        yield f"type: {name}", wrong, ()
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield "type: number as text", repr(value), ()
        yield "type: number with .0", float(value), ()
        yield "type: fraction", value + 0.5, ()
    elif isinstance(value, str):
        yield "type: text in a list", [value], ()
    elif isinstance(value, list):
        yield "type: items by index", {str(index): item for index, item in enumerate(value)}, ()
        if len(value) == 1:
            yield "type: item without its list", value[0], ()
    elif isinstance(value, dict):
        yield "type: object in a list", [value], ()
    elif isinstance(value, bool):
        yield "type: boolean as text", str(value).lower(), ()
    for kind in kinds if len(kinds) > 1 else ():
        try:
            yield f"type: another {kind}", maker.make([schema, {"type": kind}], depth=2), ()
        except Impossible:
            continue


def enum(maker: Synthesiser, schema: dict[str, Any], said: list[Any], value: Any) -> Iterator[Made]:
    for listed in said:
        yield "enum: listed", listed, ()
        if isinstance(listed, str):
            yield "enum: other case", listed.swapcase(), ()
        elif isinstance(listed, bool):
            yield "enum: number for a boolean", int(listed), ()
        elif isinstance(listed, int):
            yield "enum: with .0", float(listed), ()
            yield "enum: as text", str(listed), ()
    texts = [listed for listed in said if isinstance(listed, str)]
    yield "enum: unknown", (texts[0] + "x") if texts else "unknown", ()
    yield "enum: empty", "", ()
    yield "enum: null", None, ()
    yield "enum: unknown number", 987654, ()


def const(maker: Synthesiser, schema: dict[str, Any], said: Any, value: Any) -> Iterator[Made]:
    yield "const: the value", said, ()
    for wrong in (None, "unknown", 987654, [], {}, *((said + "x", said.swapcase()) if isinstance(said, str) else ())):
        yield "const: another", wrong, ()
    if isinstance(said, bool):
        yield "const: number for a boolean", int(said), ()
    elif isinstance(said, int):
        yield "const: with .0", float(said), ()
        yield "const: boolean for a number", bool(said), ()
    elif isinstance(said, dict):
        yield "const: with a further property", {**said, "unknown": 1}, ()
    elif isinstance(said, list):
        yield "const: with a further item", [*said, 1], ()


def not_(maker: Synthesiser, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
    rest = {word: other for word, other in schema.items() if word != "not"}
    for wanted in ([rest, said], [said]):
        try:
            made = maker.make(wanted, depth=2)
        except Impossible:
            continue
        yield "not", made, ()
        if isinstance(made, dict) and isinstance(value, dict):
            yield "not: added", {**value, **made}, ()


def branches(maker: Synthesiser, schema: dict[str, Any], said: list[Schema], value: Any) -> Iterator[Made]:
    """What two branches have at once, and nothing that any has."""
    word = "oneOf" if schema.get("oneOf") is said else "anyOf"
    rest = {key: other for key, other in schema.items() if key != word}
    for index, branch in enumerate(said[:_MOST_BRANCHES]):
        for other in said[index + 1 : _MOST_BRANCHES]:
            with suppress(Impossible):
                yield f"{word}: two branches", maker.make([rest, branch, other], depth=2), ()
        if isinstance(value, dict):
            with suppress(Impossible):
                made = maker.make([branch], depth=2)
                if isinstance(made, dict):
                    yield f"{word}: with what branch {index} has", {**made, **value}, ()
    for name, wrong in WRONG:
        yield f"{word}: another value: {name}", wrong, ()


def condition(maker: Synthesiser, schema: dict[str, Any], said: Schema, value: Any) -> Iterator[Made]:
    """Values that the condition holds for, with what either side asks for."""
    rest = {word: other for word, other in schema.items() if word not in ("if", "then", "else")}
    for kind, wanted in (
        ("if: holds", [rest, said]),
        ("if: holds, as the other side", [rest, said, schema.get("else", True)]),
        ("if: does not hold, as the other side", [rest, {"not": said}, schema.get("then", True)]),
    ):
        try:
            made = maker.make(wanted, wide=False, depth=2)
        except Impossible:
            continue
        yield kind, made, ()
        if isinstance(made, dict) and isinstance(value, dict):
            yield kind, {**value, **made}, ()


def bound(maker: Synthesiser, schema: dict[str, Any], said: float, value: Any) -> Iterator[Made]:
    for kind, number in (
        ("bound: on it", said), ("bound: 1 below", said - 1), ("bound: 1 above", said + 1),
        ("bound: a little below", said - 0.001), ("bound: a little above", said + 0.001),
        ("bound: far below", said - 10**6), ("bound: far above", said + 10**6),
    ):  # fmt: skip
        yield kind, _plainer(number, value), ()


def multiple(maker: Synthesiser, schema: dict[str, Any], said: float, value: Any) -> Iterator[Made]:
    if not of_type(value, ["number"]):
        return
    yield "multipleOf: once", said, ()
    yield "multipleOf: three times", _plainer(round(said * 3, 12), said), ()
    yield "multipleOf: half", said / 2, ()
    yield "multipleOf: one and a half", _plainer(value + said / 2, said / 2), ()
    if isinstance(said, int):
        yield "multipleOf: next", value + 1, ()


def _plainer(number: float, like: Any) -> float:
    """An integer where it is a whole number and so is what it is like."""
    return int(number) if isinstance(number, float) and number.is_integer() and not isinstance(like, float) else number
