"""The shop's sessions, of all four surfaces."""

from __future__ import annotations

import dataclasses
import datetime
import json
import uuid

from pydantic import MISSING

from checkout_api import models, responses, server
from checkout_api.server import ApiKey, Bearer, Request
from end_to_end import surfaces
from end_to_end.state import (
    VINR_RETENTION,
    VINR_WINDOW,
    FirstAnswer,
    LiveCart,
    Merchant,
    Order,
    OrderSession,
    Shop,
    VinrSession,
    answer,
    new_id,
    new_ulid,
    ulid,
)

_NOT_ECHOED = frozenset({"country", "is_subsequent_payment", "merchant_initiated", "payment_source", "intent", "expires_in"})
_TEST_CARDS = ("4242424242424242",)


class Sessions(server.Sessions):
    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def create_vinr_session(
        self, request: Request, *, body: models.VinrSessionRequest, credentials: ApiKey, idempotency_key: str | None
    ) -> responses.CreateVinrSession201 | responses.VinrBadRequest | responses.VinrUnauthorized | responses.VinrConflict:
        merchant = self.shop.merchants.get(credentials.key)
        if merchant is None:
            return surfaces.vinr_unauthorized(request)
        said = json.loads(request.body)
        first = merchant.first_answers.get(idempotency_key or "")
        if first and first.kept_until <= self.shop.now():
            first = None
        if first and first.body == said:
            return dataclasses.replace(first.answer, idempotent_replayed=True)
        if first:
            message = "This Idempotency-Key was used with another body."
            return responses.VinrConflict(body=surfaces.vinr_error(request, "idempotency_key_reused", message, "Idempotency-Key"))
        name, expires_at = new_id("cs_"), self.shop.now() + VINR_WINDOW
        merchant.vinr_sessions[name] = VinrSession(body, expires_at)
        made = responses.CreateVinrSession201(
            body=models.VinrSession(session_id=name, checkout_url=f"https://shop.example/pay/{name}", expires_at=expires_at),
            location=f"/checkout/session/{name}/result",
        )
        if idempotency_key:
            merchant.first_answers[idempotency_key] = FirstAnswer(said, made, self.shop.now() + VINR_RETENTION)
        return made

    async def create_gr4vy_session(
        self,
        request: Request,
        *,
        body: models.Gr4vySessionRequest | None,
        credentials: Bearer,
        x_gr4vy_merchant_account_id: str | None,
    ) -> responses.CreateGr4vySession201 | responses.Gr4vyBadRequest | responses.Gr4vyUnauthorized:
        merchant = self.shop.merchants.get(credentials.token)
        if merchant is None:
            return surfaces.gr4vy_unauthorized()
        body = body or models.Gr4vySessionRequest()
        session = answer(
            models.Gr4vySession,
            body,
            without=_NOT_ECHOED,
            type="checkout-session",
            id=uuid.uuid4(),
            expires_at=self.shop.now() + datetime.timedelta(seconds=body.expires_in),
        )
        merchant.gr4vy_sessions[session.id] = session
        return responses.CreateGr4vySession201(body=session)

    async def get_gr4vy_session(
        self, request: Request, *, credentials: Bearer, session_id: uuid.UUID, x_gr4vy_merchant_account_id: str | None
    ) -> responses.GetGr4vySession200 | responses.Gr4vyUnauthorized | responses.Gr4vyNotFound:
        merchant = self.shop.merchants.get(credentials.token)
        if merchant is None:
            return surfaces.gr4vy_unauthorized()
        session = self.shop.gr4vy_session_of(merchant, session_id)
        return responses.GetGr4vySession200(body=session) if session else surfaces.gr4vy_not_found()

    async def update_gr4vy_session(
        self,
        request: Request,
        *,
        body: models.Gr4vySessionUpdateRequest,
        credentials: Bearer,
        session_id: uuid.UUID,
        x_gr4vy_merchant_account_id: str | None,
    ) -> responses.UpdateGr4vySession200 | responses.Gr4vyBadRequest | responses.Gr4vyUnauthorized | responses.Gr4vyNotFound:
        merchant = self.shop.merchants.get(credentials.token)
        if merchant is None:
            return surfaces.gr4vy_unauthorized()
        session = self.shop.gr4vy_session_of(merchant, session_id)
        if session is None:
            return surfaces.gr4vy_not_found()
        changes = body.model_dump(exclude_unset=True, exclude=set(_NOT_ECHOED))
        if body.expires_in is not MISSING:
            changes["expires_at"] = self.shop.now() + datetime.timedelta(seconds=body.expires_in)
        session = answer(models.Gr4vySession, session, **changes)
        merchant.gr4vy_sessions[session_id] = session
        return responses.UpdateGr4vySession200(body=session)

    async def delete_gr4vy_session(
        self, request: Request, *, credentials: Bearer, session_id: uuid.UUID, x_gr4vy_merchant_account_id: str | None
    ) -> responses.DeleteGr4vySession204 | responses.Gr4vyUnauthorized | responses.Gr4vyNotFound:
        merchant = self.shop.merchants.get(credentials.token)
        if merchant is None:
            return surfaces.gr4vy_unauthorized()
        if self.shop.gr4vy_session_of(merchant, session_id) is None:
            return surfaces.gr4vy_not_found()
        del merchant.gr4vy_sessions[session_id]
        return responses.DeleteGr4vySession204()

    async def set_gr4vy_session_fields(
        self, request: Request, *, body: models.Gr4vySecureFieldsRequest, session_id: uuid.UUID
    ) -> responses.SetGr4vySessionFields204 | responses.Gr4vyFieldsBadRequest | responses.Gr4vyNotFound:
        session = self.shop.gr4vy_session(session_id)
        if session is None:
            return surfaces.gr4vy_not_found()
        match body.payment_method:
            case models.Gr4vyCardFields(number=number) if number not in _TEST_CARDS:
                message = "The sandbox takes test cards alone."
                return responses.Gr4vyFieldsBadRequest(body=surfaces.gr4vy_bad_request(message))
            case models.Gr4vyCardFields(number=number):
                session.payment_method = models.Gr4vyPaymentMethod(scheme="visa", label=number[-4:])
                self.shop.keep_card(session_id)
            case models.Gr4vyClickToPayFields():
                session.payment_method = models.Gr4vyPaymentMethod()
            case models.Gr4vyStoredPaymentMethodFields(id=stored):
                session.payment_method = models.Gr4vyPaymentMethod(id=stored)
        return responses.SetGr4vySessionFields204()

    async def create_dintero_order_session(
        self,
        request: Request,
        *,
        body: models.DinteroOrderSessionRequest,
        credentials: Bearer,
        aid: str,
        order_id: str,
        dintero_system_name: str | None,
        dintero_system_version: str | None,
        dintero_system_plugin_name: str | None,
        dintero_system_plugin_version: str | None,
    ) -> (
        responses.CreateDinteroOrderSession200
        | responses.DinteroBadRequest
        | responses.DinteroUnauthorized
        | responses.DinteroNotFound
    ):
        merchant = self.shop.tokens.get(credentials.token)
        if merchant is None:
            return surfaces.dintero_unauthorized()
        order = _order(merchant, aid, order_id)
        if order is None:
            return _no_order()
        items = []
        for index, item in enumerate(body.items):
            whole = order.lines.get(item.line_id)
            if whole is None:
                error = surfaces.dintero_error("The order has no such line.", "unknown_line", f"/items/{index}/line_id")
                return responses.DinteroBadRequest(body=error)
            amount = whole if item.amount is MISSING else item.amount
            if amount > whole:
                error = surfaces.dintero_error(f"The line comes to {whole}.", "amount_too_high", f"/items/{index}/amount")
                return responses.DinteroBadRequest(body=error)
            items.append(models.DinteroSessionItem(line_id=item.line_id, amount=amount))
        name = str(uuid.uuid4())
        session = models.DinteroOrderSession.model_validate(
            {
                "id": name,
                "items": items,
                "amount": sum(item.amount for item in items),
                "created_at": self.shop.now(),
                "_links": [{"href": f"https://shop.example/view/{name}", "rel": "session_link"}],
            }
        )
        if body.metadata is not MISSING:
            session.metadata = body.metadata
        reference = order_id if body.merchant_reference is MISSING else body.merchant_reference
        order.sessions.insert(0, OrderSession(order, session, body, reference))
        return responses.CreateDinteroOrderSession200(body=session)

    async def list_dintero_order_sessions(
        self, request: Request, *, credentials: Bearer, aid: str, order_id: str
    ) -> responses.ListDinteroOrderSessions200 | responses.DinteroUnauthorized | responses.DinteroNotFound:
        merchant = self.shop.tokens.get(credentials.token)
        if merchant is None:
            return surfaces.dintero_unauthorized()
        order = _order(merchant, aid, order_id)
        if order is None:
            return _no_order()
        sessions = [found.session for found in order.sessions]
        return responses.ListDinteroOrderSessions200(body=models.DinteroOrderSessionList(sessions=sessions))

    async def get_dintero_order_session(
        self, request: Request, *, credentials: Bearer, aid: str, order_id: str, session_id: str
    ) -> responses.GetDinteroOrderSession200 | responses.DinteroUnauthorized | responses.DinteroNotFound:
        merchant = self.shop.tokens.get(credentials.token)
        if merchant is None:
            return surfaces.dintero_unauthorized()
        order = _order(merchant, aid, order_id)
        for found in order.sessions if order else ():
            if found.session.id == session_id:
                return responses.GetDinteroOrderSession200(body=found.session)
        return responses.DinteroNotFound(body=surfaces.dintero_error("There is no such session.", "session_not_found"))

    async def begin_diddo_checkout(
        self, request: Request, *, credentials: Bearer, cart_id: models.DiddoCartId
    ) -> responses.BeginDiddoCheckout200 | responses.DiddoUnauthorized | responses.DiddoNotFound:
        merchant = self.shop.merchants.get(credentials.token)
        if merchant is None:
            return surfaces.diddo_unauthorized()
        lines = merchant.templates.get(ulid(cart_id))
        if lines is None:
            return surfaces.diddo_no_template()
        name, subtotal = new_ulid(), sum(line.total_amount for line in lines)
        cart = models.DiddoLiveCart(
            cart_id=name,
            template_cart_id=ulid(cart_id),
            status="initialized",
            expires_at=self.shop.now() + datetime.timedelta(days=1),
            checkout_url=f"https://shop.example/?cart_id={name}",
            lines=lines,
            cost=models.DiddoCost(subtotal=subtotal, shipping=0, tax=0, total=subtotal, currency="USD"),
            shipping_methods=[],
        )
        merchant.carts[name] = LiveCart(cart, payment_intent=f"pi_{name}")
        return responses.BeginDiddoCheckout200(body=cart)


def _order(merchant: Merchant, aid: str, order_id: str) -> Order | None:
    return merchant.orders.get(order_id) if aid == merchant.account else None


def _no_order() -> responses.DinteroNotFound:
    return responses.DinteroNotFound(body=surfaces.dintero_error("There is no such order.", "not_found"))
