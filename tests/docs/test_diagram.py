"""Drawings: every state and every move is there, nothing lies over anything else, whatever the lifecycle is."""

from __future__ import annotations

import re
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from tillspec.docs.diagram import Diagram, states
from tillspec.docs.scenarios import scenarios
from tillspec.runtime.behavior import Lifecycle

NAMES = ["pending", "paid", "authentication_required", "failed", "expired", "x"]
MOVES = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), unique=True, max_size=6).map(tuple), max_size=6)


@given(MOVES, st.sampled_from(NAMES))
def test_every_lifecycle_can_be_drawn(moves: dict[str, tuple[str, ...]], initial: str) -> None:
    lifecycle = Lifecycle(field="/status", initial=initial, moves=moves)
    drawn = states(lifecycle, "d", "States")
    assert sorted(box.name for box in drawn.boxes) == sorted(lifecycle.states)
    assert len(drawn.arrows) == 1 + sum(map(len, moves.values()))
    for one, other in combinations(drawn.boxes, 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y
    assert all(
        box.x >= 0 and box.x + box.width <= drawn.width and box.y >= 0 and box.y + box.height <= drawn.height
        for box in drawn.boxes
    )
    assert all(x <= drawn.width and y <= drawn.height + 14 for x, y in points(drawn))


def points(drawn: Diagram) -> list[tuple[float, float]]:
    """The ends of curves and lines."""
    found = []
    for arrow in drawn.arrows:
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", re.sub(r"H[-\d.]+", "", arrow.path))]
        found += list(zip(numbers[::2], numbers[1::2], strict=True))
    return found


def test_a_state_that_two_ways_lead_to_stands_behind_both() -> None:
    lifecycle = Lifecycle(field="/s", initial="a", moves={"a": ("b", "c"), "b": ("c",)})
    boxes = {box.name: box for box in states(lifecycle, "d", "t").boxes}
    assert boxes["a"].x < boxes["b"].x < boxes["c"].x
    assert (boxes["a"].kind, boxes["b"].kind, boxes["c"].kind) == ("initial", "", "final")


def test_a_document_of_scenarios_may_be_anything(api: object) -> None:
    from tillspec.api.model import Api

    assert isinstance(api, Api)
    nonsense: list[dict[str, object]] = [
        {}, {"workflows": [None, 1, {}]}, {"workflows": [{"steps": [{"operationId": "nowhere"}, {"operationId": 5}, "x"]}]},
        {"workflows": [{"workflowId": 1, "steps": [{"operationId": "createVinrSession", "requestBody": [], "successCriteria": {},
                        "parameters": [{"name": 1}], "outputs": [], "x-behavior": {"control": {"move": 1, "advance": []}}}]}]},
    ]  # fmt: skip
    found = [list(scenarios(api, (document,))) for document in nonsense]
    assert [len(one) for one in found] == [0, 0, 0, 1]
