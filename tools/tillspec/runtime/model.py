"""The bases of all generated models."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from .behavior import ObjectBehavior
from .rules import breaches

WITHOUT_RULES: dict[str, Any] = {"contract-rules": False}
"""The validation context in which rules across fields are left alone: what a server answers is taken as it is."""


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


class RuledModel(ContractModel):
    """An object with rules across its fields. All that are broken are told in one error, of type `rule`."""

    _behavior: ClassVar[ObjectBehavior]

    @model_validator(mode="after")
    def _keeps_its_rules(self, info: ValidationInfo) -> Self:
        if info.context is not WITHOUT_RULES:
            value = self.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)
            found = list(breaches(type(self)._behavior, value))
            if found:
                message = "; ".join(breach.message for breach in found)
                raise PydanticCustomError("rule", "{message}", {"message": message, "breaches": found})
        return self
