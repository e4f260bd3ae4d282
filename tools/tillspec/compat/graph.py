"""Pairs of schemas that are compared, each once, however many messages reach it; and from a message all that is found below it.

Schemas refer to themselves and to each other, so that the places of a message have no end. Each pair is told at the nearest place
of a message that has it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tillspec.compat.change import Finding
from tillspec.compat.view import Key
from tillspec.rules.reading.nodes import Direction


class Pair(NamedTuple):
    """What the old and the new contract say of one value, in a direction."""

    old: Key
    new: Key
    direction: Direction


Edge = tuple[str, Pair]
"""What leads from a value to a part of it, as the end of a pointer (`/name`, `/*`, empty for a form of itself); and that part."""

Compare = Callable[[Pair], tuple[list[Finding], list[Edge]]]


class Graph:
    """The pairs below some messages, and what is found at each."""

    def __init__(self, compare: Compare) -> None:
        self._compare = compare
        self._found: dict[Pair, list[Finding]] = {}
        self._edges: dict[Pair, list[Edge]] = {}
        self._live: set[Pair] | None = None

    def add(self, pair: Pair) -> None:
        """Compare a pair, and all that stands below it."""
        waiting = [pair]
        while waiting:
            one = waiting.pop()
            if one not in self._found:
                self._found[one], self._edges[one] = self._compare(one)
                waiting += [below for _, below in self._edges[one]]
        self._live = None

    def below(self, pair: Pair) -> Iterator[tuple[str, Finding]]:
        """All that is found in a message, with the place in it, the nearest first."""
        live = self._leading()
        waiting, seen = deque([("", pair)]), {pair}
        while waiting:
            place, one = waiting.popleft()
            if one not in live:
                continue
            for finding in self._found[one]:
                yield place + finding.at, finding
            for label, below in self._edges[one]:
                if below not in seen:
                    seen.add(below)
                    waiting.append((place + label, below))

    def _leading(self) -> set[Pair]:
        """The pairs at which something is found, or below which."""
        if self._live is None:
            above: dict[Pair, list[Pair]] = {}
            for pair, edges in self._edges.items():
                for _, below in edges:
                    above.setdefault(below, []).append(pair)
            waiting = [pair for pair, found in self._found.items() if found]
            self._live = set(waiting)
            while waiting:
                more = [pair for pair in above.get(waiting.pop(), ()) if pair not in self._live]
                self._live.update(more)
                waiting += more
        return self._live
