"""Session state and expiry: sessions of Gr4vy's."""

from __future__ import annotations

from typing import Any

from faults.callers import CARD, GR4VY, Callers
from faults.exchange import Answer, Ask, Asked
from faults.lenient import reads
from faults.registry import Kind, around, patches

STATE = Kind.STATE
_SESSIONS = "tillspec.sandbox.sessions"
_SECOND = 1_000_000


# -- sessions of Gr4vy -------------------------------------------------------------------------------------------------------


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


def _newest(callers: Callers) -> bool:
    first, _ = callers.gr4vy(), callers.gr4vy()
    callers.send("updateGr4vySession", path={"session_id": first}, body={"amount": 17})
    return callers.session(first).json()["amount"] != 17


@around(
    "gr4vy-update-of-the-newest",
    STATE,
    "updateGr4vySession createGr4vySession",
    "An update changes the newest session, whichever is named.",
    shows=_newest,
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
        half = asked.copy()
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


# -- what updates leave behind -------------------------------------------------------------------------------------------------


def _airline_off(callers: Callers) -> bool:
    session = callers.gr4vy()
    callers.send("updateGr4vySession", path={"session_id": session}, body={"airline": None})
    return callers.session(session).json().get("airline") is not None


def _keep_airline(asked: Asked) -> None:
    body = asked.json
    if isinstance(body, dict) and body.get("airline", 0) is None:
        asked.write({key: value for key, value in body.items() if key != "airline"})


reads(
    "gr4vy-null-leaves-the-airline",
    "updateGr4vySession",
    _keep_airline,
    "A flight cannot be taken out of a session: null leaves it there.",
    kind=STATE,
    shows=_airline_off,
)
