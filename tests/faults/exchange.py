"""One request and its answer, whole, as a fault may change them before they go on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checkout_api import operations
from checkout_api._runtime.operation import Operation
from checkout_api._runtime.paths import Template, concreteness

Headers = list[tuple[bytes, bytes]]
Json = Any


@cache
def all_operations() -> dict[str, Operation[Any]]:
    """The operations of the contract by their ids, webhooks not among them."""
    found = (one for one in vars(operations).values() if isinstance(one, Operation))
    return {one.id: one for one in found if one.path.startswith("/")}


@cache
def _templates() -> list[tuple[Template, Operation[Any]]]:
    known = sorted(all_operations().values(), key=lambda one: concreteness(one.path))
    return [(Template(one.path), one) for one in known]


def _field(headers: Headers, name: str) -> str | None:
    return next((value.decode("latin-1") for key, value in headers if key == name.lower().encode()), None)


def _without(headers: Headers, name: str) -> Headers:
    return [(key, value) for key, value in headers if key != name.lower().encode()]


@dataclass
class Asked:
    """A request. `operation` is its operation's id, `beside` the ids of all operations of its path; `memory` is kept by a fault
    from one request to the next."""

    scope: Scope
    receive: Receive
    method: str
    path: str
    query: bytes
    headers: Headers
    body: bytes
    memory: dict[str, Any] = field(default_factory=dict)

    @classmethod
    async def read(cls, scope: Scope, receive: Receive, memory: dict[str, Any]) -> Asked:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            body += message.get("body", b"")
            more = message.get("more_body", False)
        path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0].decode("latin-1")
        return cls(scope, receive, scope["method"], path, scope["query_string"], list(scope["headers"]), body, memory)

    def copy(self) -> Asked:
        """The same, which can be changed by itself."""
        return replace(self, headers=list(self.headers))

    @property
    def beside(self) -> frozenset[str]:
        found = [(template, one) for template, one in _templates() if template.values(self.path) is not None]
        return frozenset(one.id for _, one in found if one.path == found[0][1].path)

    @property
    def operation(self) -> str | None:
        method = "GET" if self.method == "HEAD" else self.method
        return next((name for name in self.beside if all_operations()[name].method == method), None)

    @property
    def values(self) -> dict[str, str]:
        """The values of the path's expressions."""
        name = next(iter(self.beside))
        path = all_operations()[name].path
        names = [part.partition("{")[2].partition("}")[0] for part in path.split("/") if "{" in part]
        return dict(zip(names, map(unquote, Template(path).values(self.path) or ()), strict=True))

    def header(self, name: str) -> str | None:
        return _field(self.headers, name)

    def put(self, name: str, value: str) -> None:
        self.headers = [*_without(self.headers, name), (name.lower().encode(), value.encode("latin-1"))]

    def drop(self, name: str) -> None:
        self.headers = _without(self.headers, name)

    @property
    def json(self) -> Json:
        """The body's value; None where it has none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def write(self, value: Json) -> None:
        self.body = json.dumps(value).encode()

    def inner(self) -> Scope:
        """The scope with what was changed; the length of the body told anew where the body was changed."""
        headers = self.headers
        if (told := self.header("content-length")) is not None and told != str(len(self.body)):
            headers = [*_without(headers, "content-length"), (b"content-length", b"%d" % len(self.body))]
        return {
            **self.scope, "method": self.method, "path": unquote(self.path), "raw_path": self.path.encode("latin-1"),
            "query_string": self.query, "headers": headers, "state": {},
        }  # fmt: skip


@dataclass
class Answer:
    """An answer. `cut` closes the connection after so many bytes of the body, `length` is a `Content-Length` that is told
    whatever the body has, `late` are seconds to wait before, and `raw` is sent to the connection as it stands in place of all."""

    status: int = 200
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    head: bool = False
    cut: int | None = None
    length: int | None = None
    late: float = 0.0
    raw: bytes | None = None

    @classmethod
    def of(cls, status: int, value: Json = None, media_type: str = "application/json", **headers: str) -> Answer:
        """An answer of one's own; a text is the body as it stands."""
        body = value.encode() if isinstance(value, str) else b"" if value is None else json.dumps(value).encode()
        made = cls(status, [(b"content-type", media_type.encode())] if value is not None else [], body)
        for name, text in {"X-Request-Id": "req_of_its_own", **headers}.items():
            made.put(name.replace("_", "-"), text)
        return made

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def header(self, name: str) -> str | None:
        return _field(self.headers, name)

    def put(self, name: str, value: str) -> None:
        self.headers = [*_without(self.headers, name), (name.lower().encode(), value.encode())]

    def drop(self, name: str) -> None:
        self.headers = _without(self.headers, name)

    @property
    def json(self) -> Json:
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def write(self, value: Json) -> None:
        self.body = json.dumps(value).encode()

    def edit(self, change: Callable[[Any], Any]) -> Answer:
        """Changes the JSON of the body, in place or for what `change` gives; an answer without JSON stays as it is."""
        value = self.json
        if value is not None:
            made = change(value)
            self.write(value if made is None else made)
        return self

    def without_body(self) -> Answer:
        """What HEAD gets of it."""
        headers = self.headers if self.status in (204, 304) else self._measured(len(self.body))
        return Answer(self.status, headers, head=True, late=self.late)

    async def send(self, receive: Receive, send: Send) -> None:
        if self.late:
            await asyncio.sleep(self.late)
        if self.raw is not None or self.cut is not None or self.length is not None:
            await self._past_the_server(receive, send)
            return
        headers = self.headers if self.head or self.status in (204, 304) else self._measured(len(self.body))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if self.head else self.body})

    def _measured(self, length: int) -> Headers:
        return [*_without(self.headers, "content-length"), (b"content-length", b"%d" % length)]

    async def _past_the_server(self, receive: Receive, send: Send) -> None:
        """Writes to the socket itself what no server would let through."""
        transport = send.__self__.transport  # type: ignore[attr-defined]  # uvicorn's
        if self.raw is not None:
            transport.write(self.raw)
        else:
            headers = self._measured(len(self.body) if self.length is None else self.length)
            lines = b"".join(b"%s: %s\r\n" % one for one in headers)
            body = self.body if self.cut is None else self.body[: self.cut]
            transport.write(b"HTTP/1.1 %d Status\r\n%s\r\n%s" % (self.status, lines, body))
        transport.close()
        while (await receive())["type"] != "http.disconnect":
            pass


Ask = Callable[[Asked], Awaitable[Answer]]
Around = Callable[[Asked, Ask], Awaitable[Answer]]


async def ask(app: ASGIApp, asked: Asked) -> Answer:
    """What an application answers."""
    answer, sent = Answer(head=asked.method == "HEAD"), False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return await asked.receive()
        sent = True
        return {"type": "http.request", "body": asked.body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message["headers"])
        else:
            answer.body += message.get("body", b"")

    await app(asked.inner(), receive, send)
    return answer
