"""What the control plane can do: each with its path below `/_sandbox`, and the form of what is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from tillspec.sandbox.control import clock, faults, merchants, requests, sessions, switches, tokens, webhooks, whole
from tillspec.sandbox.control.answers import MOST, Asked, answer, asked, read
from tillspec.sandbox.control.desk import Desk, Nothing

Act = Callable[..., Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done. Names in the path, such as `{session}`, are handed to `act` beside what is asked."""

    method: str
    path: str
    form: type[Asked]
    act: Act
    most: int = MOST

    async def serve(self, desk: Desk, request: Request) -> Response:
        """Does what a request asks for.

        Raises:
            Problem: it could not be done.
        """
        if self.method == "GET":
            wanted = read(self.form, dict(request.query_params))
        else:
            wanted = await asked(request, self.form, self.most)
        return answer(await self.act(desk, wanted, **request.path_params))


ACTIONS: Final = (
    Action("GET", "/clock", Nothing, clock.read),
    Action("PUT", "/clock", clock.Set, clock.put),
    Action("POST", "/clock/freeze", clock.Freeze, clock.freeze),
    Action("POST", "/clock/unfreeze", Nothing, clock.unfreeze),
    Action("POST", "/clock/advance", clock.Advance, clock.advance),
    Action("GET", "/sessions", sessions.Listed, sessions.listed),
    Action("GET", "/sessions/{session}", Nothing, sessions.one),
    Action("POST", "/sessions/{session}/outcome", sessions.Settle, sessions.settle),
    Action("GET", "/faults", Nothing, faults.listed),
    Action("POST", "/faults", faults.Inject, faults.inject),
    Action("DELETE", "/faults", Nothing, faults.clear),
    Action("DELETE", "/faults/{fault}", Nothing, faults.remove),
    Action("GET", "/webhooks", webhooks.Listed, webhooks.listed),
    Action("POST", "/webhooks/reorder", webhooks.Reorder, webhooks.reorder),
    Action("GET", "/webhooks/{webhook}", Nothing, webhooks.one),
    Action("POST", "/webhooks/{webhook}/resend", Nothing, webhooks.resend),
    Action("POST", "/webhooks/{webhook}/duplicate", Nothing, webhooks.duplicate),
    Action("POST", "/webhooks/{webhook}/delay", webhooks.Delay, webhooks.delay),
    Action("POST", "/webhooks/{webhook}/drop", Nothing, webhooks.drop),
    Action("POST", "/merchants/{merchant}/hold", Nothing, webhooks.hold),
    Action("POST", "/merchants/{merchant}/release", Nothing, webhooks.release),
    Action("GET", "/requests", requests.Listed, requests.listed),
    Action("GET", "/requests/{number}", Nothing, requests.one),
    Action("GET", "/merchants", Nothing, merchants.listed),
    Action("PUT", "/merchants/{merchant}/webhook", merchants.Address, merchants.address),
    Action("POST", "/tokens", tokens.Ask, tokens.sign),
    Action("GET", "/rate-limit", Nothing, switches.read),
    Action("PUT", "/rate-limit", switches.Limit, switches.on),
    Action("DELETE", "/rate-limit", Nothing, switches.off),
    Action("POST", "/reset", whole.Reset, whole.reset),
    Action("GET", "/state", Nothing, whole.export),
    Action("PUT", "/state", whole.Import, whole.put, whole.LARGEST),
)
