"""Gr4vy: a session that holds what a payment needs, and has no page of its own.

Two calls that change one session at once are both carried out, one after the other: each is one transaction, and the later of
them finds what the earlier has written. So nothing collides, and there is no 409.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from pydantic import MISSING
from sqlalchemy import Connection

from checkout_api import models, responses
from checkout_api.server import Bearer, Request
from tillspec.sandbox import clock, ids, outside, sessions
from tillspec.sandbox.cards import CardRefusal
from tillspec.sandbox.context import Sandbox, comes_from, state_of
from tillspec.sandbox.merchants import Merchant
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces.declared import available
from tillspec.sandbox.surfaces.gr4vy_errors import (
    CHALLENGE,
    Gr4vySurface,
    broken_rules,
    changing,
    detail,
    error,
    unavailable,
    validation_error,
)
from tillspec.sandbox.surfaces.gr4vy_sessions import (
    OPEN,
    SESSION,
    PaymentMethodGone,
    current,
    hold,
    put_payment,
    shown,
    values_of,
)
from tillspec.sandbox.surfaces.gr4vy_tokens import BadToken, Tokens

__all__ = ["Gr4vyHandlers", "Gr4vySurface"]

_FIELDS_OF_CARDS: Final = {"number": "number", "expiry": "expiration_date", "cvc": "security_code"}

_Denied = responses.Gr4vyUnauthorized | responses.Gr4vyForbidden
_Update = models.Gr4vySessionUpdateRequest


@dataclass(frozen=True, slots=True)
class _Caller:
    """Whose request it is, and the merchant account that it names: their default one, if none."""

    merchant: Merchant
    account: str


class Gr4vyHandlers:
    """The operations of Gr4vy."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    @cached_property
    def _gr4vy_tokens(self) -> Tokens:
        return Tokens()

    @changing
    async def create_gr4vy_session(
        self, request: Request, *, body: models.Gr4vySessionRequest | None, credentials: Bearer,
        x_gr4vy_merchant_account_id: str | None,
    ) -> (
        responses.CreateGr4vySession201
        | responses.Gr4vyUnauthorized
        | responses.Gr4vyForbidden
        | responses.Gr4vyNotFound
        | responses.Gr4vyTooEarly
        | responses.Gr4vyServiceUnavailable
    ):  # fmt: skip
        state = state_of(request)
        caller = await self._caller(request, state, credentials, x_gr4vy_merchant_account_id)
        if not isinstance(caller, _Caller):
            return caller
        wanted = body if body is not None else models.Gr4vySessionRequest()
        values = values_of(request.body)

        def work(connection: Connection) -> dict[str, Any] | responses.Gr4vyNotFound:
            unknown = _unknown_account(connection, caller) or _unknown_service(connection, caller, wanted.payment_service_id)
            if unknown is not None:
                return unknown
            now = state.now()
            session = Session(
                id=str(ids.uuid4(connection, state)), kind=SESSION, merchant=caller.merchant.id, status=OPEN, created_at=now,
                expires_at=now + wanted.expires_in * clock.SECOND, request=request.body.decode(),
                data={"account": caller.account},
            )  # fmt: skip
            hold(session, values)
            sessions.insert(connection, session)
            return shown(connection, session, now)

        made = await self._sandbox.write(work)
        return responses.CreateGr4vySession201(body=_body(made)) if isinstance(made, dict) else made

    @available(unavailable)
    async def get_gr4vy_session(
        self, request: Request, *, credentials: Bearer, session_id: uuid.UUID, x_gr4vy_merchant_account_id: str | None
    ) -> (
        responses.GetGr4vySession200
        | responses.Gr4vyUnauthorized
        | responses.Gr4vyForbidden
        | responses.Gr4vyNotFound
        | responses.Gr4vyUnprocessableContent
        | responses.Gr4vyServiceUnavailable
    ):
        state = state_of(request)
        caller = await self._caller(request, state, credentials, x_gr4vy_merchant_account_id)
        if not isinstance(caller, _Caller):
            return caller

        def work(connection: Connection) -> dict[str, Any] | responses.Gr4vyNotFound:
            if unknown := _unknown_account(connection, caller):
                return unknown
            now = state.now()
            found = sessions.find(connection, SESSION, str(session_id), merchant=caller.merchant.id)
            session = current(found, caller.account, now)
            return _none() if session is None else shown(connection, session, now)

        try:
            found = await self._sandbox.read(work)
        except PaymentMethodGone as gone:
            return _gone(gone)
        return responses.GetGr4vySession200(body=_body(found)) if isinstance(found, dict) else found

    @changing
    async def update_gr4vy_session(
        self, request: Request, *, body: _Update, credentials: Bearer, session_id: uuid.UUID,
        x_gr4vy_merchant_account_id: str | None,
    ) -> (
        responses.UpdateGr4vySession200
        | responses.Gr4vyBadRequest
        | responses.Gr4vyUnauthorized
        | responses.Gr4vyForbidden
        | responses.Gr4vyNotFound
        | responses.Gr4vyUnprocessableContent
        | responses.Gr4vyTooEarly
        | responses.Gr4vyServiceUnavailable
    ):  # fmt: skip
        state = state_of(request)
        caller = await self._caller(request, state, credentials, x_gr4vy_merchant_account_id)
        if not isinstance(caller, _Caller):
            return caller
        values = values_of(request.body)

        def work(connection: Connection) -> dict[str, Any] | responses.Gr4vyBadRequest | responses.Gr4vyNotFound:
            return _update(connection, state, caller, str(session_id), body, values)

        try:
            made = await self._sandbox.write(work)
        except PaymentMethodGone as gone:
            return _gone(gone)
        return responses.UpdateGr4vySession200(body=_body(made)) if isinstance(made, dict) else made

    @changing
    async def delete_gr4vy_session(
        self, request: Request, *, credentials: Bearer, session_id: uuid.UUID, x_gr4vy_merchant_account_id: str | None
    ) -> (
        responses.DeleteGr4vySession204
        | responses.Gr4vyUnauthorized
        | responses.Gr4vyForbidden
        | responses.Gr4vyNotFound
        | responses.Gr4vyTooEarly
        | responses.Gr4vyServiceUnavailable
    ):
        state = state_of(request)
        caller = await self._caller(request, state, credentials, x_gr4vy_merchant_account_id)
        if not isinstance(caller, _Caller):
            return caller

        def work(connection: Connection) -> responses.DeleteGr4vySession204 | responses.Gr4vyNotFound:
            session = _taken(connection, state, caller, str(session_id))
            if not isinstance(session, Session):
                return session
            sessions.delete(connection, session)
            return responses.DeleteGr4vySession204()

        return await self._sandbox.write(work)

    @changing
    async def set_gr4vy_session_fields(
        self, request: Request, *, body: models.Gr4vySecureFieldsRequest, session_id: uuid.UUID
    ) -> (
        responses.SetGr4vySessionFields204
        | responses.Gr4vyFieldsBadRequest
        | responses.Gr4vyNotFound
        | responses.Gr4vyUnprocessableContent
        | responses.Gr4vyTooEarly
        | responses.Gr4vyServiceUnavailable
    ):
        state = state_of(request)

        def work(connection: Connection) -> tuple[str | None, CardRefusal | None]:
            session = current(sessions.take(connection, SESSION, str(session_id)), None, state.now())
            if session is None:
                return None, None
            return session.merchant, put_payment(connection, state, session, body.payment_method)

        try:
            owner, refused = await self._sandbox.write(work)
        except PaymentMethodGone as gone:
            return _gone(gone)
        if owner is None:
            return _none()
        if (merchant := (await self._sandbox.directory(state)).get(owner)) is not None:
            comes_from(request, merchant)
        return responses.SetGr4vySessionFields204() if refused is None else _refused_card(refused)

    async def _caller(self, request: Request, state: State, credentials: Bearer, account: str | None) -> _Caller | _Denied:
        """Whose token it is, and that it permits the operation."""
        directory = await self._sandbox.directory(state)
        try:
            token = self._gr4vy_tokens.verify(credentials.token, directory, state.epoch, state.now())
        except BadToken as bad:
            body = error(models.Gr4vyUnauthorizedError, f"There is no valid bearer token: {bad}.")
            challenge = f'{CHALLENGE}, error="invalid_token", error_description="{bad}"'
            return responses.Gr4vyUnauthorized(body=body, www_authenticate=challenge)
        comes_from(request, token.merchant)
        for scope in credentials.scopes:
            if not token.permits(scope):
                return responses.Gr4vyForbidden(body=error(models.Gr4vyForbiddenError, f"The token lacks the scope {scope}."))
        assert token.merchant.gr4vy is not None, "who signs tokens is at Gr4vy"
        return _Caller(token.merchant, account or token.merchant.gr4vy.default_account)


