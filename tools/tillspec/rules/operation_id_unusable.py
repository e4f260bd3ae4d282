"""An operation's name can be a name in a program."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context

_USABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*([.\-/:][A-Za-z0-9_]+)*")


def operation_id_unusable(context: Context) -> Iterator[Diagnostic]:
    """Each operationId that is no name even if `.`, `-`, `/` and `:` are taken for breaks between its words."""
    for operation in context.operations:
        name = operation.node.text("operationId")
        if "operationId" in operation.node.value and not _USABLE.fullmatch(name):
            message = f"{name!r} cannot be a name in a program"
            pointer = operation.node.get("operationId").pointer
            hint = "begin with a letter, go on with letters, digits and _, as in createSession"
            yield context.found("operation-id-unusable", message, pointer, hint)
