"""The handlers of each tag, out of those of the four surfaces."""

from __future__ import annotations

from starlette.types import ASGIApp

from checkout_api import server
from tillspec.sandbox.context import Sandbox
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
    return server.create_app(
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
