"""What has expired is shown as such, or is gone; the contract says when it is which."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context


def expired_ambiguous(context: Context) -> Iterator[Diagnostic]:
    """Each operation with an answer 410 on an object that has a state expired, where nothing says when which of the two holds."""
    for operation in context.operations:
        if "410" not in operation.responses or {"expired", "gone"} & operation.behavior.value.keys():
            continue
        for thing in context.behaviors.of(operation):
            expiring = {expires.text("state") for expires, _ in thing.words("expires")} - {""}
            if thing.states & (expiring | {"expired"}):
                message = f"{thing.name} has a state for what has expired, and {operation.name} an answer 410 too"
                hint = "say when it is which: on the operation expired: 410 (still kept) or gone: 410 (no longer kept)"
                pointer = operation.node.get("responses", "410").pointer
                yield context.found("expired-ambiguous", message, pointer, hint, key=True)
