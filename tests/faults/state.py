"""Session state and expiry: objects that move, end, merge and go otherwise than the contract says."""

from __future__ import annotations

from typing import Any

from faults.callers import Callers
from faults.exchange import Answer, Ask, Asked
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


# -- what a result says at another time ----------------------------------------------------------------------------------------


def _stale(callers: Callers) -> bool:
    session = callers.vinr()
    callers.outcome(session, "cancel")
    return "pending" in [callers.result(session).json()["status"] for _ in range(5)]


@around(
    "vinr-canceled-now-and-then-pending",
    STATE,
    "getVinrSessionResult",
    "Every fifth result of a session that was canceled is of before.",
    shows=_stale,
)
async def _replica(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok and answer.json["status"] == "canceled":
        count = asked.memory[asked.path] = asked.memory.get(asked.path, 0) + 1
        if count % 5 == 0:
            answer.edit(lambda value: value.update(status="pending"))
    return answer


@around(
    "vinr-image-begins-in-authentication",
    STATE,
    "createVinrSession getVinrSessionResult",
    "A session with an image in its cart is authentication_required from the beginning.",
    shows=lambda callers: callers.result(callers.vinr()).json()["status"] == "authentication_required",
)
async def _asks_at_once(asked: Asked, ask: Ask) -> Answer:
    body, answer = asked.body, await ask(asked)
    if asked.method == "POST" and answer.ok:
        asked.memory[answer.json["sessionId"]] = b'"image"' in body
    elif (
        asked.method == "GET" and answer.ok and answer.json["status"] == "pending" and asked.memory.get(answer.json["sessionId"])
    ):
        answer.edit(lambda value: value.update(status="authentication_required"))
    return answer


def _by_prefix(callers: Callers) -> bool:
    session = callers.vinr()
    return callers.result(session[:-1]).is_success


@around(
    "vinr-result-by-the-beginning-of-an-id",
    STATE,
    "createVinrSession getVinrSessionResult",
    "A session is found by all of its id but the last character.",
    shows=_by_prefix,
)
async def _cut_id(asked: Asked, ask: Ask) -> Answer:
    if asked.method == "POST":
        answer = await ask(asked)
        if answer.ok:
            asked.memory[answer.json["sessionId"][:-1]] = answer.json["sessionId"]
        return answer
    whole = asked.memory.get(asked.values["sessionId"])
    if whole is not None:
        asked.path = asked.path.replace(asked.values["sessionId"], whole)
    return await ask(asked)
