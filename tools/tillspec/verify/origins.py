"""Where ids come from: which answer gave the one that a later request holds, so that a finding is shown from its start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
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
        for _, value in self.given(exchange):
            self._by_value.setdefault(value, exchange)
        for _, value in named(exchange):
            self._by_path.setdefault((path_of(call), value), exchange)

    def given(self, exchange: Exchange) -> Iterator[tuple[Pointer, str]]:
        """The texts of an answer that a server made up, and nobody else can have: pointers and values."""
        if exchange.answer.value is NOTHING:
            return
        said = exchange.call.target + "\n" + (exchange.call.body or b"").decode("utf-8", "replace")
        for pointer, leaf in leaves(exchange.answer.value):
            value = leaf if isinstance(leaf, str) else ""
            made = _MADE.fullmatch(value) and not _TIME.match(value)
            if made and value not in self.known and value not in said:
                yield pointer, value

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
        if not isinstance(value, bool) and value != "" and _ID.search(pointer.rpartition("/")[2]):
            yield pointer, str(value)


def path_of(call: Call) -> str:
    """The path of a call, without a query."""
    return call.target.partition("?")[0]


def _held(call: Call) -> Iterator[str]:
    """The texts that a call has in its path, its headers and its body."""
    yield from (value for _, value in call.path)
    yield from (value.removeprefix("Bearer ") for _, value in call.headers)
    if call.value is not NOTHING:
        yield from (value for _, value in leaves(call.value) if isinstance(value, str))


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
