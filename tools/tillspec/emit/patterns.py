"""Patterns of JSON Schema (ECMA-262, section 22.2) as patterns of pydantic's two engines."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from pydantic_core import SchemaError, SchemaValidator, core_schema

_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_"}
_NEGATED = {"D": "[^0-9]", "W": "[^A-Za-z0-9_]"}
_PIECE = re.compile(r"\\(?:u\{[0-9A-Fa-f]+\}|u[0-9A-Fa-f]{4}|c[A-Za-z]|.)|\(\?<(?=[A-Za-z_$])|.", re.DOTALL)


@cache
def engine(pattern: str) -> tuple[Literal["rust", "python"], str] | None:
    r"""Which engine carries a pattern, and the pattern in its dialect; None where neither can.

    Rust's comes first: it takes linear time. Python's has look-around and back-references. In both, `\d` and `\w` are ASCII and
    `$` is the very end, as ECMA-262 has it.
    """
    rust = _translate(pattern, end="$")
    try:
        SchemaValidator(core_schema.str_schema(pattern=rust))
        return "rust", rust
    except SchemaError:
        pass
    python = _translate(pattern, end=r"\Z")
    try:
        re.compile(python)
    except (re.error, OverflowError, RecursionError):
        return None
    return "python", python


def _translate(pattern: str, end: str) -> str:
    result, inside = [], False
    for piece in _PIECE.findall(pattern):
        result.append(_piece(piece, inside, end))
        inside = piece == "[" or (inside and piece != "]")
    return "".join(result)


def _piece(piece: str, inside: bool, end: str) -> str:
    if piece.startswith("\\"):
        return _escape(piece, inside)
    if inside:
        return "\\[" if piece == "[" else piece  # Rust would open a class within the class
    return {"$": end, "(?<": "(?P<"}.get(piece, piece)


def _escape(piece: str, inside: bool) -> str:
    body = piece[1:]
    if body in _CLASSES:
        return _CLASSES[body] if inside else f"[{_CLASSES[body]}]"
    if body in _NEGATED and not inside:
        return _NEGATED[body]
    if body.startswith("u") and len(body) > 1:
        return re.escape(chr(min(int(body[1:].strip("{}"), 16), 0x10FFFF)))
    if body in ("/", "-", '"', "'", "@", "#", "%", "&", ",", ":", ";", "<", "=", ">", "_", "`", "~", "!", " "):
        return "\\-" if body == "-" and inside else body
    return piece
