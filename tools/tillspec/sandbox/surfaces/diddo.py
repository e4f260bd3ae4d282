"""Diddo: live carts of template carts, their shipping, their QR codes, and customer session tokens."""

from __future__ import annotations

from typing import Any

from checkout_api import server
from checkout_api.server import DiddoHeaders, OperationNotImplemented, Refusal, Request
from tillspec.sandbox.context import Sandbox, request_id_of


class DiddoSurface(server.DiddoSurface):
    """How Diddo answers what the stub refuses."""

    def refuse(self, refusal: Refusal) -> Any:
        raise OperationNotImplemented

    def headers(self, request: Request) -> DiddoHeaders:
        return DiddoHeaders(x_request_id=request_id_of(request))


class DiddoHandlers:
    """The operations of Diddo."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
