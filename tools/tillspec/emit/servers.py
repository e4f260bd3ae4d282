"""servers.py: the servers that the contract names, and what makes base URLs of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from tillspec.api.model import Api, Operation, Server, ServerVariable
from tillspec.emit import names
from tillspec.emit.docstring import docstring, literal
from tillspec.emit.options import Options
from tillspec.emit.templates import render

_ABSOLUTE = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*|\{[^{}]*\})://")
_TAKEN = (
    "Literal", "Mapping", "OwnServer", "SERVERS", "Variable", "base", "fill", "overload", "server_url", "template", "variables",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class UrlView:
    """`server_url` for one server: the whole function where it is the only one, else an overload."""

    decorator: str
    parameters: tuple[str, ...]
    docstring: str
    body: str


@dataclass(frozen=True, slots=True)
class ServersView:
    """What servers.py is printed from; `own` are the servers that operations have in place of the document's."""

    servers: tuple[str, ...]
    urls: tuple[UrlView, ...]
    variables: tuple[str, ...]
    own: tuple[str, ...]


def servers(api: Api, options: Options) -> dict[str, str]:
    """servers.py of the package."""
    known = every_server(api)
    view = ServersView(
        tuple(dict.fromkeys(_by_default(server) for server in known)),
        tuple(_url(server, alone=len(known) == 1) for server in known),
        tuple(_variables(server) for server in known),
        own_servers(api),
    )
    return {"servers.py": render("python/checkout_api/servers.py.j2", view)}


@lru_cache(maxsize=4)
def every_server(api: Api) -> tuple[Server, ...]:
    """The servers of the document and then of the operations, each URL once."""
    found: dict[str, Server] = {}
    for server in (*api.servers, *(server for operation in _paths(api) for server in operation.servers)):
        found.setdefault(server.url, server)
    return tuple(found.values())


@lru_cache(maxsize=4)
def own_servers(api: Api) -> tuple[str, ...]:
    """The URLs of the servers that operations, or their paths, have instead of the document's."""
    own = (server.url for operation in _paths(api) if operation.servers != api.servers for server in operation.servers)
    return tuple(dict.fromkeys(own))


def _paths(api: Api) -> list[Operation]:
    return [operation for operation in api.operations if operation.role == "path"]


def _by_default(server: Server) -> str:
    """The URL with the defaults of its variables; one that has none stays in its braces."""
    url = server.url
    for variable in server.variables:
        if variable.default is not None:
            url = url.replace(f"{{{variable.name}}}", variable.default)
    return url


def _url(server: Server, *, alone: bool) -> UrlView:
    template = literal(server.url)
    given = _keywords(server)
    relative = not _ABSOLUTE.match(server.url)
    parameters = [
        f"{keyword}: {_annotation(variable)}" + (f" = {default}" if (default := _default(variable)) else "")
        for keyword, variable in given.items()
    ]
    if relative:
        parameters.append("base: str | None = None" if server.url.startswith("{") else "base: str")
    parameters.sort(key=lambda parameter: " = " in parameter)
    passed = ", ".join(f"{literal(keyword)}: {keyword}" for keyword in given)
    return UrlView(
        "" if alone else "@overload\n",
        (f"template: Literal[{template}]{f' = {template}' if alone else ''}", *(["*", *parameters] if parameters else [])),
        _about(server, given),
        f"return fill(template, _VARIABLES[template], {'base' if relative else None}, {{{passed}}})" if alone else "...",
    )


def _keywords(server: Server) -> dict[str, ServerVariable]:
    plain = [names.snake(variable.name, "variable") for variable in server.variables]
    return dict(zip(names.unique(plain, _TAKEN), server.variables, strict=True))


def _annotation(variable: ServerVariable) -> str:
    return f"Literal[{', '.join(map(literal, variable.values))}]" if variable.values else "str"


def _default(variable: ServerVariable) -> str:
    """What stands for the variable where it is not given; nothing where the contract's own default is not one of its values."""
    is_good = variable.default is not None and (not variable.values or variable.default in variable.values)
    return literal(variable.default) if is_good else ""


def _variables(server: Server) -> str:
    """The entry of a server in the table that the runtime reads."""
    parts = [f"{literal(variable.name)}: {_variable(keyword, variable)}" for keyword, variable in _keywords(server).items()]
    return f"{literal(server.url)}: {{{', '.join(parts)}}}"


def _variable(keyword: str, variable: ServerVariable) -> str:
    parts = [literal(keyword)]
    parts += [f"default={default}"] if (default := _default(variable)) else []
    parts += [f"values={literal(variable.values)}"] if variable.values else []
    return f"Variable({', '.join(parts)})"


def _about(server: Server, given: dict[str, ServerVariable]) -> str:
    about = {keyword: " ".join(variable.description.split()) for keyword, variable in given.items()}
    lines = [f"    {keyword}: {text}" for keyword, text in about.items() if text]
    text = server.description + ("\n\nArgs:\n" + "\n".join(lines) if lines else "")
    return docstring(text, 4) or docstring(f"The base URL of {server.url}.", 4)
