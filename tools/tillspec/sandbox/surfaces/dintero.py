"""Dintero: sessions of an order, the two Express steps, and the token call."""

from __future__ import annotations

from sqlalchemy import Connection

from checkout_api import models, responses
from checkout_api.server import Bearer, Request
from tillspec.sandbox import sessions
from tillspec.sandbox.context import Sandbox, state_of
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.surfaces import dintero_sessions as orders
from tillspec.sandbox.surfaces.declared import available
from tillspec.sandbox.surfaces.dintero_errors import NO_SESSION, DinteroSurface, unavailable
from tillspec.sandbox.surfaces.dintero_express import ExpressHandlers
from tillspec.sandbox.surfaces.dintero_sessions import SESSION
from tillspec.sandbox.surfaces.dintero_tokens import Caller, TokenHandlers, caller_of, missing

__all__ = ["DinteroHandlers", "DinteroSurface"]


class DinteroHandlers(TokenHandlers, ExpressHandlers):
    """The operations of Dintero."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    @available(unavailable)
    async def create_dintero_order_session(
        self, request: Request, *, body: models.DinteroOrderSessionRequest, credentials: Bearer, aid: str, order_id: str,
        **_system: str | None,
    ) -> (
        responses.CreateDinteroOrderSession200
        | responses.DinteroBadRequest
        | responses.DinteroUnauthorized
        | responses.DinteroForbidden
        | responses.DinteroNotFound
        | responses.DinteroServiceUnavailable
    ):  # fmt: skip
        state = state_of(request)
        caller = await caller_of(self._sandbox, request, state, credentials, aid)
        if not isinstance(caller, Caller):
            return caller

        def work(connection: Connection) -> Session | models.DinteroError | None:
            merchant = caller.merchant.id
            order = orders.order_of(connection, merchant, order_id)
            if order is None:
                return None
            if (wrong := orders.refused(connection, merchant, order, body)) is not None:
                return wrong
            session = orders.new(connection, state, caller, order, body)
            session.request = request.body.decode()
            session.data["link"] = f"{self._sandbox.base_url}/pay/{session.id}"
            sessions.insert(connection, session)
            return session

        made = await self._sandbox.write(work)
        if made is None:
            return missing()
        if not isinstance(made, Session):
            return responses.DinteroBadRequest(body=made)
        return responses.CreateDinteroOrderSession200(body=orders.shown(made))

    @available(unavailable)
    async def list_dintero_order_sessions(
        self, request: Request, *, credentials: Bearer, aid: str, order_id: str
    ) -> (
        responses.ListDinteroOrderSessions200
        | responses.DinteroUnauthorized
        | responses.DinteroForbidden
        | responses.DinteroNotFound
        | responses.DinteroServiceUnavailable
    ):
        state = state_of(request)
        caller = await caller_of(self._sandbox, request, state, credentials, aid)
        if not isinstance(caller, Caller):
            return caller
        merchant = caller.merchant.id

        def listed(connection: Connection) -> list[Session] | None:
            if orders.order_of(connection, merchant, order_id) is None:
                return None
            return sessions.listed(connection, SESSION, order_id, merchant=merchant)

        found = await self._sandbox.read(listed)
        if found is None:
            return missing()
        shown = [orders.shown(one) for one in found]
        return responses.ListDinteroOrderSessions200(body=models.DinteroOrderSessionList(sessions=shown))

    @available(unavailable)
    async def get_dintero_order_session(
        self, request: Request, *, credentials: Bearer, aid: str, order_id: str, session_id: str
    ) -> (
        responses.GetDinteroOrderSession200
        | responses.DinteroUnauthorized
        | responses.DinteroForbidden
        | responses.DinteroNotFound
        | responses.DinteroServiceUnavailable
    ):
        state = state_of(request)
        caller = await caller_of(self._sandbox, request, state, credentials, aid, NO_SESSION)
        if not isinstance(caller, Caller):
            return caller
        if not orders.storable(session_id):
            return missing(NO_SESSION)
        merchant = caller.merchant.id
        found = await self._sandbox.read(lambda connection: sessions.find(connection, SESSION, session_id, merchant=merchant))
        if found is None or found.parent != order_id:
            return missing(NO_SESSION)
        return responses.GetDinteroOrderSession200(body=orders.shown(found))
