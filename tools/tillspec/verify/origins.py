"""Where ids come from: which answer gave the one that a later request holds, so that a finding is shown from its start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.verify.exchange import NOTHING, Call, Exchange

_MOST = 100_000
_DEEPEST = 32
_MADE = re.compile(r"(?=(?:.*\d){3})[\w.~+/=-]{10,2000}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d")
_ID = re.compile(r"id\d*$|number$|key$|reference$|token$", re.IGNORECASE)


@dataclass(slots=True)
class Origins:
    """The exchanges whose answers first told an id. `known` are texts of the contract, which anybody may have written down."""

    known: frozenset[str] = field(default=frozenset(), repr=False)
    _by_value: dict[str, Exchange] = field(default_factory=dict, repr=False)
    _by_path: dict[tuple[str, str], Exchange] = field(default_factory=dict, repr=False)

    def note(self, exchange: Exchange) -> None:
        """Remember what an answer to a write gave."""
        call = exchange.call
        if not exchange.answer.succeeded or not call.operation or call.method in ("GET", "HEAD") or len(self._by_value) > _MOST:
            return
        if exchange.answer.value is NOTHING:
            return
        path, said = path_of(call), _said(call)
        for name, value in _leaves("", exchange.answer.value):
            if isinstance(value, str) and self._is_new(value, said):
                self._by_value.setdefault(value, exchange)
            if not isinstance(value, bool) and value != "" and _is_id(name):
                self._by_path.setdefault((path, str(value)), exchange)

    def given(self, exchange: Exchange) -> Iterator[tuple[Pointer, str]]:
        """The texts of an answer that a server made up, and nobody else can have: pointers and values."""
        if exchange.answer.value is NOTHING:
            return
        said = _said(exchange.call)
        for pointer, value in leaves(exchange.answer.value):
            if isinstance(value, str) and self._is_new(value, said):
                yield pointer, value

    def _is_new(self, text: str, said: str) -> bool:
        """Whether a text looks like what a server makes up, and neither the contract nor the request had it."""
        if text in self.known or _MADE.fullmatch(text) is None or _TIME.match(text):
            return False
        return text not in said

    def before(self, call: Call) -> list[Exchange]:
        """The exchanges that gave ids of a call."""
        found = [self._by_value.get(value) for value in _held(call)]
        above = [path_of(call)[: match.start()] for match in re.finditer("/", path_of(call))]
        found += [self._by_path.get((path, value)) for _, value in call.path for path in above]
        return list({id(one): one for one in found if one is not None}.values())


def named(exchange: Exchange) -> Iterator[tuple[Pointer, str]]:
    """The values of an answer that are called an id, whatever they look like."""
    if exchange.answer.value is NOTHING:
        return
    for pointer, value in leaves(exchange.answer.value):
        if not isinstance(value, bool) and value != "" and _is_id(pointer.rpartition("/")[2]):
            yield pointer, str(value)


def _said(call: Call) -> str:
    return call.target + "\n" + (call.body or b"").decode("utf-8", "replace")


@cache
def _is_id(name: str) -> bool:
    """Whether a property is called an id, whatever its value looks like."""
    return _ID.search(name) is not None


def path_of(call: Call) -> str:
    """The path of a call, without a query."""
    return call.target.partition("?")[0]


def _held(call: Call) -> Iterator[str]:
    """The texts that a call has in its path, its headers and its body."""
    yield from (value for _, value in call.path)
    yield from (value.removeprefix("Bearer ") for _, value in call.headers)
    if call.value is not NOTHING:
        yield from (value for _, value in leaves(call.value) if isinstance(value, str))


def _leaves(name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, str | int]]:
    """The same as `leaves`, with the name of the nearest property instead of the whole place."""
    match value:
        case str() | int():
            yield name, value
        case dict() if depth < _DEEPEST:
            for key, item in value.items():
                yield from _leaves(key, item, depth + 1)
        case list() if depth < _DEEPEST:
            for item in value:
                yield from _leaves(name, item, depth + 1)


def leaves(value: Any, pointer: Pointer = "", depth: int = 0) -> Iterator[tuple[Pointer, str | int]]:
    """Every text and whole number of a JSON value, with where it stands, as deep as any sensible message goes."""
    match value:
        case str() | int():
            yield pointer, value
        case dict() if depth < _DEEPEST:
            for key, item in value.items():
                yield from leaves(item, join(pointer, key), depth + 1)
        case list() if depth < _DEEPEST:
            for index, item in enumerate(value):
                yield from leaves(item, join(pointer, index), depth + 1)
