"""What a handler may know of the request beyond its typed arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, ParamSpec

if TYPE_CHECKING:  # who reads deliveries in another framework does without Starlette
    from starlette.background import BackgroundTasks
    from starlette.datastructures import Headers
    from starlette.types import Scope

MAX_BODY: Final = 1_048_576
"""The largest body that is read unless the application says otherwise: 1 MiB."""

P = ParamSpec("P")


@dataclass(slots=True, kw_only=True, eq=False)
class Request:
    """A request as it came.

    `operation` is the id of the operation, None where no operation answers; `body` is the raw body, empty until it has been read
    (a surface that is asked to refuse a request may see it empty); `client` is the host of the peer. `state` is the owner's: it
    lives as long as the request and is shared between handler and surface, and with what middleware, dependencies and the
    lifespan keep in Starlette's `request.state`. `scope` is ASGI's.
    """

    operation: str | None
    method: str
    path: str
    headers: Headers
    scope: Scope = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    client: str | None = None
    state: dict[str, Any] = field(default_factory=dict)
    tasks: BackgroundTasks | None = field(default=None, init=False, repr=False)

    def add_task(self, function: Callable[P, Any], *args: P.args, **keywords: P.kwargs) -> None:
        """Has something done once the answer has been sent; a function that is no coroutine's runs in a thread."""
        if self.tasks is None:
            from starlette.background import BackgroundTasks

            self.tasks = BackgroundTasks()
        self.tasks.add_task(function, *args, **keywords)
