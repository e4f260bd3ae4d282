"""Diddo: live carts of template carts, their shipping, their QR codes, and customer session tokens."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from checkout_api import behavior, models, responses
from checkout_api._runtime.behavior import Answer, OperationBehavior, Transition
from checkout_api.server import Bearer, Request
from tillspec.sandbox import outside, places, sessions
from tillspec.sandbox.context import Sandbox, state_of
from tillspec.sandbox.merchants import Holder, Merchant
from tillspec.sandbox.sessions import Session
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces import diddo_carts as carts
from tillspec.sandbox.surfaces import diddo_checkout as checkout
from tillspec.sandbox.surfaces.declared import available, code_of
from tillspec.sandbox.surfaces.diddo_carts import LIVE_CART, Declined
from tillspec.sandbox.surfaces.diddo_errors import DiddoSurface, error, holder_of, invalid, unavailable
from tillspec.sandbox.surfaces.diddo_qr import QrHandlers
from tillspec.sandbox.surfaces.diddo_tokens import TokenHandlers

__all__ = ["DiddoHandlers", "DiddoSurface"]

_BEGIN: Final = behavior.BEGIN_DIDDO_CHECKOUT
_SHIPPING: Final = behavior.SET_DIDDO_SHIPPING
_METHOD: Final = behavior.SELECT_DIDDO_SHIPPING_METHOD


def _no_such_method() -> Answer:
    among = behavior.DIDDO_SHIPPING_METHOD_REQUEST.properties["shipping_method_id"].among
    assert among is not None, "the contract declares it"
    return among.otherwise


_AMONG: Final = _no_such_method()
_OVER: Final = {
    "succeeded": "This checkout has been paid.",
    "failed": "This checkout has failed. Begin a new one.",
    "cancelled": "This checkout was cancelled. Begin a new one.",
}


class DiddoHandlers(QrHandlers, TokenHandlers):
    """The operations of Diddo."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    @available(unavailable)
    async def begin_diddo_checkout(
        self, request: Request, *, credentials: Bearer, cart_id: models.DiddoCartId
    ) -> (
        responses.BeginDiddoCheckout200
        | responses.DiddoUnauthorized
        | responses.DiddoForbidden
        | responses.DiddoNotFound
        | responses.DiddoBeginUnprocessableContent
        | responses.DiddoServiceUnavailable
    ):
        state = state_of(request)
        holder = await holder_of(self._sandbox, request, state, credentials, writes=True)
        if not isinstance(holder, Holder):
            return holder
        merchant, key = holder.merchant, carts.ulid(cart_id)
        try:
            cart = await self._sandbox.write(lambda connection: self._begin(connection, state, merchant, key))
        except checkout.NotPurchasable as why:
            return responses.DiddoBeginUnprocessableContent(body=error("CART_NOT_PURCHASABLE", str(why)))
        if cart is None:
            return responses.DiddoNotFound(body=error(code_of(_BEGIN.unknown), "No cart has this id."))
        return responses.BeginDiddoCheckout200(body=_shown(cart))

    def _begin(self, connection: Connection, state: State, merchant: Merchant, key: str) -> Session | None:
        template = outside.find(connection, outside.DiddoTemplateCart, merchant.id, key)
        if template is None:
            return None
        return checkout.begin(connection, state, merchant, template, self._sandbox.base_url)

    @available(unavailable)
    async def set_diddo_shipping(
        self, request: Request, *, body: models.DiddoShippingRequest, credentials: Bearer
    ) -> (
        responses.SetDiddoShipping200
        | responses.DiddoShippingBadRequest
        | responses.DiddoUnauthorized
        | responses.DiddoForbidden
        | responses.DiddoConflict
        | responses.DiddoShippingUnprocessableContent
        | responses.DiddoServiceUnavailable
    ):
        state = state_of(request)
        holder = await holder_of(self._sandbox, request, state, credentials, writes=True)
        if not isinstance(holder, Holder):
            return holder
        key = _named(body)
        if key is None:
            return responses.DiddoShippingBadRequest(body=invalid(("payment_intent_id", "is not that of this cart_id")))
        given: dict[str, str] = {}
        if isinstance(body.buyer_info, models.DiddoBuyerInfo):
            given = body.buyer_info.model_dump(by_alias=True, exclude_unset=True)
        await places.ready()
        made = await self._sandbox.write(lambda connection: _address(connection, state, holder.merchant, key, given))
        if isinstance(made, Session):
            return responses.SetDiddoShipping200(body=_shown(made))
        told = error(code_of(made.answer), made.message, *made.fields)
        if made.answer.status == 409:
            return responses.DiddoConflict(body=told)
        if made.answer.status == 422:
            return responses.DiddoShippingUnprocessableContent(body=told)
        return responses.DiddoShippingBadRequest(body=told)

    @available(unavailable)
    async def select_diddo_shipping_method(
        self, request: Request, *, body: models.DiddoShippingMethodRequest, credentials: Bearer
    ) -> (
        responses.SelectDiddoShippingMethod200
        | responses.DiddoShippingMethodBadRequest
        | responses.DiddoUnauthorized
        | responses.DiddoForbidden
        | responses.DiddoConflict
        | responses.DiddoServiceUnavailable
    ):
        state = state_of(request)
        holder = await holder_of(self._sandbox, request, state, credentials, writes=True)
        if not isinstance(holder, Holder):
            return holder
        key, method = carts.ulid(body.cart_id), body.shipping_method_id
        made = await self._sandbox.write(lambda connection: _method(connection, state, holder.merchant, key, method))
        if isinstance(made, Session):
            return responses.SelectDiddoShippingMethod200(body=_shown(made))
        told = error(code_of(made.answer), made.message, *made.fields)
        if made.answer.status == 409:
            return responses.DiddoConflict(body=told)
        return responses.DiddoShippingMethodBadRequest(body=told)


