"""Errors can be read by a program."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.nodes import Node


def error_without_schema(context: Context) -> Iterator[Diagnostic]:
    """Each error answer of the API without a body that has a schema; HEAD has no bodies."""
    for operation in context.operations:
        if operation.method == "head" or not operation.is_incoming:
            continue
        for status, response in operation.responses.items():
            if (status[:1] in ("4", "5") or status == "default") and not _has_schema(response):
                message = f"the answer {status} of {operation.name} has no body with a schema"
                hint = "declare content with a schema, such as one error object for the whole API"
                yield context.found("error-without-schema", message, response.pointer, hint)


def _has_schema(response: Node) -> bool:
    return any(
        "$ref" in media.value or media.value.get("schema") or media.value.get("itemSchema")
        for _, media in response.get("content").items()
        if isinstance(media.value, dict)
    )
