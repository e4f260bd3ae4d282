"""The servers of a document, a path or an operation."""

from __future__ import annotations

import re

from tillspec.api.model import Server, ServerVariable
from tillspec.api.place import Place

_VARIABLE = re.compile(r"\{([^{}]*)\}")


def servers(at: Place) -> tuple[Server, ...]:
    """The servers of a list of Server Objects."""
    found = []
    for server in at.each():
        url = server.text("url")
        variables = tuple(_variable(name, server.get("variables", name)) for name in dict.fromkeys(_VARIABLE.findall(url)))
        found.append(Server(url, server.text("description"), variables))
    return tuple(found)


def _variable(name: str, at: Place) -> ServerVariable:
    declared = at.value if isinstance(at.value, dict) else {}
    default, values = declared.get("default"), declared.get("enum")
    return ServerVariable(
        name,
        None if default is None else str(default),
        tuple(dict.fromkeys(map(str, values))) if isinstance(values, list) else (),
        at.text("description"),
    )
