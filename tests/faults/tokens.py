"""Tokens and other secrets: guessed, unsigned, living too long, stored in caches, or repeated in answers."""

from __future__ import annotations

import base64
import inspect
import itertools
import json
import re
from collections.abc import Callable
from typing import Any

from faults.callers import Callers, merchant
from faults.exchange import Answer, Ask, Asked
from faults.registry import Kind, around, patches

TOKENS = Kind.TOKENS
_MINT, _TOKEN = "mintDiddoCustomerToken", "createDinteroToken"
_IDS = "tillspec.sandbox.ids"


def claims(token: str, part: int = 1) -> dict[str, Any]:
    """A part of a JWT."""
    text = token.split(".")[part]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def _life(token: str) -> int:
    """For how many seconds a JWT holds by its claims."""
    return int(claims(token)["exp"] - claims(token)["iat"])


def _cst(callers: Callers) -> Any:
    return callers.send(_MINT).json()


def _access(callers: Callers) -> Any:
    return callers.send(_TOKEN).json()


# -- what can be guessed -----------------------------------------------------------------------------------------------------


def _asked_by(place: str) -> bool:
    """Whether a function or a file is among those that have called."""
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == place or frame.f_code.co_filename.endswith(f"/{place}.py"):
            return True
        frame = frame.f_back
    return False


def _made_of(place: str, made: Callable[[bytes, Any], bytes]) -> Any:
    """The bytes that ids are made of, of those who ask for them."""

    def entropy(before: Any, connection: Any, state: Any, size: int) -> bytes:
        random = before(connection, state, size)
        return made(random, state) if _asked_by(place) else random

    return entropy


_counter = itertools.count(1000)


def _counted(random: bytes, state: Any) -> bytes:
    return next(_counter).to_bytes(len(random))


def _few(random: bytes, state: Any) -> bytes:
    return bytes(len(random) - 2) + random[:2]


