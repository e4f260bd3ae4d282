"""Operations have names."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context


def operation_id_missing(context: Context) -> Iterator[Diagnostic]:
    """Each operation of a path or a webhook without an operationId; a callback is named after its operation."""
    for operation in context.operations:
        if operation.role != "callback" and "operationId" not in operation.node.value:
            message = f"{operation.name} has no operationId"
            hint = "name it, as in operationId: createSession; links, tests and generated code refer to it by that name"
            yield context.found("operation-id-missing", message, operation.node.pointer, hint, key=True)
