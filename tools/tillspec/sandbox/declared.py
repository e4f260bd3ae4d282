"""Answers of the contract that are given before an operation is asked: too many requests, and failures that tests have chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from starlette.types import Scope

from checkout_api import behavior
from checkout_api._runtime.endpoint import request_of
from checkout_api._runtime.operation import Operation
from checkout_api._runtime.replies import Reply, writers
from checkout_api._runtime.routing import PathRoute, PathRoutes
from checkout_api.server import Request
from tillspec.sandbox.faults import OPERATIONS
from tillspec.sandbox.surfaces.diddo import DiddoSurface
from tillspec.sandbox.surfaces.dintero import DinteroSurface
from tillspec.sandbox.surfaces.gr4vy import Gr4vySurface
from tillspec.sandbox.surfaces.vinr import VinrSurface
from tillspec.sandbox.surfaces.vinr import error as vinr_error

_SURFACES: Final[Mapping[str, Any]] = {
    "vinr": VinrSurface(), "gr4vy": Gr4vySurface(), "dintero": DinteroSurface(), "diddo": DiddoSurface(),
}  # fmt: skip
_CODES: Final = {500: "internal_error", 502: "bad_gateway", 503: "service_unavailable", 504: "gateway_timeout"}
_SAID: Final = {
    429: "There were too many requests.",
    500: "Something went wrong.",
    502: "A server behind this one gave an answer that makes no sense.",
    503: "The service cannot be reached at the moment. Try again.",
    504: "A server behind this one did not answer in time.",
}


class Finder:
    """Which operation a request is for."""

    def __init__(self) -> None:
        paths: dict[str, dict[str, Any]] = {}
        for operation in OPERATIONS.values():
            methods = paths.setdefault(operation.path, {})
            methods[operation.method] = operation
            if operation.method == "GET":
                methods.setdefault("HEAD", operation)
        # what is looked up here is never called
        self._routes = PathRoutes([PathRoute(path, methods, _nobody) for path, methods in paths.items()])
        self._names = {path: [part[1:-1] for part in path.split("/") if part.startswith("{")] for path in paths}

    def find(self, scope: Scope) -> tuple[Operation[Any], dict[str, str]] | None:
        """The operation, and the values of its path as they were sent."""
        found: Any = self._routes.find(scope)
        if found is None:
            return None
        operation, values = found
        return operation, dict(zip(self._names[operation.path], values, strict=False))


async def _nobody(*_: Any) -> None:
    raise NotImplementedError


def refuse(scope: Scope, operation: Operation[Any], status: int, wait: timedelta = timedelta(seconds=1)) -> Reply:
    """The declared answer of an operation; `wait` is what `Retry-After` says, where it is declared.

    Raises:
        KeyError: the operation declares no such answer.
    """
    surface = _SURFACES[operation.surface]
    kind = operation.responses[str(status)]
    request = request_of(scope, operation.id)
    content = kind.wire.contents["application/json"].value
    assert content is not None, "errors are JSON"
    body = content.adapter.validate_python(_body(request, operation, status))
    headers = {header.keyword for header in kind.wire.headers}
    waits = {"retry_after": max(1, math.ceil(wait.total_seconds()))} if "retry_after" in headers else {}
    answer: Any = kind
    return writers(operation, surface.headers)[kind](answer(body=body, **waits), request)


def _body(request: Request, operation: Operation[Any], status: int) -> Any:
    code = _code(operation, status)
    message = _SAID[status]
    match operation.surface:
        case "vinr":
            return vinr_error(request, code, message)
        case "gr4vy":
            return {"type": "error", "code": code, "status": status, "message": message, "details": []}
        case "dintero":
            return {"error": {"code": code, "message": message}}
        case _:
            return {"code": code.upper(), "message": message}


def _code(operation: Operation[Any], status: int) -> str:
    limit = behavior.OPERATIONS[operation.id].rate_limit
    if status == 429 and limit is not None and limit.exceeded.code is not None:
        return str(limit.exceeded.code)
    return "server_error" if status == 500 and operation.surface == "gr4vy" else _CODES[status]
