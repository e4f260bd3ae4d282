"""Tenancy: what is another merchant's can be seen, used, or told from what is not there."""

from __future__ import annotations

from typing import Any

from faults.callers import Callers, gr4vy_token, merchant
from faults.exchange import Answer, Ask, Asked
from faults.registry import Kind, around, patches

TENANCY = Kind.TENANCY
_SESSIONS = "tillspec.sandbox.sessions"


def of_theirs(callers: Callers, operation: str, **given: Any) -> int:
    """The status of a request of the first merchant's for an object of the second's."""
    path = callers.path_of(operation, 1) if "path" not in given else given.pop("path")
    return callers.send(operation, path=path, **given).status_code


# -- what is not asked: whose is it? -----------------------------------------------------------------------------------------


@patches(
    "vinr-result-of-anybody",
    TENANCY,
    "getVinrSessionResult",
    "A result is shown to every merchant.",
    f"{_SESSIONS}:glance",
    shows=lambda callers: of_theirs(callers, "getVinrSessionResult") == 200,
)
def _glance(before: Any, connection: Any, kind: str, key: str, owner: str) -> Any:
    return before(connection, kind, key, owner) or next(filter(None, (before(connection, kind, key, one) for one in _BOTH)), None)


_BOTH = tuple(merchant(number).id for number in (0, 1))


@patches(
    "gr4vy-session-of-anybody",
    TENANCY,
    "getGr4vySession",
    "A session is shown to every merchant.",
    f"{_SESSIONS}:find",
    shows=lambda callers: of_theirs(callers, "getGr4vySession") == 200,
)
def _find_any(before: Any, connection: Any, kind: str, key: str, *, merchant: str | None = None) -> Any:
    return before(connection, kind, key, merchant=None if kind == "Gr4vySession" else merchant)


@patches(
    "dintero-session-of-anybody",
    TENANCY,
    "getDinteroOrderSession",
    "A session is shown to every merchant who names an order of their own.",
    f"{_SESSIONS}:find",
    shows=lambda callers: callers.send("getDinteroOrderSession", path={"session_id": callers.dintero(1)}).status_code == 200,
)
def _find_parent(before: Any, connection: Any, kind: str, key: str, *, merchant: str | None = None) -> Any:
    found = before(connection, kind, key, merchant=None if kind == "DinteroOrderSession" else merchant)
    if found is not None and merchant is not None and found.merchant != merchant:
        found.parent = _first_order(merchant)
    return found


def _first_order(name: str) -> str:
    return next(merchant(number).orders[0].id for number in (0, 1) if merchant(number).id == name)


def _take_any(operation: str) -> Any:
    """`take` without looking whose it is, for one operation: told by who is calling."""

    def taken(before: Any, connection: Any, kind: str, key: str, *, merchant: str | None = None) -> Any:
        import inspect

        frame, names = inspect.currentframe(), set()
        while frame is not None and len(names) < 40:
            names.add(frame.f_code.co_name)
            frame = frame.f_back
        return before(connection, kind, key, merchant=None if operation in names else merchant)

    return taken


patches(
    "gr4vy-update-of-anybody",
    TENANCY,
    "updateGr4vySession",
    "A session is updated for every merchant.",
    f"{_SESSIONS}:take",
    shows=lambda callers: of_theirs(callers, "updateGr4vySession", body={"amount": 1}) == 200,
)(_take_any("_update"))


