"""The base of all generated models."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class ContractModel(BaseModel):
    """An object of the contract: open to fields that it does not declare, unless a model of its own says otherwise.

    Fields may be given by their Python names or by their names on the wire; on the wire they go by the latter. Numbers are
    finite, as JSON has no others (RFC 8259, section 6).
    """

    model_config = ConfigDict(
        extra="allow",
        defer_build=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        allow_inf_nan=False,
        protected_namespaces=(),
    )
