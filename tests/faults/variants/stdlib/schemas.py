"""Bodies held against the contract's schemas, by python-jsonschema."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

_HEX = "%[0-9A-Fa-f]{2}"
_CHAR = f"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|{_HEX})"
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*:(?://(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|{_HEX})*@)?"
    rf"(?:\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|{_HEX})*)(?::[0-9]*)?(?:/{_CHAR}*)*"
    rf"|/(?:{_CHAR}+(?:/{_CHAR}*)*)?|{_CHAR}+(?:/{_CHAR}*)*|)(?:\?(?:{_CHAR}|[/?])*)?(?:#(?:{_CHAR}|[/?])*)?"
)
_ATOMS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAILBOX = re.compile(
    rf"(?=.{{1,64}}@)(?:{_ATOMS}|\"(?:[ !#-\[\]-~]|\\[ -~])*\")"
    rf"@(?:{_LABEL}(?:\.{_LABEL})*|\[(?:(?:[0-9]{{1,3}}\.){{3}}[0-9]{{1,3}}|[Ii][Pp][Vv]6:[0-9A-Fa-f:.]+)\])"
)
UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})")


class NoJson(ValueError):
    """A body that is no JSON."""


def _parses(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _moment(text: str) -> bool:
    """date-time of RFC 3339, section 5.6; a second 60 ends a day in UTC (section 5.7)."""
    if not _MOMENT.fullmatch(text):
        return False
    whole = re.sub(r"\.[0-9]+", "", text.upper())
    plain = f"{whole[:17]}59{whole[19:]}" if whole[17:19] == "60" else whole
    if not _parses(datetime.fromisoformat, plain):
        return False
    return plain == whole or datetime.fromisoformat(plain).astimezone(UTC).strftime("%H:%M") == "23:59"


_FORMATS: dict[str, Callable[[Any], bool]] = {
    "uuid": lambda value: UUID.fullmatch(value) is not None,
    "uri": lambda value: _URI.fullmatch(value) is not None,
    "email": lambda value: _MAILBOX.fullmatch(value) is not None,
    "date": lambda value: _DATE.fullmatch(value) is not None and _parses(date.fromisoformat, value),
    "date-time": _moment,
}


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """As ECMA-262 has it: `$` is the end, also before a line break."""
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance, re.ASCII):
        yield ValidationError("does not match its pattern")


def _checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, check in _FORMATS.items():
        checker.checks(name)(lambda value, check=check: not isinstance(value, str) or check(value))

    def int32(value: object) -> bool:
        return isinstance(value, bool) or not isinstance(value, int | float) or -(2**31) <= value < 2**31

    checker.checks("int32")(int32)
    return checker


class Schemas:
    """The schemas of a contract, by name."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._class = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
        self._checker = _checker()
        self._validators: dict[str, Any] = {}

    def wrong(self, name: str, value: Any) -> list[ValidationError]:
        """What of a value is not as its schema says."""
        if name not in self._validators:
            schema = {"components": self._document["components"], "$ref": f"#/components/schemas/{name}"}
            self._validators[name] = self._class(schema, format_checker=self._checker)
        return list(self._validators[name].iter_errors(value))


def _refuse(text: str) -> Any:
    raise NoJson(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise NoJson("a name stands twice")
    return made


def parsed(body: bytes) -> Any:
    """A body's JSON value.

    Raises:
        NoJson: it has none, a name stands twice in an object, or a text in it is not Unicode.
    """
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_once)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise NoJson(str(error)) from None
    return value
