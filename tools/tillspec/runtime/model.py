"""The bases of all generated models."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, SerializationInfo, ValidationInfo, model_serializer
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from .building import with_room
from .quick import RULES
from .scalars import reading
from .schemas import Conforms

if TYPE_CHECKING:
    from .behavior import ObjectBehavior


@dataclass(frozen=True, slots=True)
class Declared:
    """What a package's `behavior.py` declares of an object, by its name there; read when it is first asked for."""

    package: str | None
    name: str

    def __call__(self) -> ObjectBehavior:
        objects: dict[str, ObjectBehavior] = importlib.import_module(f"{self.package}.behavior").OBJECTS
        return objects[self.name]


class ContractModel(BaseModel):
    """An object of the contract: open to fields that it does not declare, unless a model of its own says otherwise.

    Its constructor takes fields by their Python names, or by their names on the wire; JSON, and `model_validate`, have the
    latter alone. Numbers are finite, as JSON has no others (RFC 8259, section 6).

    A model may say more of itself: what gives the rules across its fields (`__behavior__`), the JSON Schema that holds beside
    its types (`__conforms__`), and that its schema says nothing of what is no object (`__loose__`): such a value passes as it is.
    """

    model_config = ConfigDict(
        extra="allow",
        defer_build=True,
        serialize_by_alias=True,
        allow_inf_nan=False,
        protected_namespaces=(),
    )
    if TYPE_CHECKING:
        __behavior__: ClassVar[Callable[[], ObjectBehavior] | None]
        __conforms__: ClassVar[Conforms | None]
        __loose__: ClassVar[bool]
    else:
        # Without annotations, which pydantic would evaluate anew for every model.
        __behavior__ = None
        __conforms__ = None
        __loose__ = False

        def __init__(self, /, **given: Any) -> None:
            __tracebackhide__ = True
            self.__pydantic_validator__.validate_python(given, self_instance=self, by_alias=True, by_name=True)

        # Pydantic calls the constructor of a class for each object in JSON unless it bears this mark.
        __init__.__pydantic_base_init__ = True

        @classmethod
        def model_rebuild(cls, *, _parent_namespace_depth: int = 2, **given: Any) -> bool | None:
            rebuild = super().model_rebuild
            try:
                return rebuild(_parent_namespace_depth=_parent_namespace_depth + 1, **given)
            except RecursionError:
                return with_room(lambda: rebuild(**{"_types_namespace": {}, **given}))

    @classmethod
    def __pydantic_init_subclass__(cls, **given: Any) -> None:
        # What tells type checkers that this is no argument would hide the slot in which an instance keeps undeclared fields.
        if "__pydantic_extra__" in cls.__dict__:
            del cls.__pydantic_extra__

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema: Any = handler(source)
        if schema["type"] != "model" or "contract" in schema.setdefault("metadata", {}):
            return cast("CoreSchema", schema)  # it was made before, with what is put into it here
        schema["metadata"]["contract"] = True
        if cls.__behavior__ is not None or cls.__conforms__ is not None:
            # Inside the model: pydantic takes a model that was built before in the place of what stands there.
            schema["schema"] = core_schema.with_info_wrap_validator_function(_beside(cls), schema["schema"])
        if cls.__loose__:
            # The whole bears the name by which others refer to the model: else a second use of it would be the bare model.
            ref = schema.pop("ref", None)
            other = _OTHER if cls.__conforms__ is None else cls.__conforms__.around(_OTHER)
            schema = core_schema.tagged_union_schema({"{object}": schema, "{other}": other}, _kind, ref=ref)
        return cast("CoreSchema", schema)


class DefaultedModel(ContractModel):
    """An object with fields that have a default. They are read as if they had been sent, and are not written unless they were."""

    @model_serializer(mode="wrap")
    def _write_what_was_set(self, handler: Callable[[Any], dict[str, Any]], info: SerializationInfo) -> dict[str, Any]:
        written = handler(self)
        if info.exclude_unset:
            return written
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


def _beside(model: type[ContractModel]) -> core_schema.WithInfoWrapValidatorFunction:
    """Holds what stands beside a model's types against its fields: its schema, and the rules across them.

    All rules that are broken are told in one error, of type `rule`.
    """
    from .rules import keeper  # not before such a model is used

    conforms = model.__conforms__
    behavior = model.__behavior__() if model.__behavior__ is not None else None
    broken = keeper(behavior) if behavior is not None else None

    def check(value: Any, handler: core_schema.ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        made = handler(value)
        how = reading(info.context)
        if how.lenient and conforms is None:
            return made
        written = value if how.plain or info.mode == "json" else _written(model, *made)
        if conforms is not None:
            conforms.hold(written, lenient=how.lenient)
        if broken is not None and not how.lenient and (found := broken(written)):
            message = "; ".join(breach.message for breach in found)
            raise PydanticCustomError("rule", "{message}", {"message": message, "breaches": found})
        return made

    if behavior is not None and conforms is None:
        setattr(check, RULES, behavior.holds)
    return check


def _written(model: type[ContractModel], fields: dict[str, Any], extra: dict[str, Any] | None, given: set[str]) -> Any:
    """The JSON value of a model that is in the making."""
    made = model.__new__(model)
    for name, value in (("__dict__", fields), ("extra__", extra), ("fields_set__", given), ("private__", None)):
        object.__setattr__(made, name if name == "__dict__" else f"__pydantic_{name}", value)
    return made.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)
