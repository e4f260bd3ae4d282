"""Whoever asks for an object by its id is told when there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.nodes import Node
from tillspec.rules.reading.operations import Operation

_ID = re.compile(r"(^|[_-])(id|uuid|guid|key|slug|token)$|[a-z](Id|ID|Uuid|UUID|Key|Slug|Token)$")


def id_without_404(context: Context) -> Iterator[Diagnostic]:
    """Each operation with an id in its path that declares neither 404 nor a range or default that has it."""
    for operation in context.operations:
        if not operation.is_incoming or operation.answers("404") or _makes_it(operation):
            continue
        ids = [node.text("name") for node in operation.parameters if node.text("in") == "path" and _is_id(context, node)]
        if ids:
            message = f"{operation.name} has the id {ids[-1]!r} in its path, and no answer 404"
            hint = "say what is answered for an id that is not known: add the response '404'"
            yield context.found("id-without-404", message, operation.node.pointer, hint, key=True)


def _is_id(context: Context, parameter: Node) -> bool:
    """Whether a parameter names an object: by its name, and not one out of a list that the schema gives."""
    return bool(_ID.search(parameter.text("name"))) and not context.schemas.says(parameter.get("schema"), "enum")


def _makes_it(operation: Operation) -> bool:
    """A PUT that may answer 201 makes what is not there yet."""
    return operation.method == "put" and "201" in operation.responses
