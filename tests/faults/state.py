"""Session state and expiry: objects that move, end, merge and go otherwise than the contract says."""

from __future__ import annotations

from typing import Any

from faults.callers import CARD, GR4VY, NORWAY, Callers
from faults.exchange import Answer, Ask, Asked
from faults.lenient import reads
from faults.registry import Kind, around, patches, sets

STATE = Kind.STATE
_SESSIONS = "tillspec.sandbox.sessions"
_RESULT = "getVinrSessionResult"
_SECOND = 1_000_000


def _status(callers: Callers, session: str) -> str:
    return callers.result(session).json().get("status", "")


def _after(callers: Callers, seconds: int) -> Any:
    """The result of a session that was made so many seconds ago."""
    callers.freeze()
    session = callers.vinr()
    callers.advance(seconds)
    return callers.result(session)


_SWEEP = f"{_SESSIONS}:overdue"


def _unswept(wrong: Any) -> Any:
    """The same, with nobody who writes down in the background that sessions have ended."""

    def called(before: Any, *arguments: Any, **named: Any) -> Any:
        return [] if before.__name__ == "overdue" else wrong(before, *arguments, **named)

    return called


# -- the lifecycle of VINR ---------------------------------------------------------------------------------------------------

sets(
    "vinr-begins-in-authentication",
    STATE,
    "createVinrSession getVinrSessionResult",
    "A new session is authentication_required.",
    "tillspec.sandbox.surfaces.vinr:_INITIAL",
    "authentication_required",
    shows=lambda callers: callers.send(_RESULT).json()["status"] == "authentication_required",
)


