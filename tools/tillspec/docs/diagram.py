"""Drawings as SVG that a page holds: the states of an object, and who says what to whom. A template prints them.

All sizes are in the units of the drawing; text is measured by a wide guess, so that it never runs out of its box.
"""

from __future__ import annotations

from dataclasses import dataclass

from tillspec.runtime.behavior import Lifecycle

_HEIGHT, _GAP_X, _GAP_Y, _EDGE = 34, 64, 22, 12
_PER_CHARACTER, _PADDING = 7.4, 24


@dataclass(frozen=True, slots=True)
class Box:
    """A state; `kind` is `initial`, `final` or empty."""

    name: str
    x: float
    y: float
    width: float
    kind: str = ""
    height: float = _HEIGHT

    @property
    def middle(self) -> tuple[float, float]:
        """Where its name stands."""
        return self.x + self.width / 2, self.y + self.height / 2 + 4


@dataclass(frozen=True, slots=True)
class Arrow:
    """A path, in SVG's own letters."""

    path: str


@dataclass(frozen=True, slots=True)
class Diagram:
    """A drawing of states, with the words for who does not see it; `id` is unique on its page."""

    id: str
    title: str
    description: str
    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def states(lifecycle: Lifecycle, identifier: str, title: str) -> Diagram:
    """The states of a lifecycle from left to right, each as far from the first as it takes moves to get there."""
    columns = _columns(lifecycle)
    width = {column: max(_width(state) for state in names) for column, names in columns.items()}
    left, x = {}, float(_EDGE + 22)
    for column in columns:
        left[column] = x
        x += width[column] + _GAP_X
    rows = max(len(names) for names in columns.values())
    tall = rows * (_HEIGHT + _GAP_Y)
    boxes: dict[str, Box] = {}
    for column, names in columns.items():
        top = (tall - len(names) * (_HEIGHT + _GAP_Y)) / 2 + _EDGE
        for index, state in enumerate(names):
            kind = "initial" if state == lifecycle.initial else "final" if lifecycle.is_terminal(state) else ""
            boxes[state] = Box(state, left[column], top + index * (_HEIGHT + _GAP_Y), width[column], kind)
    place = {state: column for column, names in columns.items() for state in names}
    arrows = [_start(boxes[lifecycle.initial])]
    below = tall + _EDGE
    for state, targets in lifecycle.moves.items():
        for target in targets:
            if place[target] > place[state]:
                arrows.append(_forward(boxes[state], boxes[target]))
            else:
                arrows.append(_back(boxes[state], boxes[target], below))
                below += 10
    told = "; ".join(f"{state} to {', '.join(targets)}" for state, targets in lifecycle.moves.items() if targets)
    description = f"Begins as {lifecycle.initial}. {told}."
    return Diagram(identifier, title, description, x - _GAP_X + _EDGE, below + _EDGE, tuple(boxes.values()), tuple(arrows))


def _columns(lifecycle: Lifecycle) -> dict[int, list[str]]:
    """The states by how many moves they are away from the first; what no move leads to stands at the end.

    A state that another of its column leads to is moved behind it.
    """
    rank = {lifecycle.initial: 0}
    waiting = [lifecycle.initial]
    while waiting:
        state = waiting.pop(0)
        for target in lifecycle.moves.get(state, ()):
            if target not in rank:
                rank[target] = rank[state] + 1
                waiting.append(target)
    last = max(rank.values()) + 1
    ordered = {state: rank.get(state, last) for state in lifecycle.states}
    for state in lifecycle.states:
        for target in lifecycle.moves.get(state, ()):
            if ordered[target] == ordered[state] and target != state and state not in lifecycle.moves.get(target, ()):
                ordered[target] += 1
    columns: dict[int, list[str]] = {}
    for state, column in sorted(ordered.items(), key=lambda item: item[1]):
        columns.setdefault(column, []).append(state)
    return columns


def _width(name: str) -> float:
    return max(72.0, len(name) * _PER_CHARACTER + _PADDING)


def _start(box: Box) -> Arrow:
    return Arrow(f"M{box.x - 22:g} {box.y + _HEIGHT / 2:g}H{box.x - 5:g}")


def _forward(one: Box, other: Box) -> Arrow:
    x1, y1, x2, y2 = one.x + one.width, one.y + _HEIGHT / 2, other.x - 5, other.y + _HEIGHT / 2
    bend = max(28.0, (x2 - x1) / 2)
    return Arrow(f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}")


def _back(one: Box, other: Box, below: float) -> Arrow:
    """A move to a state that is no further: below all boxes, and up again."""
    x1, y1, x2, y2 = one.x + one.width / 2, one.y + _HEIGHT, other.x + other.width / 2 - 8, other.y + _HEIGHT + 5
    return Arrow(f"M{x1:g} {y1:g}C{x1:g} {below + 12:g} {x2:g} {below + 12:g} {x2:g} {y2:g}")
