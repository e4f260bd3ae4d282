"""What operations name and none of them makes: orders, template carts, accounts. It comes from the seed data.

The kinds are those that the contract lists (`checkout_api.behavior.OUTSIDE`).
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy import Connection, bindparam, select

from tillspec.sandbox import schema

_Id = Annotated[str, StringConstraints(min_length=1, max_length=255)]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=255)]
_Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
_Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
_Amount = Annotated[int, Field(ge=0, le=99_999_999)]


class Outside(BaseModel):
    """One of them, of a merchant's."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: ClassVar[str]
    id: _Id


class Gr4vyMerchantAccount(Outside):
    """An account that sessions are made in."""

    kind: ClassVar[str] = "Gr4vyMerchantAccount"


class Gr4vyPaymentService(Outside):
    """A payment service that the merchant has set up; its id is a UUID."""

    kind: ClassVar[str] = "Gr4vyPaymentService"


class Gr4vyStoredPaymentMethod(Outside):
    """A card that was stored before; its id is a UUID. Of its number the first and last digits are known."""

    kind: ClassVar[str] = "Gr4vyStoredPaymentMethod"
    scheme: str = "visa"
    label: Annotated[str, StringConstraints(pattern=r"^\d{4}$")]
    bin: Annotated[str, StringConstraints(pattern=r"^\d{6,8}$")]


class DinteroProfile(Outside):
    """A configuration profile."""

    kind: ClassVar[str] = "DinteroProfile"


class OrderLine(BaseModel):
    """A line of an order. `amount` is that of the whole line, `vat` a percentage."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    line_id: _Id
    id: _Id | None = None
    description: _Text
    quantity: Annotated[int, Field(ge=1, le=9999)] = 1
    amount: _Amount
    vat: Annotated[float, Field(ge=0, le=100)] = 0


class DinteroOrder(Outside):
    """An order of the Shopping API."""

    kind: ClassVar[str] = "DinteroOrder"
    currency: _Currency
    lines: Annotated[tuple[OrderLine, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _lines_once(self) -> DinteroOrder:
        if len({line.line_id for line in self.lines}) < len(self.lines):
            raise ValueError("two lines of an order share a line_id")
        return self


class CartLine(BaseModel):
    """A line of a template cart. `unit_amount` is the price of one piece; one that is not `available` stops the sale."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: _Id
    title: _Text
    quantity: Annotated[int, Field(ge=1, le=9999)] = 1
    unit_amount: _Amount
    image_url: str | None = None
    available: bool = True


class CartShippingMethod(BaseModel):
    """A way of shipping a cart. Without `countries` it goes everywhere; with `provinces`, such as `US-CA`, there alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: Annotated[int, Field(ge=0, le=2_147_483_647)]
    name: _Text
    amount: _Amount
    countries: tuple[_Country, ...] = ()
    provinces: tuple[str, ...] = ()


class CartTax(BaseModel):
    """The tax on the goods (a percentage), in a country, or in a province of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    country: _Country
    province: str | None = None
    percent: Annotated[float, Field(ge=0, le=100)]


class DiddoTemplateCart(Outside):
    """A cart that a merchant has put together; its id is a ULID in upper case."""

    kind: ClassVar[str] = "DiddoTemplateCart"
    id: Annotated[str, StringConstraints(pattern=r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
    currency: _Currency
    lines: Annotated[tuple[CartLine, ...], Field(min_length=1)]
    shipping_methods: tuple[CartShippingMethod, ...] = ()
    taxes: tuple[CartTax, ...] = ()


Kind = Literal[
    "Gr4vyMerchantAccount",
    "Gr4vyPaymentService",
    "Gr4vyStoredPaymentMethod",
    "DinteroProfile",
    "DinteroOrder",
    "DiddoTemplateCart",
]
OutsideT = TypeVar("OutsideT", bound=Outside)

KINDS: tuple[type[Outside], ...] = (
    Gr4vyMerchantAccount, Gr4vyPaymentService, Gr4vyStoredPaymentMethod, DinteroProfile, DinteroOrder, DiddoTemplateCart,
)  # fmt: skip
"""All of them."""

_FIND = select(schema.objects.c.data).where(
    schema.objects.c.kind == bindparam("of"),
    schema.objects.c.merchant == bindparam("whose"),
    schema.objects.c.id == bindparam("key"),
)


def find(connection: Connection, kind: type[OutsideT], merchant: str, key: str) -> OutsideT | None:
    """A merchant's object of an id."""
    data = connection.execute(_FIND, {"of": kind.kind, "whose": merchant, "key": key}).scalar_one_or_none()
    return kind.model_validate_json(data) if data is not None else None


def save(connection: Connection, merchant: str, one: Outside) -> None:
    """Stores an object, in place of one with the same id."""
    table = schema.objects
    connection.execute(table.delete().where(table.c.kind == one.kind, table.c.merchant == merchant, table.c.id == one.id))
    connection.execute(table.insert(), {"kind": one.kind, "merchant": merchant, "id": one.id, "data": one.model_dump_json()})


def listed(connection: Connection, kind: type[OutsideT], merchant: str) -> list[OutsideT]:
    """All of a kind that a merchant has, by id."""
    table = schema.objects
    query = select(table.c.data).where(table.c.kind == kind.kind, table.c.merchant == merchant).order_by(table.c.id)
    return [kind.model_validate_json(data) for data in connection.execute(query).scalars()]
