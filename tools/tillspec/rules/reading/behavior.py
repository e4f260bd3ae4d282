"""Every `x-behavior` of a document, by its place, and the objects that they speak of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from tillspec.document.grammar import Child
from tillspec.rules.reading.nodes import Node
from tillspec.rules.reading.operations import Operation

KEY = "x-behavior"
PLACES = {
    "openapi": "document",
    "operation": "operation",
    "schema": "schema",
    "media-type": "media-type",
    "security-scheme": "security-scheme",
}
"""The kinds of objects that may have an `x-behavior`, and what the vocabulary calls each."""

ACTS = ("creates", "reads", "updates", "deletes")


class Declared(NamedTuple):
    """One `x-behavior`, and the object that it stands on. The place is empty where the vocabulary has no words."""

    place: str
    node: Node
    on: Node


@dataclass
class Thing:
    """An object that operations are about: all that is declared of it, on however many schemas."""

    name: str
    shown: list[Declared] = field(default_factory=list)

    def words(self, word: str) -> list[tuple[Node, Node]]:
        """What is declared of it by one word, each with the schema that says so."""
        return [(one.node.get(word), one.on) for one in self.shown if word in one.node.value]

    @property
    def states(self) -> set[str]:
        """All that its lifecycles name as a state."""
        return {state for lifecycle, _ in self.words("lifecycle") for state in states(lifecycle)}


class Behaviors:
    """What a document declares of its behaviour."""

    def __init__(self, document: dict[str, Any], objects: Iterable[Child], operations: Iterable[Operation]) -> None:
        self._document = document
        self._children = objects
        self.operations = operations

    @cached_property
    def declared(self) -> list[Declared]:
        """Each `x-behavior` that is an object."""
        return [one for one in self.everything if isinstance(one.node.value, dict)]

    @cached_property
    def everything(self) -> list[Declared]:
        """Each `x-behavior`, whatever it is."""
        found = [Node("", self._document), *(Node(child.pointer, child.value) for child in self._children)]
        kinds = ["openapi", *(child.kind for child in self._children)]
        return [
            Declared(PLACES.get(kind, ""), node.get(KEY), node)
            for kind, node in zip(kinds, found, strict=True)
            if isinstance(node.value, dict) and KEY in node.value
        ]

    def on(self, place: str, word: str = "") -> list[Declared]:
        """Those at a kind of place that have a word."""
        return [one for one in self.declared if one.place == place and (not word or word in one.node.value)]

    @cached_property
    def things(self) -> dict[str, Thing]:
        """The objects that schemas show or that are declared as made outside, by name."""
        found: dict[str, Thing] = {}
        for one in self.on("document", "objects"):
            outside = [name for name, _ in one.node.get("objects").entries()]
            found |= {name: Thing(name) for name in outside}
        for one in self.on("schema", "object"):
            name = one.node.value["object"]
            if isinstance(name, str):
                found.setdefault(name, Thing(name)).shown.append(one)
        return found

    def of(self, operation: Operation) -> list[Thing]:
        """The objects that an operation creates, reads, updates or deletes."""
        names = (operation.behavior.value.get(act) for act in ACTS)
        return [self.things[name] for name in names if isinstance(name, str) and name in self.things]

    @property
    def lifecycles(self) -> list[tuple[Node, Node]]:
        """Each lifecycle that is declared well enough to be read, with the schema that it is declared on."""
        found = [(one.node.get("lifecycle"), one.on) for one in self.on("schema", "lifecycle")]
        return [(lifecycle, on) for lifecycle, on in found if isinstance(lifecycle.get("moves").value, dict)]


def moves(lifecycle: Node) -> dict[str, list[str]]:
    """Each state of a lifecycle, with the states that it can go to."""
    return {
        state: [one.value for one in targets.list() if isinstance(one.value, str)]
        for state, targets in lifecycle.get("moves").items()
    }


def states(lifecycle: Node) -> set[str]:
    """All that a lifecycle names as a state: what moves, what is moved to, and the first."""
    named = moves(lifecycle)
    return {*named, *(state for targets in named.values() for state in targets), lifecycle.text("initial")} - {""}
