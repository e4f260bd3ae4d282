"""The tenants: who they are, what they prove themselves with, and where they want to be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from sqlalchemy import Connection, select

from tillspec.sandbox import schema, state
from tillspec.sandbox.outgoing import Refused, as_sent

Access = Literal["full", "read"]
"""What a key may do: everything, or only read."""

_Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
_Secret = Annotated[str, StringConstraints(min_length=8, max_length=255)]
_Url = Annotated[str, StringConstraints(max_length=2048, pattern=r"^https?://\S+$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Key(_Part):
    """An API key. One that is `expired` is told so."""

    key: _Secret = Field(repr=False)
    access: Access = "full"
    expired: bool = False


class Webhook(_Part):
    """Where a merchant is told what happens, and the secret that deliveries are signed with. Without a URL nothing is sent."""

    url: _Url | None = None
    secret: _Secret = Field(repr=False)


class Vinr(_Part):
    """A merchant at VINR."""

    keys: tuple[Key, ...]
    webhook: Webhook


class SigningKey(_Part):
    """A key that a merchant signs tokens with. `private` is there only so that the sandbox can sign for them."""

    kid: str
    algorithm: Literal["ES512", "RS512"] = "ES512"
    public: str
    private: str | None = Field(default=None, repr=False)


class Gr4vy(_Part):
    """A merchant at Gr4vy: who signs its own tokens. With an `issuer`, their `iss` has to be it."""

    issuer: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    keys: tuple[SigningKey, ...]
    default_account: str = "default"


class Client(_Part):
    """A client that asks for tokens."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^:]+$")]
    secret: _Secret = Field(repr=False)
    scopes: tuple[str, ...]


class Dintero(_Part):
    """A merchant at Dintero."""

    account: Annotated[str, StringConstraints(pattern=r"^[PT]\d{8}$")]
    partner: Annotated[str, StringConstraints(pattern=r"^[PT]\d{3}$")] | None = None
    clients: tuple[Client, ...]
    callback_secret: _Secret | None = Field(default=None, repr=False)


class Diddo(_Part):
    """A merchant at Diddo."""

    keys: tuple[Key, ...]
    webhook: Webhook


class Merchant(_Part):
    """A tenant, who may be at all four surfaces."""

    id: _Name
    name: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    vinr: Vinr | None = None
    gr4vy: Gr4vy | None = None
    dintero: Dintero | None = None
    diddo: Diddo | None = None

    def webhook(self, surface: str | None) -> Webhook | None:
        """Where the merchant is told of what happens at a surface that has one address for all; None at the others."""
        part = {"vinr": self.vinr, "diddo": self.diddo}.get(surface or "")
        return part.webhook if part is not None else None


Scheme = Literal["vinr", "diddo"]


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose key it is, and what it may do."""

    merchant: Merchant
    key: Key


class Directory:
    """All merchants, by what they prove themselves with.

    Keys are looked up in a table that is hashed with a secret of the process, so the time it takes tells nothing of them.
    """

    def __init__(self, merchants: tuple[Merchant, ...]) -> None:
        self.merchants: Final = merchants
        self._by_id = {merchant.id: merchant for merchant in merchants}
        self._keys: dict[tuple[Scheme, str], Holder] = {}
        self._signers = {key.kid: (one, key) for one in merchants if one.gr4vy for key in one.gr4vy.keys}
        for merchant in merchants:
            for scheme, part in (("vinr", merchant.vinr), ("diddo", merchant.diddo)):
                for key in part.keys if part is not None else ():
                    self._keys[scheme, key.key] = Holder(merchant, key)  # type: ignore[index]

    def get(self, merchant: str) -> Merchant | None:
        return self._by_id.get(merchant)

    def holder(self, scheme: Scheme, key: str) -> Holder | None:
        """Who holds an API key."""
        return self._keys.get((scheme, key))

    def account(self, account: str) -> Merchant | None:
        """The merchant of a Dintero account or partner."""
        found = (one for one in self.merchants if one.dintero and account in (one.dintero.account, one.dintero.partner))
        return next(found, None)

    def signer(self, kid: str) -> tuple[Merchant, SigningKey] | None:
        """Who signs tokens with a key at Gr4vy, and that key."""
        return self._signers.get(kid)


_ALL: Final = select(schema.merchants.c.data).order_by(schema.merchants.c.position, schema.merchants.c.id)


def read(connection: Connection) -> Directory:
    """All merchants, as they are stored."""
    return Directory(tuple(Merchant.model_validate_json(data) for data in connection.execute(_ALL).scalars()))


def save(connection: Connection, merchant: Merchant, position: int) -> None:
    """Stores a merchant, in place of one with the same id. The caller raises the epoch."""
    connection.execute(schema.merchants.delete().where(schema.merchants.c.id == merchant.id))
    row = {"id": merchant.id, "position": position, "data": merchant.model_dump_json()}
    connection.execute(schema.merchants.insert(), row)


class UnknownMerchant(LookupError):
    """There is no such merchant."""


class NotSet(ValueError):
    """A webhook that cannot be set; the text says why."""


def take(connection: Connection, merchant: str) -> Merchant:
    """The merchant of an id, whom nobody else changes before the transaction ends.

    Raises:
        UnknownMerchant: there is none.
    """
    query = select(schema.merchants.c.data).where(schema.merchants.c.id == merchant).with_for_update()
    data = connection.execute(query).scalar_one_or_none()
    if data is None:
        raise UnknownMerchant(f"there is no merchant {merchant}")
    return Merchant.model_validate_json(data)


def set_webhook(connection: Connection, merchant: str, surface: str, url: str | None, secret: str | None = None) -> Merchant:
    """Sets where a merchant is told of what happens from now on, and what deliveries are signed with.

    Without a URL nothing is sent; without a `secret` it stays as it is. What waits for its next try goes where it went before.

    Raises:
        UnknownMerchant: there is no such merchant.
        NotSet: the merchant has no webhook at this surface, nothing can be sent to the URL, or the secret is not of the form.
    """
    found = take(connection, merchant)
    before = found.webhook(surface)
    if before is None:
        raise NotSet(f"{merchant} has no webhook at {surface}; webhooks are of vinr and diddo")
    try:
        if url is not None:
            as_sent(url)
        webhook = Webhook.model_validate({"url": url, "secret": before.secret if secret is None else secret})
    except Refused as error:
        raise NotSet(f"url: {error}") from None
    except ValidationError as error:  # its text would quote the secret
        raise NotSet("; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors(include_input=False))) from None
    part = getattr(found, surface).model_copy(update={"webhook": webhook})
    changed = found.model_copy(update={surface: part})
    table = schema.merchants
    connection.execute(table.update().where(table.c.id == merchant).values(data=changed.model_dump_json()))
    state.change(connection, epoch=state.next_epoch)
    return changed
