"""The handlers of each tag, out of those of the four surfaces."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from checkout_api import server
from checkout_api._runtime.server import not_found
from tillspec.sandbox.context import REQUEST_ID, Sandbox
from tillspec.sandbox.surfaces.diddo import DiddoHandlers, DiddoSurface
from tillspec.sandbox.surfaces.dintero import DinteroHandlers, DinteroSurface
from tillspec.sandbox.surfaces.gr4vy import Gr4vyHandlers, Gr4vySurface
from tillspec.sandbox.surfaces.vinr import VinrHandlers, VinrSurface


class Handlers(
    VinrHandlers, Gr4vyHandlers, DinteroHandlers, DiddoHandlers,
    server.Sessions, server.Results, server.Shipping, server.QRCodes, server.Tokens,
):  # fmt: skip
    """All operations."""


def create_app(sandbox: Sandbox) -> ASGIApp:
    """The contract, as an application."""
    handlers = Handlers(sandbox)
    app = server.create_app(
        vinr=VinrSurface(),
        gr4vy=Gr4vySurface(),
        dintero=DinteroSurface(),
        diddo=DiddoSurface(),
        sessions=handlers,
        results=handlers,
        shipping=handlers,
        qr_codes=handlers,
        tokens=handlers,
    )
    app.router.default = _not_found
    return app


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """The stub's own answer where there is no operation, with the id that every answer here has."""

    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"x-request-id", scope["state"][REQUEST_ID].encode())]
        await send(message)

    await not_found(scope, receive, named)
