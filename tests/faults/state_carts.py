"""Session state: sessions of orders at Dintero, and carts at Diddo."""

from __future__ import annotations

from typing import Any

from faults.callers import NORWAY, Callers, merchant
from faults.exchange import Answer, Ask, Asked
from faults.registry import Kind, around, patches

STATE = Kind.STATE
_SESSIONS = "tillspec.sandbox.sessions"
_GONE = f"{_SESSIONS}:Session.is_gone"


# -- Dintero -----------------------------------------------------------------------------------------------------------------


@around(
    "dintero-list-oldest-first",
    STATE,
    "listDinteroOrderSessions",
    "Sessions are listed with the oldest first.",
    shows=lambda callers: _order(callers, lambda ids, found: found.index(ids[0]) < found.index(ids[1])),
)
async def _oldest(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    return answer.edit(lambda value: value.update(sessions=value["sessions"][::-1])) if answer.ok else answer


@around(
    "dintero-list-without-the-newest",
    STATE,
    "listDinteroOrderSessions",
    "The session that was made last is not listed.",
    shows=lambda callers: _order(callers, lambda ids, found: ids[1] not in found),
)
async def _newest_missing(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    return answer.edit(lambda value: value.update(sessions=value["sessions"][1:])) if answer.ok else answer


@around(
    "dintero-list-of-three",
    STATE,
    "listDinteroOrderSessions",
    "No more than three sessions are listed, and nothing leads to the rest.",
    shows=lambda callers: _order(callers, lambda ids, found: ids[0] not in found, most=5),
)
async def _three(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    return answer.edit(lambda value: value.update(sessions=value["sessions"][:3])) if answer.ok else answer


def _order(callers: Callers, holds: Any, most: int = 2) -> bool:
    ids = [callers.dintero() for _ in range(most)]
    return bool(holds(ids, [one["id"] for one in callers.send("listDinteroOrderSessions").json()["sessions"]]))


@patches(
    "dintero-address-drops-the-other",
    STATE,
    "setDinteroAddresses",
    "Setting one address empties the other.",
    "tillspec.sandbox.surfaces.dintero_express:put_addresses",
    shows=lambda callers: "billing_address" not in _one_address(callers),
)
def _drops(before: Any, session: Any, call: int, given: Any, offered: Any = None) -> None:
    for name in ("shipping_address", "billing_address"):
        if name not in given:
            session.data[name] = None
    before(session, call, given, offered)


def _one_address(callers: Callers) -> Any:
    path = {"session_id": callers.dintero()}
    callers.send("setDinteroAddresses", path=path)
    return callers.send("setDinteroAddresses", path=path, body={"shipping_address": NORWAY}).json()["order"]


@patches(
    "dintero-steps-after-expiry",
    STATE,
    "setDinteroAddresses setDinteroShippingAddress setDinteroShippingOption",
    "Addresses are taken after a session has expired.",
    "tillspec.sandbox.surfaces.dintero_sessions:cause",
    shows=lambda callers: _step_late(callers) == 200,
)
def _cause(before: Any, session: Any, now: int) -> Any:
    found = before(session, now)
    return None if found == "EXPIRED" else found


def _step_late(callers: Callers) -> int:
    path = {"session_id": callers.dintero()}
    callers.advance(7200)
    return callers.send("setDinteroShippingAddress", path=path).status_code


@around(
    "dintero-expired-without-cause",
    STATE,
    "setDinteroAddresses",
    "A session that has expired is 404 without saying why.",
    shows=lambda callers: _why(callers) is None,
)
async def _no_cause(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    return answer.edit(lambda value: value["error"].pop("cause", None) and None) if answer.status == 404 else answer


def _why(callers: Callers) -> Any:
    path = {"session_id": callers.dintero()}
    callers.advance(7200)
    return callers.send("setDinteroAddresses", path=path).json()["error"].get("cause")


def _moved(callers: Callers) -> bool:
    path = {"session_id": callers.dintero(addressed=True)}
    callers.send("setDinteroShippingOption", path=path)
    answer = callers.send("setDinteroShippingAddress", path=path, body={"country": "US"})
    return "shipping_option" in answer.json()["order"]


@around(
    "dintero-option-stays-after-a-move",
    STATE,
    "setDinteroShippingAddress setDinteroShippingOption",
    "An option that does not ship to the new country stays picked.",
    shows=_moved,
)
async def _stays_picked(asked: Asked, ask: Ask) -> Answer:
    answer, key = await ask(asked), asked.values["session_id"]
    if answer.ok and asked.operation == "setDinteroShippingOption":
        asked.memory[key] = answer.json["order"]["shipping_option"]
    elif answer.ok and key in asked.memory:
        option = asked.memory[key]
        answer.edit(
            lambda value: value["order"].update(
                shipping_option=option, amount=sum(one["amount"] for one in value["order"]["items"]) + option["amount"]
            )
        )
    return answer


# -- Diddo -------------------------------------------------------------------------------------------------------------------

_TURNED = "tillspec.sandbox.surfaces.diddo_carts:turned_away"


@patches(
    "diddo-shipping-after-payment",
    STATE,
    "setDiddoShipping",
    "A cart that was paid takes another address.",
    _TURNED,
    "tillspec.sandbox.surfaces.diddo:_taken",
    "tillspec.sandbox.surfaces.diddo_checkout:advance",
    shows=lambda callers: _paid(callers, "complete") == 200,
)
def _after_payment(before: Any, *arguments: Any) -> Any:
    if before.__name__ == "turned_away":
        return None if arguments[1] == "succeeded" else before(*arguments)
    if before.__name__ == "advance":
        connection, state, owner, cart, to = arguments
        return before(connection, state, owner, cart, cart.status if cart.status == "succeeded" else to)
    return before(*arguments)


def _paid(callers: Callers, outcome: str) -> int:
    cart = callers.addressed()
    callers.send("selectDiddoShippingMethod", body={"cart_id": cart, "shipping_method_id": 1})
    callers.outcome(cart, outcome)
    return callers.send("setDiddoShipping", body={"cart_id": cart, "buyer_info": {"city": "Oakland"}}).status_code


@around(
    "diddo-ended-is-unknown",
    STATE,
    "setDiddoShipping",
    "A cart whose payment has failed is said to be unknown.",
    shows=lambda callers: _paid(callers, "fail") == 400,
)
async def _ended(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 409 and answer.json["code"] == "CHECKOUT_ENDED":
        return Answer.of(400, {"code": "CART_NOT_FOUND", "message": "No cart has this id."})
    return answer


@around(
    "diddo-method-sends-back",
    STATE,
    "selectDiddoShippingMethod",
    "Choosing a method shows the cart as initialized again.",
    shows=lambda callers: callers.send("selectDiddoShippingMethod").json()["status"] == "initialized",
)
async def _sent_back(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    return answer.edit(lambda value: value.update(status="initialized")) if answer.ok else answer


@around(
    "diddo-shipping-leaves-initialized",
    STATE,
    "setDiddoShipping",
    "A cart stays initialized when its address is set.",
    shows=lambda callers: callers.send("setDiddoShipping").json()["status"] == "initialized",
)
async def _stays_initialized(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    return answer.edit(lambda value: value.update(status="initialized")) if answer.ok else answer


def _forgotten(callers: Callers) -> bool:
    cart = callers.addressed()
    answer = callers.send("setDiddoShipping", body={"cart_id": cart, "buyer_info": {"city": "Oakland"}})
    return answer.json()["cost"]["tax"] == 0


@patches(
    "diddo-address-replaced",
    STATE,
    "setDiddoShipping",
    "What a call does not give of the buyer is forgotten.",
    "tillspec.sandbox.surfaces.diddo_carts:merged",
    shows=_forgotten,
)
def _forgets(before: Any, buyer: Any, given: Any) -> Any:
    return dict(given)


@patches(
    "diddo-cart-outlives-its-end",
    STATE,
    "setDiddoShipping",
    "A cart can be changed after its expires_at.",
    _GONE,
    shows=lambda callers: _cart_late(callers) == 200,
)
def _outlives(before: Any, session: Any, now: int) -> bool:
    return before(session, now) and session.kind != "DiddoLiveCart"


def _cart_late(callers: Callers) -> int:
    cart = callers.cart()
    callers.advance(2 * 86400)
    return callers.send("setDiddoShipping", body={"cart_id": cart}).status_code


@around(
    "diddo-one-cart-for-all",
    STATE,
    "beginDiddoCheckout",
    "Beginning a cart again answers the live cart that was begun before.",
    shows=lambda callers: callers.cart() == callers.cart(),
)
async def _one_cart(asked: Asked, ask: Ask) -> Answer:
    key = (asked.path, asked.header("authorization"))
    if key in asked.memory:
        return asked.memory[key]
    answer = await ask(asked)
    if answer.ok:
        asked.memory[key] = answer
    return answer


# -- Dintero's sessions, and its tokens ------------------------------------------------------------------------------------------


def _made_by(callers: Callers) -> bool:
    made = callers.send("createDinteroOrderSession").json()
    read = callers.send("getDinteroOrderSession", path={"session_id": made["id"]}).json()
    return made["created_by"] != read["created_by"]


@around(
    "dintero-created-by-the-account",
    STATE,
    "getDinteroOrderSession",
    "created_by of a session that is read is the account, and not the client that made it.",
    shows=_made_by,
)
async def _created_by(asked: Asked, ask: Ask) -> Answer:
    answer, account = await ask(asked), asked.values["aid"]
    return answer.edit(lambda value: value.update(created_by=account)) if answer.ok else answer


def _of_no_order(callers: Callers) -> bool:
    path = {"session_id": callers.dintero(), "order_id": "order-that-never-was"}
    return callers.send("getDinteroOrderSession", path=path).is_success


@around(
    "dintero-session-of-no-order",
    STATE,
    "createDinteroOrderSession getDinteroOrderSession",
    "A session is found under an order that never was.",
    shows=_of_no_order,
)
async def _no_order(asked: Asked, ask: Ask) -> Answer:
    answer, known = await ask(asked), asked.memory.setdefault("order", {})
    if asked.operation == "createDinteroOrderSession" and answer.ok:
        known[answer.json["id"]] = asked.path
    orders = {order.id for number in (0, 1) for order in merchant(number).orders}
    lost = asked.operation == "getDinteroOrderSession" and answer.status == 404 and asked.values["order_id"] not in orders
    if lost and asked.values["session_id"] in known:
        asked.path = f"{known[asked.values['session_id']]}/{asked.values['session_id']}"
        return await ask(asked)
    return answer
