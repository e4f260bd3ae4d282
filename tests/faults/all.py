"""All faults: whoever imports this has the whole table, in the order of the classes."""

from __future__ import annotations

from faults import (
    authentication,
    authentication_tokens,
    crashes,
    http,
    http_wire,
    idempotency,
    idempotency_repeats,
    money,
    money_carts,
    qr,
    shape,
    shape_bodies,
    state,
    state_after,
    state_carts,
    state_gr4vy,
    tenancy,
    tenancy_told,
    tokens,
    validation,
    validation_diddo,
    validation_dintero,
    validation_gr4vy,
)
from faults.registry import FAULTS as _FOUND
from faults.registry import Fault, Kind

__all__ = ["FAULTS", "KINDS", "MODULES"]

MODULES = (
    shape,
    shape_bodies,
    validation,
    validation_gr4vy,
    validation_dintero,
    validation_diddo,
    crashes,
    authentication,
    authentication_tokens,
    tenancy,
    tenancy_told,
    idempotency,
    idempotency_repeats,
    state,
    state_gr4vy,
    state_carts,
    state_after,
    qr,
    money,
    money_carts,
    tokens,
    http,
    http_wire,
)
KINDS = tuple(Kind)

FAULTS: dict[str, Fault] = {fault.id: fault for kind in KINDS for fault in _FOUND.values() if fault.kind is kind}
"""All faults by their ids, class by class."""
