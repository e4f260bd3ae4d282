"""A way leads to every state."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.behavior import moves, states


def state_unreachable(context: Context) -> Iterator[Diagnostic]:
    """Each state that no moves lead to from the initial one; what expires moves as well."""
    for lifecycle, _ in context.behaviors.lifecycles:
        known = moves(lifecycle)
        if lifecycle.text("initial") not in known:  # it is unknown, or nothing leads anywhere; another rule says so
            continue
        reached, waiting = set[str](), [lifecycle.text("initial")]
        while waiting:
            state = waiting.pop()
            if state not in reached:
                reached.add(state)
                waiting += known.get(state, [])
        for state in sorted(states(lifecycle) - reached):
            message = f"no way leads from {lifecycle.text('initial')!r} to {state!r}"
            pointer = lifecycle.get("moves", state).pointer if state in known else lifecycle.get("moves").pointer
            yield context.found(
                "state-unreachable", message, pointer, "add the move that leads there, or remove the state", key=True
            )
