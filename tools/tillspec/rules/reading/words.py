"""What the words of `x-behavior` point to: by JSON Pointer, by runtime expression, by status, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from tillspec.pointer import Pointer, split
from tillspec.rules.reading.behavior import Declared
from tillspec.rules.reading.expressions import Yield, expressions, parse, yields
from tillspec.rules.reading.nodes import Node, at
from tillspec.rules.reading.operations import Operation

if TYPE_CHECKING:
    from tillspec.rules.context import Context

TEXT, NUMBER, ANY = frozenset(("string",)), frozenset(("number", "integer")), frozenset[str]()
_TIME = frozenset(("string", "number", "integer"))


class Pointed(NamedTuple):
    """A pointer or an expression of `x-behavior`, the schemas that it leads to, and of which types these must be (any, if empty)."""

    node: Node
    found: Yield
    types: frozenset[str]


class Answered(NamedTuple):
    """An answer that `x-behavior` names, and the operations of which one must declare it."""

    node: Node
    operations: list[Operation]

    @property
    def status(self) -> str:
        """The status; `success` for any of the successes; empty where the vocabulary is broken."""
        value = self.node.value.get("status") if isinstance(self.node.value, dict) else self.node.value
        return str(value) if isinstance(value, int | str) else ""


def pointed(context: Context) -> Iterator[Pointed]:
    """Every pointer that a schema's behaviour has, and what it leads to there or around."""
    for one in context.behaviors.on("schema"):
        for node, types in _pointers(one.node):
            yield Pointed(node, _around(context, one.on.pointer, split(node.value)), types)
        among = one.node.get("among")
        thing = context.behaviors.things.get(among.text("object"))
        if among.text("at") and thing and thing.shown:
            schemas = [on.on for on in thing.shown]
            yield Pointed(among.get("at"), _within(context, schemas, split(among.text("at"))), ANY)
    for operation in context.operations:
        listed = operation.behavior.get("lists")
        if listed.text("at").startswith("/"):
            found = _answered(context, operation, listed.text("at"))
            yield Pointed(listed.get("at"), found, frozenset(("array",)))
            if found and listed.text("by").startswith("/"):
                yield Pointed(listed.get("by"), _within(context, found, ["*", *split(listed.text("by"))]), ANY)


def _pointers(behavior: Node) -> Iterator[tuple[Node, frozenset[str]]]:
    """The pointers of one `x-behavior` on a schema, each with the types that it asks for."""
    found = [
        (behavior.get("id"), _TIME),
        (behavior.get("lifecycle", "field"), TEXT),
        (behavior.get("expires", "at"), _TIME),
        (behavior.get("money", "currency"), TEXT),
        (behavior.get("percent", "of"), NUMBER),
    ]
    for total in behavior.get("totals").list():
        found.append((total.get("total"), NUMBER))
        for term in total.get("terms").list():
            found += [(term.get("amount"), NUMBER), (term.get("times"), NUMBER)]
    found += [(rule.get("at"), ANY) for rule in behavior.get("rules").list()]
    yield from ((node, types) for node, types in found if isinstance(node.value, str) and node.value.startswith("/"))


def _around(context: Context, pointer: Pointer, tokens: list[str]) -> Yield:
    """What stands at a pointer in an object; where it has no such property, in those around it, the nearest first."""
    level, seen = [pointer], {pointer}
    while level:
        found = _within(context, [at(context.document, one) for one in level], tokens)
        if found or found is None:
            return found
        level = [one for below in level for one in context.above.get(below, ()) if one not in seen]
        seen.update(level)
    return []


def _within(context: Context, schemas: Iterable[Node], tokens: list[str]) -> Yield:
    found: list[Node] = []
    for schema in schemas:
        below = context.schemas.find(schema, tokens)
        if below is None:
            return None
        found += below
    return found


def _answered(context: Context, operation: Operation, pointer: Pointer) -> Yield:
    expression = parse(f"$response.body#{pointer}")
    return yields(context.schemas, operation, successes(operation), expression) if expression else []


def successes(operation: Operation) -> list[Node]:
    """The responses of an operation that tell of a success."""
    return [response for status, response in operation.responses.items() if status.startswith("2")]


def expressed(context: Context) -> Iterator[tuple[Node, str, list[Operation]]]:
    """Every runtime expression of a behaviour, and the operations of which one must yield it."""
    for operation in context.operations:
        node = operation.behavior.get("identifies")
        if isinstance(node.value, str):
            yield node, node.value, [operation]
    for one in context.behaviors.on("schema"):
        around = concerned(context, one)
        for words in (("same-as",), ("money", "currency"), ("expires", "after")):
            node = one.node.get(*words)
            for text in expressions(node.value) if isinstance(node.value, str) else ():
                yield node, text, around
    for one in [*context.behaviors.on("schema", "encodes"), *context.behaviors.on("media-type", "encodes")]:
        encodes = one.node.get("encodes")
        for node in (encodes.get("text"), *encodes.get("contains").list()):
            for text in expressions(node.value) if isinstance(node.value, str) else ():
                yield node, text, concerned(context, one)


def concerned(context: Context, one: Declared) -> list[Operation]:
    """The operations that send or receive a schema or media type, and those that act on an object that it is part of."""
    around = {one.on.pointer}
    waiting = list(around)
    while waiting:
        above = context.above.get(waiting.pop(), set()) - around
        around |= above
        waiting += above
    names = {
        thing.name for thing in context.behaviors.things.values() if any(shown.on.pointer in around for shown in thing.shown)
    }
    return [
        operation
        for operation in context.operations
        if names & {thing.name for thing in context.behaviors.of(operation)} or around & _direct(context, operation)
    ]


def _direct(context: Context, operation: Operation) -> set[Pointer]:
    """The schemas and media types that an operation's messages have at their top, parameters and headers included."""
    found: set[Pointer] = set()
    for message in (*([operation.body] if operation.body else []), *operation.responses.values()):
        for _, media in message.get("content").entries():
            node = context.follow(media)
            found |= {node.pointer, node.get("schema").pointer}
        for _, header in message.get("headers").entries():
            found.add(context.follow(header).get("schema").pointer)
    return found | {parameter.get("schema").pointer for parameter in operation.parameters}


def answered(context: Context) -> Iterator[Answered]:
    """Every answer that a behaviour names."""
    for operation in context.operations:
        behavior = operation.behavior
        places = (
            ("idempotency", "mismatch"), ("idempotency", "running"), ("expired",), ("gone",), ("foreign",), ("unknown",),
            ("moves", "otherwise"), ("rate-limit", "exceeded"),
        )  # fmt: skip
        nodes = [behavior.get(*words) for words in places]
        nodes += [node for _, node in behavior.get("moves", "refused").entries()]
        if isinstance(behavior.get("negotiation", "otherwise").value, int):
            nodes.append(behavior.get("negotiation", "otherwise"))
        yield from (Answered(node, [operation]) for node in nodes if node.value is not None)
    for one in context.behaviors.on("schema"):
        broken = [part.get("status") for word in ("rules", "totals") for part in one.node.get(word).list()]
        broken.append(one.node.get("among", "otherwise"))
        asking = [operation for operation in concerned(context, one) if operation.is_incoming]
        yield from (Answered(node, asking) for node in broken if node.value is not None)
