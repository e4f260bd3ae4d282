"""A tag is declared once, and an operation has it once."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.nodes import Node


def tag_duplicate(context: Context) -> Iterator[Diagnostic]:
    """Each tag that stands a second time in the document's list or in an operation's."""
    declared = [(tag.text("name"), tag) for tag in context.root.get("tags").list()]
    given = [[(str(tag.value), tag) for tag in operation.node.get("tags").list()] for operation in context.operations]
    for tags in (declared, *given):
        seen: dict[str, Node] = {}
        for name, tag in tags:
            if seen.setdefault(name, tag) is not tag:
                yield context.found(
                    "tag-duplicate", f"the tag {name!r} stands here a second time", tag.pointer, "remove one of the two"
                )
