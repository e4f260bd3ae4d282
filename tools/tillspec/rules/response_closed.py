"""Responses can grow: a client that is built today lets pass what is added tomorrow."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.nodes import Direction

_CLOSING = ("additionalProperties", "unevaluatedProperties")


def response_closed(context: Context) -> Iterator[Diagnostic]:
    """Each object that responses alone have, and that forbids unknown fields."""
    for schema in context.of("schema"):
        if context.directions(schema.pointer) == {Direction.RESPONSE} and schema.value.get("properties"):
            for word in _CLOSING:
                if schema.value.get(word) is False:
                    message = f"this object is only ever sent by the API, and {word}: false forbids any new field"
                    place = schema.get(word).pointer
                    yield context.found("response-closed", message, place, f"remove {word}: a new field then breaks no client")
