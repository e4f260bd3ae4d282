"""States that are named are states."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.lifecycles import declared_states
from tillspec.rules.reading.nodes import Node


def state_unknown(context: Context) -> Iterator[Diagnostic]:
    """Each state of a lifecycle that its field cannot have, and each state of other words that no lifecycle has."""
    for lifecycle, schema in context.behaviors.lifecycles:
        options = declared_states(context, lifecycle, schema)
        if options:
            named = [
                lifecycle.get("initial"),
                *(one for _, targets in lifecycle.get("moves").entries() for one in targets.list()),
            ]
            yield from _unknown(context, named, options)
            for state, listed in lifecycle.get("moves").entries():
                yield from _unknown(context, [Node(listed.pointer, state)], options, key=True)
        elif lifecycle.text("initial") not in lifecycle.get("moves").value:
            yield from _unknown(context, [lifecycle.get("initial")], set(lifecycle.get("moves").value))
    for thing in context.behaviors.things.values():
        if thing.states:
            yield from _unknown(context, [expires.get("state") for expires, _ in thing.words("expires")], thing.states)
    for operation in context.operations:
        known = {state for thing in context.behaviors.of(operation) for state in thing.states}
        moves = operation.behavior.get("moves")
        if known:
            yield from _unknown(context, [moves.get("to"), *moves.get("from").list()], known)
            for state, answer in moves.get("refused").entries():
                yield from _unknown(context, [Node(answer.pointer, state)], known, key=True)


def _unknown(context: Context, nodes: list[Node], known: set[str], *, key: bool = False) -> Iterator[Diagnostic]:
    for node in nodes:
        if isinstance(node.value, str) and node.value not in known:
            close = get_close_matches(node.value, sorted(known), n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(sorted(known))}"
            yield context.found("state-unknown", f"there is no state {node.value!r}", node.pointer, hint, key=key)
