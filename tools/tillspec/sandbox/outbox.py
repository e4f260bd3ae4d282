"""What is to be told to merchants: written in the transaction that made it happen, and sent afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlalchemy import Connection

from tillspec.sandbox import ids, schema
from tillspec.sandbox.state import State

PENDING: Final = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A webhook or callback: of an operation of the contract, about a session, to the address that the merchant gave.

    `event` is the same in every delivery of it. The signature is made when it is sent, because it holds the time of sending.
    """

    merchant: str
    operation: str
    session: str
    event: str
    url: str
    method: Literal["GET", "POST"] = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def add(connection: Connection, state: State, message: Message, *, due_at: int | None = None) -> str:
    """Puts a message into the outbox, to be sent at once or at a time (microseconds); the id of its delivery."""
    now = state.now()
    row: dict[str, Any] = {
        "id": ids.token(connection, state, "dlv_"), "merchant": message.merchant, "operation": message.operation,
        "session": message.session, "event": message.event, "method": message.method, "url": message.url,
        "headers": json.dumps(dict(message.headers)), "body": message.body, "state": PENDING, "attempts": "[]",
        "created_at": now, "due_at": now if due_at is None else due_at, "lease_until": None,
    }  # fmt: skip
    connection.execute(schema.deliveries.insert(), row)
    return str(row["id"])
