"""Every component is there for something."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.document.grammar import COMPONENTS
from tillspec.pointer import Pointer, join
from tillspec.rules.context import Context
from tillspec.rules.reading.nodes import target

_WHOLE = 4
"""The parts of `/components/section/name`, split at `/`."""


def component_unused(context: Context) -> Iterator[Diagnostic]:
    """Each component that no operation reaches; none of a document that has no operations, for it is there for others."""
    if not context.operations:
        return
    used = _used(context)
    for section in COMPONENTS:
        for name, component in context.root.get("components", section).items():
            if component.pointer not in used:
                message = f"nothing uses the component {name!r} of {section}"
                hint = "remove it, or refer to it where it was meant to be used"
                yield context.found("component-unused", message, component.pointer, hint, key=True)


def _used(context: Context) -> set[Pointer]:
    """The components that operations reach, those that are required as security, and those that were inlined."""
    found = {"/".join(pointer.split("/")[:_WHOLE]) for pointer in context.reached}
    found |= {origin for _, origin in context.bundle.origins.values()}
    for node in [context.root, *(operation.node for operation in context.operations)]:
        for requirement in node.get("security").list():
            found |= {join("/components/securitySchemes", name) for name, _ in requirement.entries()}
    schemes = context.root.get("components", "securitySchemes").items()
    return found | {pointer for _, scheme in schemes if scheme.pointer in found and (pointer := target(scheme.value))}
