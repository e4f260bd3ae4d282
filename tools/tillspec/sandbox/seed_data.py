"""What a sandbox can be filled with: merchants and what is theirs, such as a file of seed data has them.

A file is TOML or JSON: `merchants`, each with what `SeedMerchant` has.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tillspec.sandbox import outside
from tillspec.sandbox.merchants import Merchant


class SeedMerchant(Merchant):
    """A merchant, and what is theirs."""

    merchant_accounts: tuple[outside.Gr4vyMerchantAccount, ...] = ()
    payment_services: tuple[outside.Gr4vyPaymentService, ...] = ()
    payment_methods: tuple[outside.Gr4vyStoredPaymentMethod, ...] = ()
    profiles: tuple[outside.DinteroProfile, ...] = ()
    orders: tuple[outside.DinteroOrder, ...] = ()
    template_carts: tuple[outside.DiddoTemplateCart, ...] = ()

    def objects(self) -> tuple[outside.Outside, ...]:
        """What is theirs, of all kinds."""
        return (
            *self.merchant_accounts, *self.payment_services, *self.payment_methods, *self.profiles, *self.orders,
            *self.template_carts,
        )  # fmt: skip

    def alone(self) -> Merchant:
        """The merchant without it."""
        return Merchant(id=self.id, name=self.name, vinr=self.vinr, gr4vy=self.gr4vy, dintero=self.dintero, diddo=self.diddo)


class SeedData(BaseModel):
    """All merchants of a sandbox."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    merchants: Annotated[tuple[SeedMerchant, ...], Field(min_length=1)]


class BadSeedData(ValueError):
    """A file of seed data that cannot be used; the text says where and why."""


def read_file(path: Path) -> SeedData:
    """The seed data of a file.

    Raises:
        BadSeedData: it is not there, is neither TOML nor JSON, or not of the form.
    """
    try:
        text = path.read_text(encoding="utf-8")
        plain = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise BadSeedData(f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    except ValueError as error:
        raise BadSeedData(f"{path}: {error}") from None
    try:
        data = SeedData.model_validate_json(json.dumps(plain))
    except ValidationError as error:
        raise BadSeedData("\n".join(f"{path}: {_place(one['loc'])}: {one['msg']}" for one in error.errors())) from None
    try:
        check_once(data)
    except BadSeedData as error:
        raise BadSeedData(f"{path}: {error}") from None
    return data


def _place(location: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def check_once(data: SeedData) -> None:
    """That no two merchants share what tells them apart.

    Raises:
        BadSeedData: two do.
    """
    seen: set[tuple[str, str]] = set()
    for merchant in data.merchants:
        for what, value in _names(merchant):
            if (what, value) in seen:
                raise BadSeedData(f"two merchants share {what}; {merchant.id} needs one of its own")
            seen.add((what, value))


def _names(merchant: Merchant) -> list[tuple[str, str]]:
    found = [("an id", merchant.id)]
    if merchant.vinr:
        found += [("an API key at VINR", key.key) for key in merchant.vinr.keys]
    if merchant.gr4vy:
        found += [("a kid at Gr4vy", key.kid) for key in merchant.gr4vy.keys]
    if merchant.dintero:
        found += [("an account at Dintero", one) for one in (merchant.dintero.account, merchant.dintero.partner) if one]
        found += [("a client at Dintero", client.id) for client in merchant.dintero.clients]
    if merchant.diddo:
        found += [("an API key at Diddo", key.key) for key in merchant.diddo.keys]
    return found
