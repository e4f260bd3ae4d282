"""A small checkout that keeps everything in memory: what somebody writes on top of the generated stub, one class for each tag."""

from __future__ import annotations

import datetime
import secrets
from typing import Literal

from pydantic import MISSING
from starlette.applications import Starlette

from checkout_api import models, responses, server
from checkout_api.server import ApiKey, Basic, Bearer, Request
from end_to_end import surfaces
from end_to_end.sessions import Sessions
from end_to_end.state import VINR_RETENTION, LiveCart, OrderSession, Shop, answer, ulid

PNG = b"\x89PNG\r\n\x1a\n\x00not a picture\xff"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'


_SETTLEMENT = frozenset({"fee_split", "splits", "shipments"})
_METHODS = [
    models.DiddoShippingMethod(id=1, title="Standard, 4–6 days", amount=599),
    models.DiddoShippingMethod(id=2, title="Express, 1–2 days", amount=1499),
]


def create_app(shop: Shop) -> Starlette:
    """The whole of it as an ASGI application."""
    return server.create_app(
        vinr=surfaces.Vinr(),
        gr4vy=surfaces.Gr4vy(),
        dintero=surfaces.Dintero(),
        diddo=surfaces.Diddo(),
        sessions=Sessions(shop),
        results=Results(shop),
        shipping=Shipping(shop),
        qr_codes=QRCodes(shop),
        tokens=Tokens(shop),
    )


class Results(server.Results):
    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def get_vinr_session_result(
        self, request: Request, *, credentials: ApiKey, session_id: models.VinrSessionId
    ) -> responses.GetVinrSessionResult200 | responses.VinrUnauthorized | responses.VinrNotFound | responses.VinrGone:
        merchant = self.shop.merchants.get(credentials.key)
        if merchant is None:
            return surfaces.vinr_unauthorized(request)
        session = merchant.vinr_sessions.get(session_id)
        if session is None:
            body = surfaces.vinr_error(request, "session_not_found", "No session has this id.", "sessionId")
            return responses.VinrNotFound(body=body)
        over = self.shop.now() - session.expires_at
        if over >= VINR_RETENTION:
            body = surfaces.vinr_error(request, "session_expired", "This session has expired.", "sessionId")
            return responses.VinrGone(body=body)
        given = session.request
        result = models.VinrSessionResult(
            session_id=session_id,
            status="expired" if over >= datetime.timedelta(0) else "pending",
            amount=given.amount,
            currency=given.currency,
        )
        if given.customer is not MISSING:
            result.customer = answer(models.VinrResultCustomer, given.customer, without=frozenset({"phone"}))
        return responses.GetVinrSessionResult200(body=result)


