"""A request as the lines that it is made of, so that each can be wrong in its own way (RFC 9112, sections 2 to 7)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tillspec.verify.exchange import Call, Headers
from tillspec.verify.wire import Origin

PATIENCE = 3.0
"""Seconds in which a message that nobody would send is answered, or its connection closed."""


@dataclass(frozen=True, slots=True)
class Message:
    """An HTTP/1.1 request. Nothing in it is checked or put right; texts go out as UTF-8, surrogate escapes as their bytes."""

    call: Call
    method: str
    target: str
    headers: Headers
    body: bytes = b""
    version: str = "HTTP/1.1"

    @classmethod
    def of(cls, call: Call, origin: Origin) -> Message:
        """The message that a call is sent as, its connection closed after it."""
        headers = [("Host", origin.authority), ("User-Agent", "tillspec-verify"), *call.headers]
        if call.body is not None or call.method in ("POST", "PUT", "PATCH"):
            headers.append(("Content-Length", str(len(call.body or b""))))
        return cls(call, call.method, origin.base + call.target, (*headers, ("Connection", "close")), call.body or b"")

    def without(self, *names: str) -> Message:
        """The same without some headers."""
        lower = {name.lower() for name in names}
        return replace(self, headers=tuple(pair for pair in self.headers if pair[0].lower() not in lower))

    def plus(self, *headers: tuple[str, str]) -> Message:
        """The same with further headers, whether they are there already or not."""
        return replace(self, headers=(*self.headers, *headers))

    def having(self, name: str, value: str) -> Message:
        """The same with another value of a header."""
        return self.without(name).plus((name, value))

    def sent(self, *, ends: bool = False, later: bytes | None = None) -> Call:
        """The call that sends it as it stands; see `Call` for `ends` and `later`."""
        lines = [f"{self.method} {self.target} {self.version}", *(f"{name}: {value}" for name, value in self.headers)]
        head = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
        return replace(
            self.call, method=self.method, target=self.target, headers=self.headers, body=None, raw=head + self.body,
            ends=ends, later=later, patience=PATIENCE,
        )  # fmt: skip
