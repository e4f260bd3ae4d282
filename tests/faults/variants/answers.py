"""Answers of an ASGI application, taken whole so that they can be written otherwise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

ITS_OWN = ("/_sandbox", "/healthz", "/readyz", "/pay")
"""What of the sandbox the contract knows nothing of; it stays as it is."""


@dataclass(slots=True)
class Answer:
    """A whole answer. Names of headers are in lower case."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    def put(self, name: str, value: str) -> None:
        """Sets a header in the place of one of its name."""
        self.headers = [(key, old) for key, old in self.headers if key.lower() != name] + [(name, value)]

    @property
    def is_json(self) -> bool:
        return (self.header("content-type") or "").startswith("application/json") and bool(self.body)

    async def send(self, send: Send, *, chunks: int = 1) -> None:
        """Sends it, in so many pieces."""
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        size = max(1, -(-len(self.body) // chunks))
        pieces = [self.body[at : at + size] for at in range(0, len(self.body), size)] or [b""]
        for number, piece in enumerate(pieces, 1):
            await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})


async def answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    """What an application answers, with nothing sent yet."""
    answer = Answer(500)
    pieces: list[bytes] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in message["headers"]]
        elif message["type"] == "http.response.body":
            pieces.append(message.get("body", b""))

    await app(scope, receive, send)
    answer.body = b"".join(pieces)
    return answer


Wrap = Callable[[ASGIApp], ASGIApp]
Ask = Callable[[Scope, Receive], Awaitable[Answer]]
Around = Callable[[Scope, Receive, Ask], Awaitable[Answer]]


def around(work: Around, *, chunks: int = 1) -> Wrap:
    """What answers the requests of the contract by asking the sandbox."""

    def wrap(app: ASGIApp) -> ASGIApp:
        async def ask(scope: Scope, receive: Receive) -> Answer:
            return await answer_of(app, scope, receive)

        async def answers(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"].startswith(ITS_OWN):
                await app(scope, receive, send)
            else:
                await (await work(scope, receive, ask)).send(send, chunks=chunks)

        return answers

    return wrap


def edited(edit: Callable[[Scope, Answer], None], *, chunks: int = 1) -> Wrap:
    """What edits every answer of the contract."""

    async def work(scope: Scope, receive: Receive, ask: Ask) -> Answer:
        head = scope["method"] == "HEAD"
        answer = await ask({**scope, "method": "GET"} if head else scope, receive)
        edit(scope, answer)
        if head:  # its headers are those of the whole answer
            answer.body = b""
        return answer

    return around(work, chunks=chunks)


def each_object(value: Any, change: Callable[[dict[str, Any]], None], *, leave: frozenset[str]) -> None:
    """Changes every object in a JSON value, but for what is below members of certain names."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in leave:
                each_object(inner, change, leave=leave)
        change(value)
    elif isinstance(value, list):
        for inner in value:
            each_object(inner, change, leave=leave)
