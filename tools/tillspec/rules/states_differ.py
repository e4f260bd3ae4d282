"""A lifecycle says of every value of its field what it is."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.behavior import states
from tillspec.rules.reading.lifecycles import declared_states


def states_differ(context: Context) -> Iterator[Diagnostic]:
    """Each lifecycle that leaves out values which its field lists."""
    for lifecycle, schema in context.behaviors.lifecycles:
        missing = declared_states(context, lifecycle, schema) - states(lifecycle)
        if missing:
            message = (
                f"the lifecycle does not know {', '.join(sorted(missing))}, which its field {lifecycle.text('field')} can be"
            )
            hint = "add them to moves (a terminal state with an empty list), or remove them from the field's enum"
            yield context.found("states-differ", message, lifecycle.get("moves").pointer, hint, key=True)
