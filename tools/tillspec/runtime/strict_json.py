"""JSON as RFC 8259 has it, and what it leaves to who reads: a name stands once in an object, a number has a value."""

from __future__ import annotations

from math import isinf
from typing import Any, Final

from jiter import from_json

_DIGITS: Final = bytes.maketrans(b"123456789E", b"000000000e")
_EXPONENT: Final = b"0e000"
_ROW: Final = b"0" * 300
"""How a number looks that may be too large for a double, its digits written as zeros and `+` left out."""


def parsed(data: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is no JSON, has a name twice in an object (section 4), or a number beyond all doubles (section 6).
    """
    value = from_json(data, catch_duplicate_keys=True, allow_inf_nan=False)
    digits = data.translate(_DIGITS, b"+")
    if (_EXPONENT in digits or _ROW in digits) and _has_infinity(value):
        raise ValueError("number out of range")
    return value


def _has_infinity(value: Any) -> bool:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, float):
            if isinf(part):
                return True
        elif isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return False