@around(
    "vinr-status-goes-back",
    STATE,
    _RESULT,
    "A session that was completed is pending again when it is asked for once more.",
    shows=lambda callers: _flips(callers) == ["completed", "pending"],
)
async def _back(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok and (answer.json or {}).get("status") == "completed":
        if asked.path in asked.memory:
            answer.edit(lambda value: value.update(status="pending"))
        asked.memory[asked.path] = True
    return answer


def _flips(callers: Callers) -> list[str]:
    session = callers.vinr()
    callers.outcome(session, "complete")
    return [_status(callers, session) for _ in range(2)]


@patches(
    "vinr-canceled-can-be-paid",
    STATE,
    _RESULT,
    "A session that was canceled can be completed.",
    f"{_SESSIONS}:move",
    shows=lambda callers: _then(callers, "cancel", "complete") == "completed",
)
def _cancel_paid(before: Any, connection: Any, session: Any, to: str, now: int) -> None:
    if session.status == "canceled":
        session.status = "pending"
    before(connection, session, to, now)


@patches(
    "vinr-challenge-can-be-canceled",
    STATE,
    _RESULT,
    "A session whose challenge is open can be canceled.",
    f"{_SESSIONS}:move",
    shows=lambda callers: _then(callers, "challenge", "cancel") == "canceled",
)
def _challenge_canceled(before: Any, connection: Any, session: Any, to: str, now: int) -> None:
    if session.status == "authentication_required" and to == "canceled":
        session.status = "pending"
    before(connection, session, to, now)


@patches(
    "vinr-challenge-cannot-fail",
    STATE,
    _RESULT,
    "A session whose challenge is open cannot fail.",
    f"{_SESSIONS}:move",
    shows=lambda callers: _then(callers, "challenge", "fail") != "failed",
)
def _cannot_fail(before: Any, connection: Any, session: Any, to: str, now: int) -> None:
    from tillspec.sandbox.sessions import NotAllowed

    if session.status == "authentication_required" and to == "failed":
        raise NotAllowed(session, session.status, to)
    before(connection, session, to, now)


def _then(callers: Callers, *outcomes: str) -> str:
    session = callers.vinr()
    for outcome in outcomes:
        callers.outcome(session, outcome)
    return _status(callers, session)


@patches(
    "vinr-expired-can-be-paid",
    STATE,
    _RESULT,
    "A session that has expired can be completed.",
    f"{_SESSIONS}:move",
    _SWEEP,
    shows=lambda callers: _paid_late(callers) == "completed",
)
@_unswept
def _late(before: Any, connection: Any, session: Any, to: str, now: int) -> None:
    before(connection, session, to, min(now, session.expires_at - 1) if to == "completed" else now)


def _paid_late(callers: Callers) -> str:
    session = callers.vinr()
    callers.advance(301)
    callers.outcome(session, "complete")
    return _status(callers, session)


# -- the expiry of VINR ------------------------------------------------------------------------------------------------------


@patches(
    "vinr-expired-is-pending",
    STATE,
    _RESULT,
    "A session whose time is over is still pending.",
    f"{_SESSIONS}:Session.status_at",
    _SWEEP,
    shows=lambda callers: _after(callers, 600).json()["status"] == "pending",
)
@_unswept
def _still(before: Any, session: Any, now: int) -> str:
    return session.status if session.kind == "VinrSession" else before(session, now)


@patches(
    "vinr-challenge-never-expires",
    STATE,
    _RESULT,
    "A session whose challenge is open does not expire.",
    f"{_SESSIONS}:Session.is_over",
    _SWEEP,
    shows=lambda callers: _challenged(callers) == "authentication_required",
)
@_unswept
def _challenge_stays(before: Any, session: Any, now: int) -> bool:
    return before(session, now) and session.status != "authentication_required"


def _challenged(callers: Callers) -> str:
    session = callers.vinr()
    callers.outcome(session, "challenge")
    callers.advance(600)
    return _status(callers, session)


def _shifted(seconds: int) -> Any:
    def over(before: Any, session: Any, now: int) -> bool:
        return before(session, now - seconds * _SECOND if session.kind == "VinrSession" else now)

    return over


patches(
    "vinr-expires-a-second-late",
    STATE,
    _RESULT,
    "A session expires a second after its expiresAt.",
    f"{_SESSIONS}:Session.is_over",
    _SWEEP,
    shows=lambda callers: _after(callers, 300).json()["status"] == "pending",
)(_unswept(_shifted(1)))
patches(
    "vinr-expires-a-second-early",
    STATE,
    _RESULT,
    "A session expires a second before its expiresAt.",
    f"{_SESSIONS}:Session.is_over",
    shows=lambda callers: _after(callers, 299).json()["status"] == "expired",
)(_shifted(-1))
sets(
    "vinr-lives-an-hour",
    STATE,
    "createVinrSession getVinrSessionResult",
    "A session lives an hour, and expiresAt says so.",
    "tillspec.sandbox.surfaces.vinr:_LIFETIME",
    3600 * _SECOND,
    shows=lambda callers: _after(callers, 600).json()["status"] == "pending",
)


@around(
    "vinr-expires-at-of-another-zone",
    STATE,
    "createVinrSession",
    "expiresAt is the time of Berlin, and is said to be UTC.",
    shows=lambda callers: _shown_life(callers) > 3000,
)
async def _berlin(asked: Asked, ask: Ask) -> Answer:
    from datetime import datetime, timedelta

    answer = await ask(asked)
    if answer.ok:
        answer.edit(
            lambda value: value.update(
                expiresAt=(datetime.fromisoformat(value["expiresAt"]) + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
            )
        )
    return answer


def _shown_life(callers: Callers) -> float:
    from datetime import UTC, datetime

    told = datetime.fromisoformat(callers.send("createVinrSession").json()["expiresAt"])
    return (told - datetime.now(UTC)).total_seconds()


@patches(
    "vinr-never-gone",
    STATE,
    _RESULT,
    "A session that expired days ago is still shown, and never 410.",
    f"{_SESSIONS}:Session.is_gone",
    shows=lambda callers: _after(callers, 3 * 86400).status_code == 200,
)
def _never(before: Any, session: Any, now: int) -> bool:
    return before(session, now) and session.kind != "VinrSession"


@patches(
    "vinr-gone-at-once",
    STATE,
    _RESULT,
    "A session is 410 as soon as it expires, in place of a day later.",
    f"{_SESSIONS}:Session.is_gone",
    shows=lambda callers: _after(callers, 301).status_code == 410,
)
def _at_once(before: Any, session: Any, now: int) -> bool:
    return before(session, now) or (session.kind == "VinrSession" and session.status_at(now) == "expired")


@around(
    "vinr-gone-is-unknown",
    STATE,
    _RESULT,
    "A session that is not kept any more is 404 in place of 410.",
    shows=lambda callers: _after(callers, 2 * 86400).status_code == 404,
)
async def _unknown(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 410:
        answer.status = 404
        answer.edit(lambda value: value["error"].update(code="session_not_found"))
    return answer


# -- sessions of Gr4vy -------------------------------------------------------------------------------------------------------

_GONE = f"{_SESSIONS}:Session.is_gone"


def _made(callers: Callers, **given: Any) -> str:
    return callers.gr4vy(body={**GR4VY, **given})


def _expired(callers: Callers, seconds: int, expires: int = 3600) -> int:
    session = _made(callers, expires_in=expires)
    callers.advance(seconds)
    return callers.session(session).status_code


@patches(
    "gr4vy-read-after-expiry",
    STATE,
    "getGr4vySession",
    "A session that has expired is still shown.",
    "tillspec.sandbox.surfaces.gr4vy:current",
    shows=lambda callers: _expired(callers, 4000) == 200,
)
def _read_on(before: Any, session: Any, account: Any, now: int) -> Any:
    return before(session, account, 0)


@around(
    "gr4vy-fields-after-expiry",
    STATE,
    "setGr4vySessionFields",
    "A card is taken for a session that has expired.",
    shows=lambda callers: _card_late(callers) == 204,
)
async def _late_card(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    path = asked.path
    if answer.status == 204:
        asked.memory[path] = True
    return Answer.of(204, cache_control="no-store") if answer.status == 404 and path in asked.memory else answer


def _card_late(callers: Callers) -> int:
    path, body = {"session_id": callers.gr4vy()}, {"payment_method": CARD}
    callers.send("setGr4vySessionFields", path=path, body=body)
    callers.advance(4000)
    return callers.send("setGr4vySessionFields", path=path, body=body).status_code


def _expires_in(asked: Asked) -> None:
    body = asked.json
    if isinstance(body, dict) and isinstance(body.get("expires_in"), int) and 3600 <= body["expires_in"] <= 86400:
        asked.write({key: value for key, value in body.items() if key != "expires_in"})


reads(
    "gr4vy-expires-in-ignored",
    "createGr4vySession",
    _expires_in,
    "expires_in is ignored: every session lives an hour.",
    kind=STATE,
    shows=lambda callers: _expired(callers, 4000, 7200) == 404,
)
reads(
    "gr4vy-update-cannot-prolong",
    "updateGr4vySession",
    _expires_in,
    "expires_in of an update is ignored.",
    kind=STATE,
    shows=lambda callers: _prolonged(callers) == 404,
)


def _prolonged(callers: Callers) -> int:
    session = callers.gr4vy()
    callers.send("updateGr4vySession", path={"session_id": session}, body={"expires_in": 86400})
    callers.advance(4000)
    return callers.session(session).status_code


@patches(
    "gr4vy-update-always-prolongs",
    STATE,
    "updateGr4vySession",
    "Every update lets a session live another hour.",
    "tillspec.sandbox.surfaces.gr4vy:_update",
    shows=lambda callers: _untouched(callers) == 200,
)
def _always(before: Any, connection: Any, state: Any, caller: Any, key: str, body: Any, values: Any) -> Any:
    from tillspec.sandbox import sessions

    session = sessions.take(connection, "Gr4vySession", key, merchant=caller.merchant.id)
    if session is not None and not session.is_gone(state.now()):
        session.expires_at = state.now() + 3600 * _SECOND
        sessions.save(connection, session)
    return before(connection, state, caller, key, body, values)


def _untouched(callers: Callers) -> int:
    session = callers.gr4vy()
    callers.advance(1800)
    callers.send("updateGr4vySession", path={"session_id": session}, body={"amount": 1})
    callers.advance(2000)
    return callers.session(session).status_code


# -- deleting ----------------------------------------------------------------------------------------------------------------


@patches(
    "gr4vy-delete-does-nothing",
    STATE,
    "deleteGr4vySession",
    "A session that was deleted is still there.",
    f"{_SESSIONS}:delete",
    shows=lambda callers: _deleted(callers, "getGr4vySession") == 200,
)
def _stays(before: Any, connection: Any, session: Any) -> None:
    return None


def _deleted(callers: Callers, operation: str) -> int:
    path = {"session_id": callers.gr4vy()}
    callers.send("deleteGr4vySession", path=path)
    return callers.send(operation, path=path).status_code


def _cached(operation: str) -> Any:
    """What was answered before a session was deleted is answered after it."""

    async def answered(asked: Asked, ask: Ask) -> Answer:
        answer = await ask(asked)
        path = asked.values["session_id"]
        if asked.operation == "getGr4vySession" and answer.ok:
            asked.memory[path] = answer
        if asked.operation == "deleteGr4vySession" and answer.ok:
            asked.memory[path, "deleted"] = True
        if asked.operation == operation and answer.status == 404 and (path, "deleted") in asked.memory:
            return asked.memory.get(path) or Answer.of(204, cache_control="no-store")
        return answer

    return answered


around(
    "gr4vy-read-from-a-cache",
    STATE,
    "getGr4vySession deleteGr4vySession",
    "A session that was read is shown after it was deleted.",
    shows=lambda callers: _read_deleted(callers) == 200,
)(_cached("getGr4vySession"))
around(
    "gr4vy-fields-after-delete",
    STATE,
    "setGr4vySessionFields deleteGr4vySession",
    "A card is taken for a session that was deleted.",
    shows=lambda callers: _deleted(callers, "setGr4vySessionFields") == 204,
)(_cached("setGr4vySessionFields"))
around(
    "gr4vy-deleted-twice",
    STATE,
    "deleteGr4vySession",
    "Deleting a session that was deleted answers 204 again.",
    shows=lambda callers: _deleted(callers, "deleteGr4vySession") == 204,
)(_cached("deleteGr4vySession"))


def _read_deleted(callers: Callers) -> int:
    session = callers.gr4vy()
    callers.session(session)
    callers.send("deleteGr4vySession", path={"session_id": session})
    return callers.session(session).status_code


# -- updating ----------------------------------------------------------------------------------------------------------------


def _updated(callers: Callers, body: Any) -> Any:
    """A session after an update, as it is read."""
    session = callers.gr4vy()
    callers.send("updateGr4vySession", path={"session_id": session}, body=body)
    return callers.session(session).json()


_HOLD = "tillspec.sandbox.surfaces.gr4vy:hold"


@around(
    "gr4vy-update-replaces-all",
    STATE,
    "updateGr4vySession",
    "What an update leaves out is emptied.",
    shows=lambda callers: _updated(callers, {"amount": 1})["currency"] is None,
)
async def _replaces(asked: Asked, ask: Ask) -> Answer:
    body = asked.json
    if isinstance(body, dict):
        asked.write({**dict.fromkeys(("cart_items", "metadata", "buyer", "airline", "amount", "currency")), **body})
    return await ask(asked)


@around(
    "gr4vy-null-empties-nothing",
    STATE,
    "updateGr4vySession",
    "null in an update leaves a field as it was.",
    shows=lambda callers: _updated(callers, {"buyer": None})["buyer"] is not None,
)
async def _null(asked: Asked, ask: Ask) -> Answer:
    body = asked.json
    if isinstance(body, dict):
        asked.write({key: value for key, value in body.items() if value is not None})
    return await ask(asked)


@patches(
    "gr4vy-metadata-merged",
    STATE,
    "updateGr4vySession",
    "An update adds to metadata in place of replacing it.",
    _HOLD,
    shows=lambda callers: len(_updated(callers, {"metadata": {"new": "1"}})["metadata"]) > 1,
)
def _merged(before: Any, session: Any, values: dict[str, Any]) -> None:
    known = (session.data.get("values") or {}).get("metadata")
    if known and values.get("metadata") and values["metadata"] is not known:
        values = {**values, "metadata": dict(list({**known, **values["metadata"]}.items())[-20:])}
    before(session, values)


@around(
    "gr4vy-update-not-stored",
    STATE,
    "updateGr4vySession",
    "A new amount is answered, and not stored.",
    shows=lambda callers: _updated(callers, {"amount": 17})["amount"] != 17,
)
async def _unstored(asked: Asked, ask: Ask) -> Answer:
    body = asked.json
    if isinstance(body, dict) and isinstance(body.get("amount"), int) and 0 <= body["amount"] <= 99_999_999:
        asked.write({key: value for key, value in body.items() if key != "amount"})
        answer = await ask(asked)
        return answer.edit(lambda value: value.update(amount=body["amount"])) if answer.ok else answer
    return await ask(asked)


@around(
    "gr4vy-update-of-the-newest",
    STATE,
    "updateGr4vySession createGr4vySession",
    "An update changes the newest session, whichever is named.",
    shows=lambda callers: _newest(callers),
)
async def _of_newest(asked: Asked, ask: Ask) -> Answer:
    if asked.operation == "createGr4vySession":
        answer = await ask(asked)
        if answer.ok:
            asked.memory[asked.header("authorization")] = answer.json["id"]
        return answer
    newest = asked.memory.get(asked.header("authorization"))
    if newest is not None:
        own = asked.values["session_id"]
        asked.path = asked.path.replace(own, newest)
    return await ask(asked)


def _newest(callers: Callers) -> bool:
    first, _ = callers.gr4vy(), callers.gr4vy()
    callers.send("updateGr4vySession", path={"session_id": first}, body={"amount": 17})
    return callers.session(first).json()["amount"] != 17


@around(
    "gr4vy-refused-update-stays",
    STATE,
    "updateGr4vySession",
    "Of an update that is refused, the amount is stored.",
    shows=lambda callers: _updated(callers, {"amount": 17, "currency": "nothing"})["amount"] == 17,
)
async def _half(asked: Asked, ask: Ask) -> Answer:
    body = asked.json
    answer = await ask(asked)
    if answer.status == 422 and isinstance(body, dict) and isinstance(body.get("amount"), int):
        half = Asked(**{**vars(asked), "headers": list(asked.headers)})
        half.write({"amount": body["amount"]})
        await ask(half)
    return answer


@patches(
    "gr4vy-card-stays-for-ever",
    STATE,
    "setGr4vySessionFields getGr4vySession",
    "A card is shown for longer than it is kept.",
    "tillspec.sandbox.surfaces.gr4vy_sessions:_payment_method",
    shows=lambda callers: _card_after(callers, 1800),
)
def _card_stays(before: Any, connection: Any, session: Any, now: int) -> Any:
    return before(connection, session, 0)


def _card_after(callers: Callers, seconds: int) -> bool:
    path = {"session_id": callers.gr4vy()}
    callers.send("setGr4vySessionFields", path=path)
    callers.advance(seconds)
    return callers.session(path["session_id"]).json()["payment_method"] is not None


@patches(
    "gr4vy-card-not-stored",
    STATE,
    "setGr4vySessionFields",
    "A card is taken, and the session shows none.",
    "tillspec.sandbox.surfaces.gr4vy_sessions:_payment_method",
    shows=lambda callers: not _card_after(callers, 1),
)
def _no_card(before: Any, connection: Any, session: Any, now: int) -> Any:
    return None


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
    "dintero-address-merged",
    STATE,
    "setDinteroShippingAddress",
    "What an address leaves out stays from the one before.",
    "tillspec.sandbox.surfaces.dintero_express:put_addresses",
    shows=lambda callers: _shorter(callers),
)
def _deep(before: Any, session: Any, call: int, given: Any, offered: Any = None) -> None:
    before(session, call, {name: {**(session.data[name] or {}), **one} for name, one in given.items()}, offered)


def _shorter(callers: Callers) -> bool:
    path = {"session_id": callers.dintero(addressed=True)}
    answer = callers.send("setDinteroShippingAddress", path=path, body={"country": "NO"})
    return "first_name" in answer.json()["order"]["shipping_address"]


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


@around(
    "dintero-option-stays-after-a-move",
    STATE,
    "setDinteroShippingAddress setDinteroShippingOption",
    "An option that does not ship to the new country stays picked.",
    shows=lambda callers: _moved(callers),
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


def _moved(callers: Callers) -> bool:
    path = {"session_id": callers.dintero(addressed=True)}
    callers.send("setDinteroShippingOption", path=path)
    answer = callers.send("setDinteroShippingAddress", path=path, body={"country": "US"})
    return "shipping_option" in answer.json()["order"]


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


@patches(
    "diddo-address-replaced",
    STATE,
    "setDiddoShipping",
    "What a call does not give of the buyer is forgotten.",
    "tillspec.sandbox.surfaces.diddo_carts:merged",
    shows=lambda callers: _forgotten(callers),
)
def _forgets(before: Any, buyer: Any, given: Any) -> Any:
    return dict(given)


def _forgotten(callers: Callers) -> bool:
    cart = callers.addressed()
    answer = callers.send("setDiddoShipping", body={"cart_id": cart, "buyer_info": {"city": "Oakland"}})
    return answer.json()["cost"]["tax"] == 0


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
