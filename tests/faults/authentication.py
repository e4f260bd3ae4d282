"""Authentication: credentials that should be refused, and are not."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs

from faults.callers import Callers, merchant
from faults.exchange import Answer, Ask, Asked
from faults.lenient import reads
from faults.registry import Kind, around, patches

AUTH = Kind.AUTHENTICATION
_TOKENS = "tillspec.sandbox.surfaces.gr4vy_tokens"
_DIRECTORY = "tillspec.sandbox.merchants:Directory.holder"


def _key(callers: Callers, operation: str, change: Any) -> bool:
    """Whether a changed credential opens an operation."""
    ((name, value),) = callers.credentials(operation).items()
    scheme, space, text = value.rpartition(" ")
    return callers.send(operation, credentials={name: scheme + space + change(text)}).is_success


# -- keys --------------------------------------------------------------------------------------------------------------------


@patches(
    "vinr-key-by-its-beginning",
    AUTH,
    "createVinrSession getVinrSessionResult",
    "A VINR key is good if a good one begins with it.",
    _DIRECTORY,
    shows=lambda callers: _key(callers, "getVinrSessionResult", lambda key: key[:-4]),
)
def _by_prefix(before: Any, directory: Any, scheme: str, key: str) -> Any:
    found = before(directory, scheme, key)
    if found is None and scheme == "vinr" and len(key) > 8:
        return next((one for (of, known), one in directory._keys.items() if of == scheme and known.startswith(key)), None)
    return found


@patches(
    "vinr-key-with-more-behind-it",
    AUTH,
    "createVinrSession getVinrSessionResult",
    "A VINR key is compared as far as the good one goes.",
    _DIRECTORY,
    shows=lambda callers: _key(callers, "getVinrSessionResult", lambda key: key + "x"),
)
def _longer(before: Any, directory: Any, scheme: str, key: str) -> Any:
    found = before(directory, scheme, key)
    if found is None and scheme == "vinr":
        return next((one for (of, known), one in directory._keys.items() if of == scheme and key.startswith(known)), None)
    return found


@patches(
    "diddo-key-in-any-case",
    AUTH,
    "beginDiddoCheckout getDiddoQr",
    "Diddo's keys are compared without their case.",
    _DIRECTORY,
    shows=lambda callers: _key(callers, "beginDiddoCheckout", str.swapcase),
)
def _any_case(before: Any, directory: Any, scheme: str, key: str) -> Any:
    found = before(directory, scheme, key)
    if found is None and scheme == "diddo":
        known = directory._keys.items()
        return next((one for (of, text), one in known if of == scheme and text.lower() == key.lower()), None)
    return found


@patches(
    "diddo-takes-keys-of-vinr",
    AUTH,
    "setDiddoShipping",
    "Diddo takes the keys of VINR.",
    _DIRECTORY,
    shows=lambda callers: (
        callers.send("mintDiddoCustomerToken", credentials={"Authorization": "Bearer " + merchant(0).vinr.keys[0].key}).is_success
    ),
)
def _either(before: Any, directory: Any, scheme: str, key: str) -> Any:
    return before(directory, scheme, key) or before(directory, "vinr", key)


def _as_first(asked: Asked) -> None:
    if asked.header("x-api-key") is None:
        asked.put("x-api-key", merchant(0).vinr.keys[0].key)


reads(
    "vinr-result-for-everybody",
    "getVinrSessionResult",
    _as_first,
    "A result is shown without a key.",
    kind=AUTH,
    shows=lambda callers: callers.send("getVinrSessionResult", credentials={}).is_success,
)


def _in_query(asked: Asked) -> None:
    given = parse_qs(asked.query.decode("latin-1"))
    for name in ("X-Api-Key", "x-api-key", "api_key"):
        if name in given and asked.header("x-api-key") is None:
            asked.put("x-api-key", given[name][0])


reads(
    "vinr-key-in-the-query",
    "createVinrSession getVinrSessionResult",
    _in_query,
    "A VINR key may stand in the query.",
    kind=AUTH,
    shows=lambda callers: (
        callers.send("getVinrSessionResult", credentials={}, query={"X-Api-Key": merchant(0).vinr.keys[0].key}).is_success
    ),
)


def _bearer_in_query(asked: Asked) -> None:
    given = parse_qs(asked.query.decode("latin-1"))
    for name in ("access_token", "Authorization", "authorization", "token"):
        if name in given and asked.header("authorization") is None:
            asked.put("authorization", "Bearer " + given[name][0].removeprefix("Bearer "))
            asked.query = b""


reads(
    "diddo-token-in-the-query",
    "getDiddoQrPng",
    _bearer_in_query,
    "A code is given for a key in the query.",
    kind=AUTH,
    shows=lambda callers: (
        callers.send("getDiddoQrPng", credentials={}, query={"access_token": merchant(0).diddo.keys[0].key}).is_success
    ),
)


def _any_scheme(asked: Asked) -> None:
    scheme, _, text = (asked.header("authorization") or "").partition(" ")
    if scheme.lower() in ("token", "basic", "digest", "apikey") and text:
        try:
            text = (
                base64.b64decode(text, validate=True).decode().rstrip(":").removeprefix(":")
                if scheme.lower() == "basic"
                else text
            )
        except ValueError:
            pass
        asked.put("authorization", f"Bearer {text}")
    elif scheme and not text:
        asked.put("authorization", f"Bearer {scheme}")


reads(
    "diddo-scheme-ignored",
    "setDiddoShipping selectDiddoShippingMethod",
    _any_scheme,
    "Diddo takes a key with another word than Bearer before it, or none.",
    kind=AUTH,
    shows=lambda callers: (
        callers.send("setDiddoShipping", credentials={"Authorization": merchant(0).diddo.keys[0].key}).is_success
    ),
)


@patches(
    "vinr-expired-key-reads",
    AUTH,
    "getVinrSessionResult",
    "A VINR key that has expired still reads results.",
    "tillspec.sandbox.surfaces.vinr:VinrHandlers._holder",
    shows=lambda callers: (
        callers.send("getVinrSessionResult", credentials=callers.credentials("getVinrSessionResult", number=2)).is_success
    ),
)
async def _expired_reads(before: Any, handlers: Any, request: Any, state: Any, credentials: Any) -> Any:
    holder = (await handlers._sandbox.directory(state)).holder("vinr", credentials.key)
    if holder is not None and request.operation == "getVinrSessionResult":
        return holder
    return await before(handlers, request, state, credentials)


# -- what a key may do -------------------------------------------------------------------------------------------------------


def _reader_may(callers: Callers, operation: str) -> bool:
    return callers.send(operation, credentials=callers.credentials(operation, number=1)).is_success


def _as_full(of: str) -> Any:
    def change(asked: Asked) -> None:
        for tenant in (0, 1):
            keys = getattr(merchant(tenant), of).keys
            name = "x-api-key" if of == "vinr" else "authorization"
            if (asked.header(name) or "").endswith(keys[1].key):
                asked.put(name, keys[0].key if of == "vinr" else f"Bearer {keys[0].key}")

    return change


reads(
    "vinr-reader-may-create",
    "createVinrSession",
    _as_full("vinr"),
    "A key that may only read makes sessions.",
    kind=AUTH,
    shows=lambda callers: _reader_may(callers, "createVinrSession"),
)
reads(
    "diddo-reader-may-choose",
    "selectDiddoShippingMethod",
    _as_full("diddo"),
    "A key that may only read chooses a shipping method.",
    kind=AUTH,
    shows=lambda callers: _reader_may(callers, "selectDiddoShippingMethod"),
)
reads(
    "diddo-reader-may-mint",
    "mintDiddoCustomerToken",
    _as_full("diddo"),
    "A key that may only read makes tokens.",
    kind=AUTH,
    shows=lambda callers: _reader_may(callers, "mintDiddoCustomerToken"),
)


def _any_scope(operation: str) -> Any:
    async def caller(before: Any, handlers: Any, request: Any, state: Any, credentials: Any, account: Any) -> Any:
        if request.operation == operation:
            credentials = type(credentials)(credentials.token, credentials.scheme, ())
        return await before(handlers, request, state, credentials, account)

    return caller


patches(
    "gr4vy-scope-of-put",
    AUTH,
    "updateGr4vySession",
    "The scope of a token is not looked at by PUT alone.",
    "tillspec.sandbox.surfaces.gr4vy:Gr4vyHandlers._caller",
    shows=lambda callers: _reader_may(callers, "updateGr4vySession"),
)(_any_scope("updateGr4vySession"))
patches(
    "gr4vy-scope-of-delete",
    AUTH,
    "deleteGr4vySession",
    "A token that may only read deletes.",
    "tillspec.sandbox.surfaces.gr4vy:Gr4vyHandlers._caller",
    shows=lambda callers: _reader_may(callers, "deleteGr4vySession"),
)(_any_scope("deleteGr4vySession"))


@patches(
    "dintero-scope-of-create",
    AUTH,
    "createDinteroOrderSession",
    "A token that may only read orders makes sessions.",
    "tillspec.sandbox.surfaces.dintero_tokens:verify",
    shows=lambda callers: _reader_may(callers, "createDinteroOrderSession"),
)
def _all_scopes(before: Any, state: Any, text: str) -> Any:
    from dataclasses import replace

    token = before(state, text)
    return replace(token, scopes=token.scopes | {"admin:shopping"})


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
    shows=lambda callers: _key(callers, "getGr4vySession", _tampered),
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
    shows=lambda callers: _key(callers, "getGr4vySession", _unsigned),
)
def _none(before: Any, tokens: Any, text: str, directory: Any, epoch: int, now: int) -> Any:
    from tillspec.sandbox.surfaces.gr4vy_tokens import BadToken, Token, _scopes

    head, _, rest = text.partition(".")
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
