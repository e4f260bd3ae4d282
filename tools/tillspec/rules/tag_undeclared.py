"""Where tags are declared, all are."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context


def tag_undeclared(context: Context) -> Iterator[Diagnostic]:
    """Each tag of an operation that the document's list of tags does not have, if there is such a list."""
    declared = {tag.text("name") for tag in context.root.get("tags").list()}
    for operation in context.operations if declared else ():
        for tag in operation.node.get("tags").list():
            if tag.value not in declared:
                close = get_close_matches(str(tag.value), sorted(declared), n=1)
                hint = f"did you mean {close[0]}?" if close else "declare it in the document's tags, with a description"
                yield context.found("tag-undeclared", f"the tag {tag.value!r} is not declared", tag.pointer, hint)
