"""The bases of all generated models."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, SerializationInfo, ValidationInfo, model_serializer
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from .behavior import ObjectBehavior
from .rules import breaches
from .scalars import LENIENT
from .schemas import Conforms


class ContractModel(BaseModel):
    """An object of the contract: open to fields that it does not declare, unless a model of its own says otherwise.

    Its constructor takes fields by their Python names, or by their names on the wire; JSON, and `model_validate`, have the
    latter alone. Numbers are finite, as JSON has no others (RFC 8259, section 6).

    A model may say more of itself: the rules across its fields (`_behavior`), the JSON Schema that holds beside its types
    (`_conforms`), and that its schema says nothing of what is no object (`_loose`): such a value passes as it is.
    """

    model_config = ConfigDict(
        extra="allow",
        defer_build=True,
        serialize_by_alias=True,
        allow_inf_nan=False,
        protected_namespaces=(),
    )
    _behavior: ClassVar[ObjectBehavior | None] = None
    _conforms: ClassVar[Conforms | None] = None
    _loose: ClassVar[bool] = False

    if not TYPE_CHECKING:

        def __init__(self, /, **given: Any) -> None:
            __tracebackhide__ = True
            self.__pydantic_validator__.validate_python(given, self_instance=self, by_alias=True, by_name=True)

        # Pydantic calls the constructor of a class for each object in JSON unless it bears this mark.
        __init__.__pydantic_base_init__ = True

    @classmethod
    def __pydantic_init_subclass__(cls, **given: Any) -> None:
        # What tells type checkers that this is no argument would hide the slot in which an instance keeps undeclared fields.
        if "__pydantic_extra__" in cls.__dict__:
            del cls.__pydantic_extra__

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        if cls._behavior is None and cls._conforms is None and not cls._loose:
            return schema
        # What is wrapped takes the place of the model itself, for all that refer to it a second time or from inside it.
        named: dict[str, Any] = {**handler.resolve_ref_schema(schema)}
        if named["type"] != "model":
            return schema  # it was made before
        reference = named.pop("ref", None)
        schema = cast("CoreSchema", named)
        if cls._behavior is not None:
            schema = core_schema.with_info_after_validator_function(_keeps(cls._behavior), schema)
        if cls._loose:
            schema = core_schema.tagged_union_schema({"{object}": schema, "{other}": _OTHER}, _kind)
        if cls._conforms is not None:
            schema = cls._conforms.around(schema)
        return cast("CoreSchema", {**schema, "ref": reference}) if reference else schema


class DefaultedModel(ContractModel):
    """An object with fields that have a default. They are read as if they had been sent, and are not written unless they were."""

    @model_serializer(mode="wrap")
    def _write_what_was_set(self, handler: Callable[[Any], dict[str, Any]], info: SerializationInfo) -> dict[str, Any]:
        written = handler(self)
        for name, field in type(self).model_fields.items():
            if name not in self.__pydantic_fields_set__:
                written.pop((field.alias or name) if info.by_alias is not False else name, None)
        return written


def _as_sent(value: Any) -> Any:
    wire = getattr(value, "wire", None)  # a union may have read the text as another option does
    return value if wire is None else wire


_OTHER: Final = core_schema.any_schema(serialization=core_schema.plain_serializer_function_ser_schema(_as_sent))


def _kind(value: Any) -> str:
    return "{object}" if isinstance(value, dict | BaseModel) else "{other}"


def _keeps(behavior: ObjectBehavior) -> Callable[[Any, ValidationInfo], Any]:
    """Holds the rules across an object's fields against it. All that are broken are told in one error, of type `rule`."""

    def check(made: Any, info: ValidationInfo) -> Any:
        if info.context is not LENIENT:
            value = made.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)
            found = list(breaches(behavior, value))
            if found:
                message = "; ".join(breach.message for breach in found)
                raise PydanticCustomError("rule", "{message}", {"message": message, "breaches": found})
        return made

    return check
