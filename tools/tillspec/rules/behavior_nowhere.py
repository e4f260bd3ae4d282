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
from tillspec.rules.reading.words import SIGNED, Answered, in_braces, successes

_CODE = "behavior-nowhere"


def behavior_nowhere(context: Context) -> Iterator[Diagnostic]:
    """Each pointer, runtime expression, answer, header, media type and object name that leads to nothing."""
    yield from _pointers(context)
    yield from _expressions(context)
    for answer in context.words.answered:
        yield from _answer(context, answer)
    for operation in context.operations:
        yield from _headers(context, operation)
        yield from _media_types(context, operation)
        yield from _signed(context, operation)
        yield from _delivered(context, operation)
    yield from _names(context)


def _pointers(context: Context) -> Iterator[Diagnostic]:
    for node, found, _ in context.words.pointed:
        if found == []:
            message = f"{node.value} leads to nothing: neither this object nor one around it has such a property"
            hint = "a pointer starts at the object that declares it, as in /amount or /lines/*/price"
            yield context.found(_CODE, message, node.pointer, hint)


def _expressions(context: Context) -> Iterator[Diagnostic]:
    for node, text, operations in context.words.expressed:
        expression = parse(text)
        if expression is None:
            hint = "write it as $request.body#/amount, $response.header.Location or $request.path.id"
            yield context.found(_CODE, f"{text!r} is no runtime expression", node.pointer, hint)
        elif operations and all(yields(context.schemas, one, successes(one), expression) == [] for one in operations):
            message = f"{text} leads to nothing: it is no part of {_listed(operations)}"
            yield context.found(_CODE, message, node.pointer, "look at the schemas and parameters there, or declare it")


def _answer(context: Context, answer: Answered) -> Iterator[Diagnostic]:
    status = answer.status
    if not status:
        return
    declared = [operation for operation in answer.operations if _declares(operation, status)]
    if answer.operations and not declared:
        what = "a success" if status == "success" else f"the answer {status}"
        message = f"{_listed(answer.operations)} does not declare {what}"
        yield context.found(_CODE, message, answer.node.pointer, "add the response, or name another status")
    responses = [operation.responses[status] for operation in declared if status in operation.responses]
    for header in answer.node.get("headers").list():
        if responses and not any(_has_header(response, header.value) for response in responses):
            message = f"the answer {status} has no header {header.value!r}"
            yield context.found(_CODE, message, header.pointer, "declare it on the response")


def _declares(operation: Operation, status: str) -> bool:
    return bool(successes(operation)) if status == "success" else operation.answers(status)


def _listed(operations: list[Operation]) -> str:
    names = [operation.name for operation in operations]
    return names[0] if len(names) == 1 else f"any of {', '.join(names[:3])}{', …' if len(names) > 3 else ''}"


def _headers(context: Context, operation: Operation) -> Iterator[Diagnostic]:
    behavior, limits = operation.behavior, operation.behavior.get("rate-limit")
    signature = behavior.get("signature")
    for asked in (behavior.get("idempotency", "header"), signature.get("header"), signature.get("timestamp", "header")):
        if isinstance(asked.value, str) and operation.parameter("header", asked.value) is None:
            message = f"{operation.name} declares no header parameter {asked.value!r}"
            yield context.found(_CODE, message, asked.pointer, "declare it as a parameter, in: header")
    told = [behavior.get("idempotency", "replayed"), limits.get("limit"), limits.get("remaining"), limits.get("reset", "header")]
    for node in told:
        name = node.value
        if isinstance(name, str) and not any(_has_header(response, name) for response in operation.responses.values()):
            message = f"no response of {operation.name} has the header {name!r}"
            yield context.found(_CODE, message, node.pointer, "declare it on the responses that carry it")


def _signed(context: Context, operation: Operation) -> Iterator[Diagnostic]:
    """What a signature is said to be over, and is not there."""
    signature = operation.behavior.get("signature")
    over, given = signature.get("over"), dict(signature.get("given").items())
    named = in_braces(over.value) if isinstance(over.value, str) else []
    for name in dict.fromkeys(named):
        header = name.removeprefix("$request.header.")
        if header != name:
            if operation.parameter("header", header) is None:
                message = f"{operation.name} declares no header parameter {header!r}"
                yield context.found(_CODE, message, over.pointer, "declare it as a parameter, in: header")
        elif name not in SIGNED and name not in given:
            close = get_close_matches(name, [*SIGNED, *given], n=1)
            hint = f"did you mean {{{close[0]}}}?" if close else "describe it in `given`, if the receiver knows it by itself"
            yield context.found(_CODE, f"a signature over {{{name}}} is over nothing that is there", over.pointer, hint)
    for name, node in given.items():
        if name not in named:
            yield context.found(
                _CODE, f"{name} is given, and not signed", node.pointer, "name it in `over`, or leave it out", key=True
            )


def _delivered(context: Context, operation: Operation) -> Iterator[Diagnostic]:
    """Answers that decide on a delivery, and that its receiver is not said to give; a whole class may be more than is said."""
    delivery = operation.behavior.get("delivery")
    for node in (*delivery.get("delivered").list(), *delivery.get("ends").list()):
        if isinstance(node.value, int) and not operation.answers(str(node.value)):
            message = f"{operation.name} does not declare the answer {node.value}"
            yield context.found(_CODE, message, node.pointer, "add the response, or name another status")


def _has_header(response: Node, name: str) -> bool:
    return any(key.lower() == str(name).lower() for key, _ in response.get("headers").entries())


def _media_types(context: Context, operation: Operation) -> Iterator[Diagnostic]:
    offered = {name for response in successes(operation) for name, _ in response.get("content").entries()}
    for word in ("preferred", "otherwise"):
        node = operation.behavior.get("negotiation", word)
        if isinstance(node.value, str) and node.value not in offered:
            message = f"no success of {operation.name} has the media type {node.value!r}"
            yield context.found(_CODE, message, node.pointer, f"there are: {', '.join(sorted(offered)) or 'none'}")


def _names(context: Context) -> Iterator[Diagnostic]:
    nodes = [one.node.get(*words) for one in context.behaviors.on("schema") for words in (("among", "object"), ("money", "of"))]
    for operation in context.operations:
        nodes += [operation.behavior.get(act) for act in ACTS]
        nodes += [operation.behavior.get("lists", "object"), operation.behavior.get("tells", "object")]
    known = context.behaviors.things
    for node in nodes:
        if isinstance(node.value, str) and node.value not in known:
            close = get_close_matches(node.value, sorted(known), n=1)
            hint = f"did you mean {close[0]}?" if close else f"say on its schema x-behavior: {{object: {node.value}}}"
            yield context.found(_CODE, f"no schema shows an object {node.value!r}", node.pointer, hint)
