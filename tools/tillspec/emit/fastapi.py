"""fastapi.py: the server for FastAPI, beside the default one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tillspec.api.model import Api, Operation
from tillspec.emit import names
from tillspec.emit.calls import credential_type
from tillspec.emit.docstring import docstring, literal
from tillspec.emit.imports import import_lines
from tillspec.emit.options import Options
from tillspec.emit.server import bindings, classes, keywords, owners
from tillspec.emit.surfaces import Layout, layout
from tillspec.emit.templates import render
from tillspec.emit.webhooks import is_signed

_TAKEN = (
    "APIRouter", "Binding", "Depends", "Dependency", "FastAPI", "Lifespan", "MAX_BODY", "Mapping", "OPERATIONS", "Path",
    "RECEIVERS", "Request", "Sequence", "Verification", "Webhooks", "bindings", "create_app", "create_router",
    "create_webhook_router", "credential", "dependencies", "found", "guards", "handlers", "lifespan", "make_app",
    "make_router", "max_body", "operation", "operations", "path", "paths", "request", "router", "secrets", "verified",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AlternativeView:
    """What an operation may ask for: the dependency that gives it, its type, and the names of its schemes."""

    name: str
    annotation: str
    schemes: tuple[str, ...]
    docstring: str


@dataclass(frozen=True, slots=True)
class RouterView:
    """A function that makes a router: its arguments, what passes them on, the bindings, and the table of its dependencies."""

    keywords: tuple[str, ...]
    passed: tuple[str, ...]
    bindings: tuple[str, ...]
    alternatives: str


@dataclass(frozen=True, slots=True)
class FastapiView:
    """What fastapi.py is printed from; `server` and `webhooks` are None where an API has no such operations.

    `signed` says whether any delivery is.
    """

    imports: str
    public: tuple[str, ...]
    alternatives: tuple[AlternativeView, ...]
    server: RouterView | None
    webhooks: RouterView | None
    signed: bool


def fastapi(api: Api, options: Options) -> dict[str, str]:
    """fastapi.py of the package; nothing where an API has no operations."""
    if not api.operations:
        return {}
    plan = layout(api)
    paths = [operation for operation in api.operations if operation.role == "path"]
    others = [operation for operation in api.operations if operation.role != "path"]
    known, signed = _alternatives(api, plan), is_signed(api)
    made = (["create_app", "create_router"] if paths else []) + (["create_webhook_router"] if others else [])
    view = FastapiView(
        _imports(plan, known, bool(paths), bool(others), signed),
        tuple(sorted([*made, *(alternative.name for alternative in known)])),
        known,
        _server(plan, _of(known, paths)) if paths else None,
        RouterView(_dependencies(_of(known, others)), (), (), _table(_of(known, others))) if others else None,
        signed,
    )
    return {"fastapi.py": render("python/checkout_api/fastapi.py.j2", view)}


def _alternatives(api: Api, plan: Layout) -> tuple[AlternativeView, ...]:
    """Every alternative that an operation has, once."""
    found = {
        tuple(name for name, _ in requirement.schemes): credential_type(api, requirement)
        for operation in api.operations
        for requirement in operation.security
        if requirement.schemes
    }
    plain = ["_and_".join(names.snake(name, "credential") for name in schemes) for schemes in found]
    apart = names.unique(plain, (*_TAKEN, *owners(plan), *classes(plan)))
    return tuple(
        AlternativeView(name, annotation, schemes, _about(schemes))
        for name, (schemes, annotation) in zip(apart, found.items(), strict=True)
    )


def _about(schemes: tuple[str, ...]) -> str:
    named = " and ".join(f"`{name}`" for name in schemes)
    return docstring(f"The credential of {named} as it was sent; None where it is missing or malformed.", 4)


def _of(known: Iterable[AlternativeView], operations: Iterable[Operation]) -> tuple[AlternativeView, ...]:
    used = {tuple(name for name, _ in one.schemes) for operation in operations for one in operation.security}
    return tuple(alternative for alternative in known if alternative.schemes in used)


def _server(plan: Layout, used: tuple[AlternativeView, ...]) -> RouterView:
    passed = [*owners(plan), *(alternative.name for alternative in used)]
    return RouterView(
        (*keywords(plan), *_dependencies(used)), tuple(f"{name}={name}" for name in passed), bindings(plan), _table(used)
    )


def _dependencies(used: tuple[AlternativeView, ...]) -> tuple[str, ...]:
    return tuple(f"{alternative.name}: Dependency = {alternative.name}" for alternative in used)


def _table(used: tuple[AlternativeView, ...]) -> str:
    return "{" + ", ".join(f"{literal(alternative.schemes)}: {alternative.name}" for alternative in used) + "}"


def _imports(plan: Layout, known: tuple[AlternativeView, ...], paths: bool, others: bool, signed: bool) -> str:
    """The import lines; Ruff sorts them, and leaves out what is not used."""
    used = [alternative.annotation for alternative in known] + ["Path", "Mapping", "Sequence", "operations"]
    lines = [
        import_lines(used),
        "from fastapi import APIRouter, FastAPI, Request",
        "from fastapi.params import Depends",
        "from starlette.types import Lifespan",
        "from ._runtime.fastapi import Dependency, credential, make_app, make_router",
        "from ._runtime.guard import guards",
        "from ._runtime.request import MAX_BODY",
        "from ._runtime.endpoint import Binding",
    ]
    lines += [f"from .server import {', '.join(sorted(classes(plan)))}"] if paths else []
    lines += ["from .webhooks import OPERATIONS, RECEIVERS, Webhooks"] if others else []
    lines += ["from .webhooks import Verification"] if signed else []
    return "\n".join(lines)
