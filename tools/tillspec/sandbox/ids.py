"""Ids and secrets that nobody can guess; with `--seed` they come out the same in every run."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import secrets
import uuid
from typing import Final

from sqlalchemy import Connection, text

from tillspec.sandbox import schema
from tillspec.sandbox.prepared import Prepared
from tillspec.sandbox.state import State

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_COUNT: Final = Prepared(schema.state.update().values(made=text("made + 1")).returning(schema.state.c.made))


def entropy(connection: Connection, state: State, size: int) -> bytes:
    """Bytes that were never given before: random ones, or the next of the seed."""
    if state.seed is None:
        return secrets.token_bytes(size)
    made = _COUNT.row(connection, {})
    assert made is not None, "the shared row is there"
    return derived(state.seed, f"id {made[0]}", size)


def derived(seed: str, what: str, size: int) -> bytes:
    """The bytes that a seed gives for something: the same in every run, and unlike those of any other thing."""
    parts = (hmac.digest(seed.encode(), f"{what} {n}".encode(), hashlib.sha256) for n in range(size // 32 + 1))
    return b"".join(parts)[:size]


def base62(raw: bytes) -> str:
    """A text of letters and digits, always of the same length for so many bytes."""
    return _written(int.from_bytes(raw), -(-len(raw) * 8 * 1000 // 5954), _BASE62)


def token(connection: Connection, state: State, prefix: str) -> str:
    """An id with 128 bits that nobody knows, such as `cs_2Vd…`."""
    return prefix + base62(entropy(connection, state, 16))


def uuid4(connection: Connection, state: State) -> uuid.UUID:
    """A random UUID (RFC 9562, section 5.4)."""
    return uuid.UUID(bytes=entropy(connection, state, 16), version=4)


def ulid(connection: Connection, state: State) -> str:
    """A ULID: 48 bits of time by the sandbox's clock in milliseconds, and 80 bits that nobody knows."""
    return ulid_of(state.now() // 1000, entropy(connection, state, 10))


def ulid_of(milliseconds: int, raw: bytes) -> str:
    """A ULID of a time and ten bytes, in upper case."""
    return _written(milliseconds, 10, _CROCKFORD) + _written(int.from_bytes(raw), 16, _CROCKFORD)


_WORKER: Final = secrets.token_hex(8)
_COUNTER: Final = itertools.count(1)


def request_id() -> str:
    """Names a request, among those of all workers. Nothing hangs on it, so it may be guessed, and is not of the seed."""
    return f"req_{_WORKER}{next(_COUNTER):06x}"


def _written(number: int, length: int, digits: str) -> str:
    found = []
    for _ in range(length):
        number, rest = divmod(number, len(digits))
        found.append(digits[rest])
    return "".join(reversed(found))
