"""Path templates, and the paths that they cover: percent-encoded, so that an encoded slash stays inside its segment."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote

SAFE: Final = "/-._~!$&'()*+,;=:@"
"""What stands in a path as it is (RFC 3986, section 3.3)."""

_EXPRESSION: Final = re.compile(r"\{([^{}]*)\}")
_ENCODED: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def expressions(path: str) -> tuple[str, ...]:
    """The names of the expressions of a path template, in their order."""
    return tuple(_EXPRESSION.findall(path))


def blank(path: str) -> str:
    """A path template without the names: two templates that are one path for OpenAPI (3.1, section 4.8.8.2) become equal."""
    return _EXPRESSION.sub("{}", path)


def concreteness(path: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts static segments before templated ones (OpenAPI 3.1, section 4.8.8.1)."""
    return tuple((0 if "{" not in part else 1 if _EXPRESSION.sub("", part) else 2, blank(part)) for part in path.split("/"))


def literal(path: str) -> str:
    """A static path in its normal form."""
    return quote(unquote(path), safe=SAFE)


def pattern(path: str) -> re.Pattern[str]:
    """A template over a normal path: an expression is anything but a slash (OpenAPI 3.1, section 4.8.8.2)."""
    parts = enumerate(_EXPRESSION.split(path))
    return re.compile("".join("([^/]+)" if number % 2 else re.escape(literal(text)) for number, text in parts))


def normal(path: str) -> str:
    """A percent-encoded path with unreserved characters plain (RFC 3986, section 6.2.2.2)."""
    return _ENCODED.sub(_plain, path)


def _plain(match: re.Match[str]) -> str:
    character = chr(int(match.group()[1:], 16))
    return character if character in _UNRESERVED else match.group().upper()
