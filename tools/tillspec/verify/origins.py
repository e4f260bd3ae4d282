"""Where values come from: which answer gave the id that a later request has in it, so that it can be shown from its start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tillspec.pointer import Pointer, join
from tillspec.verify.exchange import NOTHING, Call, Exchange

_MOST = 100_000
_SHORTEST, _LONGEST = 6, 2_000
_DEEPEST = 32


@dataclass(slots=True)
class Origins:
    """The exchanges whose answers first told a value that their requests did not hold."""

    _by_value: dict[str, Exchange] = field(default_factory=dict, repr=False)

    def note(self, exchange: Exchange) -> None:
        """Remember what an answer to a write gave."""
        if (
            exchange.answer.succeeded
            and exchange.call.operation
            and exchange.call.method not in ("GET", "HEAD")
            and len(self._by_value) < _MOST
        ):
            for _, value in given(exchange):
                self._by_value.setdefault(value, exchange)

    def before(self, call: Call) -> list[Exchange]:
        """The exchanges that gave values of a call."""
        return list({id(found): found for value in held(call) if (found := self._by_value.get(value)) is not None}.values())


def given(exchange: Exchange) -> Iterator[tuple[Pointer, str]]:
    """The texts of an answer that were made up by the server, and look it: pointers and values."""
    call, answer = exchange.call, exchange.answer
    if answer.value is NOTHING:
        return
    known = call.target + "\n" + (call.body or b"").decode("utf-8", "replace")
    for pointer, value in texts(answer.value):
        if _SHORTEST <= len(value) <= _LONGEST and any(map(str.isdigit, value)) and value not in known:
            yield pointer, value


def held(call: Call) -> Iterator[str]:
    """The texts that a call has in its path, its headers and its body."""
    yield from (value for _, value in call.path)
    yield from (value.removeprefix("Bearer ") for _, value in call.headers)
    if call.value is not NOTHING:
        yield from (value for _, value in texts(call.value))


def texts(value: Any, pointer: Pointer = "", depth: int = 0) -> Iterator[tuple[Pointer, str]]:
    """Every text of a JSON value, with where it stands; what lies deeper than any sensible message is left alone."""
    match value:
        case str():
            yield pointer, value
        case dict() if depth < _DEEPEST:
            for key, item in value.items():
                yield from texts(item, join(pointer, key), depth + 1)
        case list() if depth < _DEEPEST:
            for index, item in enumerate(value):
                yield from texts(item, join(pointer, index), depth + 1)
