"""What lifecycles allow, and what the schemas of their fields know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tillspec.pointer import split
from tillspec.rules.reading.behavior import Thing, moves
from tillspec.rules.reading.nodes import Node

if TYPE_CHECKING:
    from tillspec.rules.context import Context


def declared_states(context: Context, lifecycle: Node, schema: Node) -> set[str]:
    """The values that the field of a lifecycle can have; none where its schema does not list them."""
    pointer = lifecycle.text("field")
    found = context.schemas.find(schema, split(pointer)) if pointer.startswith("/") else None
    return {
        option
        for node in found or ()
        for options in context.schemas.says(node, "enum")
        if isinstance(options, list)
        for option in options
        if isinstance(option, str)
    }


def all_moves(thing: Thing) -> dict[str, list[str]]:
    """The moves of all lifecycles that are declared of an object."""
    found: dict[str, list[str]] = {}
    for lifecycle, _ in thing.words("lifecycle"):
        for state, targets in moves(lifecycle).items():
            found[state] = [*found.get(state, []), *targets]
    return found
