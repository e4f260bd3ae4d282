"""What a handler may know of the request beyond its typed arguments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # who reads deliveries in another framework does without Starlette
    from starlette.datastructures import Headers
    from starlette.types import Scope

MAX_BODY: Final = 1_048_576
"""The largest body that is read unless the application says otherwise: 1 MiB."""


@dataclass(slots=True, kw_only=True, eq=False)
class Request:
    """A request as it came.

    `operation` is the id of the operation, None where no operation answers; `body` is the raw body, empty until it has been read
    (a surface that is asked to refuse a request may see it empty); `client` is the host of the peer. `state` is the owner's: it
    lives as long as the request and is shared between handler and surface. `scope` is ASGI's.
    """

    operation: str | None
    method: str
    path: str
    headers: Headers
    scope: Scope = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    client: str | None = None
    state: dict[str, Any] = field(default_factory=dict)
