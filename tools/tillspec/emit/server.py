"""The server package: a protocol per tag, and what puts them together."""

from __future__ import annotations

from dataclasses import dataclass

from tillspec.api.model import Api
from tillspec.emit.calls import Group
from tillspec.emit.docstring import docstring, literal
from tillspec.emit.handlers import MethodView, method, sources
from tillspec.emit.imports import import_lines
from tillspec.emit.options import Options
from tillspec.emit.surfaces import Layout, SurfaceView, layout
from tillspec.emit.templates import render


@dataclass(frozen=True, slots=True)
class TagView:
    """What a tag's module is printed from."""

    imports: str
    name: str
    docstring: str
    methods: tuple[MethodView, ...]


@dataclass(frozen=True, slots=True)
class ServerView:
    """What the server package is printed from."""

    imports: str
    public: tuple[str, ...]
    surfaces: tuple[SurfaceView, ...]
    modules: tuple[Group, ...]
    keywords: tuple[str, ...]
    passed: tuple[str, ...]
    bindings: tuple[str, ...]


PUBLIC = ("ApiKey", "Basic", "Bearer", "OperationNotImplemented", "Other", "Problem", "Refusal", "Request", "Violation")
"""What the server package gives on of the runtime."""


def server(api: Api, options: Options) -> dict[str, str]:
    """`server/__init__.py` and a module for every tag; nothing where an API has no paths."""
    plan = layout(api)
    if not plan.groups:
        return {}
    files = {f"server/{group.module}.py": _tag(group) for group in plan.groups}
    return {"server/__init__.py": render("python/checkout_api/server/__init__.py.j2", _server(plan)), **files}


def _tag(group: Group) -> str:
    methods = tuple(method(call) for call in group.calls)
    known = import_lines(
        [*(source for view in methods for source in sources(view)), "Request", "Protocol", "OperationNotImplemented"], ".."
    )
    about = docstring(group.description or f"The operations of {group.tag}.", 4) or '"""The operations of this tag."""'
    return render("python/checkout_api/server/tag.py.j2", TagView(known, group.name, about, methods))


def _server(plan: Layout) -> ServerView:
    used = ["Protocol", *PUBLIC, "Binding", "MAX_BODY", "make_app", "make_router", "Path", "Router", "Starlette", "operations"]
    for surface in plan.surfaces:
        used.append(surface.errors or "Any")
        if surface.headers:
            used += ["dataclass", "ClassVar", *surface.headers.fields, *surface.headers.wire]
    return ServerView(
        import_lines(used, ".."),
        tuple(sorted({*PUBLIC, "create_app", "create_router", *classes(plan)})),
        plan.surfaces,
        tuple(sorted(plan.groups, key=lambda group: group.module)),
        keywords(plan),
        tuple(f"{name}={name}" for name in owners(plan)),
        bindings(plan),
    )


def keywords(plan: Layout) -> tuple[str, ...]:
    """The arguments of what makes a server: the surfaces and the handlers, what is required first."""
    found = [f"{s.keyword}: {s.name}{' | None = None' if s.optional else ''}" for s in plan.surfaces]
    found += [f"{group.module}: {group.name} | None = None" for group in plan.groups]
    return tuple(sorted(found, key=lambda keyword: "=" in keyword))


def owners(plan: Layout) -> tuple[str, ...]:
    """The names of those arguments."""
    return (*(surface.keyword for surface in plan.surfaces), *(group.module for group in plan.groups))


def classes(plan: Layout) -> set[str]:
    """The classes that a server package defines: protocols of tags and surfaces, and headers."""
    headers = {surface.headers.name for surface in plan.surfaces if surface.headers}
    return headers | {surface.name for surface in plan.surfaces} | {group.name for group in plan.groups}


def bindings(plan: Layout) -> tuple[str, ...]:
    """What binds each operation to its handlers and its surface, in terms of the arguments."""
    surfaces = {surface.surface: surface for surface in plan.surfaces}
    result = []
    for group in plan.groups:
        for call in group.calls:
            surface = surfaces[call.operation.surface]
            kind = f", error_type={literal(surface.error_type)}" if surface.error_type != "application/json" else ""
            result.append(f"Binding(operations.{call.constant}, {literal(call.method)}, {group.module}, {surface.keyword}{kind})")
    return tuple(result)
