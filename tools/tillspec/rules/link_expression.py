"""A link's expressions yield something, and what its target takes."""

from __future__ import annotations

from collections.abc import Iterator

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.expressions import expressions, fits, parse, yields
from tillspec.rules.reading.links import Link, links, parameter
from tillspec.rules.reading.nodes import Node
from tillspec.rules.reading.schemas import called


def link_expression(context: Context) -> Iterator[Diagnostic]:
    """Each expression of a link that is none, that names what the response does not have, or whose type does not fit."""
    for link in links(context):
        for key, node in link.node.get("parameters").entries():
            yield from _check(context, link, node, parameter(link, key))
        if "requestBody" in link.node.value:
            yield from _check(context, link, link.node.get("requestBody"), None)


def _check(context: Context, link: Link, node: Node, taken: Node | None) -> Iterator[Diagnostic]:
    for text in expressions(node.value) if isinstance(node.value, str) else ():
        expression = parse(text)
        if expression is None:
            hint = "write it as $response.body#/id, $response.header.Location or $request.path.id"
            yield context.found("link-expression", f"{text!r} is no runtime expression", node.pointer, hint)
            continue
        found = yields(context.schemas, link.operation, [link.response], expression)
        if found == []:
            what = "response" if expression.of == "response" else "request"
            message = f"{text} yields nothing: the {what} of {link.operation.name} declares no such thing"
            hint = f"look at the schema of the {what}, or declare it there"
            yield context.found("link-expression", message, node.pointer, hint)
        elif found and taken and text == node.value and not _fits(context, found, taken):
            given, wanted = (called(context.schemas.types(one)) for one in (found[0], taken.get("schema")))
            message = f"{text} yields {given}, and {taken.text('name')!r} of {link.target.name} takes {wanted}"
            hint = "name another field, or mend one of the two schemas"
            yield context.found("link-expression", message, node.pointer, hint)


def _fits(context: Context, found: list[Node], taken: Node) -> bool:
    return "schema" not in taken.value or any(fits(context.schemas, one, taken.get("schema")) for one in found)
