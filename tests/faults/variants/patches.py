"""Variants for which something within the sandbox is another."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection

from tillspec.sandbox import clock, ids
from tillspec.sandbox.state import State
from tillspec.sandbox.surfaces import diddo_checkout, dintero_sessions, dintero_tokens, vinr

_MINUTE = 60 * clock.SECOND


@contextmanager
def short_lives() -> Iterator[None]:
    """What the contract sets no time for lives minutes."""
    with (
        patch.object(diddo_checkout, "_LIFETIME", 15 * _MINUTE),
        patch.object(dintero_sessions, "_LIFETIME", 20 * _MINUTE),
        patch.object(dintero_tokens, "LIFETIME", 10 * _MINUTE),
    ):
        yield


def _other(module: Any, **others: Any) -> Any:
    """`ids` of a module, with some functions replaced."""
    return patch.object(module, "ids", SimpleNamespace(**{**vars(ids), **others}))


@contextmanager
def other_ids() -> Iterator[None]:
    """VINR's ids are UUIDs in capitals, Dintero's hold every character that needs no escape, requests are numbered."""
    numbers = count(1)

    def of_vinr(connection: Connection, state: State, prefix: str) -> str:
        return f"VS-{ids.uuid4(connection, state)}".upper()

    def of_dintero(connection: Connection, state: State) -> str:
        return f"{ids.base62(ids.entropy(connection, state, 20))}.~_-".lstrip("0")[-40:]

    with ExitStack() as stack:
        stack.enter_context(_other(vinr, token=of_vinr))
        stack.enter_context(_other(dintero_sessions, uuid4=of_dintero))
        stack.enter_context(patch.object(ids, "request_id", lambda: f"{uuid.uuid4()}/{next(numbers)}"))
        yield
