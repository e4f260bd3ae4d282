"""The sandbox with at most one fault."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from faults.exchange import Answer, Asked, ask
from faults.registry import FAULTS, Fault, Kind

_ITS_OWN = ("/_sandbox", "/healthz", "/readyz", "/pay")


class FaultLayer:
    """An application around the sandbox's. `switch` plants a fault in the place of the one before."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._fault: Fault | None = None
        self._memory: dict[str, Any] = {}
        self._planted = ExitStack()

    def switch(self, name: str | None) -> None:
        """Plants the fault of a name, or none.

        Raises:
            KeyError: there is no such fault.
        """
        fault = FAULTS[name] if name is not None else None
        self._planted.close()
        self._planted, self._fault, self._memory = ExitStack(), fault, {}
        for patch in fault.patches if fault is not None else ():
            self._planted.enter_context(patch.applied())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._fault
        if fault is None or fault.around is None or scope["type"] != "http" or scope["path"].startswith(_ITS_OWN):
            await self._app(scope, receive, send)
            return
        asked = await Asked.read(scope, receive, self._memory)
        answer = await self._answered(fault, asked)
        await answer.send(receive, send)

    async def _answered(self, fault: Fault, asked: Asked) -> Answer:
        """The answer, with the fault if it concerns the request. A fault that cannot cope with a request leaves it alone."""
        assert fault.around is not None
        if not self._concerns(fault, asked):
            return await self._ask(asked)
        untouched = asked.copy()
        head = asked.method == "HEAD" and fault.kind is not Kind.HTTP  # what is wrong with GET is wrong with HEAD
        asked.method = "GET" if head else asked.method
        try:
            answer = await fault.around(asked, self._ask)
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
            return await self._ask(untouched)
        return answer.without_body() if head else answer

    async def _ask(self, asked: Asked) -> Answer:
        return await ask(self._app, asked)

    @staticmethod
    def _concerns(fault: Fault, asked: Asked) -> bool:
        if fault.anything:
            return True
        operation = asked.operation
        return operation is not None and (not fault.operations or operation in fault.operations)
