"""Authentication: tokens and secrets that should be refused, and are not."""

from __future__ import annotations

import base64
import json
from typing import Any

from faults.authentication import opens
from faults.callers import Callers, merchant
from faults.exchange import Answer, Ask, Asked
from faults.lenient import reads
from faults.registry import Kind, around, patches

AUTH = Kind.AUTHENTICATION
_TOKENS = "tillspec.sandbox.surfaces.gr4vy_tokens"


# -- tokens ------------------------------------------------------------------------------------------------------------------


def _claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _tampered(token: str) -> str:
    """The same claims with another signature."""
    head, claims, signature = token.split(".")
    return f"{head}.{claims}.{signature[::-1]}"


@patches(
    "gr4vy-signature-unverified",
    AUTH,
    "getGr4vySession",
    "The signature of a token is not verified.",
    f"{_TOKENS}:_signed",
    shows=lambda callers: opens(callers, "getGr4vySession", _tampered),
)
def _unverified(before: Any, text: str, directory: Any) -> Any:
    import jwt

    from tillspec.sandbox.surfaces.gr4vy_tokens import BadToken, Token, _scopes, _signer, _time

    try:
        claims = jwt.decode(text, options={"verify_signature": False})
        found, _ = _signer(directory, jwt.get_unverified_header(text))
        return Token(found, _scopes(claims["scopes"]), _time(claims, "nbf"), _time(claims, "exp"))
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        raise BadToken("it cannot be read") from None


def _unsigned(token: str) -> str:
    import jwt

    header = jwt.get_unverified_header(token)
    return f"{_part({'alg': 'none', 'typ': 'JWT', 'kid': header['kid']})}.{token.split('.')[1]}."


@patches(
    "gr4vy-algorithm-none",
    AUTH,
    "createGr4vySession getGr4vySession",
    "A token that says alg none needs no signature.",
    "tillspec.sandbox.surfaces.gr4vy_tokens:Tokens.verify",
    shows=lambda callers: opens(callers, "getGr4vySession", _unsigned),
)
def _none(before: Any, tokens: Any, text: str, directory: Any, epoch: int, now: int) -> Any:
    from tillspec.sandbox.surfaces.gr4vy_tokens import BadToken, Token, _scopes

    head = text.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        if str(header.get("alg")).lower() == "none":
            claims = _claims(text)
            found = directory.signer(header["kid"])
            return Token(found[0], _scopes(claims["scopes"]), claims["nbf"], claims["exp"])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, BadToken):
        pass
    return before(tokens, text, directory, epoch, now)


def _late(callers: Callers, operation: str, seconds: int) -> bool:
    """Whether an operation is open with a credential that has ended meanwhile."""
    given = callers.credentials(operation)
    callers.advance(seconds)
    return callers.send(operation, credentials=given).is_success


@patches(
    "gr4vy-token-never-ends",
    AUTH,
    "createGr4vySession",
    "exp of a token is not looked at.",
    "tillspec.sandbox.surfaces.gr4vy_tokens:Tokens.verify",
    shows=lambda callers: _late(callers, "createGr4vySession", 91 * 86400),
)
def _endless(before: Any, tokens: Any, text: str, directory: Any, epoch: int, now: int) -> Any:
    return before(
        tokens, text, directory, epoch, min(now, int(_claims(text)["exp"] - 1) * 1_000_000) if text.count(".") == 2 else now
    )


@patches(
    "dintero-token-never-ends",
    AUTH,
    "listDinteroOrderSessions getDinteroOrderSession",
    "An access token holds for longer than it says.",
    "tillspec.sandbox.surfaces.dintero_tokens:verify",
    shows=lambda callers: _late(callers, "listDinteroOrderSessions", 86401),
)
def _held(before: Any, state: Any, text: str) -> Any:
    from dataclasses import replace

    return before(replace(state, offset=state.offset - 7 * 86400 * 1_000_000, frozen=None), text)


@around(
    "dintero-list-for-everybody",
    AUTH,
    "listDinteroOrderSessions",
    "Sessions are listed without a token.",
    shows=lambda callers: callers.send("listDinteroOrderSessions", credentials={}).is_success,
)
async def _listed(asked: Asked, ask: Ask) -> Answer:
    answer = await ask(asked)
    if answer.ok:
        asked.memory["last"] = answer
    if answer.status == 401 and asked.header("authorization") is None:
        return asked.memory.get("last") or Answer.of(200, {"sessions": []})
    return answer


@patches(
    "dintero-secret-in-any-case",
    AUTH,
    "createDinteroToken",
    "A client's secret is compared without its case.",
    "tillspec.sandbox.surfaces.dintero_tokens:_same",
    shows=lambda callers: callers.send("createDinteroToken", credentials=_pair(str.swapcase)).is_success,
)
def _same(before: Any, ours: str, theirs: str) -> bool:
    return before(ours.lower(), theirs.lower())


def _pair(change: Any) -> dict[str, str]:
    client = merchant(0).dintero.clients[0]
    return {"Authorization": "Basic " + base64.b64encode(f"{client.id}:{change(client.secret)}".encode()).decode()}


@patches(
    "dintero-secret-unchecked",
    AUTH,
    "createDinteroToken",
    "Any secret is good for a client that is known.",
    "tillspec.sandbox.surfaces.dintero_tokens:client_of",
    shows=lambda callers: callers.send("createDinteroToken", credentials=_pair(lambda secret: "wrong")).is_success,
)
def _known(before: Any, directory: Any, credentials: Any) -> Any:
    pairs = ((one, client) for one in directory.merchants for client in one.dintero.clients)
    return next(((one, client) for one, client in pairs if client.id == credentials.username), None)


@around(
    "diddo-svg-for-everybody",
    AUTH,
    "getDiddoQrSvg",
    "The SVG of a code is given without a key.",
    shows=lambda callers: callers.send("getDiddoQrSvg", credentials={}).is_success,
)
async def _svg(asked: Asked, ask: Ask) -> Answer:
    if asked.header("authorization") is None:
        carts = {one.id: number for number in (0, 1) for one in merchant(number).template_carts}
        owner = carts.get(asked.values["cart_id"], 0)
        asked.put("authorization", f"Bearer {merchant(owner).diddo.keys[0].key}")
    return await ask(asked)


def _scheme_of_dintero(asked: Asked) -> None:
    pair = (asked.header("authorization") or "").partition(" ")
    if pair[0].lower() == "basic":
        for tenant in (0, 1):
            client = merchant(tenant).dintero.clients[0]
            if base64.b64encode(f"{client.id}:{client.secret}".encode()).decode() == pair[2] and asked.memory.get(tenant):
                asked.put("authorization", asked.memory[tenant])
    elif pair[0].lower() == "bearer" and pair[2].count(".") == 2:
        for tenant in (0, 1):
            if merchant(tenant).dintero.account in asked.path:
                asked.memory[tenant] = asked.header("authorization")


reads(
    "dintero-takes-basic-for-bearer",
    "getDinteroOrderSession",
    _scheme_of_dintero,
    "A session is shown for the client's id and secret, without a token.",
    kind=AUTH,
    shows=lambda callers: (
        callers.send("getDinteroOrderSession").is_success
        and callers.send("getDinteroOrderSession", credentials=callers.credentials("createDinteroToken")).is_success
    ),
)
