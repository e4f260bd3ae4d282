"""Formats, patterns and unique items for texts outside of models, as JSON Schema draft 2020-12 has them.

Pydantic's own types take more than the formats allow: seconds since 1970 as a date-time, a UUID in braces.
"""

from __future__ import annotations

import datetime
import re
import uuid
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema, to_json

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def date_time(value: Any) -> Any:
    """A text as RFC 3339, section 5.6, has it becomes an aware `datetime`; other texts are refused, other values left alone."""
    if not isinstance(value, str):
        return value
    if not _DATE_TIME.fullmatch(value):
        raise ValueError("not a date-time as in RFC 3339")
    return datetime.datetime.fromisoformat(value.upper())


def date(value: Any) -> Any:
    """A full-date of RFC 3339 becomes a `date`; other texts are refused, other values left alone."""
    if not isinstance(value, str):
        return value
    if not _DATE.fullmatch(value):
        raise ValueError("not a date as in RFC 3339")
    return datetime.date.fromisoformat(value)


def uuid_text(value: Any) -> Any:
    """A UUID with its dashes (RFC 9562, section 4) becomes a `UUID`; other texts are refused, other values left alone."""
    if not isinstance(value, str):
        return value
    if not _UUID.fullmatch(value):
        raise ValueError("not a UUID as in RFC 9562")
    return uuid.UUID(value)


Rfc3339DateTime = Annotated[datetime.datetime, BeforeValidator(date_time)]
Rfc3339Date = Annotated[datetime.date, BeforeValidator(date)]
Rfc9562Uuid = Annotated[uuid.UUID, BeforeValidator(uuid_text)]


@dataclass(frozen=True, slots=True)
class Matches:
    """A text must contain a match of a pattern that only Python's engine can carry (look-around, back-references)."""

    pattern: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        search = re.compile(self.pattern).search

        def check(value: str) -> str:
            if not search(value):
                raise ValueError("does not match the pattern")
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))


@dataclass(frozen=True, slots=True)
class Distinct:
    """No two items of a list may be equal as JSON values."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: list[Any]) -> list[Any]:
            if len({to_json(item, by_alias=True) for item in value}) != len(value):
                raise ValueError("two items are equal")
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))


@dataclass(frozen=True, slots=True)
class OpenEnum:
    """An enum that may grow: what comes in as JSON and is not read strictly may have a value that the contract does not list.

    So a client keeps a status that was added since, while a server and whoever writes Python are held to the list.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        closed = handler(source)
        open_ = core_schema.union_schema([closed, core_schema.str_schema()], mode="left_to_right")
        return core_schema.json_or_python_schema(
            json_schema=core_schema.lax_or_strict_schema(lax_schema=open_, strict_schema=closed),
            python_schema=closed,
            serialization=core_schema.simple_ser_schema("any"),
        )
