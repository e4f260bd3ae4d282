"""The VINR session and its result by hand, with msgspec: the contract's fields, ranges, lengths and patterns."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Amount = Annotated[int, Meta(ge=0, le=99_999_999)]
Quantity = Annotated[int, Meta(ge=1, le=9999)]
Days = Annotated[int, Meta(ge=0, le=365)]
Text = Annotated[str, Meta(min_length=1, max_length=255)]
HttpsUrl = Annotated[str, Meta(pattern=r"^https://\S+$", max_length=2048)]
HttpUrl = Annotated[str, Meta(pattern=r"^https?://\S+$", max_length=2048)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Label = Annotated[str, Meta(max_length=255)]


class Asked(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    pass


class Told(Struct, kw_only=True, rename="camel", omit_defaults=True):
    pass


class Customer(Asked):
    customer_id: Text | UnsetType = UNSET
    email: Annotated[str, Meta(max_length=254)] | UnsetType = UNSET
    name: Text | UnsetType = UNSET
    phone: Annotated[str, Meta(min_length=1, max_length=32)] | UnsetType = UNSET


class CartItem(Asked):
    id: Text
    name: Text
    price: Amount
    quantity: Quantity
    description: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET
    image: HttpUrl | UnsetType = UNSET
    max_quantity: Quantity | UnsetType = UNSET


class PercentagePromoCode(Asked, tag="percentage", tag_field="discountType"):
    code: Code
    discount: Annotated[float, Meta(ge=0, le=100)]
    description: Label | UnsetType = UNSET


class FixedPromoCode(Asked, tag="fixed", tag_field="discountType"):
    code: Code
    discount: Amount
    description: Label | UnsetType = UNSET


class PromoCodeOptions(Asked):
    enabled: bool = False
    available_codes: Annotated[list[PercentagePromoCode | FixedPromoCode], Meta(max_length=100)] | UnsetType = UNSET


class EstimatedDays(Asked):
    min: Days
    max: Days


class ShippingMethod(Asked):
    id: Text
    name: Text
    price: Amount
    currency: Currency
    estimated_days: EstimatedDays | UnsetType = UNSET


class ShippingOptions(Asked):
    methods: Annotated[list[ShippingMethod], Meta(max_length=100)] | UnsetType = UNSET


class PickupLocation(Asked):
    id: Text
    name: Text


class PickupOptions(Asked):
    locations: Annotated[list[PickupLocation], Meta(max_length=100)] | UnsetType = UNSET


class DeliveryOptions(Asked):
    shipping: ShippingOptions | UnsetType = UNSET
    pickup: PickupOptions | UnsetType = UNSET


class Delivery(Asked):
    enabled: bool = False
    options: DeliveryOptions | UnsetType = UNSET


class Metadata(Asked):
    mode: Literal["payment", "subscription"] = "payment"
    merchant_name: Text | UnsetType = UNSET
    shipping_address_handling: Literal["Collect", "Skip"] | UnsetType = UNSET
    promo_code: PromoCodeOptions | UnsetType = UNSET
    delivery: Delivery | UnsetType = UNSET


class SessionRequest(Asked):
    amount: Annotated[int, Meta(ge=1, le=99_999_999)]
    currency: Currency
    success_url: HttpsUrl
    cancel_url: HttpsUrl
    customer: Customer | UnsetType = UNSET
    cart_items: Annotated[list[CartItem], Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    supported_currencies: Annotated[list[Currency], Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    config_id: Text = "default-config"
    metadata: Metadata | UnsetType = UNSET


class Session(Told):
    session_id: Text
    checkout_url: str
    expires_at: datetime | UnsetType = UNSET


class ResultCustomer(Told):
    customer_id: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    name: str | UnsetType = UNSET


class SessionResult(Told):
    session_id: Text
    status: Literal["pending", "authentication_required", "completed", "failed", "canceled", "expired"]
    amount: Amount
    currency: Currency
    customer: ResultCustomer | UnsetType = UNSET
