"""Defaults fit the schemas that they stand in."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.pointer import join
from tillspec.rules.context import Context
from tillspec.rules.wording import about_values


def default_invalid(context: Context) -> Iterator[Diagnostic]:
    """Each default that its schema forbids."""
    for schema in context.of("schema"):
        if "default" not in schema.value:
            continue
        for finding in about_values(context.validators.errors(schema, None, schema.value["default"])):
            pointer = join(schema.pointer, "default", *finding.path)
            message = f"this default does not fit its schema: {finding.message}"
            hint = finding.hint or "mend the default, or the schema"
            yield context.found("default-invalid", message, pointer, hint, key=finding.key)
