"""Integers, numbers and enums exactly as JSON Schema draft 2020-12 has them: nothing is coerced, each number stays as it was.

Pydantic's own would take `"5"` and `true` for an integer, refuse `5.0`, and give 25 back as 25.0.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final, get_args

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, PydanticKnownError, PydanticSerializationUnexpectedValue, core_schema

from .equality import same


@dataclass(frozen=True, slots=True)
class Reading:
    """The validation context of who reads what somebody sent.

    Read leniently, enums may have grown, and rules across fields are left alone. What is plain is JSON's own values, though it is
    validated as Python's. Where `noted` is a list, rules are noted in it in place of being held (see `quick`).
    """

    lenient: bool = False
    plain: bool = False
    noted: list[Any] | None = None


LENIENT: Final = Reading(lenient=True)
"""How a client reads what a server answers."""
PLAIN: Final = Reading(plain=True)
PLAIN_LENIENT: Final = Reading(lenient=True, plain=True)
_WRITING: Final = Reading()


def reading(context: Any) -> Reading:
    """The context of a validation; that of who writes Python, where it has none of these."""
    return context if type(context) is Reading else _WRITING


def _whole(value: float) -> int | float:
    return int(value) if value.is_integer() else value


_WRITTEN: Final = core_schema.union_schema(
    [
        core_schema.int_schema(strict=True),
        core_schema.no_info_after_validator_function(_whole, core_schema.float_schema(strict=True, allow_inf_nan=False)),
    ],
    mode="left_to_right",
    custom_error_type="int_type",
)
"""A number that may be an integer: `5.0` is one (JSON Schema core, section 4.2.3)."""

_NUMBER: Final = core_schema.union_schema(
    [core_schema.int_schema(strict=True), core_schema.float_schema(strict=True, allow_inf_nan=False)], mode="left_to_right"
)


@dataclass(frozen=True, slots=True)
class Integer:
    """An integer between two bounds, both included. `multiple_of` is a decimal text."""

    ge: int | None = None
    le: int | None = None
    multiple_of: str | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        bounded = core_schema.chain_schema([_WRITTEN, core_schema.int_schema(ge=self.ge, le=self.le)])
        return _multiple(self.multiple_of, bounded)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, `int` where it was written without a fraction. `multiple_of` is a decimal text."""

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    multiple_of: str | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        number = core_schema.union_schema(_NUMBER["choices"], mode="left_to_right", custom_error_type="float_type")
        if (self.ge, self.gt, self.le, self.lt) == (None, None, None, None):
            return _multiple(self.multiple_of, number)
        bounded = core_schema.no_info_after_validator_function(self._check, number)
        return _multiple(self.multiple_of, bounded)

    def _check(self, value: float) -> float:
        if self.ge is not None and value < self.ge:
            raise PydanticKnownError("greater_than_equal", {"ge": self.ge})
        if self.gt is not None and value <= self.gt:
            raise PydanticKnownError("greater_than", {"gt": self.gt})
        if self.le is not None and value > self.le:
            raise PydanticKnownError("less_than_equal", {"le": self.le})
        if self.lt is not None and value >= self.lt:
            raise PydanticKnownError("less_than", {"lt": self.lt})
        return value


def _multiple(of: str | None, schema: CoreSchema) -> CoreSchema:
    """`multipleOf` by the decimal numbers that are written: 0.3 is a multiple of 0.1 (JSON Schema validation, section 6.2.1)."""
    if of is None:
        return schema
    unit = Decimal(of)

    def check(value: float) -> float:
        if not is_multiple(value, unit):
            raise PydanticCustomError("multiple_of", "Input should be a multiple of {multiple_of}", {"multiple_of": of})
        return value

    return core_schema.no_info_after_validator_function(check, schema)


def is_multiple(value: float, unit: Decimal) -> bool:
    """Whether a number as it is written is a whole multiple of a unit."""
    numerator, denominator = (Decimal(repr(value)) if isinstance(value, float) else Decimal(value)).as_integer_ratio()
    above, below = unit.as_integer_ratio()
    return numerator * below % (denominator * above) == 0


JsonInteger = Annotated[int, Integer()]
JsonNumber = Annotated[float, Number()]


class UnknownValue(str):
    """A value that the contract does not list: a server's enum has grown since the client was made."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class OpenEnum:
    """An enum of texts that may grow: who reads leniently keeps a value that is not listed, as an `UnknownValue`.

    A server, and whoever writes Python, are held to the list.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        listed = [value for option in get_args(source) for value in get_args(option)] or list(get_args(source))
        *most, last = (repr(value) for value in listed)

        def grown(value: Any, info: ValidationInfo) -> Any:
            if type(value) is not str or not reading(info.context).lenient:
                raise ValueError("not listed")
            return UnknownValue(value)

        return core_schema.union_schema(
            [core_schema.literal_schema(listed), core_schema.with_info_plain_validator_function(grown)],
            mode="left_to_right",
            custom_error_type="literal_error",
            custom_error_context={"expected": f"{', '.join(most)} or {last}"},
            serialization=core_schema.simple_ser_schema("str"),
        )


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several JSON values, given as the text of a JSON array; equal as JSON Schema has it: 1 is 1.0, and not true."""

    values: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        known = {same(value): value for value in json.loads(self.values)}
        *most, last = (json.dumps(value) for value in known.values())
        expected = f"{', '.join(most)} or {last}" if most else last

        def check(value: Any) -> Any:
            try:
                listed = known[same(value)]
            except (KeyError, TypeError):
                raise PydanticKnownError("literal_error", {"expected": expected}) from None
            return listed if isinstance(listed, int) else value

        def write(value: Any) -> Any:
            try:
                if same(value) in known:
                    return value
            except TypeError:
                pass
            raise PydanticSerializationUnexpectedValue("not listed")  # in a union, another option may write it

        writing = core_schema.plain_serializer_function_ser_schema(write)
        return core_schema.no_info_plain_validator_function(check, serialization=writing)
