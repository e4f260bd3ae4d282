"""Authentication: credentials that should be refused, and are not."""

from __future__ import annotations

import base64
import contextlib
from typing import Any
from urllib.parse import parse_qs

from faults.callers import Callers, merchant
from faults.exchange import Asked
from faults.lenient import reads
from faults.registry import Kind, patches

AUTH = Kind.AUTHENTICATION
_DIRECTORY = "tillspec.sandbox.merchants:Directory.holder"


def opens(callers: Callers, operation: str, change: Any) -> bool:
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
    shows=lambda callers: opens(callers, "getVinrSessionResult", lambda key: key[:-4]),
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
    shows=lambda callers: opens(callers, "getVinrSessionResult", lambda key: key + "x"),
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
    shows=lambda callers: opens(callers, "beginDiddoCheckout", str.swapcase),
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
        if scheme.lower() == "basic":
            with contextlib.suppress(ValueError):
                text = base64.b64decode(text, validate=True).decode().strip(":")
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
