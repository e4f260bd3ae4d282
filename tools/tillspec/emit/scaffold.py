"""The user's own files, made once: a handlers file per tag, the surfaces, and the application that puts them together."""

from __future__ import annotations

from dataclasses import dataclass

from tillspec.api.model import Api
from tillspec.emit.calls import Group
from tillspec.emit.handlers import MethodView, method, sources
from tillspec.emit.imports import import_lines, words
from tillspec.emit.options import Options
from tillspec.emit.server import PUBLIC
from tillspec.emit.surfaces import Layout, SurfaceView, layout
from tillspec.emit.templates import render


@dataclass(frozen=True, slots=True)
class HandlersView:
    """What a handlers file is printed from."""

    package: str
    imports: str
    server_names: tuple[str, ...]
    module: str
    name: str
    methods: tuple[MethodView, ...]


@dataclass(frozen=True, slots=True)
class SurfacesView:
    """What surfaces.py is printed from."""

    package: str
    imports: str
    server_names: tuple[str, ...]
    surfaces: tuple[SurfaceView, ...]


@dataclass(frozen=True, slots=True)
class AppView:
    """What app.py is printed from."""

    module: str
    imports: tuple[str, ...]
    arguments: tuple[str, ...]


def scaffold(api: Api, options: Options) -> dict[str, str]:
    """The files of a new server, by path: they belong to the user from then on. Nothing where an API has no paths."""
    plan = layout(api)
    if not plan.groups:
        return {}
    shaping = _shaping(plan)
    files = {
        "app.py": render("scaffold/app.py.j2", _app(plan, options)),
        "handlers/__init__.py": '"""What answers the operations."""\n',
    }
    if shaping:
        files["surfaces.py"] = render("scaffold/surfaces.py.j2", _surfaces(shaping, options))
    return files | {f"handlers/{group.module}.py": _handlers(group, options) for group in plan.groups}


def _shaping(plan: Layout) -> tuple[SurfaceView, ...]:
    """The surfaces that a server cannot do without."""
    return tuple(surface for surface in plan.surfaces if not surface.optional)


def _app(plan: Layout, options: Options) -> AppView:
    shaping = _shaping(plan)
    groups = sorted(plan.groups, key=lambda group: group.module)
    imports = [f"from handlers.{group.module} import {group.name}Handlers" for group in groups]
    imports += [f"from surfaces import {', '.join(sorted(f'My{surface.name}' for surface in shaping))}"] if shaping else []
    arguments = [f"{surface.keyword}=My{surface.name}()" for surface in shaping]
    arguments += [f"{group.module}={group.name}Handlers()" for group in plan.groups]
    return AppView(f"{options.package}.{'fastapi' if options.fastapi else 'server'}", tuple(imports), tuple(arguments))


def _handlers(group: Group, options: Options) -> str:
    methods = tuple(method(call, documented=False) for call in group.calls)
    used = [source for view in methods for source in sources(view)]
    public = frozenset(PUBLIC) & {word for source in used for word in words(source)}
    known = import_lines(used, f"{options.package}.", public)
    view = HandlersView(
        options.package, known, tuple(sorted(public | {"OperationNotImplemented", "Request"})), group.module, group.name, methods
    )
    return render("scaffold/handlers.py.j2", view)


def _surfaces(surfaces: tuple[SurfaceView, ...], options: Options) -> SurfacesView:
    texts = [text for surface in surfaces if surface.headers for text in surface.headers.texts]
    known = import_lines([*(surface.errors or "Any" for surface in surfaces), *texts], f"{options.package}.")
    used = {"Problem", "Refusal"} | ({"Request"} if texts else set())
    used |= {surface.name for surface in surfaces} | {surface.headers.name for surface in surfaces if surface.headers}
    return SurfacesView(options.package, known, tuple(sorted(used)), surfaces)
