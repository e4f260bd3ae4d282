"""Whether an operation takes an idempotency key."""

from __future__ import annotations

import re

from tillspec.rules.reading.nodes import Node
from tillspec.rules.reading.operations import Operation

_NAME = re.compile(r"idempoten|^(x-)?([a-z]+-)?request-?id$", re.IGNORECASE)
_PROMISE = re.compile(r"idempoten|stores? keys|retry|retries", re.IGNORECASE)


def key_header(operation: Operation) -> Node | None:
    """The header parameter that carries the key: so named, or a request's id that is described as one."""
    for node in operation.parameters:
        name = node.text("name")
        is_named = node.text("in") == "header" and _NAME.search(name)
        if is_named and ("idempoten" in name.lower() or _PROMISE.search(node.text("description"))):
            return node
    return None
