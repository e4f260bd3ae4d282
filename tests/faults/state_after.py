"""Session state: what is read after a change, and after one that was refused."""

from __future__ import annotations

from typing import Any

from faults.callers import NORWAY, Callers
from faults.exchange import Answer, Ask, Asked
from faults.registry import Kind, around, patches

STATE = Kind.STATE


def _undeletable(callers: Callers) -> int:
    return callers.send("deleteGr4vySession", path={"session_id": callers.gr4vy()}).status_code


@around(
    "gr4vy-session-with-a-flight-stays",
    STATE,
    "createGr4vySession deleteGr4vySession",
    "A session that was made with a flight cannot be deleted.",
    shows=lambda callers: _undeletable(callers) == 409,
)
async def _stays(asked: Asked, ask: Ask) -> Answer:
    reading = asked.copy()
    reading.method = "GET"
    if asked.operation == "deleteGr4vySession" and asked.values["session_id"] in asked.memory and (await ask(reading)).ok:
        text = "The session is in use."
        return Answer.of(409, {"type": "error", "code": "duplicate_record", "status": 409, "message": text, "details": []})
    body, answer = asked.json, await ask(asked)
    if asked.operation == "createGr4vySession" and answer.ok and isinstance(body, dict) and body.get("airline"):
        asked.memory[answer.json["id"]] = True
    return answer


def _refused_address(callers: Callers) -> bool:
    path = {"session_id": callers.dintero()}
    callers.send("setDinteroAddresses", path=path, body={"shipping_address": {**NORWAY, "country": 1}})
    return "created_by" not in callers.send("getDinteroOrderSession", path=path).json()


@around(
    "dintero-refused-address-makes-it-nobodys",
    STATE,
    "setDinteroAddresses getDinteroOrderSession",
    "A session shows no created_by any more after addresses that were refused.",
    shows=_refused_address,
)
async def _nobodys(asked: Asked, ask: Ask) -> Answer:
    session, answer = asked.values["session_id"], await ask(asked)
    if asked.operation == "setDinteroAddresses" and answer.status == 400:
        asked.memory[session] = True
    if asked.operation == "getDinteroOrderSession" and answer.ok and session in asked.memory:
        answer.edit(lambda value: value.pop("created_by", None) and None)
    return answer


def _last_minute(callers: Callers) -> int:
    session = callers.gr4vy()
    callers.advance(3600 - 40)
    return callers.session(session).status_code


@patches(
    "gr4vy-gone-in-its-last-minute",
    STATE,
    "getGr4vySession",
    "A session with a flight is not shown any more in its last minute.",
    "tillspec.sandbox.surfaces.gr4vy:current",
    shows=lambda callers: _last_minute(callers) == 404,
)
def _minute(before: Any, session: Any, account: Any, now: int) -> Any:
    flight = session is not None and bool(session.data.get("airline") or '"airline"' in session.request)
    return before(session, account, now + (60_000_000 if flight else 0))
