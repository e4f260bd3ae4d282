"""Texts with a format: refused or taken as the RFCs have it, kept as they were sent, and useful values in between."""

from __future__ import annotations

import copy
import datetime
import pickle
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from tillspec.runtime.formats import Rfc3339Date, Rfc3339DateTime, Rfc3339Duration, Rfc9562Uuid

ADAPTERS = {
    "date-time": TypeAdapter[Any](Rfc3339DateTime),
    "date": TypeAdapter[Any](Rfc3339Date),
    "duration": TypeAdapter[Any](Rfc3339Duration),
    "uuid": TypeAdapter[Any](Rfc9562Uuid),
}
JUDGES = {name: Draft202012Validator({"format": name}, validate_formats=True) for name in ADAPTERS}
BEGINNINGS = {
    "date-time": "2024-02-29T23:59:60Z",
    "date": "2024-02-29",
    "duration": "P1Y2M3DT4H5M6S",
    "uuid": "3F0B6c1e-9d53-4a8e-8f3a-6a1d2c7e5b90",
}
ALPHABET = "0123456789abcdefPYMWDTHSZz:.,+- ٣\n"


def taken(name: str, text: str) -> bool:
    try:
        value = ADAPTERS[name].validate_python(text)
    except ValidationError:
        return False
    assert ADAPTERS[name].dump_python(value, mode="json") == text, "what is taken is given back as it was"
    return True


@pytest.mark.parametrize("name", ADAPTERS)
@given(data=st.data())
def test_one_edit_is_judged_as_by_the_standard(name: str, data: st.DataObject) -> None:
    text = BEGINNINGS[name]
    at = data.draw(st.integers(0, len(text)))
    edited = text[:at] + data.draw(st.text(ALPHABET, max_size=3)) + text[at + data.draw(st.integers(0, 3)) :]
    if not edited.startswith("0000"):  # a year that Python's calendar does not have
        assert taken(name, edited) is JUDGES[name].is_valid(edited)


@given(st.text("P0123YMWDTHS", max_size=12))
def test_durations(text: str) -> None:
    assert taken("duration", text) is JUDGES["duration"].is_valid(text)
    assert taken("duration", f"P{text}") is JUDGES["duration"].is_valid(f"P{text}")


@given(st.timedeltas(min_value=datetime.timedelta(), max_value=datetime.timedelta(days=400_000)))
def test_a_timedelta_is_written_so_that_it_is_read_again(value: datetime.timedelta) -> None:
    whole = value - datetime.timedelta(microseconds=value.microseconds)
    text = ADAPTERS["duration"].dump_python(ADAPTERS["duration"].validate_python(whole), mode="json")
    assert JUDGES["duration"].is_valid(text), text
    assert ADAPTERS["duration"].validate_python(text) == whole


@given(st.datetimes(timezones=st.timezones()) | st.datetimes(timezones=st.just(datetime.UTC)))
def test_a_datetime_is_written_so_that_it_is_read_again(value: datetime.datetime) -> None:
    offset = value.utcoffset()
    if offset is None or offset.seconds % 60 or not datetime.timedelta(days=-1) < offset < datetime.timedelta(days=1):
        return  # RFC 3339 has offsets of whole minutes
    text = ADAPTERS["date-time"].dump_python(ADAPTERS["date-time"].validate_python(value), mode="json")
    assert JUDGES["date-time"].is_valid(text), text
    assert ADAPTERS["date-time"].validate_python(text).replace(tzinfo=None) == value.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("date-time", "2026-11-27t06:35:36.123456789z", datetime.datetime(2026, 11, 27, 6, 35, 36, 123456, datetime.UTC)),
        ("date-time", "2016-12-31T23:59:60Z", datetime.datetime(2017, 1, 1, tzinfo=datetime.UTC)),
        ("date-time", "0001-01-01T00:00:00+23:59", None),
        ("date", "2024-02-29", datetime.date(2024, 2, 29)),
        ("duration", "P1Y2M3DT4H5M6S", datetime.timedelta(days=428, hours=4, minutes=5, seconds=6)),
        ("duration", "P2W", datetime.timedelta(days=14)),
        ("duration", "PT36H", datetime.timedelta(hours=36)),
        ("duration", "P99999999999Y", datetime.timedelta.max),
        ("uuid", "3F0B6c1e-9d53-4a8e-8f3a-6a1d2c7e5b90", uuid.UUID("3f0b6c1e-9d53-4a8e-8f3a-6a1d2c7e5b90")),
    ],
)
def test_values_are_useful_and_keep_their_text(name: str, text: str, value: Any) -> None:
    found = ADAPTERS[name].validate_python(text)
    assert value is None or found == value
    for same in (found, copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert ADAPTERS[name].dump_python(same, mode="json") == text
        assert same == found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("date-time", 1700000000), ("date-time", datetime.datetime(2026, 1, 1)), ("date-time", "9999-12-31T23:59:60Z"),
        ("date-time", "2016-12-31T22:59:60Z"), ("date", datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)), ("date", 20000),
        ("duration", 60), ("duration", datetime.timedelta(days=-1)), ("duration", datetime.timedelta(milliseconds=1)),
        ("uuid", "{3f0b6c1e-9d53-4a8e-8f3a-6a1d2c7e5b90}"), ("uuid", "3f0b6c1e9d534a8e8f3a6a1d2c7e5b90"), ("uuid", 5),
    ],
)  # fmt: skip
def test_what_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        ADAPTERS[name].validate_python(value)
