"""The merchants of a sandbox, with their keys, and where they want to be told."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import StringConstraints
from sqlalchemy import Connection

from tillspec.sandbox import merchants, outside, schema, state
from tillspec.sandbox.control.answers import Asked, Problem
from tillspec.sandbox.control.desk import Desk, Nothing
from tillspec.sandbox.merchants import Merchant


class Address(Asked):
    """Where a merchant is told by a surface; null for nowhere. Without a `secret` it stays the same."""

    surface: Literal["vinr", "diddo"]
    url: Annotated[str, StringConstraints(max_length=2048, pattern=r"^https?://[^\s/?#]+\S*$")] | None
    secret: Annotated[str, StringConstraints(min_length=8, max_length=255)] | None = None


async def listed(desk: Desk, asked: Nothing) -> dict[str, Any]:
    """All merchants: their credentials, and what they hold that operations can name."""
    return {"merchants": await desk.read(told)}


def told(connection: Connection) -> list[dict[str, Any]]:
    """All merchants, as they are told."""
    return [_view(connection, one) for one in merchants.read(connection).merchants]


def _view(connection: Connection, merchant: Merchant) -> dict[str, Any]:
    plain: dict[str, Any] = merchant.model_dump(mode="json", exclude_none=True)
    for kind in outside.KINDS:
        plain.setdefault("objects", {})[kind.kind] = [
            json.loads(one.model_dump_json()) for one in outside.listed(connection, kind, merchant.id)
        ]
    return plain


async def address(desk: Desk, asked: Address, merchant: str) -> dict[str, Any]:
    """Sets where a merchant is told, and the secret that this is signed with."""

    def changed(connection: Connection) -> dict[str, Any]:
        found = find(merchants.read(connection), merchant)
        part = getattr(found, asked.surface)
        if part is None:
            raise Problem(
                404, "not_at_surface", f"{merchant} is not at {asked.surface}.", "GET /_sandbox/merchants says who is where."
            )
        webhook = part.webhook.model_copy(update={"url": asked.url, **({"secret": asked.secret} if asked.secret else {})})
        after = found.model_copy(update={asked.surface: part.model_copy(update={"webhook": webhook})})
        table = schema.merchants
        connection.execute(table.update().where(table.c.id == found.id).values(data=after.model_dump_json()))
        state.change(connection, epoch=state.next_epoch)
        return {"merchant": merchant, "surface": asked.surface, "url": webhook.url, "secret": webhook.secret}

    return dict(await desk.write(changed))


def find(directory: merchants.Directory, merchant: str) -> Merchant:
    """The merchant of an id.

    Raises:
        Problem: there is none.
    """
    found = directory.get(merchant)
    if found is None:
        names = ", ".join(one.id for one in directory.merchants)
        raise Problem(404, "unknown_merchant", "No merchant has this id.", f"Merchants: {names}.")
    return found
