"""The behaviour that a contract declares of the parts of a message: which object and property rules apply where in a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tillspec.api.behavior import object_behavior, property_behavior
from tillspec.pointer import Pointer, join
from tillspec.prove.dialects import Direction
from tillspec.prove.places import Ground, Path
from tillspec.runtime.behavior import ObjectBehavior, PropertyBehavior
from tillspec.runtime.rules import Breach, breaches
from tillspec.verify.contract import Contract


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message at a path, with what its schema, at a pointer of the contract, declares of it."""

    path: Path
    value: Any = field(repr=False)
    pointer: Pointer
    object: ObjectBehavior | None
    property: PropertyBehavior | None


@dataclass(slots=True)
class Declared:
    """Finds the declarations that apply to the parts of a message."""

    contract: Contract
    _objects: dict[Pointer, ObjectBehavior | None] = field(default_factory=dict)
    _properties: dict[Pointer, PropertyBehavior | None] = field(default_factory=dict)
    _reached: dict[tuple[Pointer, str], bool] = field(default_factory=dict)

    def parts(self, pointer: Pointer, direction: Direction, value: Any) -> list[Part]:
        """Every part of a valid message of which something is declared; `pointer` is where its schema stands."""
        if not self.speaks(pointer):
            return []
        judge = self.contract.judge
        ground = Ground(judge, self.contract.schemas.at(pointer, direction), value)
        judge.forget()
        found = []
        for place in ground.places:
            at = self.contract.schemas.pointer(place.schema)
            one, other = self.object(at), self.property(at)
            if one is not None or other is not None:
                found.append(Part(place.path, _at(value, place.path), at, one, other))
        return found

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

    # -- objects -----------------------------------------------------------------------------------------------------------

    def views(self, name: str) -> list[tuple[Pointer, ObjectBehavior]]:
        """The schemas among the components that show an object, with what they declare of it."""
        found = []
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


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value
