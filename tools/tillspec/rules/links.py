"""Links lead to operations that the document has (OpenAPI 3.1, section 4.8.20)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from tillspec.diagnostics import Diagnostic
from tillspec.document.bundle import Bundle
from tillspec.document.grammar import Child
from tillspec.pointer import join


def links(bundle: Bundle, objects: Sequence[Child]) -> Iterator[Diagnostic]:
    """Each link whose operationId no operation has."""
    known = {child.value["operationId"] for child in objects if child.kind == "operation" and _names(child.value)}
    for child in objects:
        if child.kind == "link" and _names(child.value) and child.value["operationId"] not in known:
            name = child.value["operationId"]
            close = get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean {close[0]}?" if close else "name an operation by its operationId, or remove the link"
            message = f"this link leads to the operation {name!r}, which does not exist"
            yield Diagnostic("ref-missing", message, bundle.span(join(child.pointer, "operationId")), hint)


def _names(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("operationId"), str)
