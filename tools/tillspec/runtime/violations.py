"""From pydantic's errors to violations: one for each error, with a JSON Pointer that points into what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import ValidationError

Place = Literal["body", "path", "query", "header", "cookie"]

_MOST: Final = 100
_LONGEST: Final = 65_536  # characters: a name that a caller chose is not to be said a hundred times


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a request breaks the contract.

    `pointer` is a JSON Pointer (RFC 6901) into the body, or begins with the parameter's name. `type` is pydantic's error type, or
    `rule` for a rule across fields; `status` and `code` are what the contract says that such a request gets, None where it says
    nothing.
    """

    location: Literal["body", "path", "query", "header", "cookie"]
    pointer: str
    message: str
    type: str
    status: int | None = None
    code: str | int | None = None


def violations(error: ValidationError, place: Place, value: Any, prefix: str) -> tuple[Violation, ...]:
    """The violations of a value, the first hundred, or fewer where they are long; `prefix` is the pointer of the value itself."""
    found: dict[tuple[str, str], Violation] = {}
    length = 0
    for entry in error.errors(include_url=False, include_input=False):
        pointer = prefix + _pointer(entry["loc"], value, entry["type"])
        if entry["type"] == "rule":
            broken = entry["ctx"]["breaches"]
            told = [
                Violation(place, pointer + breach.at, breach.message, "rule", breach.status, breach.code) for breach in broken
            ]
        elif entry["type"] == "schema":
            found_by_schema = entry["ctx"]["violations"]
            told = [Violation(place, pointer + one.at, one.message, one.keyword) for one in found_by_schema]
        else:
            told = [Violation(place, pointer, entry["msg"], entry["type"])]
        for violation in told:
            found.setdefault((violation.pointer, violation.message), violation)
            length += len(violation.pointer) + len(violation.message)
        if len(found) >= _MOST or length > _LONGEST:
            break
    return tuple(found.values())


def token(key: str | int) -> str:
    """A reference token of a JSON Pointer, slash included (RFC 6901, section 3)."""
    return "/" + str(key).replace("~", "~0").replace("/", "~1")


def _pointer(location: Sequence[str | int], value: Any, kind: str) -> str:
    """Pydantic's location without what is no part of the value: the names of union members, and of validators."""
    result = ""
    for index, key in enumerate(location):
        known, child = _child(value, key)
        if known or (kind == "missing" and index == len(location) - 1):
            value = child
            result += token(key)
    return result


def _child(value: Any, key: str | int) -> tuple[bool, Any]:
    match value, key:
        case dict(), str() if key in value:
            return True, value[key]
        case list(), int() if 0 <= key < len(value):
            return True, value[key]
        case _:
            return False, None