def _time(random: bytes, state: Any) -> bytes:
    return (state.now() // 1000).to_bytes(8) + bytes(8)


patches(
    "vinr-ids-counted",
    TOKENS,
    "createVinrSession",
    "The ids of sessions, and with them their pages, are counted up.",
    f"{_IDS}:entropy",
    shows=lambda callers: _like(callers.vinr(), callers.vinr(), 3),
)(_made_of("_create", _counted))
patches(
    "gr4vy-ids-counted",
    TOKENS,
    "createGr4vySession",
    "The ids of sessions are counted up.",
    f"{_IDS}:entropy",
    shows=lambda callers: _like(callers.gr4vy(), callers.gr4vy(), 3),
)(_made_of("gr4vy", _counted))
patches(
    "gr4vy-ids-of-sixteen-bits",
    TOKENS,
    "createGr4vySession",
    "The ids of sessions have 16 bits of chance.",
    f"{_IDS}:entropy",
    shows=lambda callers: _like(callers.gr4vy(), callers.gr4vy(), 12),
)(_made_of("gr4vy", _few))
patches(
    "dintero-ids-of-the-time",
    TOKENS,
    "createDinteroOrderSession",
    "The ids of sessions are made of the time.",
    f"{_IDS}:entropy",
    shows=lambda callers: _like(callers.dintero(), callers.dintero(), 8),
)(_made_of("dintero_sessions", _time))


def _like(one: str, other: str, most: int) -> bool:
    """Whether no more than so many characters of two ids differ."""
    return one != other and sum(left != right for left, right in zip(one, other, strict=True)) <= most


@around(
    "diddo-same-token-for-a-customer",
    TOKENS,
    _MINT,
    "The same customer gets the same token each time.",
    shows=lambda callers: _cst(callers)["cst"] == _cst(callers)["cst"],
)
async def _same(asked: Asked, ask: Ask) -> Answer:
    key = (asked.header("authorization"), asked.body)
    if key not in asked.memory:
        answer = await ask(asked)
        if not answer.ok:
            return answer
        asked.memory[key] = answer
    return asked.memory[key]


# -- what a token says -------------------------------------------------------------------------------------------------------


def _encoded(change: Any, of: str) -> Any:
    """`jwt.encode` with claims, key or algorithm changed; of tokens that have a claim."""

    def encode(before: Any, payload: dict[str, Any], key: Any, algorithm: str = "HS256", **named: Any) -> str:
        if of in payload:
            payload, key, algorithm = change(dict(payload), key, algorithm)
        return before(payload, key, algorithm=algorithm, **named)

    return encode


_JWT = "jwt:encode"
_OF_DIDDO, _OF_DINTERO = "sub", "aud"


def _without_exp(payload: dict[str, Any], key: Any, algorithm: str) -> tuple[Any, Any, str]:
    payload.pop("exp")
    return payload, key, algorithm


def _with(**more: Any) -> Any:
    def change(payload: dict[str, Any], key: Any, algorithm: str) -> tuple[Any, Any, str]:
        return {**payload, **{name: value(payload) for name, value in more.items()}}, key, algorithm

    return change


patches(
    "diddo-token-without-exp",
    TOKENS,
    _MINT,
    "A customer token has no exp.",
    _JWT,
    shows=lambda callers: "exp" not in claims(_cst(callers)["cst"]),
)(_encoded(_without_exp, _OF_DIDDO))
patches(
    "dintero-token-without-exp",
    TOKENS,
    _TOKEN,
    "An access token has no exp.",
    _JWT,
    shows=lambda callers: "exp" not in claims(_access(callers)["access_token"]),
)(_encoded(_without_exp, _OF_DINTERO))


@patches(
    "diddo-token-unsigned",
    TOKENS,
    _MINT,
    "A customer token is not signed.",
    _JWT,
    shows=lambda callers: claims(_cst(callers)["cst"], 0)["alg"] == "none",
)
def _none(before: Any, payload: Any, key: Any, algorithm: str = "HS256", **named: Any) -> str:
    if "sub" not in payload or "aud" in payload:
        return before(payload, key, algorithm=algorithm, **named)
    return before(payload, None, algorithm="none", **named) + "AAAA"  # the contract's pattern wants a third part


patches(
    "diddo-token-for-a-week",
    TOKENS,
    _MINT,
    "exp of a customer token is in a week, and expires_at tomorrow.",
    _JWT,
    shows=lambda callers: _life(_cst(callers)["cst"]) == 604800,
)(_encoded(_with(exp=lambda payload: payload["iat"] + 604800), _OF_DIDDO))
patches(
    "dintero-exp-in-milliseconds",
    TOKENS,
    _TOKEN,
    "exp of an access token is in milliseconds.",
    _JWT,
    shows=lambda callers: claims(_access(callers)["access_token"])["exp"] > 10**11,
)(_encoded(_with(exp=lambda payload: payload["exp"] * 1000), _OF_DINTERO))
patches(
    "diddo-token-with-the-key",
    TOKENS,
    _MINT,
    "A customer token has the merchant's key in its claims.",
    _JWT,
    shows=lambda callers: "dk_test" in str(claims(_cst(callers)["cst"])),
)(_encoded(_with(key=lambda payload: merchant(0).diddo.keys[0].key), _OF_DIDDO))


@around(
    "dintero-lifetime-longer-than-exp",
    TOKENS,
    _TOKEN,
    "expires_in is twice what exp says.",
    shows=lambda callers: _access(callers)["expires_in"] > 86400,
)
async def _lifetime(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    return answer.edit(lambda value: value.update(expires_in=value["expires_in"] * 2)) if answer.ok else answer


@around(
    "diddo-expires-at-of-an-hour",
    TOKENS,
    _MINT,
    "expires_at is in an hour, and exp tomorrow.",
    shows=lambda callers: _hours(_cst(callers)) < 2,
)
async def _hour(asked: Asked, ask: Ask) -> Answer:
    from datetime import UTC, datetime

    answer = await ask(asked)
    if answer.ok:
        issued = claims(answer.json["cst"])["iat"]
        answer.edit(
            lambda value: value.update(expires_at=datetime.fromtimestamp(issued + 3600, UTC).isoformat().replace("+00:00", "Z"))
        )
    return answer


def _hours(made: Any) -> float:
    from datetime import datetime

    return (datetime.fromisoformat(made["expires_at"]).timestamp() - claims(made["cst"])["iat"]) / 3600


# -- caches ------------------------------------------------------------------------------------------------------------------


def cached(name: str, operation: str, what: str, value: str | None) -> None:
    """Registers a fault: what is secret may be stored in caches."""

    @around(name, TOKENS, operation, what, shows=lambda callers: callers.send(operation).headers.get("cache-control") == value)
    async def stored(asked: Asked, ask: Ask) -> Answer:
        answer = await ask(asked)
        if answer.ok:
            answer.drop("cache-control")
            if value is not None:
                answer.put("cache-control", value)
        return answer


cached("dintero-token-may-be-stored", _TOKEN, "An access token has no Cache-Control.", None)
cached("diddo-token-may-be-stored", _MINT, "A customer token may be stored for a minute.", "max-age=60")
cached(
    "vinr-page-may-be-stored",
    "createVinrSession",
    "The address of a page to pay may be stored by everybody.",
    "public, max-age=300",
)
cached("gr4vy-session-may-be-stored", "createGr4vySession", "A session has no Cache-Control.", None)


# -- what answers repeat -----------------------------------------------------------------------------------------------------


@around(
    "vinr-key-in-a-401",
    TOKENS,
    "createVinrSession getVinrSessionResult",
    "The message of a 401 repeats the key that was sent.",
    shows=lambda callers: (
        "sk_test_wrong" in callers.send("createVinrSession", credentials={"X-Api-Key": "sk_test_wrong1234"}).text
    ),
)
async def _repeats_key(asked: Asked, ask: Ask) -> Answer:
    answer, key = await ask(asked), asked.header("x-api-key")
    if answer.status == 401 and key and key.isascii():
        answer.edit(lambda value: value["error"].update(message=f"No such API key: {key}"))
    return answer


@around(
    "diddo-key-in-a-header",
    TOKENS,
    "beginDiddoCheckout",
    "A debug header repeats the credentials.",
    shows=lambda callers: "dk_test" in str(callers.send("beginDiddoCheckout").headers),
)
async def _debug(asked: Asked, ask: Ask) -> Answer:
    answer, said = await ask(asked), asked.header("authorization")
    if said and said.isascii():
        answer.put("x-debug-auth", said)
    return answer


@around(
    "gr4vy-card-in-a-422",
    TOKENS,
    "setGr4vySessionFields",
    "A refused card is repeated with its number.",
    shows=lambda callers: (
        "4242424242424242" in callers.send("setGr4vySessionFields", at="/payment_method/expiration_date", to="never").text
    ),
)
async def _card(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 422:
        answer.edit(lambda value: [one.update(input=asked.json) for one in value.get("detail", [])] and None)
    return answer


@around(
    "gr4vy-card-in-the-session",
    TOKENS,
    "setGr4vySessionFields getGr4vySession",
    "The label of a card is its whole number.",
    shows=lambda callers: _label(callers) == "4242424242424242",
)
async def _label_all(asked: Asked, ask: Ask) -> Answer:
    answer, key = await ask(asked), asked.values["session_id"]
    if asked.operation == "setGr4vySessionFields" and answer.ok:
        asked.memory[key] = (asked.json or {}).get("payment_method", {}).get("number")
    elif answer.ok and asked.memory.get(key) and answer.json.get("payment_method"):
        answer.edit(lambda value: value["payment_method"].update(label=asked.memory[key]))
    return answer


def _label(callers: Callers) -> str:
    path = {"session_id": callers.gr4vy()}
    callers.send("setGr4vySessionFields", path=path)
    return callers.session(path["session_id"]).json()["payment_method"]["label"]


@around(
    "dintero-secret-in-a-401",
    TOKENS,
    _TOKEN,
    "A 401 of the token call repeats the secret that was sent.",
    shows=lambda callers: (
        "guess-1234"
        in callers.send(_TOKEN, credentials={"Authorization": "Basic " + base64.b64encode(b"client:guess-1234").decode()}).text
    ),
)
async def _secret(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.status == 401:
        found = re.fullmatch("Basic (.*)", asked.header("authorization") or "")
        try:
            pair = base64.b64decode(found[1], validate=True).decode() if found else ""
        except ValueError:
            return answer
        if pair:
            answer.edit(lambda value: value["error"].update(message=f"{pair} is not known."))
    return answer


@around(
    "dintero-token-shown",
    TOKENS,
    "getDinteroOrderSession",
    "A session's answer repeats the token that it was asked for with.",
    shows=lambda callers: "eyJ" in callers.send("getDinteroOrderSession").text,
)
async def _shown(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    token = (asked.header("authorization") or "").partition(" ")[2]
    return answer.edit(lambda value: value.update(debug={"token": token})) if answer.ok else answer
