"""What changes nothing can be repeated without a key."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.idempotency import key_header

_SAFE = ("get", "head", "options", "trace", "query")


def get_with_idempotency(context: Context) -> Iterator[Diagnostic]:
    """Each safe operation (RFC 9110, section 9.2.1) that declares idempotency, or takes a key."""
    for operation in context.operations:
        if operation.method not in _SAFE or not operation.is_incoming:
            continue
        node = operation.behavior.get("idempotency") if isinstance(operation.behavior.value.get("idempotency"), dict) else None
        found = node or key_header(operation)
        if found:
            message = f"{operation.name} is {operation.method.upper()} and changes nothing, and takes an idempotency key"
            yield context.found(
                "get-with-idempotency", message, found.pointer, "remove the key: such a request can be repeated as it is"
            )
