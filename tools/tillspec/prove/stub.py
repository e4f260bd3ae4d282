"""The generated server stub as a client on the wire sees it: what it takes for a valid body, and what it refuses."""

from __future__ import annotations

import base64
import importlib
import importlib.util
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from tillspec.prove.package import Package
from tillspec.prove.reader import Subject

Answer = Literal["accepted", "refused", "rule"] | str
"""What became of a body; another text says why nothing can be told."""

_TEMPLATE = re.compile(r"\{[^{}]*\}")
_LARGEST = 1 << 30


class _Recorder:
    """Handlers for every operation: a request that gets as far as one was accepted. None of them answers."""

    def __init__(self, unanswered: type[Exception]) -> None:
        self.reached = False
        self._unanswered = unanswered

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        if name.startswith("__"):
            raise AttributeError(name)

        async def handle(*given: Any, **keywords: Any) -> Any:
            self.reached = True
            raise self._unanswered(name)

        return handle


@dataclass(slots=True)
class Stub:
    """The applications of a package: its server, and one that receives its webhooks."""

    package: Package
    recorder: Any
    server: Any
    webhooks: Any
    paths: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, package: Package) -> Stub:
        """The stub of a package; it answers for what the package has, which may be nothing."""
        name = package.name
        has_server, has_webhooks = (importlib.util.find_spec(f"{name}.{part}") is not None for part in ("server", "webhooks"))
        if not has_server and not has_webhooks:
            return cls(package, None, None, None)
        recorder = _Recorder(importlib.import_module(f"{name}._runtime.refusal").OperationNotImplemented)
        made = cls(package, recorder, None, None)
        if has_server:
            create = importlib.import_module(f"{name}.server").create_app
            made.server = create(**_arguments(create, name, recorder))
        if has_webhooks:
            webhooks = importlib.import_module(f"{name}.webhooks")
            hooks = {identifier: f"/received/{number}" for number, identifier in enumerate(webhooks.OPERATIONS)}
            made.webhooks = webhooks.create_webhook_router(recorder, paths=hooks, max_body=_LARGEST)
            made.paths = {id(webhooks.OPERATIONS[identifier][0]): path for identifier, path in hooks.items()}
        return made

    def takes(self, subject: Subject) -> bool:
        """Whether a subject is a JSON body that the stub reads."""
        if subject.kind != "request":
            return False
        operation = self.package.operation(subject)
        app = self.webhooks if id(operation) in self.paths else self.server
        return app is not None and self.package.content(subject).carrier == "json"

    def receives(self, subject: Subject) -> bool:
        """Whether the body of a subject is delivered: read as a client reads an answer, its texts may have grown."""
        return id(self.package.operation(subject)) in self.paths

    async def send(self, subject: Subject, text: str) -> Answer:
        """What the stub makes of a body."""
        operation = self.package.operation(subject)
        path = self.paths.get(id(operation))
        app = self.webhooks if path is not None else self.server
        media_type = subject.media_type if "*" not in subject.media_type else "application/json"
        sent = [(b"content-type", media_type.encode()), (b"content-length", str(len(text.encode())).encode())]
        more, query = _credentials(operation, self.package.schemes)
        self.recorder.reached = False
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": operation.method.upper(),
            "scheme": "http", "path": path or _TEMPLATE.sub("1", operation.path), "query_string": query, "root_path": "",
            "headers": [*sent, *more], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        status, body = await _ask(app, scope, text.encode())
        if self.recorder.reached:
            return "accepted"
        return _told(status, body)


def _arguments(create: Callable[..., Any], name: str, recorder: _Recorder) -> dict[str, Any]:
    """A recorder for every tag, which has a module of its own, and no surface, so that refusals are problem documents."""
    given: dict[str, Any] = {}
    for keyword in inspect.signature(create).parameters:
        if keyword == "max_body":
            given[keyword] = _LARGEST
        else:
            given[keyword] = recorder if importlib.util.find_spec(f"{name}.server.{keyword}") else None
    return given


def _credentials(operation: Any, schemes: Mapping[str, Any]) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and query that satisfy the first way in."""
    headers, query = [], []
    for name in operation.security[0] if operation.security else ():
        scheme: Any = schemes[name]
        kind = scheme.kind
        if kind == "basic":
            headers.append((b"authorization", b"Basic " + base64.b64encode(b"user:password")))
        elif kind == "bearer":
            headers.append((b"authorization", b"Bearer token"))
        elif kind == "api_key" and scheme.location == "header":
            headers.append((scheme.parameter.lower().encode(), b"key"))
        elif kind == "api_key" and scheme.location == "cookie":
            headers.append((b"cookie", f"{quote(scheme.parameter)}=key".encode()))
        elif kind == "api_key":
            query.append(f"{quote(scheme.parameter)}=key")
    return headers, "&".join(query).encode()


async def _ask(app: Any, scope: dict[str, Any], body: bytes) -> tuple[int, bytes]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def _told(status: int, body: bytes) -> Answer:
    """What a refusal says of the body. Parameters are judged beside it, and may be wrong here."""
    try:
        found = json.loads(body).get("errors", [])
    except (ValueError, AttributeError):
        found = []
    if not found:
        return f"status {status}"
    return "refused" if any(one.get("location") == "body" for one in found) else "accepted"
