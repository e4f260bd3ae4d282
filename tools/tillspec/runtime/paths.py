"""Path templates, and the paths that they cover: percent-encoded, so that an encoded slash stays inside its segment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
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


@dataclass(frozen=True)
class Template:
    """A path template over normal paths."""

    path: str

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The template over a normal path: an expression is anything but a slash (OpenAPI 3.1, section 4.8.8.2).

        A segment with several expressions is one group: an engine would try their values in every way.
        """
        return re.compile("/".join(_segment(segment) for segment in self.path.split("/")))

    @cached_property
    def _shared(self) -> Mapping[int, list[str]]:
        """The texts around the expressions of segments that have several, by the segment's group."""
        segments = [segment for segment in self.path.split("/") if "{" in segment]
        texts = {group: _EXPRESSION.split(segment)[::2] for group, segment in enumerate(segments)}
        return {group: [literal(text) for text in found] for group, found in texts.items() if len(found) > 2}

    def values(self, path: str) -> tuple[str, ...] | None:
        """The values of the template's expressions in a path; None where it is none of this template."""
        found = self.regex.fullmatch(path)
        if found is None or not self._shared:
            return found and found.groups()
        values: list[str] = []
        for group, value in enumerate(found.groups()):
            parts = _parted(value, self._shared[group]) if group in self._shared else [value]
            if parts is None:
                return None
            values += parts
        return tuple(values)


def _segment(segment: str) -> str:
    texts = [re.escape(literal(text)) for text in _EXPRESSION.split(segment)[::2]]
    return "([^/]+)" if len(texts) > 2 else "([^/]+)".join(texts)


def _parted(segment: str, texts: list[str]) -> list[str] | None:
    """The values between fixed texts, none of them empty: the first as long as can be, then the second, and so on."""
    first, *between, last = texts
    end = len(segment) - len(last)
    if not segment.startswith(first) or not segment.endswith(last):
        return None
    values: list[str] = []
    if end <= len(first):
        return None
    for text in reversed(between):  # what stands as far behind as can be leaves the most to what stands before
        at = segment.rfind(text, len(first), max(end - 1, 0))
        if at < 0:
            return None
        values.append(segment[at + len(text) : end])
        end = at
    values.append(segment[len(first) : end])
    return values[::-1] if all(values) else None


def normal(path: str) -> str:
    """A percent-encoded path with unreserved characters plain (RFC 3986, section 6.2.2.2)."""
    return _ENCODED.sub(_plain, path)


def _plain(match: re.Match[str]) -> str:
    character = chr(int(match.group()[1:], 16))
    return character if character in _UNRESERVED else match.group().upper()
