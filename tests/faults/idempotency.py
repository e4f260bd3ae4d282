"""Idempotency: what a repeated request does."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from faults.callers import VINR, Callers
from faults.exchange import Answer, Ask, Asked
from faults.lenient import reads
from faults.registry import Kind, around, patches

IDEMPOTENCY = Kind.IDEMPOTENCY
_CREATE = "createVinrSession"
_KEYS = "tillspec.sandbox.idempotency"


def _key(name: str = "key-1", **more: str) -> dict[str, Any]:
    return {"headers": {"Idempotency-Key": name, **more}}


def _twice(callers: Callers, **second: Any) -> tuple[Any, Any]:
    """A request, and again with the same key, but for what is said of the second."""
    first = callers.send(_CREATE, **_key())
    return first, callers.send(_CREATE, **{**_key(), **second})


def _ids(pair: tuple[Any, Any]) -> bool:
    """Whether two answers are of two sessions."""
    return pair[0].json().get("sessionId") != pair[1].json().get("sessionId")


def _drop_key(asked: Asked) -> None:
    asked.drop("idempotency-key")


reads(
    "vinr-key-ignored",
    _CREATE,
    _drop_key,
    "A request with a key that was used makes another session.",
    kind=IDEMPOTENCY,
    shows=lambda callers: _ids(_twice(callers)),
)


@patches(
    "vinr-other-body-replayed",
    IDEMPOTENCY,
    _CREATE,
    "A key with another body gets the answer of the first.",
    f"{_KEYS}:fingerprint",
    shows=lambda callers: _twice(callers, at="/configId", to="other")[1].status_code == 201,
)
def _no_print(before: Any, body: bytes, rule: Any) -> str:
    return "the same"


@patches(
    "vinr-other-amount-replayed",
    IDEMPOTENCY,
    _CREATE,
    "Bodies are compared by amount and currency alone.",
    f"{_KEYS}:fingerprint",
    shows=lambda callers: _twice(callers, at="/customer/name", to="Another")[1].status_code == 201,
)
def _some(before: Any, body: bytes, rule: Any) -> str:
    value = json.loads(body)
    return before(json.dumps([value["amount"], value["currency"]]).encode(), rule)


@patches(
    "vinr-other-body-carried-out",
    IDEMPOTENCY,
    _CREATE,
    "A key with another body makes another session.",
    f"{_KEYS}:fingerprint",
    f"{_KEYS}:look",
    f"{_KEYS}:keep",
    shows=lambda callers: (
        _twice(callers, at="/configId", to="other")[1].is_success and _ids(_twice(callers, at="/configId", to="more"))
    ),
)
def _by_body(before: Any, *arguments: Any) -> Any:
    from dataclasses import replace

    if before.__name__ == "fingerprint":
        return before(*arguments)
    connection, key, *rest = arguments
    return before(connection, replace(key, key=f"{key.fingerprint[:40]} {key.key}"[:255]), *rest)


@patches(
    "vinr-bodies-compared-as-bytes",
    IDEMPOTENCY,
    _CREATE,
    "The same body with its fields in another order is a mismatch.",
    f"{_KEYS}:fingerprint",
    shows=lambda callers: _twice(callers, content=json.dumps(dict(reversed(VINR.items()))).encode())[1].status_code == 409,
)
def _bytes(before: Any, body: bytes, rule: Any) -> str:
    import hashlib

    return hashlib.sha256(body).hexdigest()


@around(
    "vinr-replay-with-a-new-time",
    IDEMPOTENCY,
    _CREATE,
    "A replay has another expiresAt than the first answer.",
    shows=lambda callers: len({one.json()["expiresAt"] for one in _twice(callers)}) == 2,
)
async def _new_time(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.header("idempotent-replayed") == "true":
        answer.edit(lambda value: value.update(expiresAt=value["expiresAt"][:19] + "Z"))
    return answer


@around(
    "vinr-replay-is-a-200",
    IDEMPOTENCY,
    _CREATE,
    "A replay answers 200 where the first answered 201.",
    shows=lambda callers: _twice(callers)[1].status_code == 200,
)
async def _replay_200(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.header("idempotent-replayed") == "true":
        answer.status = 200
    return answer


@around(
    "vinr-replay-is-a-409",
    IDEMPOTENCY,
    _CREATE,
    "A repeated request is refused in place of replayed.",
    shows=lambda callers: _twice(callers)[1].status_code == 409,
)
async def _replay_409(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.header("idempotent-replayed") == "true":
        return Answer.of(409, {"error": {
            "type": "invalid_request_error", "code": "idempotency_key_reused", "message": "This key was used.",
            "request_id": "req_of_its_own"}})  # fmt: skip
    return answer


@around(
    "vinr-replay-unmarked",
    IDEMPOTENCY,
    _CREATE,
    "A replay does not say that it is one.",
    shows=lambda callers: "idempotent-replayed" not in _twice(callers)[1].headers,
)
async def _unmarked(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    answer.drop("idempotent-replayed")
    return answer


@around(
    "vinr-first-answer-marked",
    IDEMPOTENCY,
    _CREATE,
    "The first answer to a key says that it is a replay.",
    shows=lambda callers: _twice(callers)[0].headers.get("idempotent-replayed") == "true",
)
async def _marked(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok and asked.header("idempotency-key"):
        answer.put("idempotent-replayed", "true")
    return answer


@around(
    "vinr-race-makes-two",
    IDEMPOTENCY,
    _CREATE,
    "Requests with one key at the same time make a session each.",
    shows=lambda callers: len(_raced(callers)) > 1,
)
async def _race(asked: Asked, ask: Ask) -> Answer:
    """The answer is kept when it was given, and looked for before anything is done."""
    key = (asked.header("idempotency-key"), asked.header("x-api-key"))
    if key[0] is None or asked.memory.get(key):
        return await ask(asked)
    await asyncio.sleep(0.02)
    other = asked.copy()
    other.drop("idempotency-key")
    kept = asked.memory.get(("first", *key))
    answer = await ask(other if kept else asked)
    asked.memory["first", *key] = True
    await asyncio.sleep(0.02)
    asked.memory[key] = True
    return answer


def _raced(callers: Callers) -> set[str]:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: callers.send(_CREATE, **_key("raced")), range(6)))
    return {one.json()["sessionId"] for one in answers if one.is_success}


@around(
    "vinr-race-fails",
    IDEMPOTENCY,
    _CREATE,
    "Of requests with one key at the same time all but one are a 500.",
    shows=lambda callers: any(status == 500 for status in _raced_statuses(callers)),
)
async def _race_500(asked: Asked, ask: Ask) -> Answer:
    key = (asked.header("idempotency-key"), asked.header("x-api-key"))
    if key[0] is None:
        return await ask(asked)
    if asked.memory.get(key):
        return Answer.of(500, "duplicate key value violates unique constraint", "text/plain")
    asked.memory[key] = True
    await asyncio.sleep(0.02)
    answer = await ask(asked)
    asked.memory[key] = False
    return answer


def _raced_statuses(callers: Callers) -> set[int]:
    with ThreadPoolExecutor(6) as pool:
        return {one.status_code for one in pool.map(lambda _: callers.send(_CREATE, **_key("raced")), range(6))}


@around(
    "vinr-key-burnt-by-a-400",
    IDEMPOTENCY,
    _CREATE,
    "A key whose request was refused cannot be used for the mended one.",
    shows=lambda callers: (
        callers.send(_CREATE, at="/amount", to=-1, **_key()),
        callers.send(_CREATE, **_key()).status_code == 409,
    )[1],
)
async def _burnt(asked: Asked, ask: Ask) -> Answer:
    key = (asked.header("idempotency-key"), asked.header("x-api-key"))
    if key[0] is not None and asked.memory.get(key, asked.body) != asked.body:
        return Answer.of(409, {"error": {
            "type": "invalid_request_error", "code": "idempotency_key_reused", "message": "This key was used with another body.",
            "request_id": "req_of_its_own"}})  # fmt: skip
    answer = await ask(asked)
    if answer.status == 400 and key[0] is not None:
        asked.memory[key] = asked.body
    return answer


@around(
    "vinr-errors-replayed",
    IDEMPOTENCY,
    _CREATE,
    "A key whose request was refused gets the refusal for ever.",
    shows=lambda callers: (
        callers.send(_CREATE, at="/amount", to=-1, **_key()),
        callers.send(_CREATE, **_key()).status_code == 400,
    )[1],
)
async def _refused(asked: Asked, ask: Ask) -> Answer:
    key = (asked.header("idempotency-key"), asked.header("x-api-key"))
    if key in asked.memory:
        return asked.memory[key]
    answer = await ask(asked)
    if answer.status == 400 and key[0] is not None:
        asked.memory[key] = answer
    return answer


def _kept(seconds: int) -> Any:
    def take(before: Any, connection: Any, key: Any, now: int, answer: Any, lease: Any) -> Any:
        from dataclasses import replace
        from datetime import timedelta

        rule = replace(key.rule, retention=timedelta(seconds=seconds))
        return before(connection, replace(key, rule=rule), now, answer, lease)

    return take


def _after(callers: Callers, seconds: int) -> tuple[Any, Any]:
    first = callers.send(_CREATE, **_key())
    callers.advance(seconds)
    return first, callers.send(_CREATE, **_key())


patches(
    "vinr-key-kept-an-hour",
    IDEMPOTENCY,
    _CREATE,
    "A key is forgotten after an hour, in place of a day.",
    f"{_KEYS}:_take",
    shows=lambda callers: _ids(_after(callers, 23 * 3600)),
)(_kept(3600))
patches(
    "vinr-key-kept-for-ever",
    IDEMPOTENCY,
    _CREATE,
    "A key is never forgotten.",
    f"{_KEYS}:_take",
    shows=lambda callers: not _ids(_after(callers, 25 * 3600)),
)(_kept(10**9))


def _lower(asked: Asked) -> None:
    key = asked.header("idempotency-key")
    if key is not None:
        asked.put("idempotency-key", key.lower())


reads(
    "vinr-keys-in-any-case",
    _CREATE,
    _lower,
    "Keys that differ in their case alone are one.",
    kind=IDEMPOTENCY,
    shows=lambda callers: not _ids((callers.send(_CREATE, **_key("Key-A")), callers.send(_CREATE, **_key("key-a")))),
)


def _by_36(asked: Asked) -> None:
    key = asked.header("idempotency-key")
    if key is not None:
        asked.put("idempotency-key", key[:36])


reads(
    "vinr-keys-by-their-first-36",
    _CREATE,
    _by_36,
    "Keys are compared by their first 36 characters.",
    kind=IDEMPOTENCY,
    shows=lambda callers: (
        not _ids((callers.send(_CREATE, **_key("k" * 36 + "a")), callers.send(_CREATE, **_key("k" * 36 + "b"))))
    ),
)
