"""Drawings as SVG that a page holds: the states of an object, and who says what to whom. A template prints them.

All sizes are in the units of the drawing; text is measured by a wide guess, so that it never runs out of its box.
"""

from __future__ import annotations

from dataclasses import dataclass

from tillspec.runtime.behavior import Lifecycle

_HEIGHT, _THIN, _GAP_X, _GAP_Y, _EDGE = 34.0, 6.0, 64.0, 22.0, 12.0
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
    """The states of a lifecycle from left to right, each as far from the first as it takes moves to get there.

    A move past a column has a gap of its own in it, which all moves past it from one state share.
    """
    columns = _columns(lifecycle)
    place = {state: column for column, names in columns.items() for state in names}
    slots = _with_gaps(columns, lifecycle, place)
    tall = max(sum(_tall(slot) for slot in names) for names in slots.values())
    boxes: dict[str, Box] = {}
    gaps: dict[tuple[str, int], Box] = {}
    x = float(_EDGE + 22)
    for column, names in slots.items():
        width = max(_width(name) for name in columns[column])
        y = (tall - sum(map(_tall, names))) / 2 + _EDGE
        for name in names:
            if isinstance(name, _Gap):
                gaps[name.source, column] = Box("", x, y, width, height=_THIN)
            else:
                kind = "initial" if name == lifecycle.initial else "final" if lifecycle.is_terminal(name) else ""
                boxes[name] = Box(name, x, y, width, kind)
            y += _tall(name)
        x += width + _GAP_X
    arrows, below = _arrows(lifecycle, boxes, gaps, place, tall + _EDGE)
    told = "; ".join(f"{state} to {', '.join(targets)}" for state, targets in lifecycle.moves.items() if targets)
    description = f"Begins as {lifecycle.initial}. {told}."
    height = below + _EDGE if below > tall + _EDGE else tall - _GAP_Y + 2 * _EDGE
    return Diagram(identifier, title, description, x - _GAP_X + _EDGE, height, tuple(boxes.values()), tuple(arrows))


def _arrows(
    lifecycle: Lifecycle, boxes: dict[str, Box], gaps: dict[tuple[str, int], Box], place: dict[str, int], below: float
) -> tuple[list[Arrow], float]:
    """The arrow to the first state, one for each move, and how far down the lowest of them goes."""
    arrows = [_start(boxes[lifecycle.initial])]
    for state, targets in lifecycle.moves.items():
        for target in targets:
            if place[target] > place[state]:
                through = [gap for (source, column), gap in gaps.items() if source == state and column < place[target]]
                arrows.append(_forward(boxes[state], through, boxes[target]))
            else:
                arrows.append(_back(boxes[state], boxes[target], below))
                below += 10
    return arrows, below


@dataclass(frozen=True, slots=True)
class _Gap:
    """Where moves from a state go past a column."""

    source: str


def _with_gaps(columns: dict[int, list[str]], lifecycle: Lifecycle, place: dict[str, int]) -> dict[int, list[str | _Gap]]:
    """The columns with gaps in the middle of those that a move goes past."""
    made: dict[int, list[str | _Gap]] = {column: list(names) for column, names in columns.items()}
    for state, targets in lifecycle.moves.items():
        for column in columns:
            if any(place[state] < column < place[target] for target in targets):
                made[column].insert(len(made[column]) // 2, _Gap(state))
    return made


def _tall(slot: str | _Gap) -> float:
    return (_THIN if isinstance(slot, _Gap) else _HEIGHT) + _GAP_Y


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


def _forward(one: Box, through: list[Box], other: Box) -> Arrow:
    x, y = one.x + one.width, one.y + one.height / 2
    path = f"M{x:g} {y:g}"
    for box in through:
        middle = box.y + box.height / 2
        path += f"{_curve(x, y, box.x, middle)}H{box.x + box.width:g}"
        x, y = box.x + box.width, middle
    return Arrow(path + _curve(x, y, other.x - 5, other.y + other.height / 2))


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    bend = max(28.0, (x2 - x1) / 2)
    return f"C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"


def _back(one: Box, other: Box, below: float) -> Arrow:
    """A move to a state that is no further: below all boxes, and up again."""
    x1, y1, x2, y2 = one.x + one.width / 2, one.y + _HEIGHT, other.x + other.width / 2 - 8, other.y + _HEIGHT + 5
    return Arrow(f"M{x1:g} {y1:g}C{x1:g} {below + 12:g} {x2:g} {below + 12:g} {x2:g} {y2:g}")
