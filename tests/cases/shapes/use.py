"""Unions with and without a discriminator, constants, maps, and what is recursive."""

from __future__ import annotations

from typing import Any, assert_never

from pydantic import MISSING, ValidationError
from shapes_api import models

TEXT = (
    '{"shapes":[{"kind":"circle","radius":2.5,"fill":"#ff0000"},'
    '{"kind":"group","members":[{"kind":"polygon","points":[{"x":0,"y":0},{"x":1,"y":0},{"x":0,"y":1}]}]}],'
    '"size":[30,20],"background":null,"layers":{"front":[{"kind":"circle","radius":1.0}]},"opacity":0.5,"kind":"drawing",'
    '"extra":{"any":["thing",null]}}'
)


def area(shape: models.Shape) -> float:
    """A union is closed: a type checker knows when all cases are there."""
    match shape:
        case models.Circle():
            return 3 * shape.radius**2
        case models.Polygon():
            return float(len(shape.points))
        case models.Group():
            return sum(area(member) for member in shape.members)
        case _:
            assert_never(shape)


drawing = models.Drawing.model_validate_json(TEXT)
assert drawing.model_dump_json(by_alias=True) == TEXT
assert [type(shape) for shape in drawing.shapes] == [models.Circle, models.Group]
assert sum(area(shape) for shape in drawing.shapes) == 3 * 2.5**2 + 3

plain = models.Drawing(shapes=[models.Circle(kind="circle", radius=1)], size="A4")
assert (plain.opacity, plain.kind, plain.background) == (1, MISSING, MISSING)

LEAST: dict[str, Any] = {"shapes": [], "size": "A3"}
WRONG: tuple[dict[str, Any], ...] = (
    {"size": "A5"},
    {"size": [1]},
    {"size": [1, 2, 3]},
    {"size": [0, 1]},
    {"kind": "painting"},
    {"background": "red"},
    {"opacity": 2},
    {"layers": {"front": {}}},
    {"shapes": [{"kind": "star"}]},
    {"shapes": [{"radius": 1}]},
    {"shapes": [{"kind": "circle", "radius": 0}]},
    {"shapes": [{"kind": "polygon", "points": [{"x": 0, "y": 0}]}]},
)
models.Drawing.model_validate(LEAST)
for wrong in WRONG:
    try:
        models.Drawing.model_validate(LEAST | wrong)
    except ValidationError as error:
        assert error.error_count() >= 1
    else:
        raise AssertionError(f"{wrong} is taken")
