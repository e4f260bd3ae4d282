"""Whether operations can be told apart, by their names and by their paths."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from tillspec.api import names
from tillspec.api.model import Operation
from tillspec.diagnostics import Report
from tillspec.pointer import join
from tillspec.runtime.paths import blank


def check_ids(operations: Sequence[Operation], made: Set[str], report: Report) -> None:
    """Two operations have no id, and no name made of it, in common; `made` are ids that the document does not have."""
    places: dict[str, Operation] = {}
    for operation in operations:
        same = names.type_id(operation.id).casefold()
        first = places.setdefault(same, operation)
        if first is operation:
            continue
        place = operation.span
        if operation.id in made or first.id in made:
            message = f"the name {operation.id!r}, made for an operation without operationId, is taken at {first.span}"
            report.error("name-clash", message, place, "give each of the two an operationId")
            continue
        place = replace(place, pointer=join(place.pointer, "operationId"))
        if first.id == operation.id:
            message = f"the operationId {operation.id!r} stands here a second time, first at {first.span}"
            report.error("operation-id-duplicate", message, place, "give each operation an id of its own")
        else:
            message = f"the operationIds {first.id!r} and {operation.id!r} would become one name"
            report.error("name-clash", message, place, f"rename one of them; the other stands at {first.span}")


def check_paths(operations: Sequence[Operation], report: Report) -> None:
    """Two templates that differ in the names of their parameters alone are one path (OpenAPI 3.1, section 4.8.8.2)."""
    found: dict[tuple[str, str], Operation] = {}
    for operation in operations:
        first = found.setdefault((operation.method, blank(operation.path)), operation)
        if operation.role == first.role == "path" and first.path != operation.path:
            message = f"{operation.method} {operation.path} is the same as {first.method} {first.path}, at {first.span}"
            hint = "no request tells them apart; make one operation of them, or change a path"
            report.error("path-duplicate", message, operation.span, hint)
