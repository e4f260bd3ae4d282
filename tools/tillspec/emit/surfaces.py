"""The surfaces of an API: groups of operations that share a shape of errors and headers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from tillspec.api.model import Api
from tillspec.emit import contents, names
from tillspec.emit.calls import RESERVED_MODULES, Call, Group, calls, groups
from tillspec.emit.docstring import literal
from tillspec.emit.responses import HeaderField, ambient_headers, header_source


@dataclass(frozen=True, slots=True)
class HeadersView:
    """A surface's ambient headers: the class, its fields, and the table that the runtime reads."""

    name: str
    fields: tuple[str, ...]
    wire: tuple[str, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SurfaceView:
    """A surface: `errors` are the JSON bodies of its declared errors, None where there is none, so that it may be left out."""

    surface: str | None
    keyword: str
    name: str
    errors: str | None
    error_type: str
    headers: HeadersView | None

    @property
    def optional(self) -> bool:
        return self.errors is None and self.headers is None


@dataclass(frozen=True, slots=True)
class Layout:
    """Groups and surfaces of the paths, with keywords and class names that are kept apart."""

    groups: tuple[Group, ...]
    surfaces: tuple[SurfaceView, ...]


@lru_cache(maxsize=4)
def layout(api: Api) -> Layout:
    """The layout of an API's server."""
    tags = groups(api)
    found = tuple(dict.fromkeys(operation.surface for operation in api.operations if operation.role == "path"))
    plain = [names.snake(surface, "surface") if surface else "surface" for surface in found]
    taken = [group.module for group in tags] + [name for name in RESERVED_MODULES if name != "surface"]
    keywords = names.unique([f"{name}_surface" if name in taken else name for name in plain], taken)
    bases = [names.pascal(surface, "") if surface else "" for surface in found]
    used = [group.name for group in tags]
    classes = names.unique([f"{base}Surface" for base in bases], used)
    headers = names.unique([f"{base}Headers" if base else "SurfaceHeaders" for base in bases], [*used, *classes])
    ambient = ambient_headers(api)
    return Layout(
        tags,
        tuple(
            SurfaceView(
                surface,
                keyword,
                name,
                *_errors(api, surface),
                headers=_headers(api, wire_name, tuple(ambient.get(surface, {}).values())),
            )
            for surface, keyword, name, wire_name in zip(found, keywords, classes, headers, strict=True)
        ),
    )


def _errors(api: Api, surface: str | None) -> tuple[str | None, str]:
    """The bodies of a surface's errors, and their media type."""
    bodies: dict[str, None] = {}
    types: dict[str, int] = {}
    for call in calls(api):
        if call.operation.role != "path" or call.operation.surface != surface:
            continue
        for body, media_type in _error_bodies(api, call):
            bodies[body] = None
            types[media_type] = types.get(media_type, 0) + 1
    typed = [body for body in bodies if body != "Any"]
    # More than one way to say it: the commonest, and among equals the first.
    media_type = max(types, key=lambda name: types[name], default="application/json")
    return (" | ".join(typed) or None), media_type


def _error_bodies(api: Api, call: Call) -> list[tuple[str, str]]:
    errors = [answer for answer in call.answers if answer not in call.successes]
    return [
        (contents.view(content, api.types).signature, contents.media_type(content.media_type))
        for answer in errors
        for content in answer.response.contents
        if contents.carrier(content.media_type, content.type, api.types) == "json" and "*" not in content.media_type
    ]


def _headers(api: Api, name: str, fields: tuple[HeaderField, ...]) -> HeadersView | None:
    if not fields:
        return None
    return HeadersView(
        name,
        tuple(f"{field.keyword}: {field.annotation}" for field in fields),
        tuple(header_source(api, field) for field in fields),
        tuple(f"{field.keyword}={_scaffolded(field)}" for field in fields),
    )


def _scaffolded(field: HeaderField) -> str:
    """A first value for a header that is text: a fresh id, one for each request."""
    return f"request.state.setdefault({literal(field.keyword)}, uuid.uuid4().hex)" if field.annotation == "str" else "..."