def _shown(cart: Session) -> models.DiddoLiveCart:
    return models.DiddoLiveCart.model_validate(carts.shown(cart))


def _named(body: models.DiddoShippingRequest) -> str | None:
    """The live cart that a body names; None where its two names are not of one cart."""
    cart_id = carts.ulid(body.cart_id) if isinstance(body.cart_id, str) else None
    if not isinstance(body.payment_intent_id, str):
        return cart_id
    of_intent = carts.cart_of_intent(body.payment_intent_id)
    return of_intent if cart_id in (None, of_intent) else None


def _address(connection: Connection, state: State, merchant: Merchant, key: str, given: dict[str, str]) -> Session | Declined:
    cart = _taken(connection, state, merchant, key, _SHIPPING)
    if isinstance(cart, Declined):
        return cart
    declined = carts.address(cart, carts.merged(cart.data["buyer"], given))
    if declined is not None:
        return declined
    checkout.advance(connection, state, merchant, cart, _moves(_SHIPPING).to)
    return cart


def _method(connection: Connection, state: State, merchant: Merchant, key: str, method: int) -> Session | Declined:
    cart = _taken(connection, state, merchant, key, _METHOD)
    if isinstance(cart, Declined):
        return _no_method(cart.answer, method) if cart.answer.code == _AMONG.code else cart
    if not carts.choose_method(cart, method):
        return _no_method(_AMONG, method)
    checkout.advance(connection, state, merchant, cart, _moves(_METHOD).to)
    return cart


def _taken(
    connection: Connection, state: State, merchant: Merchant, key: str, operation: OperationBehavior
) -> Session | Declined:  # fmt: skip
    """A merchant's live cart, in a state that the operation may be called in."""
    cart = sessions.take(connection, LIVE_CART, key, merchant=merchant.id)
    missing = operation.unknown if cart is None else operation.gone
    if cart is None or cart.is_gone(state.now()):
        assert missing is not None, "the contract declares it"
        return Declined(missing, "No cart has this id.")
    answer = carts.turned_away(_moves(operation), cart.status)
    return cart if answer is None else Declined(answer, _OVER.get(cart.status, ""))


def _moves(operation: OperationBehavior) -> Transition:
    assert operation.moves is not None, "the contract declares it"
    return operation.moves


def _no_method(answer: Answer, method: int) -> Declined:
    said = f"This cart has no shipping method with the id {method}."
    return Declined(answer, said, (("shipping_method_id", "must be the id of one of the cart's shipping methods"),))
