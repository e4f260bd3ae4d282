"""What the words of `x-behavior` point to: by JSON Pointer, by runtime expression, by status."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from tillspec.pointer import Pointer, split
from tillspec.rules.reading.behavior import Declared
from tillspec.rules.reading.expressions import Yield, expressions, parse, yields
from tillspec.rules.reading.nodes import Node, at
from tillspec.rules.reading.operations import Operation

if TYPE_CHECKING:
    from tillspec.rules.context import Context

TEXT, NUMBER, ANY = frozenset(("string",)), frozenset(("number", "integer")), frozenset[str]()
_SCALAR = TEXT | NUMBER
_ANSWERS = (
    ("idempotency", "mismatch"), ("idempotency", "running"), ("expired",), ("gone",), ("foreign",), ("unknown",),
    ("moves", "otherwise"), ("rate-limit", "exceeded"),
)  # fmt: skip

SIGNED = ("timestamp", "$request.body", "$method", "$url", "host", "path", "query", "sorted-query")
"""What a signature may be over, besides headers and what the receiver knows by itself."""

_BRACES = re.compile(r"\{([^{}]+)\}")


class Pointed(NamedTuple):
    """A pointer of a behaviour, the schemas that it leads to, and of which types they must be (any, if empty)."""

    node: Node
    found: Yield
    types: frozenset[str]


class Expressed(NamedTuple):
    """A runtime expression of a behaviour, and the operations of which one must yield it."""

    node: Node
    text: str
    operations: list[Operation]


class Answered(NamedTuple):
    """An answer that a behaviour names, and the operations of which one must declare it."""

    node: Node
    operations: list[Operation]

    @property
    def status(self) -> str:
        """The status; `success` for any of the successes; empty where the vocabulary is broken."""
        value = self.node.value.get("status") if isinstance(self.node.value, dict) else self.node.value
        return str(value) if isinstance(value, int | str) else ""


class Words:
    """All that the behaviours of a document point to."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._concerned: dict[Pointer, list[Operation]] = {}

    @cached_property
    def pointed(self) -> list[Pointed]:
        """Every pointer, and what it leads to there or around."""
        return [*self._of_schemas(), *self._of_lists()]

    def _of_schemas(self) -> Iterator[Pointed]:
        for one in self.context.behaviors.on("schema"):
            for node, types in _pointers(one.node):
                yield Pointed(node, self._around(one.on.pointer, split(node.value)), types)
            among = one.node.get("among")
            thing = self.context.behaviors.things.get(among.text("object"))
            if among.text("at").startswith("/") and thing and thing.shown:
                schemas = [shown.on for shown in thing.shown]
                yield Pointed(among.get("at"), self._within(schemas, split(among.text("at"))), ANY)

    def _of_lists(self) -> Iterator[Pointed]:
        for operation in self.context.operations:
            listed = operation.behavior.get("lists")
            expression = parse(f"$response.body#{listed.text('at')}") if listed.text("at").startswith("/") else None
            if expression:
                found = yields(self.context.schemas, operation, successes(operation), expression)
                yield Pointed(listed.get("at"), found, frozenset(("array",)))
                if found and listed.text("by").startswith("/"):
                    yield Pointed(listed.get("by"), self._within(found, ["*", *split(listed.text("by"))]), ANY)

    def _around(self, pointer: Pointer, tokens: list[str]) -> Yield:
        """What stands at a pointer in an object; where it has no such property, in those around it, the nearest first."""
        level, seen = [pointer], {pointer}
        while level:
            found = self._within([at(self.context.document, one) for one in level], tokens)
            if found or found is None:
                return found
            level = [one for below in level for one in self.context.above.get(below, ()) if one not in seen]
            seen.update(level)
        return []

    def _within(self, schemas: Iterable[Node], tokens: list[str]) -> Yield:
        found: list[Node] = []
        for schema in schemas:
            below = self.context.schemas.find(schema, tokens)
            if below is None:
                return None
            found += below
        return found

    @cached_property
    def expressed(self) -> list[Expressed]:
        """Every runtime expression."""
        asked = (("identifies",), ("delivery", "event-id"))
        found = [(operation.behavior.get(*words), [operation]) for operation in self.context.operations for words in asked]
        behaviors = self.context.behaviors
        for one in behaviors.on("schema"):
            nodes = [one.node.get("same-as"), one.node.get("money", "currency"), one.node.get("expires", "after")]
            found += [(node, self.concerned(one)) for node in nodes if isinstance(node.value, str)]
        for one in [*behaviors.on("schema", "encodes"), *behaviors.on("media-type", "encodes")]:
            encodes = one.node.get("encodes")
            found += [(node, self.concerned(one)) for node in (encodes.get("text"), *encodes.get("contains").list())]
        return [
            Expressed(node, text, operations)
            for node, operations in found
            if isinstance(node.value, str)
            for text in expressions(node.value)
        ]

    @cached_property
    def answered(self) -> list[Answered]:
        """Every answer."""
        found: list[Answered] = []
        for operation in self.context.operations:
            behavior = operation.behavior
            nodes = [behavior.get(*words) for words in _ANSWERS]
            nodes += [node for _, node in behavior.get("moves", "refused").entries()]
            otherwise = behavior.get("negotiation", "otherwise")
            nodes += [otherwise] if isinstance(otherwise.value, int) else []
            found += [Answered(node, [operation]) for node in nodes]
        for one in self.context.behaviors.on("schema"):
            nodes = [part.get("status") for word in ("rules", "totals") for part in one.node.get(word).list()]
            nodes.append(one.node.get("among", "otherwise"))
            if any(node.value is not None for node in nodes):
                asked = [operation for operation in self.concerned(one) if operation.is_incoming]
                found += [Answered(node, asked) for node in nodes]
        return [answer for answer in found if answer.node.value is not None]

    def concerned(self, one: Declared) -> list[Operation]:
        """The operations that send or receive a schema or media type, and those that act on an object that it is part of."""
        pointer = one.on.pointer
        if pointer not in self._concerned:
            self._concerned[pointer] = self._concerning(pointer)
        return self._concerned[pointer]

    def _concerning(self, pointer: Pointer) -> list[Operation]:
        around, waiting = {pointer}, [pointer]
        while waiting:
            above = self.context.above.get(waiting.pop(), set()) - around
            around |= above
            waiting += above
        behaviors = self.context.behaviors
        shown = [thing.name for thing in behaviors.things.values() if any(one.on.pointer in around for one in thing.shown)]
        return [
            operation
            for operation in self.context.operations
            if around & self._messages[operation.node.pointer] or any(thing.name in shown for thing in behaviors.of(operation))
        ]

    @cached_property
    def _messages(self) -> dict[Pointer, set[Pointer]]:
        """By operation, the schemas and media types at the top of its messages, of its parameters and of its headers."""
        return {operation.node.pointer: set(self._direct(operation)) for operation in self.context.operations}

    def _direct(self, operation: Operation) -> Iterator[Pointer]:
        for message in (*([operation.body] if operation.body else []), *operation.responses.values()):
            for _, media in message.get("content").entries():
                node = self.context.follow(media)
                yield node.pointer
                yield node.get("schema").pointer
            for _, header in message.get("headers").entries():
                yield self.context.follow(header).get("schema").pointer
        for parameter in operation.parameters:
            yield parameter.get("schema").pointer


def in_braces(template: str) -> list[str]:
    """The names in braces of a template, in their order."""
    return _BRACES.findall(template)


def successes(operation: Operation) -> list[Node]:
    """The responses of an operation that tell of a success."""
    return [response for status, response in operation.responses.items() if status.startswith("2")]


def _pointers(behavior: Node) -> Iterator[tuple[Node, frozenset[str]]]:
    """The pointers of one `x-behavior` on a schema, each with the types that it asks for."""
    found = [
        (behavior.get("id"), _SCALAR),
        (behavior.get("lifecycle", "field"), TEXT),
        (behavior.get("expires", "at"), _SCALAR),
        (behavior.get("money", "currency"), TEXT),
        (behavior.get("percent", "of"), NUMBER),
    ]
    for total in behavior.get("totals").list():
        found.append((total.get("total"), NUMBER))
        for term in total.get("terms").list():
            found += [(term.get("amount"), NUMBER), (term.get("times"), NUMBER)]
    found += [(rule.get("at"), ANY) for rule in behavior.get("rules").list()]
    yield from ((node, types) for node, types in found if isinstance(node.value, str) and node.value.startswith("/"))
