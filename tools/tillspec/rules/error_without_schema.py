"""Errors can be read by a program."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.nodes import Node

_MOST_NAMES = 3


def error_without_schema(context: Context) -> Iterator[Diagnostic]:
    """Each error answer of the API without a body that has a schema, once for all operations that share it."""
    found: dict[str, tuple[Node, list[str]]] = {}
    for operation in context.operations:
        if operation.method == "head" or not operation.is_incoming:  # HEAD has no bodies
            continue
        for status, response in operation.responses.items():
            if (status[:1] in ("4", "5") or status == "default") and not _has_schema(response):
                found.setdefault(response.pointer, (response, []))[1].append(f"{status} of {operation.name}")
    for response, names in found.values():
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        message = f"this answer has no body with a schema: {', '.join(names[:_MOST_NAMES])}{more}"
        hint = "declare content with a schema, such as one error object for the whole API"
        yield context.found("error-without-schema", message, response.pointer, hint)


def _has_schema(response: Node) -> bool:
    return any(
        word in media.value
        for _, media in response.get("content").entries()
        if isinstance(media.value, dict)
        for word in ("schema", "itemSchema", "$ref")
    )
