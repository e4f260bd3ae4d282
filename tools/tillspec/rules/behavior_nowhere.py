"""What a behaviour points to is there."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.behavior import ACTS
from tillspec.rules.reading.expressions import parse, yields
from tillspec.rules.reading.nodes import Node
from tillspec.rules.reading.operations import Operation
from tillspec.rules.reading.words import answered, expressed, pointed, successes

_CODE = "behavior-nowhere"


def behavior_nowhere(context: Context) -> Iterator[Diagnostic]:
    """Each pointer, runtime expression, answer, header, media type and object name that leads to nothing."""
    yield from _pointers(context)
    yield from _expressions(context)
    yield from _answers(context)
    for operation in context.operations:
        yield from _headers(context, operation)
    for node in _names(context):
        if node.value not in context.behaviors.things:
            close = get_close_matches(str(node.value), sorted(context.behaviors.things), n=1)
            hint = f"did you mean {close[0]}?" if close else f"say on its schema x-behavior: {{object: {node.value}}}"
            yield context.found(_CODE, f"no schema shows an object {node.value!r}", node.pointer, hint)


def _pointers(context: Context) -> Iterator[Diagnostic]:
    for node, found, _ in pointed(context):
        if found == []:
            message = f"{node.value} leads to nothing: neither this object nor one around it has such a property"
            yield context.found(
                _CODE, message, node.pointer, "a pointer starts at the object that declares it, as in /amount or /lines/*/price"
            )


def _expressions(context: Context) -> Iterator[Diagnostic]:
    for node, text, operations in expressed(context):
        expression = parse(text)
        if expression is None:
            hint = "write it as $request.body#/amount, $response.header.Location or $request.path.id"
            yield context.found(_CODE, f"{text!r} is no runtime expression", node.pointer, hint)
        elif operations and all(yields(context.schemas, one, successes(one), expression) == [] for one in operations):
            names = ", ".join(one.name for one in operations[:3])
            message = f"{text} leads to nothing: it is no part of {names}"
            yield context.found(_CODE, message, node.pointer, "look at the schemas and parameters there, or declare it")


def _answers(context: Context) -> Iterator[Diagnostic]:
    for one in answered(context):
        status = one.status
        declared = [operation for operation in one.operations if _declares(operation, status)]
        if one.operations and status and not declared:
            names = ", ".join(operation.name for operation in one.operations[:3])
            what = "a success" if status == "success" else f"the answer {status}"
            yield context.found(
                _CODE, f"{names} does not declare {what}", one.node.pointer, "add the response, or name another status"
            )
        for header in one.node.get("headers").list():
            responses = [operation.responses[status] for operation in declared if status in operation.responses]
            if responses and not any(_has_header(response, header.value) for response in responses):
                yield context.found(
                    _CODE, f"the answer {status} has no header {header.value!r}", header.pointer, "declare it on the response"
                )


def _declares(operation: Operation, status: str) -> bool:
    return bool(successes(operation)) if status == "success" else operation.answers(status)


def _headers(context: Context, operation: Operation) -> Iterator[Diagnostic]:
    """The headers and media types that an operation's behaviour names."""
    behavior = operation.behavior
    asked = behavior.get("idempotency", "header")
    if isinstance(asked.value, str) and operation.parameter("header", asked.value) is None:
        message = f"{operation.name} declares no header parameter {asked.value!r}"
        yield context.found(_CODE, message, asked.pointer, "declare it as a parameter, in: header")
    limits = behavior.get("rate-limit")
    told = [behavior.get("idempotency", "replayed"), limits.get("limit"), limits.get("remaining"), limits.get("reset", "header")]
    for node in told:
        if isinstance(node.value, str) and not any(
            _has_header(response, node.value) for response in operation.responses.values()
        ):
            message = f"no response of {operation.name} has the header {node.value!r}"
            yield context.found(_CODE, message, node.pointer, "declare it on the responses that carry it")
    for node in (behavior.get("negotiation", "preferred"), behavior.get("negotiation", "otherwise")):
        offered = {name for response in successes(operation) for name, _ in response.get("content").entries()}
        if isinstance(node.value, str) and node.value not in offered:
            message = f"no success of {operation.name} has the media type {node.value!r}"
            yield context.found(_CODE, message, node.pointer, f"there are: {', '.join(sorted(offered))}")


def _has_header(response: Node, name: str) -> bool:
    return any(key.lower() == str(name).lower() for key, _ in response.get("headers").entries())


def _names(context: Context) -> Iterator[Node]:
    for operation in context.operations:
        words = [operation.behavior.get(act) for act in ACTS]
        words += [operation.behavior.get("lists", "object"), operation.behavior.get("tells", "object")]
        yield from (node for node in words if node.value is not None)
    for one in context.behaviors.on("schema"):
        words = [one.node.get("among", "object"), one.node.get("money", "of")]
        yield from (node for node in words if node.value is not None)
