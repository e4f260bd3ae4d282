"""What a new sandbox holds: two merchants with keys, orders and carts of their own, or those of a file.

A file of seed data is TOML or JSON: `merchants`, each with what `SeedMerchant` has. `--seed` makes the built-in ones, and all ids
that come later, the same in every run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import tomllib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection

from tillspec.sandbox import clock, merchants, outside, schema, state
from tillspec.sandbox.ids import base62, derived, ulid_of
from tillspec.sandbox.merchants import Client, Diddo, Dintero, Gr4vy, Key, Merchant, SigningKey, Vinr, Webhook

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey


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


def plant(connection: Connection, data: SeedData | None, seed: str | None, switches: state.Switches, frozen: int | None) -> bool:
    """Fills an empty sandbox; one that holds something already stays as it is. Whether it was empty."""
    if connection.execute(schema.state.select()).first() is not None:
        return False
    secret = secret_of(seed)
    fill(connection, data, seed if seed is not None else secret)
    connection.execute(
        schema.state.insert(),
        {
            "one": 1, "version": schema.VERSION, "epoch": 1, "clock_offset": 0, "clock_frozen": frozen,
            "secret": secret, "seed": seed, "made": 0, "faults": 0, "switches": switches.written(),
        },
    )  # fmt: skip
    return True


def fill(connection: Connection, data: SeedData | None, seed: str | None) -> None:
    """Stores merchants and what is theirs: those of the data, or the built-in ones."""
    for position, merchant in enumerate((data or built_in(seed)).merchants):
        merchants.save(connection, merchant.alone(), position)
        for one in merchant.objects():
            outside.save(connection, merchant.id, one)


def reset(connection: Connection, data: SeedData | None, frozen: int | None = None) -> None:
    """Empties a sandbox and fills it anew; the built-in merchants have the same keys as before.

    The clock is set to the machine's; `frozen` is where it stands still from now on.
    """
    for table in reversed(schema.metadata.sorted_tables):
        if table is not schema.state:
            connection.execute(table.delete())
    now = state.read(connection)
    fill(connection, data, now.seed if now.seed is not None else now.secret.hex())
    state.change(connection, epoch=state.next_epoch, clock_offset=0, clock_frozen=frozen, made=0, faults=0)


def secret_of(seed: str | None) -> str:
    """What a sandbox signs for itself with, in hex."""
    return (derived(seed, "secret", 32) if seed is not None else secrets.token_bytes(32)).hex()


# -- the built-in merchants ------------------------------------------------------------------------------------------------

_NAMES: Final = (("harbor", "Harbor Coffee", "EUR"), ("meadow", "Meadow Books", "USD"))
_BORN: Final = 1_767_225_600_000  # 2026-01-01T00:00:00Z in milliseconds: when the built-in carts were made


def built_in(seed: str | None) -> SeedData:
    """Two merchants who are at all four surfaces."""
    given = seed if seed is not None else secrets.token_hex(16)
    return SeedData(merchants=tuple(_merchant(given, n, *named) for n, named in enumerate(_NAMES)))


def _merchant(seed: str, number: int, merchant: str, name: str, currency: str) -> SeedMerchant:
    def text(what: str, size: int = 18) -> str:
        return base62(derived(seed, f"{merchant} {what}", size))

    def uuid4(what: str) -> str:
        return str(uuid.UUID(bytes=derived(seed, f"{merchant} {what}", 16), version=4))

    def digits(what: str, count: int) -> str:
        return str(int.from_bytes(derived(seed, f"{merchant} {what}", 8)) % 10**count).zfill(count)

    return SeedMerchant(
        id=merchant,
        name=name,
        vinr=Vinr(
            keys=(
                Key(key=f"sk_test_{text('vinr key')}"),
                Key(key=f"sk_test_{text('vinr reading')}", access="read"),
                Key(key=f"sk_test_{text('vinr expired')}", expired=True),
            ),
            webhook=Webhook(secret=f"whsec_{text('vinr webhook')}"),
        ),
        gr4vy=Gr4vy(keys=(_signing_key(derived(seed, f"{merchant} gr4vy key", 64)),)),
        merchant_accounts=(outside.Gr4vyMerchantAccount(id="default"),),
        payment_services=(outside.Gr4vyPaymentService(id=uuid4("gr4vy service")),),
        payment_methods=(outside.Gr4vyStoredPaymentMethod(id=uuid4("gr4vy method"), label="4242", bin="424242"),),
        dintero=Dintero(
            account=f"T{digits('dintero account', 8)}",
            partner=f"T{number + 1:03}",
            clients=(
                Client(id=uuid4("dintero client"), secret=text("dintero secret"), scopes=("admin:shopping",)),
                Client(id=uuid4("dintero reader"), secret=text("dintero reading"), scopes=("read:shopping",)),
            ),
            callback_secret=text("dintero callback"),
        ),
        profiles=(outside.DinteroProfile(id="default"),),
        orders=_orders(merchant, currency),
        diddo=Diddo(
            keys=(Key(key=f"dk_test_{text('diddo key')}"), Key(key=f"dk_test_{text('diddo reading')}", access="read")),
            webhook=Webhook(secret=f"whsec_{text('diddo webhook')}"),
        ),
        template_carts=_carts(seed, merchant, currency),
    )


def _orders(merchant: str, currency: str) -> tuple[outside.DinteroOrder, ...]:
    lines = (
        outside.OrderLine(line_id="1", id="chair-1", description="Stool", quantity=2, amount=29_990, vat=25),
        outside.OrderLine(line_id="2", id="table-1", description="Side table", amount=49_900, vat=25),
    )
    yen = (outside.OrderLine(line_id="1", id="cup-1", description="Cup", quantity=3, amount=4_500, vat=10),)
    return (
        outside.DinteroOrder(id=f"{merchant}-order-1", currency=currency, lines=lines),
        outside.DinteroOrder(id=f"{merchant}-order-2", currency="JPY", lines=yen),
    )


def _carts(seed: str, merchant: str, currency: str) -> tuple[outside.DiddoTemplateCart, ...]:
    lines = (
        outside.CartLine(id="beans-250", title="Coffee beans, 250 g", quantity=2, unit_amount=1_250),
        outside.CartLine(id="filter-1", title="Paper filters", unit_amount=450),
    )
    methods = (
        outside.CartShippingMethod(id=1, name="Standard", amount=495),
        outside.CartShippingMethod(id=2, name="Express", amount=1_495, countries=("US", "DE", "GB")),
        outside.CartShippingMethod(id=3, name="Bike courier, San Francisco", amount=995, countries=("US",), provinces=("US-CA",)),
    )
    taxes = (
        outside.CartTax(country="US", province="US-CA", percent=8.25),
        outside.CartTax(country="US", province="US-NY", percent=8.875),
        outside.CartTax(country="DE", percent=19),
    )
    return tuple(
        outside.DiddoTemplateCart(
            id=ulid_of(_BORN + number, derived(seed, f"{merchant} cart {number}", 10)), currency=money, lines=lines,
            shipping_methods=methods, taxes=taxes,
        )
        for number, money in enumerate((currency, "JPY"))
    )  # fmt: skip


def _signing_key(raw: bytes) -> SigningKey:
    """A key pair for ES512, made of bytes."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    # The order of P-521 (FIPS 186-5) is just below 2**521; 64 bytes stay below it.
    private = ec.derive_private_key(int.from_bytes(raw) + 1, ec.SECP521R1())
    public = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return SigningKey(kid=_thumbprint(private.public_key()), public=public.decode(), private=pem.decode())


def _thumbprint(public: EllipticCurvePublicKey) -> str:
    """A public key's thumbprint (RFC 7638), which is what the vendor's own libraries write as `kid`."""
    point = public.public_numbers()
    x, y = (base64.urlsafe_b64encode(one.to_bytes(66)).rstrip(b"=").decode() for one in (point.x, point.y))
    members = f'{{"crv":"P-521","kty":"EC","x":"{x}","y":"{y}"}}'
    return base64.urlsafe_b64encode(hashlib.sha256(members.encode()).digest()).rstrip(b"=").decode()


def now_frozen() -> int:
    """Where a clock is frozen that starts so: the present second."""
    return clock.real() // clock.SECOND * clock.SECOND
