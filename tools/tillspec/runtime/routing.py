"""Matching paths: templates over the path as it was sent, so that an encoded slash stays inside its segment."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from .paths import SAFE, concreteness, literal, normal, pattern

Endpoint = Callable[[Scope, Receive, Send, tuple[str, ...]], Awaitable[None]]


@dataclass(frozen=True)
class PathRoute:
    """One path template and the endpoints of its methods; the values of its expressions reach them still percent-encoded."""

    path: str
    endpoints: Mapping[str, Endpoint]
    otherwise: Endpoint

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return pattern(self.path)


class PathRoutes(BaseRoute):
    """All paths of an API as one route: static ones by look-up, then the templates, the most concrete first."""

    def __init__(self, routes: Iterable[PathRoute]) -> None:
        self.routes = sorted(routes, key=lambda route: concreteness(route.path))
        self._static = {literal(route.path): route for route in self.routes if "{" not in route.path}
        self._templates = [(route.regex.fullmatch, route) for route in self.routes if "{" in route.path]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """PARTIAL where a path matches and its method does not, unless another template of that path has it."""
        if scope["type"] != "http":
            return Match.NONE, {}
        path, method = _path_of(scope), scope["method"]
        partial: tuple[Endpoint, tuple[str, ...]] | None = None
        for route, values in self._found(path):
            if method in route.endpoints:
                return Match.FULL, {"operation": (route.endpoints[method], values)}
            partial = partial or (route.otherwise, values)
        return (Match.PARTIAL, {"operation": partial}) if partial else (Match.NONE, {})

    def _found(self, path: str) -> Iterator[tuple[PathRoute, tuple[str, ...]]]:
        if path in self._static:
            yield self._static[path], ()
        for match, route in self._templates:
            found = match(path)
            if found is not None:
                yield route, found.groups()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint, values = scope["operation"]
        await endpoint(scope, receive, send, values)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Routes have no names."""
        raise NoMatchFound(name, path_params)


def _path_of(scope: Scope) -> str:
    """The path below the mount point, percent-encoded, with unreserved characters plain (RFC 3986, section 6.2.2.2)."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    raw: bytes = scope.get("raw_path") or b""
    # Middleware may have changed the path: what was sent counts only as long as it is the same path.
    if b"%" in raw and unquote(sent := raw.partition(b"?")[0].decode("latin-1")) == path:
        text = normal(sent)
    else:
        text = quote(path, safe=SAFE)
    root = quote(root, safe=SAFE)
    if root and text.startswith(root) and text[len(root) : len(root) + 1] in ("", "/"):
        text = text[len(root) :]
    return text
