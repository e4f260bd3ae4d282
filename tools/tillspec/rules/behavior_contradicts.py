"""A behaviour and its schema say the same."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.pointer import split
from tillspec.rules.context import Context
from tillspec.rules.reading.expressions import fits, parse, yields
from tillspec.rules.reading.operations import Operation
from tillspec.rules.reading.words import NUMBER, TEXT, Answered, answered, concerned, pointed, successes

_CODE = "behavior-contradicts"
_VALUES = {"money": NUMBER, "percent": NUMBER, "secret": TEXT, "encodes": TEXT}
_CHANGING = ("creates", "updates", "deletes", "moves")


def behavior_contradicts(context: Context) -> Iterator[Diagnostic]:
    """Each word that its schema's type, its operation's method, or the declared answer does not bear out."""
    for node, found, types in pointed(context):
        if found and types and not any(context.schemas.types(schema) & types for schema in found):
            message = f"{node.value} must be a {_called(types)}, and is a {_called(context.schemas.types(found[0]))}"
            yield context.found(
                _CODE, message, node.pointer, f"mend the pointer, or the schema at {context.bundle.span(found[0].pointer)}"
            )
    for one in context.behaviors.on("schema"):
        for word, types in _VALUES.items():
            if word in one.node.value and not context.schemas.types(one.on) & types:
                message = f"{word} is said of a {_called(types)}, and this is a {_called(context.schemas.types(one.on))}"
                yield context.found(
                    _CODE, message, one.node.get(word).pointer, "move it to the property that it is about", key=True
                )
    yield from _times(context)
    yield from _echoes(context)
    for operation in context.operations:
        yield from _methods(context, operation)
    for answer in answered(context):
        yield from _code(context, answer)


def _times(context: Context) -> Iterator[Diagnostic]:
    for node, found, _ in pointed(context):
        formats = {said for schema in found or () for said in context.schemas.says(schema, "format")}
        if split(node.pointer)[-2:] == ["expires", "at"] and formats and not formats & {"date-time", "int64", "int32"}:
            message = f"{node.value} must be a time, and its format is {', '.join(sorted(map(str, formats)))}"
            yield context.found(_CODE, message, node.pointer, "name a property with format: date-time")


def _echoes(context: Context) -> Iterator[Diagnostic]:
    """What is said to be the same, and cannot be."""
    for one in context.behaviors.on("schema", "same-as"):
        text = one.node.value["same-as"]
        expression = parse(text) if isinstance(text, str) else None
        if expression is None:
            continue
        found = [
            schema
            for operation in concerned(context, one)
            for schema in yields(context.schemas, operation, successes(operation), expression) or ()
        ]
        if found and not any(
            context.schemas.types(schema) & context.schemas.types(one.on) or fits(context.schemas, schema, one.on)
            for schema in found
        ):
            message = (
                f"{text} is a {_called(context.schemas.types(found[0]))}, and this is a {_called(context.schemas.types(one.on))}"
            )
            yield context.found(
                _CODE, message, one.node.get("same-as").pointer, "name what this value equals, or mend one of the two schemas"
            )


def _methods(context: Context, operation: Operation) -> Iterator[Diagnostic]:
    for word in _CHANGING:
        if word in operation.behavior.value and operation.method in ("get", "head", "options", "query"):
            message = f"{operation.name} is {operation.method.upper()}, which changes nothing, and {word} says that it does"
            hint = "say reads, or use another method"
            yield context.found(_CODE, message, operation.behavior.get(word).pointer, hint, key=True)
    if "tells" in operation.behavior.value and operation.is_incoming:
        pointer = operation.behavior.get("tells").pointer
        yield context.found(_CODE, f"{operation.name} is no webhook, and tells nobody", pointer, "say reads, or lists", key=True)


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


def _called(types: frozenset[str]) -> str:
    return " or ".join(sorted(types - {"integer", "null"} if "number" in types else types - {"null"})) or "null"
