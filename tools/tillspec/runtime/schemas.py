"""What a contract's schemas say beyond types: the JSON Schema itself, run beside the typed model."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, PydanticCustomError, core_schema, to_jsonable_python

from .effort import MOST_STEPS, TOO_MANY_STEPS, gave_up, size_of_reading, steps
from .formats import judging
from .scalars import reading

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, Registry, ValidationError

_MOST: Final = 20
_LARGE: Final = 300  # keys and values
_LONGEST: Final = 300
_STRICT, _GROWN = "contract:strict", "contract:grown"


@dataclass(frozen=True, slots=True)
class SchemaViolation:
    """A keyword that a value breaks: the JSON Pointer of the value below the one that was judged, and why; no value is shown."""

    at: str
    keyword: str
    message: str


class Schemas:
    """The schemas of a package's `schemas.json`, by id, read and compiled at first use."""

    def __init__(self, package: str | None) -> None:
        self._package = package or ""
        self._validators: dict[tuple[str, str, int], Draft202012Validator] = {}

    def judge(self, identifier: str, value: Any, *, lenient: bool) -> list[SchemaViolation]:
        """What of a schema a JSON value breaks; where it is read leniently, enums of texts may hold others."""
        given = steps(size_of_reading() or _characters(value)) if self._takes_steps else MOST_STEPS
        validator = self._validator(_STRICT, identifier, given)
        if validator.is_valid(value):
            return []
        if lenient and self._validator(_GROWN, identifier, given).is_valid(value):
            return []
        errors = _errors(validator, value)
        return [SchemaViolation(_pointer(error.instance_path), error.kind.name, _told(error)) for error in errors]

    def _validator(self, variant: str, identifier: str, given: int) -> Draft202012Validator:
        known = self._validators.get((variant, identifier, given))
        if known is None:
            from jsonschema_rs import Draft202012Validator

            # A value is never quoted, it may be a secret.
            known = self._validators[variant, identifier, given] = Draft202012Validator(
                {"$ref": f"{variant}#/$defs/{identifier}"},
                registry=self._registry,
                validate_formats=True,
                mask="the value",
                **judging(given),
            )
        return known

    @cached_property
    def _strict(self) -> Any:
        text = importlib.resources.files(self._package).joinpath("schemas.json").read_text(encoding="utf-8")
        return json.loads(text)

    @cached_property
    def _takes_steps(self) -> bool:
        """Whether a pattern is among the schemas that no engine carries in linear time."""
        from jsonschema_rs import Draft202012Validator, RegexOptions

        for pattern in _patterns(self._strict):
            try:
                Draft202012Validator({"pattern": pattern}, pattern_options=RegexOptions())
            except ValueError:
                return True
        return False

    @cached_property
    def _registry(self) -> Registry:
        from jsonschema_rs import Registry

        return Registry([(_STRICT, self._strict), (_GROWN, _grown(self._strict))])


def _grown(schema: Any) -> Any:
    """A schema in which every enum of several texts is any text."""
    match schema:
        case {"enum": [_, _, *_] as values} if all(isinstance(value, str) for value in values):
            return {**{key: _grown(value) for key, value in schema.items() if key != "enum"}, "type": "string"}
        case dict():
            return {key: value if key in ("const", "enum") else _grown(value) for key, value in schema.items()}
        case list():
            return [_grown(item) for item in schema]
        case _:
            return schema


def _patterns(schema: Any) -> Iterator[str]:
    """Every text that stands where a pattern may; one in an enum may be taken for one, which does no harm."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += part.values()
            pattern, named = part.get("pattern"), part.get("patternProperties")
            yield from (pattern,) if isinstance(pattern, str) else ()
            yield from named if isinstance(named, dict) else ()
        elif isinstance(part, list):
            waiting += part


def _characters(value: Any) -> int:
    """How many characters the texts of a JSON value have, its keys among them."""
    return sum(len(part) + 1 for part in _parts(value) if isinstance(part, str))


def _parts(value: Any) -> Iterator[Any]:
    """A JSON value, and all keys and values in it."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        yield part
        if isinstance(part, dict):
            waiting += part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _errors(validator: Draft202012Validator, value: Any) -> Iterable[ValidationError]:
    """What is wrong with a value. Each error carries a copy of it, so of a large one the first alone is told."""
    from jsonschema_rs import ValidationError

    if sum(1 for _ in islice(_parts(value), _LARGE)) < _LARGE:
        return islice(validator.iter_errors(value), _MOST)
    try:
        validator.validate(value)
    except ValidationError as error:
        return [error]
    return []


def _told(error: ValidationError) -> str:
    message = TOO_MANY_STEPS if gave_up(error.message) else error.message
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]} …"


def _pointer(path: list[str | int]) -> str:
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in path)


@dataclass(frozen=True, slots=True)
class Conforms:
    """A value must be valid by a schema of the contract. All that is broken is told in one error, of type `schema`."""

    schemas: Schemas = field(repr=False)
    id: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return self.around(handler(source))

    def around(self, schema: CoreSchema) -> CoreSchema:
        """The schema of a type that is no model, and this one beside it."""
        return core_schema.with_info_wrap_validator_function(self._check, schema)

    def _check(self, value: Any, handler: core_schema.ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        made = handler(value)
        how = reading(info.context)
        self.hold(value if info.mode == "json" or how.plain else to_jsonable_python(made, by_alias=True), lenient=how.lenient)
        return made

    def hold(self, value: Any, *, lenient: bool) -> None:
        """Nothing, if a JSON value is valid.

        Raises:
            PydanticCustomError: of type `schema`, with all that is broken.
        """
        found = self.schemas.judge(self.id, value, lenient=lenient)
        if found:
            message = "; ".join(dict.fromkeys(violation.message for violation in found))
            raise PydanticCustomError("schema", "{message}", {"message": message, "violations": found})
