"""The operations of a document: of its paths, its webhooks and its callbacks, with their parameters merged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tillspec.document.grammar import METHODS
from tillspec.rules.reading.nodes import Direction, Node, follow


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes:
        role: `path`, `webhook` or `callback`; the latter two are called by the API, and not on it.
        item: the path item that it stands in.
        parameters: its own and its path item's, references followed.
        body: the request body, references followed.
        responses: by status, references followed.
    """

    node: Node
    method: str
    path: str
    role: str
    item: Node
    parameters: tuple[Node, ...]
    body: Node | None
    responses: dict[str, Node]

    @property
    def name(self) -> str:
        """How it is called in a message."""
        return self.node.text("operationId") or f"{self.method.upper()} {self.path}"

    @property
    def is_incoming(self) -> bool:
        """Whether it is called on the API."""
        return self.role == "path"

    @property
    def request_direction(self) -> Direction:
        return Direction.REQUEST if self.is_incoming else Direction.RESPONSE

    @property
    def behavior(self) -> Node:
        """Its `x-behavior`, an empty object where it has none."""
        node = self.node.get("x-behavior")
        return node if isinstance(node.value, dict) else Node(node.pointer, {})

    @property
    def surface(self) -> str:
        """The group of operations that it belongs to, if it says one."""
        return str(self.behavior.value.get("surface") or "")

    def answers(self, *statuses: str) -> bool:
        """Whether one of the statuses is declared: itself, as a range, or by default."""
        return (
            any(status in self.responses or f"{status[0]}XX" in self.responses for status in statuses)
            or "default" in self.responses
        )

    def parameter(self, place: str, name: str) -> Node | None:
        """A parameter by where it stands and its name; of a header's name, case does not count."""
        for node in self.parameters:
            found = node.text("name")
            if node.text("in") == place and (found == name or (place == "header" and found.lower() == name.lower())):
                return node
        return None


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """All of a document, in its order."""
    root = Node("", document)
    for role, section in (("path", "paths"), ("webhook", "webhooks")):
        for path, item in root.get(section).items():
            yield from _of_item(document, path, item, role)


def _of_item(document: dict[str, Any], path: str, item: Node, role: str) -> Iterator[Operation]:
    item = follow(document, item)
    found = [(method, node) for method, node in item.items() if method in METHODS]
    for method, node in [*found, *item.get("additionalOperations").items()]:
        if not isinstance(node.value, dict):
            continue
        yield _operation(document, path, method, item, node, role)
        callbacks = [follow(document, callback) for _, callback in node.get("callbacks").entries()]
        for callback in callbacks:
            for expression, below in callback.items():
                yield from _of_item(document, expression, below, "callback")


def _operation(document: dict[str, Any], path: str, method: str, item: Node, node: Node, role: str) -> Operation:
    merged: dict[tuple[str, str], Node] = {}
    for one in (*item.get("parameters").list(), *node.get("parameters").list()):
        parameter = follow(document, one)
        merged[parameter.text("in"), parameter.text("name")] = parameter
    body = node.get("requestBody")
    return Operation(
        node,
        method,
        path,
        role,
        item,
        tuple(merged.values()),
        follow(document, body) if isinstance(body.value, dict) else None,
        {status: follow(document, one) for status, one in node.get("responses").items()},
    )
