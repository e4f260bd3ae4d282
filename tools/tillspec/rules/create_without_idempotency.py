"""A create that is repeated after a lost answer makes no second object."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.idempotency import key_header
from tillspec.rules.reading.operations import Operation


def create_without_idempotency(context: Context) -> Iterator[Diagnostic]:
    """Each operation that makes an object and says nothing of repeated requests."""
    for operation in context.operations:
        if (
            operation.is_incoming
            and _creates(operation)
            and "idempotency" not in operation.behavior.value
            and not key_header(operation)
        ):
            message = f"{operation.name} makes an object, and does not say what a repeated request does"
            hint = "take an Idempotency-Key header and declare x-behavior: {idempotency: ...}; or say idempotency: none"
            yield context.found("create-without-idempotency", message, operation.node.pointer, hint, key=True)


def _creates(operation: Operation) -> bool:
    """By what is declared, or else by POST and 201. A PUT names what it makes, and so makes it once."""
    return operation.method == "post" and ("creates" in operation.behavior.value or "201" in operation.responses)
