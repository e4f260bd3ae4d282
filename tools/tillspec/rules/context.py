"""What a rule of lint is given: the bundle, and everything that several rules read from it, each thing read once."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from tillspec.diagnostics import CODES, Diagnostic, Edit
from tillspec.document.bundle import Bundle
from tillspec.document.grammar import Child, walk
from tillspec.pointer import Pointer
from tillspec.rules.reading.behavior import Behaviors
from tillspec.rules.reading.conditions import Condition, conditions
from tillspec.rules.reading.examples import Example, examples
from tillspec.rules.reading.instances import Instances
from tillspec.rules.reading.nodes import Direction, Node, follow
from tillspec.rules.reading.operations import Operation, operations
from tillspec.rules.reading.reach import Graph, Reached, above, reach
from tillspec.rules.reading.schemas import Schemas
from tillspec.rules.reading.validators import Validators
from tillspec.rules.reading.words import Words


class Context:
    """A bundle as the rules read it."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.document: dict[str, Any] = bundle.value
        self.root = Node("", bundle.value)
        self.schemas = Schemas(bundle.value)

    @cached_property
    def objects(self) -> list[Child]:
        """Every object of the document, by the grammar of OpenAPI."""
        return list(walk("openapi", self.document, ""))

    def of(self, kind: str) -> list[Node]:
        """Every object of a kind, references left out."""
        return self._by_kind.get(kind, [])

    @cached_property
    def _by_kind(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for child in self.objects:
            if isinstance(child.value, dict) and ("$ref" not in child.value or child.kind == "schema"):
                found.setdefault(child.kind, []).append(Node(child.pointer, child.value))
        return found

    @cached_property
    def operations(self) -> list[Operation]:
        return list(operations(self.document))

    @cached_property
    def reached(self) -> Reached:
        """The directions in which operations reach each object."""
        return reach(self.document, self.operations, self.objects)

    @cached_property
    def above(self) -> Graph:
        """The schemas that contain each schema or refer to it."""
        return above(self.document, self.objects)

    @cached_property
    def examples(self) -> list[Example]:
        return list(examples(self.document, self.objects, self.reached))

    @cached_property
    def validators(self) -> Validators:
        return Validators(self.schemas, self.bundle.version)

    @cached_property
    def instances(self) -> Instances:
        return Instances(self.schemas, self.validators)

    @cached_property
    def behaviors(self) -> Behaviors:
        return Behaviors(self.document, self.objects, self.operations)

    @cached_property
    def conditions(self) -> list[Condition]:
        """The CEL expressions that the document declares."""
        return list(conditions(self.behaviors))

    @cached_property
    def words(self) -> Words:
        """What the behaviours point to."""
        return Words(self)

    def follow(self, node: Node) -> Node:
        """Where the references of a node end."""
        return follow(self.document, node)

    def directions(self, pointer: Pointer) -> set[Direction]:
        """The directions in which an object is reached; none where nothing reaches it."""
        return self.reached.get(pointer, set())

    def found(
        self, code: str, message: str, pointer: Pointer, hint: str, *, key: bool = False, edits: tuple[Edit, ...] = ()
    ) -> Diagnostic:
        """A finding of a rule, at the place where a person wrote what stands at the pointer."""
        return Diagnostic(code, message, self.bundle.span(pointer, key=key), hint, CODES[code].severity, edits)
