"""A link gives its target what that takes."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from tillspec.diagnostics import Diagnostic
from tillspec.rules.context import Context
from tillspec.rules.reading.links import Link, links, parameter


def link_parameter(context: Context) -> Iterator[Diagnostic]:
    """Each parameter of a link that its target does not have, and each that the target's URL needs and the link lacks."""
    for link in links(context):
        given = link.node.get("parameters")
        for key, node in given.entries():
            if parameter(link, key) is None:
                names = sorted({one.text("name") for one in link.target.parameters})
                close = get_close_matches(key, names, n=1)
                hint = f"did you mean {close[0]}?" if close else f"it takes: {', '.join(names) or 'no parameters'}"
                message = f"{link.target.name} takes no parameter {key!r}"
                yield context.found("link-parameter", message, node.pointer, hint, key=True)
        for name in _lacking(link):
            message = f"{link.target.name} needs the parameter {name!r}, and this link does not give it"
            hint = f"add it to the link: parameters: {{{name}: $response.body#/…}}"
            yield context.found("link-parameter", message, link.node.pointer, hint)


def _lacking(link: Link) -> list[str]:
    """What a URL cannot be made without. Headers and cookies belong to the client, which sends them with every call."""
    given = [parameter(link, key) for key, _ in link.node.get("parameters").entries()]
    return [
        one.text("name")
        for one in link.target.parameters
        if one.text("in") in ("path", "query") and one.value.get("required") is True and one not in given
    ]
