"""Gr4vy: a session that holds what a payment needs, and has no page of its own."""

from __future__ import annotations

from typing import Any

from checkout_api import server
from checkout_api.server import Gr4vyHeaders, OperationNotImplemented, Refusal, Request
from tillspec.sandbox.context import Sandbox, request_id_of


class Gr4vySurface(server.Gr4vySurface):
    """How Gr4vy answers what the stub refuses."""

    def refuse(self, refusal: Refusal) -> Any:
        raise OperationNotImplemented

    def headers(self, request: Request) -> Gr4vyHeaders:
        return Gr4vyHeaders(x_request_id=request_id_of(request))


class Gr4vyHandlers:
    """The operations of Gr4vy."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
