"""Variants that look at credentials earlier, or later, than the sandbox does."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from checkout_api import behavior
from faults.variants.answers import Answer, Ask, around
from tillspec.sandbox.declared import Finder

_PLAIN = {
    "vinr": "/checkout/session/none/result",
    "gr4vy": "/checkout/sessions/00000000-0000-4000-8000-000000000000",
    "diddo": "/checkout/00000000000000000000000000/qr.svg",
}
"""A read of each surface in which nothing but credentials can be wrong."""
_NONE = {
    "vinr": ("x-api-key", "none"), "gr4vy": ("authorization", "Bearer none"), "diddo": ("authorization", "Bearer none"),
    "dintero": ("authorization", "Bearer none"),
}  # fmt: skip
"""Credentials of the right form that nobody has."""
_WITHOUT = {"setGr4vySessionFields"}


def _guarded(scope: Scope, finder: Finder) -> Any:
    """The operation of a request, if it asks for a bearer token or a key."""
    found = finder.find(scope)
    if found is None:
        return None
    operation = found[0]
    public = operation.id in _WITHOUT or operation.path.startswith("/view/") or operation.id == "createDinteroToken"
    assert operation.id in behavior.OPERATIONS
    return None if public else operation


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


_finder = Finder()


async def _first(scope: Scope, receive: Receive, ask: Ask) -> Answer:
    operation = _guarded(scope, _finder)
    plain = _PLAIN.get(operation.surface) if operation is not None else None
    if plain is not None:
        keep = (b"authorization", b"x-api-key")
        headers = [(name, value) for name, value in scope["headers"] if name in keep]
        alone = {**scope, "method": "GET", "path": plain, "raw_path": plain.encode(), "query_string": b"", "headers": headers}
        answer = await ask({**alone, "state": dict(scope.get("state", {}))}, _nothing)
        if answer.status == 401:
            return answer if scope["method"] != "HEAD" else Answer(401, answer.headers)
    return await ask(scope, receive)


async def _last(scope: Scope, receive: Receive, ask: Ask) -> Answer:
    operation = _guarded(scope, _finder)
    if operation is not None:
        name, value = _NONE[operation.surface]
        said = Headers(scope=scope).get(name)
        scheme = (said or "").partition(" ")[0].lower()
        if said is None or (name == "authorization" and scheme != "bearer"):
            others = [(key, old) for key, old in scope["headers"] if key != name.encode()]
            scope = {**scope, "headers": [*others, (name.encode(), value.encode())]}
    return await ask(scope, receive)


first = around(_first)
last = around(_last)
