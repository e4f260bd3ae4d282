"""Patterns of JSON Schema (ECMA-262, section 22.2) as patterns of the two engines that generated code has."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Literal

from jsonschema_rs import Draft202012Validator
from pydantic_core import SchemaError, SchemaValidator, core_schema

_SPACE = r"[\s\u{feff}]--\x85"
"""White space as ECMA-262 has it, in words of the engines."""
_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": f"[{_SPACE}]"}
_OUTSIDE = {"d": "[0-9]", "w": "[A-Za-z0-9_]", "s": f"[{_SPACE}]", "D": "[^0-9]", "W": "[^A-Za-z0-9_]", "S": f"[^{_SPACE}]"}
_EDGE = r"(?:(?<=[{word}])(?![{word}])|(?<![{word}])(?=[{word}]))".format(word=_CLASSES["w"])
_NO_EDGE = r"(?:(?<=[{word}])(?=[{word}])|(?<![{word}])(?![{word}]))".format(word=_CLASSES["w"])
_RANGES = {
    "d": "0-9",
    "D": r"\x00-\/:-\u{10ffff}",
    "w": _CLASSES["w"],
    "W": r"\x00-\/:-@\[-\^`\{-\u{10ffff}",
    "s": r"\t-\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}",
    "S": r"\x00-\x08\x0e-\x1f!-\u{9f}\u{a1}-\u{167f}\u{1681}-\u{1fff}\u{200b}-\u{2027}\u{202a}-\u{202e}\u{2030}-\u{205e}"
    r"\u{2060}-\u{2fff}\u{3001}-\u{fefe}\u{ff00}-\u{10ffff}",
}
"""The classes of ECMA-262 for the second engine, which has no operators within a class."""
_ANY = r"[^\n\r\u{2028}\u{2029}]"
_EMPTY = {"[]": r"[^\x00-\u{10ffff}]", "[^]": r"[\x00-\u{10ffff}]"}
"""The classes of no character and of all, which the engines do not know."""
_PIECE = re.compile(r"\\(?:u\{[0-9A-Fa-f]+\}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|c[A-Za-z]|[pP]\{[^}]*\}|.)|.", re.DOTALL)
_PLAIN = frozenset("/-\"'@#%&,:;<=>_`~! ")
"""What ECMA-262 lets be escaped, and the engines do not."""


@cache
def engine(pattern: str) -> tuple[Literal["linear", "bounded"], str] | None:
    r"""Which engine carries a pattern, and the pattern in its dialect; None where neither can.

    The first takes linear time (pydantic's). The second has look-around and back-references, and gives up after a bounded number
    of steps (jsonschema-rs's). In both, `\d`, `\w`, `\s`, `\b` and `.` are what ECMA-262 says, and `$` is the very end.
    """
    linear = _translate(pattern, _escape)
    try:
        SchemaValidator(core_schema.str_schema(pattern=linear))
        return "linear", linear
    except SchemaError:
        pass
    bounded = bounded_only(pattern)
    return None if bounded is None else ("bounded", bounded)


@cache
def bounded_only(pattern: str) -> str | None:
    """The pattern in the dialect of the second engine, which reads most escapes of ECMA-262 by itself; None where it cannot."""
    bounded = _translate(pattern, _escape_bounded)
    try:
        Draft202012Validator({"pattern": bounded})
    except ValueError:
        return None
    return bounded


def _translate(pattern: str, escape: Callable[[str, bool], str]) -> str:
    result: list[str] = []
    start: int | None = None  # of the class that is open
    for piece in _PIECE.findall(pattern):
        result.append(escape(piece, start is not None) if piece.startswith("\\") else _piece(piece, start is not None))
        if start is None:
            start = len(result) - 1 if piece == "[" else None
        elif piece == "]":
            empty = _EMPTY.get("".join(result[start:]))
            result[start:] = result[start:] if empty is None else [empty]
            start = None
    return "".join(result)


def _piece(piece: str, inside: bool) -> str:
    if inside:
        return f"\\{piece}" if piece in "[&~" else piece  # the engines would open a class within the class, or an operator
    return _ANY if piece == "." else piece


def _escape(piece: str, inside: bool) -> str:
    body = piece[1:]
    match body[:1]:
        case "d" | "w" | "s" | "D" | "W" | "S":
            return _CLASSES.get(body, _OUTSIDE[body]) if inside else _OUTSIDE[body]
        case "b" | "B":
            return r"\x08" if inside and body == "b" else f"(?-u:{piece})"
        case "u" if len(body) > 1:
            return re.escape(chr(min(int(body[1:].strip("{}"), 16), 0x10FFFF)))
        case "c" if len(body) > 1:
            return f"\\x{ord(body[1]) % 32:02x}"
        case "0":
            return r"\x00"
        case char if char in _PLAIN:
            return "\\-" if body == "-" and inside else body
        case _:
            return piece


def _escape_bounded(piece: str, inside: bool) -> str:
    body = piece[1:]
    match body:
        case "d" | "w" | "s" | "D" | "W" | "S":
            return _RANGES[body] if inside else f"[{_RANGES[body]}]"
        case "b":
            return r"\x08" if inside else _EDGE
        case "B" if not inside:
            return _NO_EDGE
        case _:
            return piece
