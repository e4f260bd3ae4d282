"""Signing deliveries, and telling those that are signed from those that are not (`x-behavior: signature`)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote_plus, urlsplit

from .behavior import Key, Signature, Timestamp
from .invalid_signature import InvalidSignature

_NAME: Final = re.compile(r"\{([^{}]+)\}")
_HEADER: Final = "$request.header."
_HASHES: Final = {"hmac-sha1": hashlib.sha1, "hmac-sha256": hashlib.sha256, "hmac-sha512": hashlib.sha512}
_UNITS: Final = {"epoch-seconds": 1, "epoch-milliseconds": 1000}
_LONGEST_TIMESTAMP: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A request as it came: what its signature is held against.

    `body` are the raw bytes; of a body that was parsed and written again, the signature is wrong. `url` is the whole URL that the
    sender called, where the signature is over a part of it; `given` is what the receiver knows by itself.
    """

    method: str
    headers: Mapping[str, str]
    body: bytes
    url: str | None = None
    given: Mapping[str, str] = field(default_factory=dict)


def verify(
    signature: Signature,
    delivery: Delivery,
    secrets: Sequence[str],
    *,
    now: float | None = None,
    tolerance: timedelta | None = None,
) -> None:
    """Hold a delivery against its signature: one made with any of the secrets will do, so that they can be changed.

    `now` is in seconds since 1970 (the system's clock by itself); `tolerance` replaces that of the contract.

    Raises:
        InvalidSignature: it is not signed with one of the secrets, or longer ago than the tolerance (or as far ahead).
        ValueError: no secret, one that is not of the declared form, or something missing that the receiver knows.
    """
    keys = check_secrets(signature, secrets)
    if tolerance is not None and signature.timestamp is None:
        raise ValueError("the contract declares no timestamp for this delivery, so there is no tolerance")
    text = _required(delivery.headers, signature.header)
    parts = [part.strip() for part in text.split(signature.separator)] if signature.separator else [text]
    stamp = _timestamp(signature.timestamp, parts, delivery.headers) if signature.timestamp else None
    found = [part.removeprefix(signature.prefix) for part in parts if part.startswith(signature.prefix)]
    if not any(_is_signature(signature, each) for each in found):
        raise InvalidSignature("malformed", f"the header {signature.header} holds no signature of the declared form")
    signed = _signed(signature, delivery, stamp)
    valid = False
    for key in keys:
        expected = _written(signature, key, signed)
        for each in found:
            # Every one is compared, and each in constant time: how long it takes says nothing of how near it came.
            valid |= hmac.compare_digest(expected, each.encode("utf-8", "surrogateescape"))
    if not valid:
        raise InvalidSignature(
            "wrong", f"the signature in {signature.header} was made with another secret, or over something else"
        )
    if signature.timestamp is not None and stamp is not None:
        _check_age(signature.timestamp, stamp, now, tolerance)


def sign(signature: Signature, delivery: Delivery, secret: str, *, now: float | None = None) -> dict[str, str]:
    """The headers that sign a delivery: what a sender adds to it, and a receiver's tests need.

    Raises:
        ValueError: a secret that is not of the declared form, or something missing that the sender knows.
    """
    (key,) = check_secrets(signature, [secret])
    headers: dict[str, str] = {}
    stamp = None
    parts = []
    if signature.timestamp is not None:
        stamp = str(int((time.time() if now is None else now) * _UNITS[signature.timestamp.unit]))
        if signature.timestamp.header is not None:
            headers[signature.timestamp.header] = stamp
        else:
            parts.append(f"{signature.timestamp.prefix}{stamp}")
    whole = Delivery(
        method=delivery.method,
        headers={**delivery.headers, **headers},
        body=delivery.body,
        url=delivery.url,
        given=delivery.given,
    )
    parts.append(signature.prefix + _written(signature, key, _signed(signature, whole, stamp)).decode())
    return headers | {signature.header: (signature.separator or "").join(parts)}


# -- what is signed -----------------------------------------------------------------------------------------------------


def _signed(signature: Signature, delivery: Delivery, stamp: str | None) -> bytes:
    parts = enumerate(_NAME.split(signature.over))
    return b"".join(
        part.encode() if number % 2 == 0 else _known(part, delivery) if part in signature.given else _value(part, delivery, stamp)
        for number, part in parts
    )


def _known(name: str, delivery: Delivery) -> bytes:
    """What the receiver knows by itself."""
    if name not in delivery.given:
        raise ValueError(f"the signature is over {name!r}, which is not given")
    return delivery.given[name].encode()


