"""Operations move objects as their lifecycles allow."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.lifecycles import all_moves
from tillspec.rules.reading.nodes import Node


def move_undeclared(context: Context) -> Iterator[Diagnostic]:
    """Each move of an operation that leaves a terminal state, or goes where the lifecycle does not."""
    for operation in context.operations:
        node = operation.behavior.get("moves")
        target = node.text("to")
        for thing in context.behaviors.of(operation) if target else ():
            known = all_moves(thing)
            if target not in thing.states:
                continue
            for state in node.get("from").list():
                if state.value in thing.states and state.value != target and target not in known.get(str(state.value), []):
                    is_terminal = not known.get(str(state.value))
                    message = (
                        f"{state.value!r} is terminal"
                        if is_terminal
                        else f"{thing.name} does not go from {state.value!r} to {target!r}"
                    )
                    yield _told(context, operation.name, message, state)
            is_new = "creates" in operation.behavior.value
            if "from" not in node.value and not is_new and not any(target in targets for targets in known.values()):
                yield _told(context, operation.name, f"no state of {thing.name} goes to {target!r}", node.get("to"))


def _told(context: Context, name: str, message: str, node: Node) -> Diagnostic:
    return context.found(
        "move-undeclared",
        f"{name} makes a move that is none: {message}",
        node.pointer,
        "add it to the lifecycle's moves, or remove it here",
    )
