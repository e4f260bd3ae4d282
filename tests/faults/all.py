"""All faults: whoever imports this has the whole table."""

from __future__ import annotations

from faults import (
    authentication,
    crashes,
    http,
    idempotency,
    money,
    qr,
    shape,
    state,
    tenancy,
    tokens,
    validation,
    validation_more,
)
from faults.registry import FAULTS, Kind

__all__ = ["FAULTS", "KINDS"]

KINDS = tuple(Kind)
MODULES = (
    shape, validation, validation_more, crashes, authentication, tenancy, idempotency, state, qr, money, tokens, http,
)  # fmt: skip
