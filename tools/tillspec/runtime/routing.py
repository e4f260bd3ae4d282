"""Matching paths: templates over the path as it was sent, so that an encoded slash stays inside its segment."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any, Final
from urllib.parse import quote, unquote

from starlette.applications import Starlette
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Receive, Scope, Send

from .paths import SAFE, Template, concreteness, literal, normal

Endpoint = Callable[[Scope, Receive, Send, tuple[str, ...]], Awaitable[None]]
_NORMAL: Final = re.compile(r"[A-Za-z0-9/\-._~!$&'()*+,;=:@]*")


@dataclass(frozen=True)
class PathRoute:
    """One path template and the endpoints of its methods; the values of its expressions reach them still percent-encoded."""

    path: str
    endpoints: Mapping[str, Endpoint]
    otherwise: Endpoint

    @cached_property
    def template(self) -> Template:
        return Template(self.path)


@dataclass(frozen=True, slots=True)
class _Shape:
    """Templates of as many segments, with expressions in the same ones: the routes by the texts of the other segments."""

    texts: Callable[[Sequence[str]], Hashable]
    routes: dict[Hashable, list[PathRoute]] = field(default_factory=dict)


def _shapes(routes: Iterable[PathRoute]) -> Mapping[int, Sequence[_Shape]]:
    """The shapes of templates by their number of segments, the most concrete first; of many paths, few are then tried."""
    found: dict[tuple[tuple[int, str], ...], _Shape] = {}
    for route in routes:
        parts = [literal(part) for part in route.path.split("/")]
        key = tuple((kind, text if kind else "") for kind, text in concreteness(route.path))
        # The first segment, before the first slash, is never an expression.
        shape = found.setdefault(key, _Shape(itemgetter(*(i for i, (kind, _) in enumerate(key) if not kind))))
        shape.routes.setdefault(shape.texts(parts), []).append(route)
    lengths: dict[int, list[_Shape]] = {}
    for key in sorted(found):
        lengths.setdefault(len(key), []).append(found[key])
    return lengths


class PathRoutes(BaseRoute):
    """All paths of an API as one route: static ones by look-up, then the templates, the most concrete first."""

    def __init__(self, routes: Iterable[PathRoute]) -> None:
        self.routes = sorted(routes, key=lambda route: concreteness(route.path))
        self._static = {literal(route.path): route for route in self.routes if "{" not in route.path}
        self._shapes = _shapes([route for route in self.routes if "{" in route.path])

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """PARTIAL where a path matches and its method does not, unless another template of that path has it."""
        if scope["type"] != "http":
            return Match.NONE, {}
        if found := self.find(scope):
            return Match.FULL, {"operation": found}
        if partial := self._route(sent_path(scope), None):
            return Match.PARTIAL, {"operation": (partial[0].otherwise, partial[1])}
        return Match.NONE, {}

    def find(self, scope: Scope) -> tuple[Endpoint, tuple[str, ...]] | None:
        """What answers a request, and the values of its path; None where no template has both path and method."""
        method = scope["method"]
        found = self._route(sent_path(scope), method)
        return None if found is None else (found[0].endpoints[method], found[1])

    def _route(self, path: str, method: str | None) -> tuple[PathRoute, tuple[str, ...]] | None:
        """The most concrete route of a path that has a method (or any, with None), and the values of its expressions."""
        static = self._static.get(path)
        if static is not None and (method is None or method in static.endpoints):
            return static, ()
        parts = path.split("/")
        for shape in self._shapes.get(len(parts), ()):
            for route in shape.routes.get(shape.texts(parts), ()):
                if (method is None or method in route.endpoints) and (values := route.template.values(path)) is not None:
                    return route, values
        return None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint, values = scope["operation"]
        await endpoint(scope, receive, send, values)

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Routes have no names."""
        raise NoMatchFound(name, path_params)


class Application(Starlette):
    """Starlette with a short way to the operations, where its owner has put nothing in between.

    Starlette's own middleware turns exceptions into answers; an operation turns its own into better ones.
    """

    def build_middleware_stack(self) -> ASGIApp:
        """As Starlette's; it is asked once, when the first request comes."""
        whole = super().build_middleware_stack()
        if self.user_middleware or self.exception_handlers or self.max_body_size is not None:
            return whole
        router = self.router

        def stack(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            first = router.routes[0] if router.routes else None
            found = first.find(scope) if isinstance(first, PathRoutes) and scope["type"] == "http" else None
            if found is None:
                return whole(scope, receive, send)
            scope["router"], scope["route"] = router, first
            return found[0](scope, receive, send, found[1])

        return stack


def sent_path(scope: Scope) -> str:
    """The path below the mount point, percent-encoded, with unreserved characters plain (RFC 3986, section 6.2.2.2)."""
    path: str = scope["path"]
    raw: bytes = scope.get("raw_path") or b""
    # Middleware may have changed the path: what was sent counts only as long as it is the same path.
    if b"%" in raw and unquote(sent := raw.partition(b"?")[0].decode("latin-1")) == path:
        text = normal(sent)
    else:
        text = path if _NORMAL.fullmatch(path) else quote(path, safe=SAFE)
    root = quote(scope.get("root_path", ""), safe=SAFE)
    if root and text.startswith(root) and text[len(root) : len(root) + 1] in ("", "/"):
        text = text[len(root) :]
    return text
