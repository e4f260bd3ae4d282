"""Whoever lacks a credential is told so."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.operations import Operation


def security_without_401(context: Context) -> Iterator[Diagnostic]:
    """Each operation that asks for a credential and declares neither 401 nor a range or default that has it."""
    for operation in context.operations:
        if operation.is_incoming and not operation.answers("401") and _asks(context, operation):
            message = f"{operation.name} asks for a credential, and has no answer 401"
            hint = "say what is answered without one, or with a wrong one: add the response '401'"
            yield context.found("security-without-401", message, operation.node.pointer, hint, key=True)


def _asks(context: Context, operation: Operation) -> bool:
    """Whether there is no way around a credential in the request; a client certificate is none, it belongs to the connection."""
    required = operation.node.value.get("security", context.document.get("security"))
    if not isinstance(required, list) or not required:
        return False
    schemes = context.root.get("components", "securitySchemes")
    for requirement in required:
        names = list(requirement) if isinstance(requirement, dict) else []
        if all(context.follow(schemes.get(name)).text("type") in ("", "mutualTLS") for name in names):
            return False
    return True
