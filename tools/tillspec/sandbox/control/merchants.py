"""The merchants of a sandbox, with their keys, and where they want to be told."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import StringConstraints
from sqlalchemy import Connection

from tillspec.sandbox import merchants, outside
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
        find(merchants.read(connection), merchant)
        try:
            after = merchants.set_webhook(connection, merchant, asked.surface, asked.url, asked.secret)
        except merchants.NotSet as error:
            raise Problem(422, "not_set", f"{error}.", "Name a URL that the sandbox can reach.") from None
        webhook = after.webhook(asked.surface)
        assert webhook is not None, "it was set"
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
