"""What goes over the wire: a request as it is sent, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tillspec.runtime.encoding import is_json
from tillspec.runtime.media import essence

Headers = tuple[tuple[str, str], ...]
"""Names as they are written, with their values, in their order; a name may stand several times."""

NOTHING: Any = type("Nothing", (), {"__repr__": lambda self: "NOTHING", "__bool__": lambda self: False})()
"""No JSON value at all: not sent, or not to be read."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `target` is path and query as they stand on the wire; `operation` is the id of the operation that it is for.

    `raw` replaces all of it on the wire, for what no client would send: `later` is sent once the server asks for it (100), with
    `ends` nothing more is sent after it, and an answer is waited for `patience` seconds. `path` has the values of the path's
    parameters, decoded; `value` is the JSON value of the body; both are what runtime expressions read.
    """

    operation: str
    method: str
    target: str
    headers: Headers = ()
    body: bytes | None = None
    raw: bytes | None = field(default=None, repr=False)
    path: tuple[tuple[str, str], ...] = ()
    value: Any = field(default=NOTHING, repr=False, compare=False)
    tenant: str | None = None
    later: bytes | None = field(default=None, repr=False)
    ends: bool = False
    patience: float | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True)
class Answer:
    """What came of a call: a response, or a `fault` of the connection in words. `seconds` is the time until its last byte."""

    status: int = 0
    headers: Headers = ()
    body: bytes = b""
    seconds: float = 0.0
    fault: str | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[str]:
        """Every value of a header."""
        return (value for key, value in self.headers if key.lower() == name.lower())

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case; empty where none is said."""
        return essence(self.header("content-type") or "")

    @cached_property
    def value(self) -> Any:
        """The JSON value of the body; `NOTHING` where it is none, or is not said to be JSON."""
        if not self.body or not is_json(self.media_type):
            return NOTHING
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return NOTHING

    @property
    def succeeded(self) -> bool:
        """Whether it is a success (2xx)."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call and its answer."""

    call: Call
    answer: Answer
