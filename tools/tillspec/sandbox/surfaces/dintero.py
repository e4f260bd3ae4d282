"""Dintero: sessions of an order, the two Express steps, and the token call."""

from __future__ import annotations

from typing import Any

from checkout_api import server
from checkout_api.server import DinteroHeaders, OperationNotImplemented, Refusal, Request
from tillspec.sandbox.context import Sandbox, request_id_of


class DinteroSurface(server.DinteroSurface):
    """How Dintero answers what the stub refuses."""

    def refuse(self, refusal: Refusal) -> Any:
        raise OperationNotImplemented

    def headers(self, request: Request) -> DinteroHeaders:
        return DinteroHeaders(x_request_id=request_id_of(request))


class DinteroHandlers:
    """The operations of Dintero."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
