"""The VINR session and its result by hand, with pydantic: the contract's fields, ranges, lengths and patterns."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[int, Field(ge=0, le=99_999_999)]
Quantity = Annotated[int, Field(ge=1, le=9999)]
Days = Annotated[int, Field(ge=0, le=365)]
Text = Annotated[str, Field(min_length=1, max_length=255)]
HttpsUrl = Annotated[str, Field(pattern=r"^https://\S+$", max_length=2048)]
HttpUrl = Annotated[str, Field(pattern=r"^https?://\S+$", max_length=2048)]
Code = Annotated[str, Field(min_length=1, max_length=64)]
Label = Annotated[str, Field(max_length=255)]


class Asked(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid")


class Told(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class Customer(Asked):
    customer_id: Text | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    name: Text | None = None
    phone: Annotated[str, Field(min_length=1, max_length=32)] | None = None


class CartItem(Asked):
    id: Text
    name: Text
    price: Amount
    quantity: Quantity
    description: Annotated[str, Field(max_length=1000)] | None = None
    image: HttpUrl | None = None
    max_quantity: Quantity | None = None


class PercentagePromoCode(Asked):
    code: Code
    discount: Annotated[float, Field(ge=0, le=100)]
    discount_type: Literal["percentage"]
    description: Label | None = None


class FixedPromoCode(Asked):
    code: Code
    discount: Amount
    discount_type: Literal["fixed"]
    description: Label | None = None


PromoCode = Annotated[PercentagePromoCode | FixedPromoCode, Field(discriminator="discount_type")]


class PromoCodeOptions(Asked):
    enabled: bool = False
    available_codes: Annotated[list[PromoCode], Field(max_length=100)] | None = None


class EstimatedDays(Asked):
    min: Days
    max: Days


class ShippingMethod(Asked):
    id: Text
    name: Text
    price: Amount
    currency: Currency
    estimated_days: EstimatedDays | None = None


class ShippingOptions(Asked):
    methods: Annotated[list[ShippingMethod], Field(max_length=100)] | None = None


class PickupLocation(Asked):
    id: Text
    name: Text


class PickupOptions(Asked):
    locations: Annotated[list[PickupLocation], Field(max_length=100)] | None = None


class DeliveryOptions(Asked):
    shipping: ShippingOptions | None = None
    pickup: PickupOptions | None = None


class Delivery(Asked):
    enabled: bool = False
    options: DeliveryOptions | None = None


class Metadata(Asked):
    mode: Literal["payment", "subscription"] = "payment"
    merchant_name: Text | None = None
    shipping_address_handling: Literal["Collect", "Skip"] | None = None
    promo_code: PromoCodeOptions | None = None
    delivery: Delivery | None = None


class SessionRequest(Asked):
    amount: Annotated[int, Field(ge=1, le=99_999_999)]
    currency: Currency
    success_url: HttpsUrl
    cancel_url: HttpsUrl
    customer: Customer | None = None
    cart_items: Annotated[list[CartItem], Field(min_length=1, max_length=100)] | None = None
    supported_currencies: Annotated[list[Currency], Field(min_length=1, max_length=200)] | None = None
    config_id: Text = "default-config"
    metadata: Metadata | None = None


class Session(Told):
    session_id: Text
    checkout_url: str
    expires_at: datetime | None = None


class ResultCustomer(Told):
    customer_id: str | None = None
    email: str | None = None
    name: str | None = None


class SessionResult(Told):
    session_id: Text
    status: Literal["pending", "authentication_required", "completed", "failed", "canceled", "expired"]
    amount: Amount
    currency: Currency
    customer: ResultCustomer | None = None
