"""The behaviour that a contract declares of the parts of a message: which object and property rules apply where in a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from tillspec.api.behavior import object_behavior, property_behavior
from tillspec.pointer import Pointer, join
from tillspec.prove.dialects import Direction
from tillspec.prove.patterns import matches
from tillspec.prove.places import Path
from tillspec.runtime.behavior import ObjectBehavior, PropertyBehavior
from tillspec.runtime.rules import Breach, breaches
from tillspec.verify.contract import Contract

_LATEST = 64
"""Of how many messages the parts are kept: several checks ask of one, one after the other."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message at a path, with what its schema, at a pointer of the contract, declares of it."""

    path: Path
    value: Any = field(repr=False)
    pointer: Pointer
    object: ObjectBehavior | None
    property: PropertyBehavior | None


@dataclass(slots=True)
class _Node:
    """What of a schema leads to declarations; the rest of it is left out."""

    pointer: Pointer
    object: ObjectBehavior | None
    property: PropertyBehavior | None
    same: list[_Node] = field(default_factory=list)
    branches: list[_Node] = field(default_factory=list)
    conditional: dict[str, list[_Node]] = field(default_factory=dict)
    dependent: dict[str, list[_Node]] = field(default_factory=dict)
    properties: dict[str, list[_Node]] = field(default_factory=dict)
    patterns: dict[str, list[_Node]] = field(default_factory=dict)
    further: list[_Node] = field(default_factory=list)
    known: frozenset[str] = frozenset()
    first: list[list[_Node]] = field(default_factory=list)
    items: list[_Node] = field(default_factory=list)

    def of_properties(self, value: dict[str, Any]) -> Iterator[tuple[str, list[_Node]]]:
        """The properties of an object whose values' schemas lead to declarations, each with their nodes."""
        for name, nodes in self.properties.items():
            if name in value:
                yield name, nodes
        if not self.patterns and not self.further:
            return
        for name in value:
            patterns = [nodes for pattern, nodes in self.patterns.items() if matches(pattern, name)]
            yield from ((name, nodes) for nodes in patterns)
            if not patterns and name not in self.known:
                yield name, self.further

    def forks(self) -> bool:
        """Whether what applies depends on the value."""
        return bool(self.branches or self.conditional or self.dependent)

    def of_item(self, index: int) -> list[_Node]:
        """The nodes of an item of a list."""
        return self.first[index] if index < len(self.first) else self.items


@dataclass(slots=True)
class _Walk:
    """Goes through a value along what declares something; of several branches along those that the value is valid by."""

    contract: Contract
    direction: Direction
    found: list[Part]
    loosely: bool = False

    def visit(self, node: _Node, value: Any, path: Path) -> None:
        if node.object is not None or node.property is not None:
            self.found.append(Part(path, value, node.pointer, node.object, node.property))
        for other in node.same:
            self.visit(other, value, path)
        if node.forks():
            for other in self._branches(node, value):
                self.visit(other, value, path)
        if isinstance(value, dict):
            for name, nodes in node.of_properties(value):
                for other in nodes:
                    self.visit(other, value[name], (*path, name))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                for other in node.of_item(index):
                    self.visit(other, item, (*path, index))

    def _branches(self, node: _Node, value: Any) -> Iterator[_Node]:
        """The branches that a value goes along."""
        for other in node.branches:
            if self.loosely or self.contract.is_quickly_valid(other.pointer, self.direction, value):
                yield other
        if node.conditional:
            holds = self.contract.is_quickly_valid(join(node.pointer, "if"), self.direction, value)
            yield from node.conditional.get("then" if holds else "else", ())
        if isinstance(value, dict):
            for name in node.dependent.keys() & value.keys():
                yield from node.dependent[name]


