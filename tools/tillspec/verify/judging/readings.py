"""What the text of a parameter may be read as: a server that reads it in any of these ways is right to take it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Any
from urllib.parse import unquote, unquote_plus

from tillspec.runtime.texts import write

_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_HEX = re.compile(r"0[xX][0-9a-fA-F]+", re.ASCII)
_TRUE, _FALSE, _NULL = {"true", "1", "yes", "on", "t", "y"}, {"false", "0", "no", "off", "f", "n"}, {"null", ""}
_LONGEST = 4000  # Python converts no longer texts to integers by default
_MOST = 256


def readings(value: Any, base: Any) -> Iterator[Any]:
    """What a value may be taken for once it is text; `base` is a valid value, which shows what the parameter is.

    Yields nothing where it cannot be told: an object in place of a scalar, and what no style carries.
    """
    match base, value:
        case dict(), dict():
            yield from _products(value)
        case list(), list():
            parts = [list(_items(item)) for item in value]
            yield from (list(found) for found in islice(product(*parts), _MOST))
        case list(), str() | int() | float() | None:
            text = write(value)
            yield from scalars(text)
            yield from ([one] for one in scalars(text))
            yield from readings(text.split(","), base) if "," in text else ()
        case str() | int() | float() | None, str() | int() | float() | None:
            yield from scalars(write(value))


def _products(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    parts = [list(_items(item)) for item in value.values()]
    yield from (dict(zip(value, found, strict=True)) for found in islice(product(*parts), _MOST))


def _items(value: Any) -> Iterator[Any]:
    yield value
    if not isinstance(value, dict | list):
        yield from (one for one in scalars(write(value)) if one != value or type(one) is not type(value))


def scalars(text: str) -> Iterator[Any]:
    """The scalars that a text may stand for, spelled as JSON has them or as frameworks are used to take them."""
    yield text
    plain = text.strip()
    if plain != text:
        yield plain
    lower = plain.lower()
    if lower in _TRUE or lower in _FALSE:
        yield lower in _TRUE
    if lower in _NULL:
        yield None
    if len(plain) > _LONGEST:
        return
    if _WHOLE.fullmatch(plain):
        yield int(plain)
    elif _HEX.fullmatch(plain):
        yield int(plain, 16)
    elif _NUMBER.fullmatch(plain) and math.isfinite(number := float(plain)):
        yield number
        yield from [int(number)] if number.is_integer() else []


def decodings(text: str) -> Iterator[str]:
    """What percent-decoding may make of a text that is encoded wrongly (RFC 3986, section 2.1; WHATWG URL replaces bad UTF-8)."""
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    yield text
    yield unquote_plus(text, errors="replace")
    yield unquote_plus(text, encoding="latin-1")
    yield unquote(text, errors="replace")
