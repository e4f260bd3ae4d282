"""Texts in which secrets stand: found in every spelling, and replaced by the variables that stand for them."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from urllib.parse import quote


class Spelling(StrEnum):
    """How a variable's text stands where it is used."""

    PLAIN = "plain"
    URL = "url"
    BASE64 = "base64"
    UPPER = "upper"
    LOWER = "lower"
    SWAPPED = "swapped"


class Origin(StrEnum):
    """Where a variable's text comes from: the environment, an earlier answer, or it is made anew."""

    ENVIRONMENT = "environment"
    ANSWER = "answer"
    FRESH = "fresh"


@dataclass(frozen=True, slots=True)
class Variable:
    """What stands in a text for another one. With `start` and `end`, only that part of the spelling stands there."""

    name: str
    origin: Origin = Origin.ENVIRONMENT
    spelling: Spelling = Spelling.PLAIN
    start: int | None = None
    end: int | None = None

    def __str__(self) -> str:
        return f"${self.name}" if self.start is None else "***"


Part = str | Variable
"""A piece of a text: literal, or what stands for it."""

TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{16,}")
"""A signed token (RFC 7519) in a text."""

_SHORTEST = 4
_SHORTEST_SLICE = 8
_SURROGATE = re.compile("[\\ud800-\\udfff]")
_CREDENTIAL = re.compile(r"\b((?:bearer|basic) )[\w.~+/=-]{12,}", re.IGNORECASE)


def spelled(text: str, spelling: Spelling) -> str:
    """A text as it stands in a spelling."""
    match spelling:
        case Spelling.URL:
            return quote(text, safe="")
        case Spelling.BASE64:
            return base64.b64encode(text.encode()).decode()
        case Spelling.UPPER:
            return text.upper()
        case Spelling.LOWER:
            return text.lower()
        case Spelling.SWAPPED:
            return text.swapcase()
    return text


@dataclass(frozen=True)
class Secrets:
    """The secrets of a run, by their texts: the name of the variable that stands for each."""

    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    @cached_property
    def _spellings(self) -> list[tuple[str, Variable]]:
        """Every spelling that is one of its own, the longest first: what is part of another one must not hide it."""
        found: dict[str, Variable] = {}
        for text, name in self.names.items():
            if len(text) >= _SHORTEST:
                for spelling in Spelling:
                    found.setdefault(spelled(text, spelling), Variable(name, spelling=spelling))
        return sorted(found.items(), key=lambda item: -len(item[0]))

    @cached_property
    def _anchors(self) -> dict[str, list[tuple[str, Variable]]]:
        """Short parts of every spelling, of which one is in any part of it that is told as one."""
        found: dict[str, list[tuple[str, Variable]]] = {}
        for known, variable in self._spellings:
            half = _slice(known) // 2
            for at in range(0, len(known) - half + 1, half) if len(known) > _slice(known) else ():
                found.setdefault(known[at : at + half], []).append((known, variable))
        return found

    def split(self, text: str) -> tuple[Part, ...]:
        """A text in pieces, a variable for each secret in it, and for each part of at least half of one."""
        parts: tuple[Part, ...] = (text,)
        for known, variable in self._spellings:
            if known in text:
                parts = pieces(parts, known, variable)
        near = {one: None for anchor, spellings in self._anchors.items() if anchor in text for one in spellings}
        for known, variable in sorted(near, key=lambda one: -len(one[0])):
            parts = _applied(parts, _part, known, variable)
        return tuple(part for part in parts if part != "")

    def masked(self, text: str) -> str:
        """A text for people: variables for secrets, nothing that looks like an unknown credential, and all of it Unicode."""
        made = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", "".join(map(str, self.split(text))))
        return _CREDENTIAL.sub(r"\1***", TOKEN.sub("***", made))


def pieces(parts: tuple[Part, ...], known: str, variable: Variable) -> tuple[Part, ...]:
    """Pieces of a text with a variable wherever another text stands in them."""
    return tuple(part for part in _applied(parts, _whole, known, variable) if part != "")


def _applied(
    parts: tuple[Part, ...], find: Callable[[str, str, Variable], Iterator[Part]], known: str, variable: Variable
) -> tuple[Part, ...]:
    return tuple(piece for part in parts for piece in (find(part, known, variable) if isinstance(part, str) else (part,)))


def _whole(text: str, known: str, variable: Variable) -> Iterator[Part]:
    """The pieces between the places where a secret stands. A short one counts only where it is a word of its own."""
    edge = r"(?<!\w){}(?!\w)" if len(known) < _SHORTEST_SLICE else "{}"
    pieces = re.split(edge.format(re.escape(known)), text)
    for index, piece in enumerate(pieces):
        if index:
            yield variable
        yield piece


def _slice(known: str) -> int:
    """How many characters of a spelling are told as a part of it."""
    return max(_SHORTEST_SLICE, len(known) // 2)


def _part(text: str, known: str, variable: Variable) -> Iterator[Part]:
    """The pieces around the first part of a secret that stands in a text, and so on behind it."""
    size = _slice(known)
    for at in range(len(text) - size + 1):
        start = known.find(text[at : at + size])
        if start >= 0:
            length = size + _alike(known[start + size :], text[at + size :])
            yield text[:at]
            yield replace(variable, start=start, end=start + length)
            yield from _part(text[at + length :], known, variable)
            return
    yield text


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return next((index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
