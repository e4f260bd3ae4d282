"""The links of a document, each with the operation that it stands at and the one that it leads to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from tillspec.rules.reading.nodes import Node
from tillspec.rules.reading.operations import Operation

if TYPE_CHECKING:
    from tillspec.rules.context import Context


class Link(NamedTuple):
    """A link of one response of an operation."""

    node: Node
    operation: Operation
    response: Node
    target: Operation


def links(context: Context) -> Iterator[Link]:
    """Each link whose target is in the document."""
    by_id = {operation.node.text("operationId"): operation for operation in context.operations}
    by_pointer = {operation.node.pointer: operation for operation in context.operations}
    for operation in context.operations:
        for response in operation.responses.values():
            for _, link in response.get("links").entries():
                node = context.follow(link)
                reference = node.text("operationRef")
                target = by_id.get(node.text("operationId")) if node.text("operationId") else by_pointer.get(reference[1:])
                if target is not None:
                    yield Link(node, operation, response, target)


def parameter(link: Link, key: str) -> Node | None:
    """The target's parameter that a key of a link names: by its name, or as `path.id` by place and name."""
    place, dot, name = key.partition(".")
    if dot and place in ("path", "query", "header", "cookie"):
        return link.target.parameter(place, name)
    return next((node for node in link.target.parameters if node.text("name") == key), None)