def _update(
    connection: Connection, state: State, caller: _Caller, key: str, body: _Update, values: dict[str, Any]
) -> dict[str, Any] | responses.Gr4vyBadRequest | responses.Gr4vyNotFound:
    """A shallow merge: what is left out stays, what is null is emptied, objects and arrays are replaced."""
    session = _taken(connection, state, caller, key)
    if not isinstance(session, Session):
        return session
    unknown = _unknown_service(connection, caller, body.payment_service_id)
    if unknown is not None:
        return unknown
    whole = session.data["values"] | values
    if broken := broken_rules(whole):
        message = "The session as it would then be breaks a rule."
        return responses.Gr4vyBadRequest(body=error(models.Gr4vyBadRequestError, message, broken))
    now = state.now()
    hold(session, whole)
    if body.expires_in is not MISSING:
        session.expires_at = now + body.expires_in * clock.SECOND
    sessions.save(connection, session)
    return shown(connection, session, now)


def _body(plain: dict[str, Any]) -> models.Gr4vySession:
    return models.Gr4vySession.model_validate(plain)


def _taken(connection: Connection, state: State, caller: _Caller, key: str) -> Session | responses.Gr4vyNotFound:
    """The caller's session of an id, which nobody else changes before the transaction ends."""
    if unknown := _unknown_account(connection, caller):
        return unknown
    session = sessions.take(connection, SESSION, key, merchant=caller.merchant.id)
    return current(session, caller.account, state.now()) or _none()