@around(
    "gr4vy-delete-of-anybody",
    TENANCY,
    "deleteGr4vySession",
    "A session is deleted for every merchant.",
    shows=lambda callers: of_theirs(callers, "deleteGr4vySession") == 204,
)
async def _delete_any(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    return await _as_others(asked, ask, answer)


async def _as_others(asked: Asked, ask: Ask, answer: Answer) -> Answer:
    """Tries a request that found nothing as each merchant."""
    for number in (0, 1) if answer.status == 404 and answer.status != 401 else ():
        asked.put("authorization", f"Bearer {gr4vy_token(number)}")
        tried = await ask(asked)
        if tried.ok:
            return tried
    return answer


def _gone_after(callers: Callers) -> bool:
    session = callers.gr4vy(1)
    answer = callers.send("deleteGr4vySession", path={"session_id": session})
    return answer.status_code == 404 and callers.session(session, 1).status_code == 404


@around(
    "gr4vy-delete-that-lies",
    TENANCY,
    "deleteGr4vySession",
    "Deleting another's session answers 404, and deletes it.",
    shows=_gone_after,
)
async def _delete_lies(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    await _as_others(asked, ask, answer)
    return answer


patches(
    "diddo-shipping-of-anybody",
    TENANCY,
    "setDiddoShipping",
    "Every merchant sets the shipping of a cart.",
    f"{_SESSIONS}:take",
    shows=lambda callers: callers.send("setDiddoShipping", body={"cart_id": callers.cart(1)}).status_code == 200,
)(_take_any("_address"))
patches(
    "diddo-method-of-anybody",
    TENANCY,
    "selectDiddoShippingMethod",
    "Every merchant chooses the method of a cart.",
    f"{_SESSIONS}:take",
    shows=lambda callers: (
        callers.send("selectDiddoShippingMethod", body={"cart_id": callers.addressed(1), "shipping_method_id": 1}).status_code
        == 200
    ),
)(_take_any("_method"))


def _outside_of(kind: str) -> Any:
    """What stands outside is found for every merchant, if it is of a kind."""

    def found(before: Any, connection: Any, of: type, owner: str, key: str) -> Any:
        own = before(connection, of, owner, key)
        if own is not None or of.__name__ != kind:
            return own
        return next(filter(None, (before(connection, of, one, key) for one in _BOTH)), None)

    return found


_OUTSIDE = "tillspec.sandbox.outside:find"
_THEIRS = merchant(1)

patches(
    "diddo-begin-of-anybody",
    TENANCY,
    "beginDiddoCheckout",
    "Every merchant begins a checkout of a cart.",
    _OUTSIDE,
    shows=lambda callers: of_theirs(callers, "beginDiddoCheckout") == 200,
)(_outside_of("DiddoTemplateCart"))
patches(
    "gr4vy-service-of-anybody",
    TENANCY,
    "createGr4vySession updateGr4vySession",
    "A session may name a payment service of another merchant's.",
    _OUTSIDE,
    shows=lambda callers: (
        callers.send("createGr4vySession", body={"payment_service_id": _THEIRS.payment_services[0].id}).is_success
    ),
)(_outside_of("Gr4vyPaymentService"))
patches(
    "gr4vy-stored-method-of-anybody",
    TENANCY,
    "setGr4vySessionFields",
    "A stored payment method of another merchant's can be used.",
    _OUTSIDE,
    shows=lambda callers: (
        callers.send(
            "setGr4vySessionFields", body={"payment_method": {"method": "id", "id": _THEIRS.payment_methods[0].id}}
        ).is_success
    ),
)(_outside_of("Gr4vyStoredPaymentMethod"))


@around(
    "diddo-qr-of-anybody",
    TENANCY,
    "getDiddoQr",
    "A code of another's cart is given.",
    shows=lambda callers: of_theirs(callers, "getDiddoQr") == 200,
)
async def _qr_any(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 404:
        for number in (0, 1):
            asked.put("authorization", f"Bearer {merchant(number).diddo.keys[0].key}")
            tried = await ask(asked)
            if tried.status != 404:
                return tried
    return answer


def _lists_of_theirs(callers: Callers) -> bool:
    session = callers.dintero(1)
    answer = callers.send("listDinteroOrderSessions", path={"order_id": _THEIRS.orders[0].id})
    return answer.is_success and session in answer.text


@patches(
    "dintero-orders-of-anybody",
    TENANCY,
    "listDinteroOrderSessions",
    "The sessions of another's order are listed, under one's own account.",
    "tillspec.sandbox.surfaces.dintero_sessions:order_of",
    f"{_SESSIONS}:listed",
    shows=_lists_of_theirs,
)
def _orders(before: Any, connection: Any, *arguments: Any, **named: Any) -> Any:
    if "merchant" in named:
        found = [one for owner in _BOTH for one in before(connection, *arguments, merchant=owner)]
        return sorted(found, key=lambda one: one.created_at, reverse=True)
    return next(filter(None, (before(connection, owner, arguments[1]) for owner in (arguments[0], *_BOTH))), None)


@patches(
    "dintero-account-of-the-path",
    TENANCY,
    "createDinteroOrderSession listDinteroOrderSessions getDinteroOrderSession",
    "The account in the path counts, and not that of the token.",
    "tillspec.sandbox.surfaces.dintero_tokens:verify",
    shows=lambda callers: of_theirs(callers, "listDinteroOrderSessions") == 200,
)
def _path_account(before: Any, state: Any, text: str) -> Any:
    import inspect
    from dataclasses import replace

    token = before(state, text)
    frame = inspect.currentframe()
    while frame is not None and "account" not in frame.f_locals:
        frame = frame.f_back
    return (
        replace(token, account=frame.f_locals["account"], client=_client_of(frame.f_locals["account"], token.client))
        if frame
        else token
    )


def _client_of(account: str, client: str) -> str:
    found = (merchant(number).dintero for number in (0, 1))
    return next((one.clients[0].id for one in found if one.account == account), client)


@patches(
    "dintero-audience-of-anybody",
    TENANCY,
    "createDinteroToken",
    "A client gets a token for another's account.",
    "tillspec.sandbox.surfaces.dintero_tokens:account_of",
    shows=lambda callers: callers.send("createDinteroToken", body=callers.body("createDinteroToken", 1)).is_success,
)
def _audience(before: Any, audience: str) -> str:
    import inspect

    account = before(audience)
    frame = inspect.currentframe()
    while frame is not None and "theirs" not in frame.f_locals:
        frame = frame.f_back
        if frame is not None and frame.f_code.co_name == "verify":
            return account
    return frame.f_locals["theirs"][0] if frame else account


@around(
    "dintero-session-of-another-order",
    TENANCY,
    "getDinteroOrderSession",
    "A session is shown under every order of its merchant.",
    shows=lambda callers: callers.send("getDinteroOrderSession", path={"order_id": "harbor-yen"}).is_success,
)
async def _other_order(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    own = {order.id for number in (0, 1) for order in merchant(number).orders}
    if answer.status != 404 or asked.values["order_id"] not in own:
        return answer
    for order in own:
        asked.path = asked.path.replace(f"/orders/{asked.values['order_id']}/", f"/orders/{order}/")
        tried = await ask(asked)
        if tried.ok:
            return tried
    return answer