class Shipping(server.Shipping):
    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def set_dintero_addresses(
        self, request: Request, *, body: models.DinteroAddressesRequest, session_id: str
    ) -> responses.SetDinteroAddresses200 | responses.DinteroAddressesBadRequest | responses.DinteroSessionNotFound:
        found = self.shop.order_session(session_id)
        if found is None:
            return _no_express_session()
        if found.request.express is MISSING:
            return responses.DinteroAddressesBadRequest(body=_not_express())
        if body.shipping_address is not MISSING:
            found.shipping_address = answer(models.DinteroAddress, body.shipping_address)
        if body.billing_address is not MISSING:
            found.billing_address = answer(models.DinteroAddress, body.billing_address)
        return responses.SetDinteroAddresses200(body=_view(found, found.request.express))

    async def set_dintero_shipping_address(
        self, request: Request, *, body: models.DinteroAddressRequest, session_id: str
    ) -> responses.SetDinteroShippingAddress200 | responses.DinteroShippingAddressBadRequest | responses.DinteroSessionNotFound:
        found = self.shop.order_session(session_id)
        if found is None:
            return _no_express_session()
        if found.request.express is MISSING:
            return responses.DinteroShippingAddressBadRequest(body=_not_express())
        found.shipping_address = answer(models.DinteroAddress, body)
        return responses.SetDinteroShippingAddress200(body=_view(found, found.request.express))

    async def set_dintero_shipping_option(
        self, request: Request, *, body: models.DinteroChosenShippingOptionRequest, session_id: str
    ) -> responses.SetDinteroShippingOption200 | responses.DinteroShippingOptionBadRequest | responses.DinteroSessionNotFound:
        found = self.shop.order_session(session_id)
        if found is None:
            return _no_express_session()
        express = found.request.express
        if express is MISSING:
            return responses.DinteroShippingOptionBadRequest(body=_not_express())
        if found.shipping_address is None:
            message = "A way of shipping can be picked once there is a shipping address."
            return responses.DinteroShippingOptionBadRequest(body=surfaces.dintero_error(message, "shipping_address_missing"))
        wanted = (body.id, body.line_id, body.amount)
        offer = next((o for o in express.shipping_options if (o.id, o.line_id, o.amount) == wanted), None)
        if offer is None or not _ships(offer, found.shipping_address):
            message = "This way of shipping is not on offer, or not at this price."
            return responses.DinteroShippingOptionBadRequest(
                body=surfaces.dintero_error(message, "shipping_option_not_offered", "/line_id")
            )
        found.shipping = answer(models.DinteroChosenShippingOption, offer, without=_SETTLEMENT)
        return responses.SetDinteroShippingOption200(body=_view(found, express))

    async def set_diddo_shipping(
        self, request: Request, *, body: models.DiddoShippingRequest, credentials: Bearer
    ) -> responses.SetDiddoShipping200 | responses.DiddoShippingBadRequest | responses.DiddoUnauthorized:
        merchant = self.shop.merchants.get(credentials.token)
        if merchant is None:
            return surfaces.diddo_unauthorized()
        if body.cart_id is MISSING and body.payment_intent_id is MISSING:
            error = surfaces.diddo_error("INVALID_REQUEST", "is required unless payment_intent_id is given", "cart_id")
            return responses.DiddoShippingBadRequest(body=error)
        live = next((live for live in merchant.carts.values() if _is_named(live, body)), None)
        if live is None:
            return responses.DiddoShippingBadRequest(body=surfaces.diddo_no_cart())
        if body.buyer_info is not MISSING:
            live.buyer |= body.buyer_info.model_dump(exclude_unset=True)
        if "country_code" in live.buyer:
            live.cart.shipping_methods = _METHODS
            live.cart.cost.tax = round(live.cart.cost.subtotal * 0.08625)
        live.cart.status = "in_progress"
        return responses.SetDiddoShipping200(body=_totalled(live.cart))

    async def select_diddo_shipping_method(
        self, request: Request, *, body: models.DiddoShippingMethodRequest, credentials: Bearer
    ) -> responses.SelectDiddoShippingMethod200 | responses.DiddoShippingMethodBadRequest | responses.DiddoUnauthorized:
        merchant = self.shop.merchants.get(credentials.token)
        if merchant is None:
            return surfaces.diddo_unauthorized()
        live = merchant.carts.get(ulid(body.cart_id))
        if live is None:
            return responses.DiddoShippingMethodBadRequest(body=surfaces.diddo_no_cart())
        method = next((each for each in live.cart.shipping_methods if each.id == body.shipping_method_id), None)
        if method is None:
            message = "must be the id of one of the cart's shipping methods"
            error = surfaces.diddo_error("SHIPPING_METHOD_NOT_FOUND", message, "shipping_method_id")
            return responses.DiddoShippingMethodBadRequest(body=error)
        live.cart.shipping_method_id = method.id
        live.cart.cost.shipping = method.amount
        return responses.SelectDiddoShippingMethod200(body=_totalled(live.cart))


class QRCodes(server.QRCodes):
    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def get_diddo_qr(
        self,
        request: Request,
        *,
        credentials: Bearer,
        accept: Literal["image/png", "image/svg+xml"],
        cart_id: models.DiddoCartId,
        size: int,
        if_none_match: str | None,
    ) -> responses.GetDiddoQr200 | responses.DiddoQrNotModified | responses.DiddoUnauthorized | responses.DiddoNotFound:
        if refused := self._refused(credentials, cart_id):
            return refused
        etag, kept, vary = _etag(accept, size), "private, max-age=3600", "Accept"
        if _holds(if_none_match, etag):
            return responses.DiddoQrNotModified(etag=etag, cache_control=kept, vary=vary)
        image = PNG if accept == "image/png" else SVG
        return responses.GetDiddoQr200(body=image, media_type=accept, etag=etag, cache_control=kept, vary=vary)

    async def get_diddo_qr_png(
        self, request: Request, *, credentials: Bearer, cart_id: models.DiddoCartId, size: int, if_none_match: str | None
    ) -> responses.GetDiddoQrPng200 | responses.DiddoQrFileNotModified | responses.DiddoUnauthorized | responses.DiddoNotFound:
        if refused := self._refused(credentials, cart_id):
            return refused
        etag, kept = _etag("image/png", size), "private, max-age=3600"
        if _holds(if_none_match, etag):
            return responses.DiddoQrFileNotModified(etag=etag, cache_control=kept)
        return responses.GetDiddoQrPng200(body=PNG, etag=etag, cache_control=kept)

    async def get_diddo_qr_svg(
        self, request: Request, *, credentials: Bearer, cart_id: models.DiddoCartId, size: int, if_none_match: str | None
    ) -> responses.GetDiddoQrSvg200 | responses.DiddoQrFileNotModified | responses.DiddoUnauthorized | responses.DiddoNotFound:
        if refused := self._refused(credentials, cart_id):
            return refused
        etag, kept = _etag("image/svg+xml", size), "private, max-age=3600"
        if _holds(if_none_match, etag):
            return responses.DiddoQrFileNotModified(etag=etag, cache_control=kept)
        return responses.GetDiddoQrSvg200(body=SVG, etag=etag, cache_control=kept)

    def _refused(
        self, credentials: Bearer, cart_id: models.DiddoCartId
    ) -> responses.DiddoUnauthorized | responses.DiddoNotFound | None:
        merchant = self.shop.merchants.get(credentials.token)
        if merchant is None:
            return surfaces.diddo_unauthorized()
        return None if ulid(cart_id) in merchant.templates else surfaces.diddo_no_template()


