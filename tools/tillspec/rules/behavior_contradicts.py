"""A behaviour and its schema say the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tillspec.diagnostics import Diagnostic
from tillspec.pointer import split
from tillspec.rules.context import Context
from tillspec.rules.reading.expressions import fits, parse, yields
from tillspec.rules.reading.nodes import Node
from tillspec.rules.reading.operations import Operation
from tillspec.rules.reading.schemas import called
from tillspec.rules.reading.words import NUMBER, SIGNED, TEXT, Answered, Pointed, in_braces, successes
from tillspec.runtime.behavior import Delivery

_CODE = "behavior-contradicts"
_VALUES = {"money": NUMBER, "percent": NUMBER, "secret": TEXT, "encodes": TEXT}
_CHANGING = ("creates", "updates", "deletes", "moves")
_SAFE = ("get", "head", "options", "trace", "query")
_TIMES = {"date-time", "int64", "int32"}


def behavior_contradicts(context: Context) -> Iterator[Diagnostic]:
    """Each word that its schema's type, its operation's method, or the declared answer does not bear out."""
    for pointed in context.words.pointed:
        yield from _pointer(context, pointed)
    yield from _values(context)
    yield from _echoes(context)
    for operation in context.operations:
        yield from _methods(context, operation)
        yield from _signature(context, operation)
        yield from _delivery(context, operation)
    for answer in context.words.answered:
        yield from _code(context, answer)


def _pointer(context: Context, pointed: Pointed) -> Iterator[Diagnostic]:
    node, found, types = pointed
    if not found:
        return
    hint = f"mend the pointer, or the schema at {context.bundle.span(found[0].pointer)}"
    if types and not any(context.schemas.types(schema) & types for schema in found):
        message = f"{node.value} must be {called(types)}, and is {called(context.schemas.types(found[0]))}"
        yield context.found(_CODE, message, node.pointer, hint)
    formats = {str(said) for schema in found for said in context.schemas.says(schema, "format")}
    if split(node.pointer)[-2:] == ["expires", "at"] and formats and not formats & _TIMES:
        message = f"{node.value} must be a time (format: date-time), and its format is {', '.join(sorted(formats))}"
        yield context.found(_CODE, message, node.pointer, hint)


def _values(context: Context) -> Iterator[Diagnostic]:
    for one in context.behaviors.on("schema"):
        for word, types in _VALUES.items():
            if word in one.node.value and not context.schemas.types(one.on) & types:
                message = f"{word} is said of {called(types)}, and this is {called(context.schemas.types(one.on))}"
                pointer = one.node.get(word).pointer
                yield context.found(_CODE, message, pointer, "move it to the property that it is about", key=True)


def _echoes(context: Context) -> Iterator[Diagnostic]:
    """What is said to be the same, and cannot be."""
    for one in context.behaviors.on("schema", "same-as"):
        node = one.node.get("same-as")
        expression = parse(node.value) if isinstance(node.value, str) else None
        found: list[Node] = []
        for operation in context.words.concerned(one) if expression else ():
            found += yields(context.schemas, operation, successes(operation), expression) or [] if expression else []
        if found and not any(_can_equal(context, schema, one.on) for schema in found):
            here, there = (called(context.schemas.types(schema)) for schema in (one.on, found[0]))
            message = f"{node.value} is {there}, and this is {here}"
            yield context.found(_CODE, message, node.pointer, "name what this value equals, or mend one of the two schemas")


def _can_equal(context: Context, one: Node, other: Node) -> bool:
    return bool(context.schemas.types(one) & context.schemas.types(other) - {"null"}) or fits(context.schemas, one, other)


def _methods(context: Context, operation: Operation) -> Iterator[Diagnostic]:
    behavior = operation.behavior
    for word in _CHANGING:
        if word in behavior.value and operation.method in _SAFE and operation.is_incoming:
            message = f"{operation.name} is {operation.method.upper()}, which changes nothing, and {word} says that it does"
            yield context.found(_CODE, message, behavior.get(word).pointer, "say reads, or use another method", key=True)
    if "tells" in behavior.value and operation.is_incoming:
        message = f"{operation.name} is no webhook, and tells nobody"
        yield context.found(_CODE, message, behavior.get("tells").pointer, "say reads, or lists", key=True)


def _signature(context: Context, operation: Operation) -> Iterator[Diagnostic]:
    signature = operation.behavior.get("signature")
    over = signature.get("over")
    if "signature" in operation.behavior.value and operation.is_incoming:
        message = f"{operation.name} is no webhook, and nobody signs what is sent to it by this word"
        yield context.found(_CODE, message, signature.pointer, "say it of a webhook or a callback", key=True)
    if not isinstance(over.value, str):
        return
    named, stamp = in_braces(over.value), signature.get("timestamp")
    own_header = f"$request.header.{stamp.text('header')}".lower()
    if isinstance(stamp.value, dict) and "timestamp" not in named and own_header not in [name.lower() for name in named]:
        message = "the timestamp is not signed, so whoever replays a delivery can change it"
        yield context.found(_CODE, message, over.pointer, "name {timestamp} in `over`")
    if not isinstance(stamp.value, dict) and "timestamp" in named:
        message = "the signature is over a timestamp, and it is not said where that is"
        yield context.found(_CODE, message, over.pointer, "say `timestamp: {header: ..., tolerance: PT5M}`")
    for name, node in signature.get("given").items():
        if name in SIGNED:
            message = f"{name} is what the delivery itself has, and not given"
            yield context.found(_CODE, message, node.pointer, "give it another name", key=True)


def _delivery(context: Context, operation: Operation) -> Iterator[Diagnostic]:
    delivery = operation.behavior.get("delivery")
    if "delivery" in operation.behavior.value and operation.is_incoming:
        message = f"{operation.name} is no webhook, and nothing is delivered to it by this word"
        yield context.found(_CODE, message, delivery.pointer, "say it of a webhook or a callback", key=True)
    yield from _outcomes(context, operation, delivery)
    node = delivery.get("event-id")
    expression = parse(node.value) if isinstance(node.value, str) else None
    found = yields(context.schemas, operation, [], expression) if expression else None
    if found and not any(context.schemas.types(schema) & (TEXT | NUMBER) for schema in found):
        message = f"{node.value} is {called(context.schemas.types(found[0]))}, and what names an event is a text or a number"
        yield context.found(_CODE, message, node.pointer, "name the id itself")


def _outcomes(context: Context, operation: Operation, delivery: Node) -> Iterator[Diagnostic]:
    """What is said of an answer twice, and successes that do not count."""
    delivered, ends = ([(str(node.value), node) for node in delivery.get(word).list()] for word in ("delivered", "ends"))
    for status, node in ends:
        if status in dict(delivered):
            yield context.found(
                _CODE, f"{status} counts as delivered, and ends it as well", node.pointer, "name it in one of the two"
            )
    policy = Delivery(timeout=timedelta(), retries=(), delivered=tuple(dict(delivered)) or ("2XX",), ends=tuple(dict(ends)))
    for status in operation.responses if delivered or ends else ():
        if status.isdecimal() and status.startswith("2") and policy.outcome(int(status)) != "delivered":
            node = delivery.get("delivered" if delivered else "ends")
            message = f"{operation.name} declares the success {status}, and it does not count as delivered"
            yield context.found(_CODE, message, node.pointer, "let it count, or take it out of the responses")


def _code(context: Context, answer: Answered) -> Iterator[Diagnostic]:
    """The code of an error that the error's body cannot have."""
    code, place = answer.node.get("code").value, answer.node.text("at")
    expression = parse(f"$response.body#{place}") if code is not None and place.startswith("/") else None
    responses = [operation.responses[answer.status] for operation in answer.operations if answer.status in operation.responses]
    if expression is None or not responses:
        return
    found = yields(context.schemas, answer.operations[0], responses, expression)
    options = [option for schema in found or () for said in context.schemas.says(schema, "enum") for option in said]
    if found == []:
        message = f"the body of the answer {answer.status} has nothing at {place}"
        yield context.found(_CODE, message, answer.node.get("at").pointer, "name the property that has the code")
    elif options and code not in options:
        message = f"the code {code!r} is none of those that the answer {answer.status} has at {place}"
        yield context.found(_CODE, message, answer.node.get("code").pointer, f"there are: {', '.join(map(str, options[:10]))}")
