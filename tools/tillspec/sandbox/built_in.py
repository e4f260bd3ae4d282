"""The merchants of a new sandbox, where no others are given: two, who are at all four surfaces."""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from tillspec.sandbox import outside
from tillspec.sandbox.ids import base62, derived, ulid_of
from tillspec.sandbox.merchants import Client, Diddo, Dintero, Gr4vy, Key, SigningKey, Vinr, Webhook
from tillspec.sandbox.seed_data import SeedData, SeedMerchant

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

_NAMES: Final = (("harbor", "Harbor Coffee", "EUR"), ("meadow", "Meadow Books", "USD"))
_OF_THE_EXAMPLES: Final = {
    "gr4vy service": "a3c1f0de-7b52-4e0c-9d51-2f7a6a1f0c44",
    "gr4vy method": "ef9496d8-53a5-4aad-8ca2-00eb68334389",
    "dintero account": "T12345678",
    "dintero order": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "diddo cart 0": "01KERN71T0V3RS3DTR98H6BCFN",
}
"""What the contract's examples name, so that they can be sent as they stand. It belongs to the first merchant."""
_BORN: Final = 1_767_225_600_000  # 2026-01-01T00:00:00Z in milliseconds: when the built-in carts were made


def built_in(seed: str | None) -> SeedData:
    """Two merchants who are at all four surfaces."""
    given = seed if seed is not None else secrets.token_hex(16)
    return SeedData(merchants=tuple(_merchant(given, n, *named) for n, named in enumerate(_NAMES)))


def _merchant(seed: str, number: int, merchant: str, name: str, currency: str) -> SeedMerchant:
    examples = {} if number else _OF_THE_EXAMPLES

    def text(what: str, size: int = 18) -> str:
        return base62(derived(seed, f"{merchant} {what}", size))

    def uuid4(what: str) -> str:
        return examples.get(what) or str(uuid.UUID(bytes=derived(seed, f"{merchant} {what}", 16), version=4))

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
            account=examples.get("dintero account") or f"T{digits('dintero account', 8)}",
            partner=f"T{number + 1:03}",
            clients=(
                Client(id=uuid4("dintero client"), secret=text("dintero secret"), scopes=("admin:shopping",)),
                Client(id=uuid4("dintero reader"), secret=text("dintero reading"), scopes=("read:shopping",)),
            ),
            callback_secret=text("dintero callback"),
        ),
        profiles=(outside.DinteroProfile(id="default"),),
        orders=_orders(uuid4("dintero order"), merchant, currency),
        diddo=Diddo(
            keys=(Key(key=f"dk_test_{text('diddo key')}"), Key(key=f"dk_test_{text('diddo reading')}", access="read")),
            webhook=Webhook(secret=f"whsec_{text('diddo webhook')}"),
        ),
        template_carts=_carts(seed, merchant, currency, examples),
    )


def _orders(first: str, merchant: str, currency: str) -> tuple[outside.DinteroOrder, ...]:
    lines = (
        outside.OrderLine(line_id="1", id="chair-1", description="Stool", quantity=2, amount=29_990, vat=25),
        outside.OrderLine(line_id="2", id="table-1", description="Side table", amount=49_900, vat=25),
    )
    scenarios = (  # what the scenarios of the contract have in mind
        outside.OrderLine(line_id="1", id="chair-1", description="Stool", amount=20_000, vat=25),
        outside.OrderLine(line_id="2", id="cushion-4", description="Cushion", quantity=2, amount=7_840, vat=25),
    )
    yen = (outside.OrderLine(line_id="1", id="cup-1", description="Cup", quantity=3, amount=4_500, vat=10),)
    return (
        outside.DinteroOrder(id=first, currency=currency, lines=lines),
        outside.DinteroOrder(id=f"{merchant}-yen", currency="JPY", lines=yen),
        outside.DinteroOrder(id=f"order-{merchant}-1017", currency="NOK", lines=scenarios),
    )


def _carts(seed: str, merchant: str, currency: str, examples: Mapping[str, str]) -> tuple[outside.DiddoTemplateCart, ...]:
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
            id=examples.get(f"diddo cart {number}")
            or ulid_of(_BORN + number, derived(seed, f"{merchant} cart {number}", 10)),
            currency=money, lines=lines, shipping_methods=methods, taxes=taxes,
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
