"""Since when an operation and its fields are there, from the versions of a contract that were released."""

from __future__ import annotations

from collections.abc import Sequence

from tillspec.api.model import Api
from tillspec.docs.operation import Operations
from tillspec.docs.shape import Shapes

Anchors = dict[str, frozenset[str]]


def anchors(api: Api) -> Anchors:
    """The anchors of the fields of every operation, by the operation's id."""
    operations = Operations(api, Shapes(api.types), "")
    return {one.id: frozenset(row.anchor for row in operations.view(one).rows) for one in api.operations}


def added(versions: Sequence[tuple[str, Anchors]]) -> dict[tuple[str, str], str]:
    """The version that each operation (with an empty anchor) and each of its fields came with.

    What the first version had is not told, nor are the fields of an operation that came with it.

    Args:
        versions: names and anchors, the oldest first.
    """
    found: dict[tuple[str, str], str] = {}
    seen: dict[str, set[str]] = {}
    for number, (name, known) in enumerate(versions):
        for operation, fields in known.items():
            before = seen.get(operation)
            if before is None:
                if number:
                    found[operation, ""] = name
            else:
                found |= {(operation, field): name for field in fields - before}
            seen.setdefault(operation, set()).update(fields)
    return found
