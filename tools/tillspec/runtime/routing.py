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

Endpoint = Callable[[Scope, Receive, Send, tuple[str, ...]], Awaitable[None]]

_EXPRESSION: Final = re.compile(r"\{([^{}]*)\}")
_ENCODED: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_SAFE: Final = "/-._~!$&'()*+,;=:@"
_NORMAL: Final = re.compile(r"[A-Za-z0-9/\-._~!$&'()*+,;=:@]*")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@dataclass(frozen=True)
class PathRoute:
    """One path template and the endpoints of its methods; the values of its expressions reach them still percent-encoded."""

    path: str
    endpoints: Mapping[str, Endpoint]
    otherwise: Endpoint

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The template over a normal path: an expression is anything but a slash (OpenAPI 3.1, section 4.8.8.2).

        A segment with several expressions is one group: an engine would try their values in every way.
        """
        return re.compile("/".join(_segment(segment) for segment in self.path.split("/")))

    @cached_property
    def _shared(self) -> Mapping[int, list[str]]:
        """The texts around the expressions of segments that have several, by the segment's group."""
        segments = [segment for segment in self.path.split("/") if "{" in segment]
        texts = {group: _EXPRESSION.split(segment)[::2] for group, segment in enumerate(segments)}
        return {group: [_normal(text) for text in found] for group, found in texts.items() if len(found) > 2}

    def values(self, path: str) -> tuple[str, ...] | None:
        """The values of the template's expressions in a path; None where it is none of this template."""
        found = self.regex.fullmatch(path)
        if found is None or not self._shared:
            return found and found.groups()
        values: list[str] = []
        for group, value in enumerate(found.groups()):
            parts = _parted(value, self._shared[group]) if group in self._shared else [value]
            if parts is None:
                return None
            values += parts
        return tuple(values)


def _segment(segment: str) -> str:
    texts = [re.escape(_normal(text)) for text in _EXPRESSION.split(segment)[::2]]
    return "([^/]+)" if len(texts) > 2 else "([^/]+)".join(texts)


def _normal(text: str) -> str:
    return quote(unquote(text), safe=_SAFE)


def _parted(segment: str, texts: list[str]) -> list[str] | None:
    """The values between fixed texts, none of them empty: the first as long as can be, then the second, and so on."""
    first, *between, last = texts
    end = len(segment) - len(last)
    if not segment.startswith(first) or not segment.endswith(last):
        return None
    values: list[str] = []
    if end <= len(first):
        return None
    for text in reversed(between):  # what stands as far behind as can be leaves the most to what stands before
        at = segment.rfind(text, len(first), max(end - 1, 0))
        if at < 0:
            return None
        values.append(segment[at + len(text) : end])
        end = at
    values.append(segment[len(first) : end])
    return values[::-1] if all(values) else None


@dataclass(frozen=True, slots=True)
class _Shape:
    """Templates of as many segments, with expressions in the same ones: the routes by the texts of the other segments."""

    texts: Callable[[Sequence[str]], Hashable]
    routes: dict[Hashable, list[PathRoute]] = field(default_factory=dict)


def _shapes(routes: Iterable[PathRoute]) -> Mapping[int, Sequence[_Shape]]:
    """The shapes of templates by their number of segments, the most concrete first; of many paths, few are then tried."""
    found: dict[tuple[tuple[int, str], ...], _Shape] = {}
    for route in routes:
        parts = [quote(unquote(part), safe=_SAFE) for part in route.path.split("/")]
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
        self._static = {quote(unquote(route.path), safe=_SAFE): route for route in self.routes if "{" not in route.path}
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
                if (method is None or method in route.endpoints) and (values := route.values(path)) is not None:
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


def expressions(path: str) -> tuple[str, ...]:
    """The names of the expressions of a path template, in their order."""
    return tuple(_EXPRESSION.findall(path))


def blank(path: str) -> str:
    """A path template without the names: two templates that are one path for OpenAPI (3.1, section 4.8.8.2) become equal."""
    return _EXPRESSION.sub("{}", path)


def concreteness(path: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts static segments before templated ones (OpenAPI 3.1, section 4.8.8.1)."""
    return tuple((0 if "{" not in part else 1 if _EXPRESSION.sub("", part) else 2, blank(part)) for part in path.split("/"))


def sent_path(scope: Scope) -> str:
    """The path below the mount point, percent-encoded, with unreserved characters plain (RFC 3986, section 6.2.2.2)."""
    path: str = scope["path"]
    raw: bytes = scope.get("raw_path") or b""
    # Middleware may have changed the path: what was sent counts only as long as it is the same path.
    if b"%" in raw and unquote(sent := raw.partition(b"?")[0].decode("latin-1")) == path:
        text = _ENCODED.sub(_plain, sent)
    else:
        text = path if _NORMAL.fullmatch(path) else quote(path, safe=_SAFE)
    root = quote(scope.get("root_path", ""), safe=_SAFE)
    if root and text.startswith(root) and text[len(root) : len(root) + 1] in ("", "/"):
        text = text[len(root) :]
    return text


def _plain(match: re.Match[str]) -> str:
    character = chr(int(match.group()[1:], 16))
    return character if character in _UNRESERVED else match.group().upper()
