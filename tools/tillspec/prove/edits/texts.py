"""Edits of texts, and of what a format says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, zip_longest
from typing import Any

from tillspec.prove import expressions, formats, samples
from tillspec.prove.edits.made import ARABIC, Made
from tillspec.prove.synthesise import Synthesiser, of_type

_LONGEST = 20_000


def min_length(maker: Synthesiser, schema: dict[str, Any], said: int, value: Any) -> Iterator[Made]:
    if isinstance(value, str):
        for length, kind in ((said - 1, "minLength: 1 shorter"), (said, "minLength: on it"), (0, "minLength: empty")):
            for text in _of_length(maker, schema, value, length):
                yield kind, text, ()


def max_length(maker: Synthesiser, schema: dict[str, Any], said: int, value: Any) -> Iterator[Made]:
    if isinstance(value, str) and said <= _LONGEST:
        for length, kind in ((said + 1, "maxLength: 1 longer"), (said, "maxLength: on it")):
            for text in _of_length(maker, schema, value, length):
                yield kind, text, ()
        yield "maxLength: in characters, not in UTF-16", "\U0001f600" * said, ()
        yield "maxLength: 1 longer, with spaces", value[:said].ljust(said + 1), ()


def _of_length(maker: Synthesiser, schema: dict[str, Any], value: str, length: int) -> Iterator[str]:
    """Texts of a length that are as the others are: by the pattern, and by stretching what is there."""
    if length < 0:
        return
    if "pattern" in schema:
        yield from islice(expressions.texts(schema["pattern"], length, length), 1)
    yield value[:length] + (value[-1:] or "a") * (length - len(value))


def pattern(maker: Synthesiser, schema: dict[str, Any], said: str, value: Any) -> Iterator[Made]:
    if not isinstance(value, str):
        return
    for kind, text in (
        ("pattern: another scheme", value.replace("https://", "http://", 1)),
        ("pattern: line break after", value + "\n"), ("pattern: line break before", "\n" + value),
        ("pattern: space before", " " + value), ("pattern: more after", value + "!"), ("pattern: more before", "!" + value),
        ("pattern: empty", ""), ("pattern: other case", value.swapcase()), ("pattern: last one off", value[:-1]),
        ("pattern: first one off", value[1:]), ("pattern: digits of another script", value.translate(ARABIC)),
        ("pattern: letter with an accent", value[:-1] + "é"), ("pattern: another text", "?§ ~"),
        ("pattern: twice", value + value), ("pattern: no-break space", value[:-1] + "\u00a0"),
    ):  # fmt: skip
        yield kind, text, ()
    for pick in range(3):
        for text in islice(expressions.texts(said, schema.get("minLength", 0), schema.get("maxLength", 2000), pick), 0, 9, 4):
            yield "pattern: another that matches", text, ()


def format_(maker: Synthesiser, schema: dict[str, Any], said: str, value: Any) -> Iterator[Made]:
    if said in formats.RANGES and of_type(value, ["number"]):
        low, high = formats.RANGES[said]
        for kind, number in (
            ("on it", low),
            ("below", low - 1),
            ("on it", high),
            ("above", high + 1),
            ("far above", high * 1000),
        ):
            yield f"format {said}: {kind}", number, ()
    elif isinstance(value, str) and said in formats.TEXTS:
        if said == "uuid" and "-" in value:
            yield "format uuid: nearly", value.replace("-", ""), ()
        for wrong, right in zip_longest(samples.INVALID.get(said, ()), samples.VALID.get(said, ())):
            if wrong is not None:
                yield f"format {said}: nearly", wrong, ()
            if right is not None:
                yield f"format {said}: of it", right, ()
    elif isinstance(value, str):
        yield f"format {said}: says nothing", value + "~", ()