class Tokens(server.Tokens):
    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def create_dintero_token(
        self, request: Request, *, body: models.DinteroTokenRequest, credentials: Basic, oid: str
    ) -> (
        responses.CreateDinteroToken200
        | responses.DinteroTokenBadRequest
        | responses.DinteroTokenUnauthorized
        | responses.DinteroNotFound
    ):
        merchant = self.shop.clients.get((credentials.username, credentials.password))
        if merchant is None:
            error = surfaces.dintero_error("The client's id or secret is wrong.", "unauthorized")
            return responses.DinteroTokenUnauthorized(body=error, www_authenticate='Basic realm="dintero", charset="UTF-8"')
        if oid != merchant.account:
            return responses.DinteroNotFound(body=surfaces.dintero_error("There is no such account.", "not_found"))
        if not body.audience.endswith(f"/{oid}"):
            message = "The client may not act for this account."
            return responses.DinteroTokenBadRequest(body=surfaces.dintero_error(message, "invalid_audience", "/audience"))
        token = secrets.token_urlsafe(24)
        self.shop.tokens[token] = merchant
        return responses.CreateDinteroToken200(
            body=models.DinteroAccessToken(access_token=token, token_type="Bearer", expires_in=86400)
        )

    async def mint_diddo_customer_token(
        self, request: Request, *, body: models.DiddoBuyerInfo, credentials: Bearer
    ) -> responses.MintDiddoCustomerToken200 | responses.DiddoUnauthorized:
        if credentials.token not in self.shop.merchants:
            return surfaces.diddo_unauthorized()
        token = ".".join(secrets.token_urlsafe(12) for _ in range(3))
        return responses.MintDiddoCustomerToken200(
            body=models.DiddoCustomerToken(cst=token, expires_at=self.shop.now() + datetime.timedelta(days=1))
        )


def _no_express_session() -> responses.DinteroSessionNotFound:
    error = models.DinteroSessionNotFoundErrorBody(message="There is no such session.", code="session_not_found")
    return responses.DinteroSessionNotFound(body=models.DinteroSessionNotFoundError(error=error))


def _not_express() -> models.DinteroError:
    return surfaces.dintero_error("The session is not an Express session.", "not_express")


def _view(found: OrderSession, express: models.DinteroExpress) -> models.DinteroSessionView:
    """An Express session as the buyer sees it; what was picked, and does not ship to the address any more, is dropped."""
    session = found.session
    if found.shipping and found.shipping_address and not _ships(found.shipping, found.shipping_address):
        found.shipping = None
    order = models.DinteroViewOrder(
        merchant_reference=found.reference,
        amount=session.amount + (found.shipping.amount if found.shipping else 0),
        currency=found.order.currency,
        items=[models.DinteroViewItem(line_id=item.line_id, amount=item.amount) for item in session.items],
        shipping_option=found.shipping or MISSING,
    )
    if found.shipping_address:
        order.shipping_address = found.shipping_address
    if found.billing_address:
        order.billing_address = found.billing_address
    offers = [answer(models.DinteroShippingOption, offer, without=_SETTLEMENT) for offer in express.shipping_options]
    mode = "shipping_required" if express.shipping_mode is MISSING else express.shipping_mode
    view = models.DinteroViewExpress(shipping_options=offers, shipping_mode=mode)
    return models.DinteroSessionView(id=session.id, order=order, express=view)


def _ships(
    option: models.DinteroShippingOptionRequest | models.DinteroChosenShippingOption, address: models.DinteroAddress
) -> bool:
    return option.countries is MISSING or address.country is MISSING or address.country in option.countries


def _is_named(live: LiveCart, body: models.DiddoShippingRequest) -> bool:
    by_cart = body.cart_id is MISSING or ulid(body.cart_id) == live.cart.cart_id
    return by_cart and body.payment_intent_id in (MISSING, live.payment_intent)


def _totalled(cart: models.DiddoLiveCart) -> models.DiddoLiveCart:
    cart.cost.total = cart.cost.subtotal + cart.cost.shipping + cart.cost.tax
    return cart


def _etag(media_type: str, size: int) -> str:
    return f'"{media_type}-{size}"'


def _holds(if_none_match: str | None, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag in tags or "*" in tags
