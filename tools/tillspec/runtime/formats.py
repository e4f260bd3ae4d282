"""Formats, patterns and unique items, as JSON Schema draft 2020-12 has them.

Pydantic's own types take more than the formats allow (seconds since 1970 as a date-time, a UUID in braces) and write them anew;
these remember the text that they came as.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from operator import mul
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import (
    CoreSchema,
    PydanticCustomError,
    PydanticKnownError,
    PydanticSerializationUnexpectedValue,
    core_schema,
    to_jsonable_python,
)

from .effort import MOST_STEPS, TOO_MANY_STEPS, gave_up, size_of_reading, steps
from .equality import same

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

_DATE_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_TIME: Final = r"(?:(\d+)H(?:(\d+)M(?:(\d+)S)?)?|(\d+)M(?:(\d+)S)?|(\d+)S)"
_DURATION: Final = re.compile(
    rf"P(?:(\d+)W|(?:(\d+)Y(?:(\d+)M(?:(\d+)D)?)?|(\d+)M(?:(\d+)D)?|(\d+)D)(?:T{_TIME})?|T{_TIME})", re.ASCII
)
_NOMINAL: Final = (7, 365, 30, 1, 30, 1, 1)
"""The days that stand for the first groups of `_DURATION`."""
_SECONDS: Final = (3600, 60, 1, 60, 1, 1)
"""The seconds that stand for the groups of `_TIME`."""
_DAY, _LAST_MINUTE = datetime.timedelta(days=1), datetime.timedelta(hours=23, minutes=59)
_SECOND: Final = datetime.timedelta(seconds=1)


class WireDateTime(datetime.datetime):
    """An aware `datetime` that knows the text that it was sent as; what is computed from it has none."""

    wire: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """A date-time of RFC 3339, section 5.6. A leap second is the second after it, as in POSIX.

        Raises:
            ValueError: it is none, or stands before the year 1.
        """
        found = _DATE_TIME.fullmatch(text)
        if found is None:
            raise ValueError("not a date-time as in RFC 3339")
        leap = found[4] == "60"
        moment = datetime.datetime.fromisoformat(text.upper() if not leap else _without_leap(found))
        if leap:
            offset = moment.utcoffset() or datetime.timedelta()
            if (datetime.timedelta(hours=moment.hour, minutes=moment.minute) - offset) % _DAY != _LAST_MINUTE:
                raise ValueError("a leap second stands at the end of a day in UTC")
            try:
                moment += _SECOND
            except OverflowError:
                raise ValueError("after the year 9999") from None
        made = cls(
            moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, moment.microsecond, moment.tzinfo
        )
        made.wire = text
        return made

    def __reduce_ex__(self, protocol: Any) -> Any:
        return (type(self).parse, (self.wire,)) if self.wire is not None else super().__reduce_ex__(protocol)


def _without_leap(found: re.Match[str]) -> str:
    return f"{found[1]}T{found[2]}:{found[3]}:59{found[5] or ''}{found[6].upper()}"


class WireUuid(uuid.UUID):
    """A UUID that knows the text that it was sent as, capitals and all."""

    wire: str

    def __init__(self, text: str) -> None:
        super().__init__(text)
        object.__setattr__(self, "wire", text)

    def __reduce__(self) -> Any:
        return type(self), (self.wire,)


class WireDuration(datetime.timedelta):
    """A `timedelta` that knows the text that it was sent as. In it a year has 365 days and a month 30; `wire` tells."""

    wire: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """A duration of RFC 3339, appendix A: whole numbers, the largest unit first. What is too long is the longest there is.

        Raises:
            ValueError: it is none.
        """
        found = _DURATION.fullmatch(text)
        if found is None:
            raise ValueError("not a duration as in RFC 3339")
        numbers = [int(group or 0) for group in found.groups()]
        days = sum(map(mul, numbers[:7], _NOMINAL))
        seconds = sum(map(mul, numbers[7:], _SECONDS * 2))
        try:
            made = cls(days=days, seconds=seconds)
        except OverflowError:
            longest = datetime.timedelta.max
            made = cls(longest.days, longest.seconds, longest.microseconds)
        made.wire = text
        return made

    def __reduce__(self) -> Any:
        return type(self).parse, (self.wire,)


def date_time(value: Any) -> datetime.datetime:
    """A text as RFC 3339 has it, or an aware `datetime`.

    Raises:
        ValueError: another text, or a `datetime` without an offset.
        PydanticKnownError: neither.
    """
    if isinstance(value, str):
        return WireDateTime.parse(value)
    if not isinstance(value, datetime.datetime):
        raise PydanticKnownError("datetime_type")
    if value.utcoffset() is None:
        raise ValueError("a date-time needs an offset from UTC; give it a tzinfo")
    return value


def date(value: Any) -> datetime.date:
    """A full-date of RFC 3339, or a `date`.

    Raises:
        ValueError: another text.
        PydanticKnownError: neither.
    """
    if isinstance(value, str):
        if not _DATE.fullmatch(value):
            raise ValueError("not a date as in RFC 3339")
        return datetime.date.fromisoformat(value)
    if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
        raise PydanticKnownError("date_type")
    return value


def duration(value: Any) -> datetime.timedelta:
    """A duration of RFC 3339, or a `timedelta` of whole seconds.

    Raises:
        ValueError: another text, or a `timedelta` that is negative or has a fraction of a second.
        PydanticKnownError: neither.
    """
    if isinstance(value, str):
        return WireDuration.parse(value)
    if not isinstance(value, datetime.timedelta):
        raise PydanticKnownError("time_delta_type")
    if not isinstance(value, WireDuration) and (value < datetime.timedelta() or value.microseconds):
        raise ValueError("a duration is not negative, and has whole seconds")
    return value


def uuid_text(value: Any) -> uuid.UUID:
    """A UUID with its dashes (RFC 9562, section 4), or a `UUID`.

    Raises:
        ValueError: another text.
        PydanticKnownError: neither.
    """
    if isinstance(value, str):
        if not _UUID.fullmatch(value):
            raise ValueError("not a UUID as in RFC 9562")
        return WireUuid(value)
    if not isinstance(value, uuid.UUID):
        raise PydanticKnownError("uuid_type")
    return value


def _date_time_text(value: Any) -> str:
    if not isinstance(value, datetime.datetime):
        raise PydanticSerializationUnexpectedValue("no date-time")  # in a union, another option may write it
    wire = getattr(value, "wire", None)
    if wire is not None:
        return str(wire)
    text = value.isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def _duration_text(value: Any) -> str:
    if not isinstance(value, datetime.timedelta):
        raise PydanticSerializationUnexpectedValue("no duration")
    wire = getattr(value, "wire", None)
    if wire is not None:
        return str(wire)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    between = f"{minutes}M" if minutes or (hours and seconds) else ""
    time = (f"{hours}H" if hours else "") + between + (f"{seconds}S" if seconds or not (value.days or value.seconds) else "")
    return "P" + (f"{value.days}D" if value.days else "") + (f"T{time}" if time else "")


def _date_text(value: Any) -> str:
    if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
        raise PydanticSerializationUnexpectedValue("no date")
    return value.isoformat()


def _uuid_text(value: Any) -> str:
    if not isinstance(value, uuid.UUID):
        raise PydanticSerializationUnexpectedValue("no UUID")
    return str(getattr(value, "wire", value))


@dataclass(frozen=True, slots=True)
class _Typed:
    """A format whose Python value is no text: how it is read, and how it is written."""

    read: Callable[[Any], Any]
    write: Callable[[Any], str]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(self.write, return_schema=_TEXT, when_used="json")
        return core_schema.no_info_plain_validator_function(self.read, serialization=written)


_TEXT: Final = core_schema.str_schema()

Rfc3339DateTime = Annotated[datetime.datetime, _Typed(date_time, _date_time_text)]
Rfc3339Date = Annotated[datetime.date, _Typed(date, _date_text)]
Rfc3339Duration = Annotated[datetime.timedelta, _Typed(duration, _duration_text)]
Rfc9562Uuid = Annotated[uuid.UUID, _Typed(uuid_text, _uuid_text)]


@cache
def judging(steps: int = MOST_STEPS) -> Mapping[str, Any]:
    """How the library that judges is set: an address has no name beside it, a pattern gives up after so many steps."""
    from jsonschema_rs import EmailOptions, FancyRegexOptions

    return {
        "email_options": EmailOptions(allow_display_text=False),
        "pattern_options": FancyRegexOptions(backtrack_limit=steps),
    }


@cache
def _validator(keyword: str, value: str, steps: int = MOST_STEPS) -> Draft202012Validator:
    """A judge of one keyword. Its library is loaded at first use."""
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator({keyword: value}, validate_formats=True, **judging(steps))


@dataclass(frozen=True, slots=True)
class Format:
    """A text of one of the formats of JSON Schema (validation, section 7.3); it stays a text."""

    name: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        name, is_valid = self.name, _validator("format", self.name).is_valid

        def check(value: str) -> str:
            if not is_valid(value):
                raise PydanticCustomError("format", "String should be of the format {format}", {"format": name})
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))


@dataclass(frozen=True, slots=True)
class Matches:
    """A text must contain a match of a pattern that takes look-around or back-references; see `effort` for where it gives up."""

    pattern: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        pattern = self.pattern

        def check(value: str) -> str:
            judge = _validator("pattern", pattern, steps(max(len(value), size_of_reading())))
            if not judge.is_valid(value):
                if any(gave_up(error.message) for error in judge.iter_errors(value)):
                    raise PydanticCustomError("pattern_steps", TOO_MANY_STEPS)
                raise ValueError("does not match the pattern")
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))


@dataclass(frozen=True, slots=True)
class Distinct:
    """No two items of a list may be equal as JSON values."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(value: list[Any], read: core_schema.ValidatorFunctionWrapHandler) -> Any:
            made = read(value)
            # Judged as it was given: a date-time that is read has lost how it was written.
            if len(value) > 1 and len(_keys(value)) != len(value):
                raise ValueError("two items are equal")
            return made

        return core_schema.no_info_wrap_validator_function(check, handler(source))


def _keys(items: list[Any]) -> set[Any]:
    """A key for each item, the same for those that are equal."""
    if all(type(item) is str for item in items):
        return set(items)
    return {same(to_jsonable_python(item, by_alias=True)) for item in items}
