"""Which pages of other origins may call the contract's operations (Fetch, section 3.2): none, unless they are named."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from tillspec.sandbox.control import ROOT as CONTROL

_BELOW_CONTROL = f"{CONTROL}/"


class CrossOrigin:
    """Lets pages of some origins ask, but for the control plane, which is nobody else's.

    Args:
        app: what answers.
        origins: such as `http://127.0.0.1:8788`, `null` for pages from a disk, `*` for all.
    """

    def __init__(self, app: ASGIApp, origins: tuple[str, ...]) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers=("*",),
            expose_headers=("*",),
            allow_private_network=True,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        closed = path == CONTROL or path.startswith(_BELOW_CONTROL)
        await (self._app if closed else self._open)(scope, receive, send)