def _value(name: str, delivery: Delivery, stamp: str | None) -> bytes:
    """What a name in braces stands for."""
    if name == "$request.body":
        if not isinstance(delivery.body, bytes | bytearray | memoryview):
            raise TypeError("the body of a delivery is the bytes as they came, before anything parses them")
        return bytes(delivery.body)
    if name.startswith(_HEADER):
        return _bytes(_required(delivery.headers, name.removeprefix(_HEADER)))
    match name:
        case "timestamp" if stamp is not None:
            return stamp.encode()
        case "$method":
            return delivery.method.upper().encode()
        case "$url" | "host" | "path" | "query" | "sorted-query":
            return _bytes(_of_url(name, delivery.url))
        case _:
            raise ValueError(f"the signature is over {name!r}, which means nothing")


def _of_url(name: str, url: str | None) -> str:
    if url is None:
        raise ValueError("the signature is over the URL that was called, which is not given")
    split: SplitResult = urlsplit(url)
    match name:
        case "$url":
            return url
        case "host":
            return split.hostname or ""
        case "path":
            return split.path or "/"
        case "query":
            return split.query
        case _:
            pairs = parse_qsl(split.query, keep_blank_values=True, encoding="utf-8", errors="surrogateescape")
            return "&".join(f"{_form(key)}={_form(value)}" for key, value in sorted(pairs, key=lambda pair: pair[0]))


def _form(text: str) -> str:
    """A text as application/x-www-form-urlencoded has it (WHATWG URL, section 5.2)."""
    return quote_plus(text, safe="*", encoding="utf-8", errors="surrogateescape").replace("~", "%7E")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


# -- keys, signatures, timestamps ---------------------------------------------------------------------------------------


def check_secrets(signature: Signature, secrets: Sequence[str]) -> list[bytes]:
    """The keys that secrets stand for.

    Raises:
        ValueError: there is none, or one is not of the declared form.
        TypeError: one text in place of a list.
    """
    if isinstance(secrets, str | bytes):
        raise TypeError("secrets are given as a list, though there be one")
    if not secrets:
        raise ValueError("there is no secret to verify with")
    return [_key(signature.key, secret) for secret in secrets]


def _key(form: Key, secret: str) -> bytes:
    text = secret.removeprefix(form.prefix)
    try:
        match form.form:
            case "text":
                key = text.encode()
            case "hex":
                key = bytes.fromhex(text)
            case "base64":
                key = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise ValueError(f"a secret is not {form.form}, which the contract says that it is") from None
    if not key:
        raise ValueError("a secret is empty")
    return key


def _written(signature: Signature, key: bytes, signed: bytes) -> bytes:
    digest = hmac.new(key, signed, _HASHES[signature.scheme]).digest()
    return digest.hex().encode() if signature.encoding == "hex" else base64.b64encode(digest)


def _is_signature(signature: Signature, text: str) -> bool:
    size = _HASHES[signature.scheme]().digest_size
    if signature.encoding == "hex":
        return len(text) == 2 * size and not set(text) - set("0123456789abcdef")
    return len(text) == -(-size // 3) * 4 and re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", text) is not None


def _timestamp(declared: Timestamp, parts: Sequence[str], headers: Mapping[str, str]) -> str:
    """The timestamp as it was sent."""
    if declared.header is not None:
        text, place = _required(headers, declared.header), f"the header {declared.header}"
    else:
        found = [part.removeprefix(declared.prefix or "") for part in parts if part.startswith(declared.prefix or "")]
        if not found:
            raise InvalidSignature("missing", f"the signature has no part {declared.prefix!r} with its timestamp")
        if len(found) > 1:
            raise InvalidSignature("malformed", f"the signature has several parts {declared.prefix!r}")
        text, place = found[0], f"the part {declared.prefix!r} of the signature"
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_TIMESTAMP):
        raise InvalidSignature("malformed", f"{place} is not a timestamp")
    return text


def _check_age(declared: Timestamp, stamp: str, now: float | None, tolerance: timedelta | None) -> None:
    allowed = (declared.tolerance if tolerance is None else tolerance).total_seconds()
    age = (time.time() if now is None else now) - int(stamp) / _UNITS[declared.unit]
    if age > allowed:
        raise InvalidSignature("too old", f"the delivery was signed {age:.0f} s ago, and {allowed:.0f} s are allowed")
    if -age > allowed:
        raise InvalidSignature("too new", f"the delivery was signed {-age:.0f} s ahead, and {allowed:.0f} s are allowed")


def _required(headers: Mapping[str, str], name: str) -> str:
    lower = name.lower()
    found = [text for key, text in headers.items() if key.lower() == lower]
    if not found:
        raise InvalidSignature("missing", f"the header {name} is missing")
    return ", ".join(found)  # fields of one name are one list (RFC 9110, section 5.3)
