"""Examples fit their schemas, each in its direction."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.pointer import join
from tillspec.rules.context import Context
from tillspec.rules.reading.draft import is_foreign
from tillspec.rules.wording import about_values


def example_invalid(context: Context) -> Iterator[Diagnostic]:
    """Each thing in an example that its schema forbids: of bodies, parameters, headers and schemas."""
    for example in context.examples:
        errors = context.validators.errors(example.schema, example.direction, example.node.value)
        for finding in about_values(errors, but=is_foreign):
            pointer = example.node.pointer + join("", *finding.path)
            message = f"this example does not fit its schema: {finding.message}"
            hint = finding.hint or f"mend the example, or the schema at {context.bundle.span(example.schema.pointer)}"
            yield context.found("example-invalid", message, pointer, hint, key=finding.key)