def _none() -> responses.Gr4vyNotFound:
    return responses.Gr4vyNotFound(body=error(models.Gr4vyNotFoundError, "There is no such checkout session, or it has expired."))


def _unknown_account(connection: Connection, caller: _Caller) -> responses.Gr4vyNotFound | None:
    """What is answered where the merchant has no such account; the default one is always there."""
    assert caller.merchant.gr4vy is not None, "who signs tokens is at Gr4vy"
    if caller.account == caller.merchant.gr4vy.default_account:
        return None
    if outside.find(connection, outside.Gr4vyMerchantAccount, caller.merchant.id, caller.account) is not None:
        return None
    message = "There is no such merchant account."
    at = detail("/x-gr4vy-merchant-account-id", message, location="header")
    return responses.Gr4vyNotFound(body=error(models.Gr4vyNotFoundError, message, [at]))


def _unknown_service(connection: Connection, caller: _Caller, service: Any) -> responses.Gr4vyNotFound | None:
    """What is answered where the merchant has no such payment service; None also where none is named."""
    if not isinstance(service, uuid.UUID):
        return None
    if outside.find(connection, outside.Gr4vyPaymentService, caller.merchant.id, str(service)) is not None:
        return None
    message = "There is no such payment service."
    at = detail("/payment_service_id", message)
    return responses.Gr4vyNotFound(body=error(models.Gr4vyNotFoundError, message, [at]))


def _gone(gone: PaymentMethodGone) -> responses.Gr4vyUnprocessableContent:
    entry = {"loc": ["body", "payment_method", "id"], "msg": str(gone), "type": "value_error", "input": gone.key}
    return responses.Gr4vyUnprocessableContent(body=validation_error(entry))


def _refused_card(refused: CardRefusal) -> responses.Gr4vyFieldsBadRequest:
    at = detail(f"/payment_method/{_FIELDS_OF_CARDS[refused.field]}", refused.message)
    return responses.Gr4vyFieldsBadRequest(body=error(models.Gr4vyBadRequestError, "The card cannot be used.", [at]))