@dataclass(slots=True)
class Declared:
    """Finds the declarations that apply to the parts of a message."""

    contract: Contract
    _objects: dict[Pointer, ObjectBehavior | None] = field(default_factory=dict)
    _properties: dict[Pointer, PropertyBehavior | None] = field(default_factory=dict)
    _reached: dict[tuple[Pointer, str], bool] = field(default_factory=dict)
    _sent: frozenset[str] | None = None
    _nodes: dict[Pointer, _Node] = field(default_factory=dict)
    _latest: dict[tuple[Pointer, Direction, int, bool], tuple[Any, list[Part]]] = field(default_factory=dict)
    _views: dict[str, list[tuple[Pointer, ObjectBehavior]]] = field(default_factory=dict)

    def parts(self, pointer: Pointer, direction: Direction, value: Any, *, loosely: bool = False) -> list[Part]:
        """Every part of a message of which something is declared; `pointer` is where its schema stands. Of a message that may be
        invalid, it is told `loosely` of all branches.
        """
        if not self.speaks(pointer):
            return []
        key = (pointer, direction, id(value), loosely)
        if key not in self._latest:
            found: list[Part] = []
            _Walk(self.contract, direction, found, loosely).visit(self._node(pointer), value, ())
            if len(self._latest) >= _LATEST:
                self._latest.clear()
            self._latest[key] = (value, found)  # which keeps the value, and so its identity
        return self._latest[key][1]

    def _node(self, pointer: Pointer) -> _Node:
        """What of a schema leads to declarations, put together once."""
        known = self._nodes.get(pointer)
        if known is not None:
            return known
        node = self._nodes[pointer] = _Node(pointer, self.object(pointer), self.property(pointer))
        schema = self.contract.look_up(pointer)
        if not isinstance(schema, dict):
            return node
        if isinstance(schema.get("$ref"), str):
            node.same += self._speaking(schema["$ref"].removeprefix("#"))
        node.same += chain(*self._listed(pointer, "allOf", schema))
        for word in ("anyOf", "oneOf"):
            node.branches += chain(*self._listed(pointer, word, schema))
        for word in ("then", "else"):
            if word in schema and (nodes := self._speaking(join(pointer, word))):
                node.conditional[word] = nodes
        node.dependent.update(self._named(pointer, "dependentSchemas", schema))
        node.properties.update(self._named(pointer, "properties", schema))
        for pattern in schema.get("patternProperties") or ():
            node.patterns[pattern] = self._speaking(join(pointer, "patternProperties", pattern))
        node.known = frozenset(schema.get("properties") or ())
        node.first += self._listed(pointer, "prefixItems", schema)
        node.further += self._speaking(join(pointer, "additionalProperties"))
        node.items += self._speaking(join(pointer, "items"))
        return node

    def _listed(self, pointer: Pointer, word: str, schema: dict[str, Any]) -> list[list[_Node]]:
        return [self._speaking(join(pointer, word, index)) for index in range(len(schema.get(word) or ()))]

    def _named(self, pointer: Pointer, word: str, schema: dict[str, Any]) -> dict[str, list[_Node]]:
        found = {name: self._speaking(join(pointer, word, name)) for name in schema.get(word) or ()}
        return {name: nodes for name, nodes in found.items() if nodes}

    def _speaking(self, pointer: Pointer) -> list[_Node]:
        if not isinstance(self.contract.look_up(pointer), dict) or not self.speaks(pointer):
            return []
        return [self._node(pointer)]

    def breaches(self, pointer: Pointer, direction: Direction, value: Any) -> Iterator[tuple[Part, Breach]]:
        """The rules and totals that a message breaks."""
        for part in self.parts(pointer, direction, value):
            if part.object is not None and isinstance(part.value, dict):
                yield from ((part, breach) for breach in breaches(part.object, part.value))

    def object(self, pointer: Pointer) -> ObjectBehavior | None:
        """What the object schema at a pointer declares."""
        if pointer not in self._objects:
            self._objects[pointer] = object_behavior(self.contract.look_up(pointer))
        return self._objects[pointer]

    def property(self, pointer: Pointer) -> PropertyBehavior | None:
        """What the schema of a value at a pointer declares."""
        if pointer not in self._properties:
            self._properties[pointer] = property_behavior(self.contract.look_up(pointer))
        return self._properties[pointer]

    def speaks(self, pointer: Pointer) -> bool:
        """Whether a schema, or one that it leads to, declares anything."""
        return self.reaches(pointer, "x-behavior")

    def reaches(self, pointer: Pointer, word: str) -> bool:
        """Whether a schema, or one that it leads to, has a keyword."""
        if (pointer, word) not in self._reached:
            self._reached[pointer, word] = self._reaches(pointer, word)
        return self._reached[pointer, word]

    def _reaches(self, pointer: Pointer, word: str) -> bool:
        waiting, seen = [self.contract.look_up(pointer)], {pointer}
        while waiting:
            node = waiting.pop()
            if isinstance(node, dict):
                if word in node:
                    return True
                reference = node.get("$ref")
                if isinstance(reference, str) and reference not in seen:
                    seen.add(reference)
                    waiting.append(self.contract.look_up(reference.removeprefix("#")))
                waiting += node.values()
            elif isinstance(node, list):
                waiting += node
        return False

    def names_of_requests(self) -> frozenset[str]:
        """The properties that bodies of requests have: what an answer says under such a name may be what it was given."""
        if self._sent is None:
            contract = self.contract
            forms = [form for target in contract.targets.values() for form in target.bodies]
            self._sent = frozenset(name for form in forms for name in _names(contract, contract.look_up(form.pointer), set()))
        return self._sent

    # -- objects -----------------------------------------------------------------------------------------------------------

    def views(self, name: str) -> list[tuple[Pointer, ObjectBehavior]]:
        """The schemas among the components that show an object, with what they declare of it."""
        if name in self._views:
            return self._views[name]
        found = self._views[name] = []
        for schema in self.contract.bundle.value.get("components", {}).get("schemas") or {}:
            pointer = join("/components/schemas", schema)
            behavior = self.object(pointer)
            if behavior is not None and behavior.object == name:
                found.append((pointer, behavior))
        return found

    def id_pointer(self, name: str) -> Pointer | None:
        """Where an object has its id."""
        return next((behavior.id for _, behavior in self.views(name) if behavior.id is not None), None)

    def owner(self, name: str) -> str | None:
        """Who may see and change an object."""
        outside = self.contract.api.outside.get(name)
        if outside is not None:
            return outside.owner
        return next((behavior.owner for _, behavior in self.views(name) if behavior.owner is not None), None)


def _names(contract: Contract, node: Any, seen: set[str]) -> Iterator[str]:
    """The names of the properties that a schema leads to."""
    if isinstance(node, dict):
        properties = node.get("properties")
        yield from properties if isinstance(properties, dict) else ()
        reference = node.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            seen.add(reference)
            yield from _names(contract, contract.look_up(reference.removeprefix("#")), seen)
    for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _names(contract, item, seen)
